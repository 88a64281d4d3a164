// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { countUp, runLength } from './labels.ts';

// Before, across and behind each end of what is in store.
test.each([16, 2 ** 17 - 100, 2 ** 17, 2 ** 20 - 1, 2 ** 22 - 100, 2 ** 22, 2 ** 30])(
  'labels from %d on count up by one, and belong together',
  (first) => {
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
  },
);
