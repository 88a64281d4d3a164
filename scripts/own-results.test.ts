// SPDX-License-Identifier: GPL-2.0-only
/** What came of this repository's own states is kept for as long as the tool's code is the same. */
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { DMA_IOMMU } from '../variants/registry.ts';
import { keptResults, ownResults } from './kept-results.ts';

const all = mkdtempSync(join(tmpdir(), 'bouncediff-'));
const [root, next] = DMA_IOMMU.states;

test('a folder for this code; that of other code goes', () => {
  const other = join(all, '0123456789abcdef');
  mkdirSync(other);
  const folder = ownResults(all);
  expect([dirname(folder), existsSync(other)]).toEqual([all, false]);
  expect(basename(folder)).toMatch(/^[0-9a-f]{16}$/);
  mkdirSync(folder);
  expect([ownResults(all), existsSync(folder)]).toEqual([folder, true]);
});

test('results are found again by what they follow from, and nowhere without a folder', () => {
  if (root === undefined || next === undefined) throw new RangeError('fewer than two states');
  const place = (states: typeof DMA_IOMMU.states, given: unknown, folder = ownResults(all)) =>
    keptResults<string>('power', states, [], given, folder);
  expect(place([root, next], 1)?.read()).toBeUndefined();
  place([root, next], 1)?.write('47 of 51');
  expect(place([root, next], 1)?.read()).toBe('47 of 51');
  expect(place([next, root], 1)?.read()).toBeUndefined();
  expect(place([root, next], 2)?.read()).toBeUndefined();
  expect(keptResults('power', [root, next], [], 1)).toBeUndefined();
});
