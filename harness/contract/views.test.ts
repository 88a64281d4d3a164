// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import type { View } from '../run/recording.ts';
import { Run } from '../run/run.ts';
import { logged } from './testing/recordings.ts';
import { Views } from './views.ts';

type Taken = [step: number, of: View['of'], index: number, labels: number[]];

/** A recording that has exactly these views. */
function recording(...taken: Taken[]): Run {
  const labels: number[] = [];
  const views = taken.map(([step, of, index, seen]): View => {
    const start = labels.length;
    labels.push(...seen);
    return { step, of, index, start, size: seen.length };
  });
  const run = logged(() => {
    // Nothing happens.
  });
  return new Run(run, { views, viewLabels: Uint32Array.from(labels) });
}

const run = recording(
  [-1, 'buffer', 0, [20, 21, 22]],
  [-1, 'buffer', 1, [30]],
  [1, 'mapping', 0, [40, 41]],
  [1, 'buffer', 0, [50, 51, 52]],
  [3, 'mapping', 0, [60, 61]],
);

/** The views after step `step`, reached step by step from the start. */
function after(step: number): Views {
  const views = new Views(run);
  for (let at = -1; at <= step; at++) views.advance(at);
  return views;
}

describe('labels', () => {
  test.each<[number, View['of'], number, number, number | undefined]>([
    [-1, 'buffer', 0, 1, 21],
    [-1, 'buffer', 1, 0, 30],
    [0, 'buffer', 0, 1, 21],
    [1, 'buffer', 0, 1, 51],
    [1, 'mapping', 0, 1, 41],
    [2, 'mapping', 0, 0, 40],
    [3, 'mapping', 0, 0, 60],
    [3, 'buffer', 0, 2, 52],
    // Never seen, and beyond what was seen.
    [0, 'mapping', 0, 0, undefined],
    [3, 'mapping', 1, 0, undefined],
    [-1, 'buffer', 0, 3, undefined],
    [-1, 'buffer', 1, 1, undefined],
  ])('after step %i: %s %i, byte %i', (step, of, index, offset, label) => {
    expect(after(step).labels(of, index)[offset]).toBe(label);
  });
});

describe('labelsBefore', () => {
  test.each<[number, View['of'], number, number | undefined]>([
    [-1, 'buffer', 0, undefined],
    [0, 'buffer', 0, 20],
    [1, 'buffer', 0, 20],
    [2, 'buffer', 0, 50],
    [1, 'mapping', 0, undefined],
    [3, 'mapping', 0, 40],
    [4, 'mapping', 0, 60],
  ])('after step %i: %s %i', (step, of, index, label) => {
    expect(after(step).labelsBefore(of, index)[0]).toBe(label);
  });
});

describe('isNew', () => {
  test.each<[number, View['of'], number, boolean]>([
    [-1, 'buffer', 0, true],
    [0, 'buffer', 0, false],
    [1, 'buffer', 0, true],
    [1, 'buffer', 1, false],
    [2, 'mapping', 0, false],
    [3, 'mapping', 0, true],
    [4, 'mapping', 0, false],
    [4, 'mapping', 9, false],
  ])('after step %i: %s %i', (step, of, index, isNew) => {
    expect(after(step).isNew(of, index)).toBe(isNew);
  });
});
