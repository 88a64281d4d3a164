// SPDX-License-Identifier: GPL-2.0-only
/** Blocks for a terminal: what the Markdown says, laid out for the eye. */
import type { Block, Text } from './document.ts';
import { visibleCode } from './visible.ts';
import { naturalWidth, painter, wrapped, type Painter } from './wrap.ts';

export interface Screen {
  /** Columns of the terminal. */
  readonly columns: number;
  readonly colour: boolean;
}

/** Narrower than that nothing can be laid out. */
const NARROWEST = 40;
const INDENT = '  ';

/** The blocks as lines of text, each ended. */
export function renderTerminal(blocks: readonly Block[], { columns, colour }: Screen): string {
  return `${linesOf(blocks, Math.max(columns, NARROWEST), painter(colour)).join('\n')}\n`;
}

/** The blocks as lines, an empty one between two blocks. */
function linesOf(blocks: readonly Block[], width: number, paint: Painter): string[] {
  const drawn = blocks.filter(({ kind }) => kind !== 'picture');
  return drawn.flatMap((block, index) => {
    const lines = render(block, width, paint);
    return index === 0 ? lines : ['', ...lines];
  });
}

function render(block: Block, width: number, paint: Painter): string[] {
  switch (block.kind) {
    case 'heading': {
      const lines = wrapped(block.text, width, paint, 'bold');
      const rule = '─'.repeat(Math.max(...lines.map((line) => line.width)));
      return [...lines.map(({ printed }) => printed), ...(block.level < 3 ? [paint('dim', rule)] : [])];
    }
    case 'paragraph':
      return hanging('', block.text, width, paint);
    case 'lines':
      return block.lines.flatMap((line) => hanging('', line, width, paint));
    case 'list': {
      const lead = block.lead === undefined ? [] : hanging('', block.lead, width, paint);
      return [...lead, ...block.items.flatMap((item) => hanging('- ', item, width, paint))];
    }
    case 'table':
      return renderTable(block, width, paint);
    case 'fence':
      return block.lines.map((line) => INDENT + painted(block.language, visibleCode(line), paint));
    case 'picture':
      return [];
    case 'fold': {
      const inner = linesOf(block.blocks, width - INDENT.length, paint);
      const indented = inner.map((line) => (line === '' ? '' : INDENT + line));
      return [...hanging('▾ ', block.summary, width, paint), '', ...indented];
    }
  }
}

function hanging(mark: string, text: Text, width: number, paint: Painter): string[] {
  const lines = wrapped(text, width - mark.length, paint);
  return lines.map(({ printed }, index) => (index === 0 ? mark : ' '.repeat(mark.length)) + printed);
}

function painted(language: string, line: string, paint: Painter): string {
  if (language !== 'diff') return line;
  if (line.startsWith('--- ') || line.startsWith('+++ ')) return paint('bold', line);
  if (line.startsWith('+')) return paint('green', line);
  if (line.startsWith('-')) return paint('red', line);
  return line.startsWith('@@') ? paint('cyan', line) : line;
}

/** Columns side by side; the widest ones give way until the table fits. */
function renderTable(
  { columns, rows }: Extract<Block, { kind: 'table' }>,
  width: number,
  paint: Painter,
): string[] {
  const widths = columns.map(({ title }, column) =>
    Math.max(naturalWidth(title), ...rows.map((row) => naturalWidth(row[column] ?? ''))),
  );
  const room = width - INDENT.length * (columns.length - 1);
  for (let over = sum(widths) - room; over > 0; over--) {
    const widest = Math.max(...widths);
    if (widest <= 8) break;
    widths[widths.indexOf(widest)] = widest - 1;
  }
  const line = (cells: readonly Text[], style?: 'bold'): string[] => {
    const wrappedCells = columns.map((_, column) =>
      wrapped(cells[column] ?? '', widths[column] ?? 1, paint, style),
    );
    const height = Math.max(...wrappedCells.map(({ length }) => length));
    return Array.from({ length: height }, (_, at) =>
      columns
        .map(({ align }, column) => {
          const { printed, width: taken } = wrappedCells[column]?.[at] ?? { printed: '', width: 0 };
          const pad = ' '.repeat((widths[column] ?? 0) - taken);
          return align === 'right' ? pad + printed : printed + pad;
        })
        .join(INDENT)
        .trimEnd(),
    );
  };
  const rule = paint('dim', widths.map((w) => '─'.repeat(w)).join(INDENT));
  return [
    ...line(
      columns.map(({ title }) => title),
      'bold',
    ),
    rule,
    ...rows.flatMap((row) => line(row)),
  ];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
