// SPDX-License-Identifier: GPL-2.0-only
/** The committed reports: short, and with numbers that add up. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ROOT } from './testing/run.ts';

const folder = join(ROOT, 'reports');
const pages = readdirSync(folder).filter((file) => file.endsWith('.md'));
const text = (file: string): string => readFileSync(join(folder, file), 'utf8');

/** The cells of a row. */
function cells(row: string): string[] {
  return row
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

/** The first table of a page that has such a head, without its first two rows. */
function tableAfter(page: string, head: RegExp): string[][] {
  const lines = page.split('\n');
  const at = lines.findIndex((line) => head.test(line));
  if (at < 0) return [];
  const end = lines.findIndex((line, index) => index > at && !line.startsWith('|'));
  return lines.slice(at + 2, end).map(cells);
}

const COUNTS = /^\| +\| +findings \| +cases \|/;
const counted = pages.filter((page) => tableAfter(text(page), COUNTS).length > 0);

test('each is read in one go, and all together in an afternoon', () => {
  const sizes = pages.map((page) => ({ page, bytes: Buffer.byteLength(text(page)) }));
  expect(sizes.filter(({ bytes }) => bytes > 30_000)).toEqual([]);
  expect(sizes.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(400_000);
});

test('there are reports with counts', () => {
  expect(counted.length).toBeGreaterThan(10);
});

describe.each(counted)('%s', (page) => {
  const rows = tableAfter(text(page), COUNTS);
  const all = rows.at(-1) ?? [];
  const column = (at: number): number[] => rows.slice(0, -1).map((row) => Number(row[at]));
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);

  test('findings and cases add up, and the cases are those that it rests on', () => {
    expect(all[0]).toBe('all');
    expect(sum(column(1))).toBe(Number(all[1]));
    expect(sum(column(2))).toBe(Number(all[2]));
    const [, rests = ''] = /Rests on (\d+) cases of /.exec(text(page)) ?? [];
    const [, one, more = one === undefined ? 0 : 1] =
      /in (?:(a) program|(\d+) programs) that counts? as (?:a case|cases)/.exec(text(page)) ?? [];
    expect(Number(rests) + Number(more)).toBe(Number(all[2]));
  });

  test('the tables have as many findings as the counts say', () => {
    const found = (title: string): number => {
      const [, section = ''] = text(page).split(`\n## ${title}\n`);
      const own = section.split('\n## ')[0] ?? '';
      const rowsOf = tableAfter(own, /^\| +finding +\|/);
      const more =
        /^And (\d+) more findings?: /m.exec(own)?.[1] ?? /^(\d+) findings?: /m.exec(own)?.[1] ?? '0';
      return rowsOf.length + Number(more);
    };
    const countOf = (title: string): number => Number(rows.find((row) => row[0] === title)?.[1] ?? 0);
    expect(found('Regressed')).toBe(countOf('regressed'));
    expect(found('Fixed')).toBe(countOf('fixed'));
    expect(found('Layout-dependent')).toBe(countOf('layout-dependent'));
    const background = /^## (Still broken, for the same cause as in .*)$/m.exec(text(page))?.[1];
    expect(found('Still broken') + (background === undefined ? 0 : found(background))).toBe(
      countOf('still broken'),
    );
  });

  test('the index says the same', () => {
    const row = tableAfter(text('README.md'), /^\| +report +\|/).find(([name]) =>
      name?.includes(`(${page})`),
    );
    // Reports on kernels stand below the table.
    if (row === undefined) {
      expect(text('README.md')).toContain(`](${page})`);
      return;
    }
    const countOf = (title: string): string => rows.find((one) => one[0] === title)?.[1] ?? '0';
    expect([row[1], row[3]]).toEqual([countOf('regressed'), countOf('fixed')]);
  });
});
