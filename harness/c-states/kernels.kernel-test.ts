// SPDX-License-Identifier: GPL-2.0-only
/**
 * docs/kernels.md says what the tool says of the kernels that it names:
 * `BOUNCEDIFF_KERNEL_TREES=<folder with 6.1 and 6.12> npm run test:kernel -- harness/c-states/kernels`.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { compare, type Comparison } from '../compare/comparison.ts';
import { compileAhead, compileState } from '../kernel-c/compiled-state.ts';
import { openTree } from '../posted/tree.ts';
import { loadCorpus } from '../scenario/load.ts';
import type { State } from '../subject/state.ts';
import { packageRoot } from '../text/package-root.ts';

const trees = process.env['BOUNCEDIFF_KERNEL_TREES'];
if (trees === undefined) {
  throw new Error('BOUNCEDIFF_KERNEL_TREES names no folder with the kernel trees 6.1 and 6.12');
}
const cacheFolder = process.env['BOUNCEDIFF_KERNEL_CACHE'] ?? mkdtempSync(join(tmpdir(), 'bouncediff-'));
const page = readFileSync(join(packageRoot(), 'docs/kernels.md'), 'utf8');

/** The cells of the table whose head begins with `head`, row by row. */
function table(head: string): string[][] {
  const lines = page.split('\n');
  const start = lines.findIndex((line) => new RegExp(String.raw`^\| ${head}\s`).test(line));
  const rows = lines.slice(start + 2);
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith('|')),
    )
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

/** git's id of a file, as short as the page has it. */
function idOf(path: string): string {
  const content = readFileSync(path);
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex').slice(0, 12);
}

const FILES = ['drivers/iommu/dma-iommu.c', 'kernel/dma/swiotlb.c', 'drivers/iommu/iova.c', 'lib/rbtree.c'];
const folderOf = (state: string): string => join(trees, state.replace('linux-', '').replaceAll('`', ''));
const others = table('state').flatMap(([state = '', , ...ids]) =>
  FILES.filter((file, i) => idOf(join(folderOf(state), file)) !== ids[i]).map((file) => `${state} ${file}`),
);
/** What the page calls the kinds that have another name in the code. */
const KINDS: Readonly<Record<string, string>> = { 'hidden now': 'hidden', 'hidden before': 'uncovered' };
const rows = table('kind').map(([kind = '', clause = '', cause = '', example = '']) => ({
  finding: `${KINDS[kind] ?? kind} ${clause}: ${cause}`,
  example: example.replaceAll('`', ''),
}));

const withTheseFiles = others.length === 0 ? describe : describe.skip;

withTheseFiles(
  others.length === 0
    ? 'docs/kernels.md, on the files that it names'
    : `docs/kernels.md is not checked, these files are others: ${others.join(', ')}`,
  () => {
    const { scenarios } = loadCorpus(join(packageRoot(), 'corpus'));
    let comparison: Comparison;

    beforeAll(async () => {
      const compiled = async (name: string): Promise<State> =>
        compileState({ tree: await openTree(join(trees, name)), id: `linux-${name}`, cacheFolder });
      const states = [await compiled('6.1'), await compiled('6.12')] as const;
      await compileAhead(states, [
        ...new Map(
          scenarios.map(({ machine }) => [`${machine.pageSize} ${machine.swiotlb}`, machine]),
        ).values(),
      ]);
      comparison = compare(...states, scenarios);
    });

    test('the findings of the page are those of the tool', () => {
      const found = comparison.findings.map(({ kind, clause, cause }) => `${kind} ${clause}: ${cause}`);
      expect([...new Set(rows.map(({ finding }) => finding))].sort()).toEqual([...new Set(found)].sort());
    });

    test.each(rows)('$finding in $example', ({ finding, example }) => {
      const cases = comparison.findings
        .filter(({ kind, clause, cause }) => `${kind} ${clause}: ${cause}` === finding)
        .flatMap((one) => one.cases.map(({ scenario }) => scenario.id));
      expect(cases).toContain(example);
    });

    test('a line of 6.12 that is named has what the page says', () => {
      const places = [...page.matchAll(/`([\w/-]+\.c):(\d+)`,\s+`(\w+)(?:\(\))?`/g)];
      expect(places.length).toBe([...page.matchAll(/\.c:\d/g)].length);
      for (const [, file = '', line = '', word = ''] of places) {
        const text = readFileSync(join(trees, '6.12', file), 'utf8').split('\n')[Number(line) - 1];
        expect(`${file}:${line} ${text}`).toContain(word);
      }
    });

    test('a command of the page has a case that the table has', () => {
      const traced = [...page.matchAll(/^npx bouncediff trace linux-6\.12 '(.*)'$/gm)].map(([, id]) => id);
      expect(traced.length).toBeGreaterThan(0);
      expect(rows.map(({ example }) => example)).toEqual(expect.arrayContaining(traced));
    });
  },
);
