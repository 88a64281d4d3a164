// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Block } from '../text/document.ts';
import { toJunit } from './junit.ts';
import { renderMarkdown } from '../text/render-markdown.ts';
import { PAGE_BUDGET } from './budget.ts';
import { reportDocument, type DocumentOptions } from './report-document.ts';
import { toTerminal } from './terminal.ts';
import { hostileName, RAW } from '../text/testing/raw.ts';
import { hostile } from './testing/hostile.ts';
import { reportOf } from './testing/make.ts';
import { cellsOf, outsideFences, readInline } from './testing/read-markdown.ts';

const honest = reportOf('v2', 'v3', 'min-align-mask/neighbour*');

const NAME = hostileName;
const TAGS = /<\/?(?:details|summary|code|b|a)>|<a id="[a-z-]+-[0-9a-f]{6}(?:-\d+)?">/g;

/** Where links of ours lead: anchors, files, the archive of mails. */
const LINKS =
  /\]\((?:#[a-z-]+-[0-9a-f]{6}(?:-\d+)?|\.\.\/[^\s()<>]*|https:\/\/lore\.kernel\.org\/r\/[^\s()<>]*)\)/g;

/** What GitHub would act on, in a line without code, escapes, tags of ours and links into the page. */
const MAGIC = /[<`]|\]\(|@\w|#\d|GH-\d|:tada:|\$x/;

/** That line. A summary is HTML: backticks and brackets mean nothing there. */
function meant(line: string): string {
  const [, summary] = /^<details><summary>(.*)<\/summary>$/.exec(line) ?? [];
  const noCode = (summary ?? line).replaceAll(/<code>[^<]*<\/code>/g, ' ');
  const bare = summary === undefined ? readInline(noCode).bare : noCode.replaceAll(/&\w+;|[`[\]]/g, ' ');
  return bare.replaceAll(TAGS, '').replaceAll(LINKS, '');
}

/** How many blocks of a kind there are, folded ones included. */
function count(blocks: readonly Block[], kind: Block['kind']): number {
  return blocks.reduce(
    (sum, block) =>
      sum + Number(block.kind === kind) + (block.kind === 'fold' ? count(block.blocks, kind) : 0),
    0,
  );
}

/** Tables: the rows that stand under each other. */
function tablesOf(lines: readonly string[]): string[][] {
  const tables: string[][] = [];
  for (const [index, line] of lines.entries()) {
    if (!line.startsWith('|')) continue;
    if (lines[index - 1]?.startsWith('|') === true) tables.at(-1)?.push(line);
    else tables.push([line]);
  }
  return tables;
}

function matching(lines: readonly string[], pattern: RegExp): number {
  return lines.filter((line) => pattern.test(line)).length;
}

describe.each([
  ['in full', { full: true, code: true }],
  ['on a page', { budget: PAGE_BUDGET }],
  ['in little room', { budget: 9_000 }],
] satisfies [string, DocumentOptions][])('hostile names, %s', (_, options) => {
  test('change nothing but names', () => {
    fc.assert(
      fc.property(NAME, (name) => {
        const blocks = reportDocument(
          hostile({ ...honest, context: { ...honest.context, files: '../' } }, name),
          options,
        );
        const page = renderMarkdown(blocks);
        const lines = outsideFences(page);
        const folds = count(blocks, 'fold');
        expect(Buffer.byteLength(page)).toBeLessThanOrEqual('budget' in options ? options.budget : Infinity);
        // No block comes from a name.
        expect(matching(lines, /^ {0,3}#{1,6} /)).toBe(count(blocks, 'heading'));
        expect(matching(lines, /^<details><summary>.*<\/summary>$/)).toBe(folds);
        expect(matching(lines, /^<\/details>$/)).toBe(folds);
        expect(matching(lines, /^\s*(>|[*+] |\d+[.)] |=+\s*$|-+\s*$|~~~|<!--)/)).toBe(0);
        const tables = tablesOf(lines);
        expect(tables).toHaveLength(count(blocks, 'table'));
        for (const rows of tables) {
          expect(new Set(rows.map((row) => cellsOf(row).length)).size).toBe(1);
        }
        for (const line of lines) expect(meant(line)).not.toMatch(MAGIC);
        expect(page).not.toMatch(RAW);
      }),
      { numRuns: 40 },
    );
  });
});

test('hostile names stay inside their attributes in JUnit', () => {
  fc.assert(
    fc.property(NAME, (name) => {
      const xml = toJunit(hostile(honest, name));
      expect(xml.replaceAll(/<\/?[a-z]+(?: [a-z]+="[^"<>]*")*\/?>|<\?xml[^>]*>/g, '')).not.toMatch(/[<>"]/);
      expect(xml).not.toMatch(RAW);
      expect(xml).not.toMatch(/&(?!(?:amp|lt|gt|quot);)/);
    }),
    { numRuns: 20 },
  );
});

test('hostile names reach no terminal', () => {
  fc.assert(
    fc.property(NAME, (name) => {
      const text = toTerminal(hostile(honest, name), { full: true, columns: 80, colour: false });
      expect(text).not.toMatch(RAW);
    }),
    { numRuns: 20 },
  );
});
