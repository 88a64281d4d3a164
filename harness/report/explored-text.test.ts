// SPDX-License-Identifier: GPL-2.0-only
/** What a report says of generated programs that could not be run. */
import { expect, test } from '@jest/globals';
import { findState } from '../../variants/registry.ts';
import { compare } from '../compare/comparison.ts';
import { exploredText } from './head.ts';

function saidOf(tooMuch: readonly number[]): string {
  const [from, to] = [findState('v7'), findState('v8')];
  if (from === undefined || to === undefined) throw new Error('no such states');
  const explored = { seed: 1, programs: 100, tooMuch, found: [] };
  return exploredText({ ...compare(from, to, [], {}), explored });
}

test.each([
  [[], ''],
  [[41], ' 1 program left out, in which a run takes more than 128 MiB: number 41.'],
  [
    [1, 2, 3, 5, 8, 13],
    ' 6 programs left out, in which a run takes more than 128 MiB: number 1, 2, 3, 5, 8, 13.',
  ],
  [
    [1, 2, 3, 5, 8, 13, 21],
    ' 7 programs left out, in which a run takes more than 128 MiB: number 1, 2, 3, 5, 8, 13, ….',
  ],
])('programs %j took too much', (tooMuch, left) => {
  expect(saidOf(tooMuch)).toBe(` Exploration, seed 1, stopped at 100 programs: no finding more.${left}`);
});
