// SPDX-License-Identifier: GPL-2.0-only
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { code, plain, table, type Block, type Text } from '../text/document.ts';
import { renderMarkdown } from '../text/render-markdown.ts';
import { PAGE_BUDGET } from './budget.ts';
import { reportDocument } from './report-document.ts';
import { renderTerminal, toTerminal } from './terminal.ts';
import { reportOf } from './testing/make.ts';
import { painter, wrapped } from '../text/wrap.ts';

const report = reportOf('v2', 'v3', 'min-align-mask/n*');
const bare = painter(false);

/** Every text of the blocks, and every line of their fences. */
function textsOf(blocks: readonly Block[]): Text[] {
  return blocks.flatMap(textsIn);
}

function textsIn(block: Block): Text[] {
  switch (block.kind) {
    case 'heading':
    case 'paragraph':
      return [block.text];
    case 'lines':
      return [...block.lines];
    case 'list':
      return [...(block.lead === undefined ? [] : [block.lead]), ...block.items];
    case 'table':
      return [...block.columns.map(({ title }) => title), ...block.rows.flat()];
    case 'fence':
      return block.lines.map((line) => [code(line)]);
    case 'picture':
      // Nothing for a terminal.
      return [];
    case 'fold':
      return [block.summary, ...textsOf(block.blocks)];
  }
}

/** Letters and digits: what is left of a text without spaces, marks and entities. */
function squeezed(value: string): string {
  return value.replaceAll(/&\w+;/g, '').replaceAll(/[^\p{L}\p{N}]+/gu, '');
}

test('the terminal says what the Markdown says', () => {
  const document = reportDocument(report, { full: true });
  const terminal = squeezed(renderTerminal(document, 100_000, bare).join('\n'));
  const markdown = squeezed(renderMarkdown(document).replaceAll(/\]\([^)]*\)|<\/?code>/g, ''));
  const words = textsOf(document).map((text) => squeezed(plain(text)));
  expect(words.length).toBeGreaterThan(200);
  expect(words.filter((some) => !terminal.includes(some))).toEqual([]);
  expect(words.filter((some) => !markdown.includes(some))).toEqual([]);
});

describe('toTerminal', () => {
  test('colours change nothing but colours', () => {
    const options = { columns: 100 };
    const painted = toTerminal(report, { ...options, colour: true });
    const plainly = toTerminal(report, { ...options, colour: false });
    expect(stripVTControlCharacters(painted)).toBe(plainly);
    expect(painted).toContain('\u001B[31m-');
    expect(painted).toContain('\u001B[32m+');
  });

  test.each([1, 60, 100, 500])('%i columns hold prose and tables', (columns) => {
    const lines = toTerminal(report, { columns, colour: false }).split('\n');
    const width = Math.min(Math.max(columns, 40), 160);
    const fences = new Set(
      textsOf(reportDocument(report, { budget: PAGE_BUDGET })).map((text) => squeezed(plain(text))),
    );
    const long = lines.filter((line) => line.length > width && !fences.has(squeezed(line)));
    // Five columns do not fit into forty.
    if (width > 40) expect(long).toEqual([]);
    expect(lines.join('\n')).toContain('v2 → v3');
  });

  test('a table stands in columns, numbers to the right', () => {
    const block = table(
      ['what', '>n'],
      [
        ['a', '1'],
        ['long name', '100'],
      ],
    );
    expect(renderTerminal([block], 40, bare)).toEqual([
      'what         n',
      '─────────  ───',
      'a            1',
      'long name  100',
    ]);
  });

  test('an escape sequence in a name is shown, not obeyed', () => {
    const [line] = renderTerminal([{ kind: 'paragraph', text: [code('\u001B[2Jgone')] }], 80, bare);
    expect(line).toBe(String.raw`\u{1b}[2Jgone`);
  });
});

test('wrapping loses nothing and keeps to the width', () => {
  const spans = fc.array(
    fc.oneof(
      fc.string({ unit: fc.constantFrom('a', ' ', '/', '-', 'é') }),
      fc.string({ unit: fc.constantFrom('b', ',', ' ') }).map(code),
    ),
  );
  fc.assert(
    fc.property(spans, fc.integer({ min: 1, max: 20 }), (text, width) => {
      const lines = wrapped(text, width, bare);
      for (const line of lines) {
        expect(line.width).toBeLessThanOrEqual(width);
        expect(line.printed).toHaveLength(line.width);
      }
      const printed = lines.map((line) => line.printed).join('');
      expect(printed.replaceAll(' ', '')).toBe(plain(text).replaceAll(/[ `]/g, ''));
    }),
  );
});
