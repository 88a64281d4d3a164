// SPDX-License-Identifier: GPL-2.0-only
/** What came of this repository's own states is kept for as long as the tool's code is the same. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { DMA_IOMMU } from '../variants/registry.ts';
import { keptResults, ownResults } from './kept-results.ts';

const all = mkdtempSync(join(tmpdir(), 'bouncediff-'));
const [root, next] = DMA_IOMMU.states;

/** The tests run in a checkout. */
function folderIn(place: string): string {
  const folder = ownResults(place);
  if (folder === undefined) throw new RangeError('no checkout');
  return folder;
}

test('a folder for this code; that of other code goes after a day, and nothing else does', () => {
  const aged = (name: string, hours: number): string => {
    const path = join(all, name);
    mkdirSync(path);
    const then = Date.now() / 1000 - hours * 3600;
    utimesSync(path, then, then);
    return path;
  };
  const [old, recent, foreign] = [aged('0123456789abcdef', 25), aged('fedcba9876543210', 23), aged('x', 99)];
  const folder = folderIn(all);
  expect(dirname(folder)).toBe(all);
  expect([old, recent, foreign].map((path) => existsSync(path))).toEqual([false, true, true]);
  expect(basename(folder)).toMatch(/^[0-9a-f]{16}$/);
  mkdirSync(folder);
  expect([ownResults(all), existsSync(folder)]).toEqual([folder, true]);
});

test('of two hundred files the oldest makes place for the next', () => {
  const folder = join(all, 'full');
  mkdirSync(folder);
  for (let at = 0; at < 200; at++) {
    const file = join(folder, String(at));
    writeFileSync(file, '');
    utimesSync(file, 1000 + at, 1000 + at);
  }
  utimesSync(join(folder, '7'), 1, 1);
  keptResults('power', [], [], 1, folder)?.write('one more');
  expect(readdirSync(folder)).toHaveLength(200);
  expect(['7', '0', '6', '8'].map((name) => existsSync(join(folder, name)))).toEqual([
    false,
    true,
    true,
    true,
  ]);
  expect(keptResults('power', [], [], 1, folder)?.read()).toBe('one more');
});

test('where nothing can be written, nothing is kept, and nobody is told', () => {
  const file = join(all, 'file');
  writeFileSync(file, '');
  // What is no folder cannot be listed, nor can what other code left there be removed.
  expect(dirname(folderIn(file))).toBe(file);
  const place = keptResults('power', [], [], 1, join(file, 'below'));
  place?.write('lost');
  expect(place?.read()).toBeUndefined();
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
