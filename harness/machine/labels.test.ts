// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import {
  countUp,
  differLength,
  equalLabels,
  FIRST_LABEL,
  isStale,
  LABEL_NEVER_WRITTEN,
  LABEL_STALE,
  labelAfter,
  runLength,
  sameBytes,
} from './labels.ts';

// Before, across and behind each end of what is in store.
const ENDS = [2 ** 17 - 100, 2 ** 17, 2 ** 20 - 1, 2 ** 22 - 200, 2 ** 22 - 100, 2 ** 22, 2 ** 30];
const FIRSTS = [16, LABEL_STALE, ...ENDS, ...ENDS.map((end) => LABEL_STALE + end)];

test.each(FIRSTS)('labels from %d on count up by one, and belong together', (first) => {
  const labels = new Uint32Array(300).fill(7);
  countUp(labels, 20, 200, first);
  const counted = Array.from({ length: 200 }, (_, i) => first + i);
  expect([...labels]).toEqual([
    ...Array.from({ length: 20 }, () => 7),
    ...counted,
    ...Array.from({ length: 80 }, () => 7),
  ]);
  expect(runLength(labels, 20, 280)).toBe(200);
  expect(runLength(labels, 20, 200)).toBe(200);
  expect(runLength(labels, 20, 40)).toBe(40);
});

/** Around where all are looked at at once. */
const SIZES = [1, 2, 63, 64, 65, 200];

test.each(SIZES)('a run of %d labels ends with the first that does not go on', (size) => {
  const counting = [1000, 2 ** 17 - 30, 2 ** 22 - 30].flatMap((n) => [n, LABEL_STALE + n]);
  for (const first of [LABEL_NEVER_WRITTEN, FIRST_LABEL - 1, FIRST_LABEL, LABEL_STALE, ...counting]) {
    for (let wrong = 1; wrong <= size; wrong++) {
      const labels = Uint32Array.from({ length: size + 5 }, (_, i) => labelAfter(first, i - 3));
      if (wrong < size) labels[3 + wrong] = 9;
      expect(runLength(labels, 3, size)).toBe(wrong);
    }
  }
});

test.each(SIZES)('of %d labels those in front of the first other one are equal', (size) => {
  const a = Uint32Array.from({ length: size + 5 }, (_, i) => 40 + i);
  for (let wrong = 0; wrong <= size; wrong++) {
    const b = Uint32Array.from({ length: size + 9 }, (_, i) => 36 + i);
    if (wrong < size) b[7 + wrong] = 9;
    expect(equalLabels(a, 3, b, 7, size)).toBe(wrong);
  }
});

test('labels that differ and go on alike differ all the way', () => {
  const a = new Uint32Array([20, 21, 22, 23, 50, 51, 52]);
  const b = new Uint32Array([2, 2, 2, 2, 2, 40, 41]);
  expect(differLength(a, 0, b, 0, 7)).toBe(4);
  expect(differLength(a, 4, b, 2, 3)).toBe(3);
  expect(differLength(a, 1, b, 4, 3)).toBe(1);
});

test('a byte further on in a write, and in the pool, has the next label; a kind of memory has one', () => {
  expect([labelAfter(FIRST_LABEL, 5), labelAfter(FIRST_LABEL - 1, 5), labelAfter(LABEL_STALE, 5)]).toEqual([
    FIRST_LABEL + 5,
    FIRST_LABEL - 1,
    LABEL_STALE + 5,
  ]);
  expect([LABEL_STALE - 1, LABEL_STALE, LABEL_STALE + 5].map(isStale)).toEqual([false, true, true]);
});

test('numbers are the same where all their bytes are', () => {
  const numbers = new Float64Array([1, -0, NaN]);
  expect(sameBytes(numbers, new Float64Array([1, -0, NaN]))).toBe(true);
  expect(sameBytes(numbers, new Float64Array([1, 0, NaN]))).toBe(false);
  expect(sameBytes(numbers, numbers.subarray(0, 2))).toBe(false);
  expect(sameBytes(numbers.subarray(1), new Float64Array([-0, NaN]))).toBe(true);
});
