// SPDX-License-Identifier: GPL-2.0-only
/** Blocks as plain text, for what is no page: a trace, a listing of code. */
import { plain, type Block } from './document.ts';
import { visible } from './visible.ts';

/** The blocks as lines of text, each ended; an empty one before a heading. */
export function renderPlain(blocks: readonly Block[]): string {
  const lines = blocks.flatMap((block, index) => {
    const isNext = block.kind === 'heading' && index > 0;
    return isNext ? ['', ...linesOf(block)] : linesOf(block);
  });
  return lines.map((line) => `${line}\n`).join('');
}

function linesOf(block: Block): string[] {
  switch (block.kind) {
    case 'heading':
    case 'paragraph':
      return [visible(plain(block.text))];
    case 'lines':
      return block.lines.map((line) => visible(plain(line)));
    case 'list': {
      const lead = block.lead === undefined ? [] : [block.lead];
      return [
        ...lead.map((line) => visible(plain(line))),
        ...block.items.map((item) => `  ${visible(plain(item))}`),
      ];
    }
    case 'table':
      return block.rows.map((row) => row.map((cell) => visible(plain(cell))).join('\t'));
    case 'fence':
      // Code has tabs, and so has the head of a diff, between the file and what is said of it.
      return block.lines.map((line) =>
        block.language === 'text' ? visible(line) : line.split('\t').map(visible).join('\t'),
      );
    case 'picture':
      return [];
    case 'fold':
      return [visible(plain(block.summary)), ...block.blocks.flatMap(linesOf)];
  }
}
