// SPDX-License-Identifier: GPL-2.0-only
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { code, plain, type Block, type Text } from '../text/document.ts';
import { renderMarkdown } from '../text/render-markdown.ts';
import { PAGE_BUDGET } from './budget.ts';
import { reportDocument } from './report-document.ts';
import { renderTerminal } from '../text/render-terminal.ts';
import { toTerminal } from './terminal.ts';
import { reportOf } from './testing/make.ts';

const report = reportOf('v2', 'v3', 'min-align-mask/n*');

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
  const terminal = squeezed(renderTerminal(document, { columns: 100_000, colour: false }));
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
    const width = Math.max(columns, 40);
    const fences = new Set(
      textsOf(reportDocument(report, { budget: PAGE_BUDGET })).map((text) => squeezed(plain(text))),
    );
    const long = lines.filter((line) => line.length > width && !fences.has(squeezed(line)));
    // Five columns do not fit into forty.
    if (width > 40) expect(long).toEqual([]);
    expect(lines.join('\n')).toContain('v2 → v3');
  });
});
