// SPDX-License-Identifier: GPL-2.0-only
/** What a buffer has carried, from views written by hand. */
import { describe, expect, test } from '@jest/globals';
import { LABEL_NEVER_WRITTEN, LABEL_STALE } from '../machine/labels.ts';
import { BufferHistory } from './buffer-history.ts';
import { caseOf } from './testing/judging.ts';

const SCENARIO = caseOf(`
buffers: { a: { size: 4, at: 0x200000 }, b: { size: 4, at: 0x210080 } }
steps:
  - map_page: { id: m, buffer: a, dir: TO_DEVICE }
`);
const [A, B] = [0, 1];

describe('labels that a buffer has carried', () => {
  // Four bytes of b before the first step, after step 1, after step 3 and after step 5.
  const [N, S] = [LABEL_NEVER_WRITTEN, LABEL_STALE];
  const viewLabels = new Uint32Array([
    9,
    20,
    21,
    22,
    23,
    20,
    40,
    41,
    42,
    N,
    N,
    22,
    50,
    S + 8,
    S + 9,
    S,
    S + 1,
  ]);
  const views = [
    { step: -1, of: 'buffer', index: B, start: 1, size: 4 },
    { step: 0, of: 'mapping', index: B, start: 0, size: 4 },
    { step: 0, of: 'buffer', index: A, start: 0, size: 4 },
    { step: 1, of: 'buffer', index: B, start: 5, size: 4 },
    { step: 3, of: 'buffer', index: B, start: 9, size: 4 },
    { step: 5, of: 'buffer', index: B, start: 13, size: 4 },
  ] as const;
  const history = new BufferHistory({ scenario: SCENARIO, views, viewLabels });
  const carried = (from: number, to: number, label: number, offset = 0, size = 4): string => {
    const found = new Uint8Array(6);
    history.markCarried({ buffer: B, offset, size }, from, to, label, found, 1);
    return found.join('');
  };

  test.each<[string, [number, number, number, number?, number?], string]>([
    ['before the step and after it', [0, 0, 20], '011110'],
    ['just before the step is what the one before it left', [2, 2, 20], '010000'],
    ['in between', [2, 3, 20], '010100'],
    ['from step 1 on: what was before it, too', [1, 1, 20], '011110'],
    ['from step 3 on: what was before it, too', [3, 3, 39], '001110'],
    ['later, no more', [4, 4, 39], '000000'],
    ['not yet', [0, 0, 39], '000000'],
    ['a kind of memory', [3, 3, N], '011000'],
    ['old bytes of a slot', [5, 5, S + 8], '011000'],
    ['old bytes of another slot', [5, 5, S], '000000'],
    ['a part', [0, 0, 21, 1, 2], '011000'],
    ['a part, as if it were another', [0, 0, 20, 1, 2], '000000'],
  ])('%s', (_, [from, to, label, offset, size], marked) => {
    expect(carried(from, to, label, offset, size)).toBe(marked);
  });
});
