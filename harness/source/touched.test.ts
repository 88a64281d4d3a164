// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DMA_IOMMU } from '../../variants/registry.ts';
import { packageRoot } from '../text/package-root.ts';
import { Imported } from './imported.ts';
import { authoredFiles, touchedPairs } from './touched.ts';

function touched(...changed: string[]): string[] {
  return touchedPairs(DMA_IOMMU, packageRoot(), changed).map(({ from, to }) => `${from} ${to}`);
}

describe('touchedPairs', () => {
  test.each([
    ['a module of one series', ['variants/v1/check-config-swiotlb.ts'], ['baseline v1']],
    [
      'a module that later series and a suggestion use too',
      ['variants/v4/fix-sync-sg.ts'],
      ['v3 v4', 'v4 v5', 'v5 v6', 'v6 v7', 'v7 v8', 'v3.1 review/fold-coherent-check'],
    ],
    ['a cover letter', ['variants/v8/index.ts'], ['v7 v8']],
    ['a suggestion', ['variants/review/no-dead-attrs.ts'], ['v3.3 review/no-dead-attrs']],
    [
      'a new suggestion and the list of them',
      ['variants/review/no-dead-attrs.ts', 'variants/review/index.ts'],
      ['v3.3 review/no-dead-attrs'],
    ],
    ['a new series and the registry', ['variants/v8/index.ts', 'variants/registry.ts'], ['v7 v8']],
    ['tests and prose', ['variants/registry.test.ts', 'harness/compare/chain.test.ts', 'README.md'], []],
    ['nothing', [], []],
    ['a file that is gone', ['variants/v3/gone.ts'], []],
  ])('%s', (_, changed, pairs) => {
    expect(touched(...changed)).toEqual(pairs);
  });

  const series = DMA_IOMMU.pairs.filter(({ kind }) => kind === 'step').length;
  const suggestions = DMA_IOMMU.pairs.filter(({ kind }) => kind === 'suggestion').length;
  test.each([
    ['the baseline', 'variants/baseline.ts', series + suggestions],
    ['what all states go through', 'variants/instrument.ts', series + suggestions],
    ['the registry alone', 'variants/registry.ts', series],
    ['the list of suggestions alone', 'variants/review/index.ts', suggestions],
    ['the machine', 'harness/machine/swiotlb.ts', series],
    ['a scenario', 'corpus/sync/single.yaml', series],
  ])('%s', (_, file, count) => {
    expect(touched(file)).toHaveLength(count);
  });

  test('a state has changed itself when one of its own files has, not what all share', () => {
    const own = (...changed: string[]): string[] =>
      touchedPairs(DMA_IOMMU, packageRoot(), changed).flatMap((pair) => (pair.own ? [pair.to] : []));
    expect(own('variants/v8/index.ts', 'variants/claims.ts', 'harness/machine/swiotlb.ts')).toEqual(['v8']);
    expect(touched('variants/v8/index.ts', 'variants/claims.ts')).toHaveLength(series);
    expect(own('variants/baseline.ts', 'variants/registry.ts', 'corpus/expectations.yaml')).toEqual([]);
  });

  test('every file that a state is written in touches it', () => {
    const imported = new Imported(packageRoot(), 'variants');
    for (const { id, parts } of authoredFiles(imported, DMA_IOMMU)) {
      for (const file of parts) {
        expect(existsSync(join(packageRoot(), file))).toBe(true);
        expect(touched(file).map((pair) => pair.split(' ')[1])).toContain(id);
      }
    }
  });
});
