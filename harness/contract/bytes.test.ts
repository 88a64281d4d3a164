// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { covers, sharesLine } from './bytes.ts';
import { caseOf } from './testing/judging.ts';

/** a begins in the middle of a line; two parts of it and b are mapped as a list, and nothing else. */
const SCENARIO = caseOf(
  [
    'buffers: { a: { size: 512, offset: 0x20 }, b: { size: 64 } }',
    'steps:',
    '  - map_sg: { id: m, sgl: [{ buffer: a, offset: 100, size: 28 }, b, { buffer: a, offset: 300, size: 1 }], dir: TO_DEVICE }',
  ].join('\n'),
);
const [A, B] = [0, 1];

describe('what a mapping maps', () => {
  test.each([
    // The first range is [100, 128) of a.
    [A, 99, false],
    [A, 100, true],
    [A, 127, true],
    [A, 128, false],
    // The last one is a single byte.
    [A, 299, false],
    [A, 300, true],
    [A, 301, false],
    // The same offsets of the other buffer, which is mapped whole.
    [B, 0, true],
    [B, 63, true],
    [B, 64, false],
    [B, 100, false],
  ])('buffer %i, byte %i: %p', (buffer, at, expected) => {
    expect(covers(SCENARIO, 0, buffer, at)).toBe(expected);
  });

  test('no mapping maps nothing', () => {
    expect(covers(SCENARIO, 1, A, 100)).toBe(false);
    expect(covers(SCENARIO, -1, A, 100)).toBe(false);
  });
});

describe('lines that a mapping begins or ends in', () => {
  test.each([
    // a starts 0x20 into a line, so its lines begin at 32, 96, 160, 224, 288, 352 of a. [100, 128) ends in the line of 96.
    [A, 95, false],
    [A, 96, true],
    [A, 159, true],
    [A, 160, false],
    // Byte 300 stands in the line [288, 352).
    [A, 287, false],
    [A, 288, true],
    [A, 351, true],
    [A, 352, false],
  ])('buffer %i, byte %i: %p', (buffer, at, expected) => {
    expect(sharesLine(SCENARIO, 0, buffer, at)).toBe(expected);
  });

  test('one that ends with a line has none of the next', () => {
    const whole = caseOf(`
buffers: { a: { size: 256, at: 0x200000 } }
steps:
  - map_page: { id: m, buffer: a, offset: 64, size: 64, dir: TO_DEVICE }
`);
    expect([63, 64, 127, 128].map((at) => sharesLine(whole, 0, 0, at))).toEqual([false, true, true, false]);
  });
});
