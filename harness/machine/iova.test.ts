// SPDX-License-Identifier: GPL-2.0-only
/**
 * The tree of __alloc_and_insert_iova_range(), its hints, and the flush queue. Ranges above 32 granules go
 * to the tree when they are freed, past the caches.
 */
import { describe, expect, test } from '@jest/globals';
import { IovaDomain } from './iova.ts';

/** Highest granule below 4 GiB, with 4K granules. */
const MAX_32 = 0xfffff;
/** Highest granule of 48 bits, with 4K granules. */
const MAX_48 = 0xfffffffff;
/** A granule that leaves 256 of them below 4 GiB. */
const HUGE = 2 ** 24;

function domain(granule = 4096): IovaDomain {
  const iova = new IovaDomain();
  iova.reset(granule);
  return iova;
}

/** Allocate each [size, limit] in turn, without emptying the caches. */
function allocAll(iova: IovaDomain, requests: readonly (readonly [number, number])[]): number[] {
  return requests.map(([size, limit]) => iova.allocFast(size, limit, false));
}

describe('a first allocation', () => {
  test.each([
    // (limit + 1 - size) rounded down to the next power of two of size.
    [1, 9, 9],
    [2, 9, 8],
    [3, 9, 4], // 7 & ~3
    [4, 9, 4], // 6 & ~3
    [5, 20, 16], // 16 & ~7
    [7, 20, 8], // 14 & ~7
    [33, 200, 128], // 168 & ~63
    [64, 255, 192],
    [65, 255, 128], // 191 & ~127
    [1, 1, 1],
    [1, MAX_32, MAX_32],
    [64, MAX_48, 0xfffffffc0],
  ])('%i granules at or below %i: %i', (size, limit, pfn) => {
    expect(domain().allocFast(size, limit, false)).toBe(pfn);
  });

  test.each([
    [65, 63],
    [2 ** 20, 2 ** 19],
  ])('%i granules at or below %i: nothing', (size, limit) => {
    const iova = domain();
    expect(iova.allocFast(size, limit, true)).toBe(0);
    expect(iova.live).toBe(0);
  });
});

describe('top-down from the hint', () => {
  test('below the last range, never back into an alignment gap', () => {
    // 0xfffff; 0xffffe; (0xffffe - 2) & ~1; (0xffffc - 3) & ~3; the gap 0xffffb is not seen: 0xffff7;
    // (0xffff7 - 5) & ~7
    const requests = [1, 1, 2, 3, 1, 5].map((size) => [size, MAX_32] as const);
    expect(allocAll(domain(), requests)).toEqual([0xfffff, 0xffffe, 0xffffc, 0xffff8, 0xffff7, 0xffff0]);
  });

  test('a lower limit starts lower; the hint follows the last range', () => {
    // (256 - 64) & ~63; (128 - 63) & ~63; below 64 only 0, and at 127 nothing is left above 64-126.
    const iova = domain();
    expect(
      allocAll(iova, [
        [64, 255],
        [63, 127],
        [64, 127],
      ]),
    ).toEqual([192, 64, 0]);
  });

  test('busy ranges are walked over', () => {
    // 192 and 128; 192 freed and taken again is the hint; below it 128 is busy, 64 is not.
    const iova = domain();
    iova.allocFast(64, 255, false);
    iova.allocFast(64, 255, false);
    iova.freeFast(192, 64);
    expect(
      allocAll(iova, [
        [64, 255],
        [64, 255],
      ]),
    ).toEqual([192, 64]);
  });
});

describe('removal and the 32-bit hint', () => {
  // A 192, B 128, C 64 (64 granules each); the hint is C.
  function three(): IovaDomain {
    const iova = domain();
    expect(
      allocAll(iova, [
        [64, 255],
        [64, 255],
        [64, 255],
      ]),
    ).toEqual([192, 128, 64]);
    return iova;
  }

  test.each([
    // At or above the hint: it moves to the next higher range, and the search finds the freed place.
    ['A', [192], 192],
    ['B', [128], 128],
    ['C, the hint itself', [64], 64],
    // A moves it to the anchor; B and C are below it and leave it there.
    ['A, B, C', [192, 128, 64], 192],
    // C: to B. B: to A. A: to the anchor.
    ['C, B, A', [64, 128, 192], 192],
    // B: to A. C is below A.
    ['B, C', [128, 64], 128],
  ])('%s freed: reused from the top', (_, freed, pfn) => {
    const iova = three();
    for (const range of freed) iova.freeFast(range, 64);
    expect(iova.live).toBe(3 - freed.length);
    expect(iova.allocFast(64, 255, false)).toBe(pfn);
  });

  test('below the hint it stays, and what lies above the hint is not looked at', () => {
    // A freed and taken again: the hint is A. B and C freed: from A down, B's place.
    const iova = three();
    iova.freeFast(192, 64);
    expect(iova.allocFast(64, 255, false)).toBe(192);
    iova.freeFast(64, 64);
    iova.freeFast(128, 64);
    expect(iova.allocFast(64, 255, false)).toBe(128);
    // A larger limit: the hint at 128 still rules, C's place before anything above.
    expect(iova.allocFast(64, 511, false)).toBe(64);
    // Nothing below 64: from the limit, 448.
    expect(iova.allocFast(64, 511, false)).toBe(448);
  });

  test('a free anywhere inside a range frees it, outside nothing', () => {
    const iova = three();
    iova.freeFast(64 + 37, 64);
    expect(iova.live).toBe(2);
    iova.freeFast(64, 64);
    iova.freeFast(300, 64);
    expect(iova.live).toBe(2);
    expect(iova.allocFast(64, 255, false)).toBe(64);
  });
});

describe('limits above 4 GiB', () => {
  test('have a hint of their own', () => {
    const iova = domain();
    expect(
      allocAll(iova, [
        [1, MAX_48],
        [1, MAX_48],
        [1, MAX_32], // the 32-bit hint is still the anchor
        [1, MAX_32],
        [1, MAX_48],
      ]),
    ).toEqual([MAX_48, MAX_48 - 1, MAX_32, MAX_32 - 1, MAX_48 - 2]);
  });

  test('the hint is where the last range went, wherever the limit is', () => {
    // 0x1fffff becomes the hint: the next one goes below it although the top is free.
    const iova = domain();
    expect(
      allocAll(iova, [
        [1, MAX_48],
        [1, 0x1fffff],
        [1, MAX_48],
      ]),
    ).toEqual([MAX_48, 0x1fffff, 0x1ffffe]);
  });

  test('the first granule above 4 GiB moves the other hint', () => {
    // 0x100000 = 4 GiB: below it although the top of 48 bits is free; the 32-bit hint is that 0xfffff.
    const iova = domain();
    expect(
      allocAll(iova, [
        [1, 0x100000],
        [1, MAX_48],
        [1, MAX_32],
      ]),
    ).toEqual([0x100000, 0xfffff, 0xffffe]);
  });

  test('a range below 4 GiB moves the 32-bit hint only, whatever its limit was', () => {
    // 256 is the other hint. From it: 255; (255 - 2) & ~1 = 252; 254, the gap between them. The 32-bit
    // hint is then 254, and 251 is next below it.
    const iova = domain(HUGE);
    expect(
      allocAll(iova, [
        [1, 256],
        [1, 300],
        [2, 300],
        [1, 300],
        [1, 255],
      ]),
    ).toEqual([256, 255, 252, 254, 251]);
  });

  test('removal at or above the other hint moves it up', () => {
    const iova = domain(HUGE);
    expect(
      allocAll(iova, [
        [64, 511],
        [64, 511],
        [64, 511],
      ]),
    ).toEqual([448, 384, 320]);
    // Above the hint 320: it goes to 448, and 384 is found again and is the hint.
    iova.freeFast(384, 64);
    expect(iova.allocFast(64, 511, false)).toBe(384);
    // Below the hint: it stays. Above: it goes to the anchor. 448 is found, then from there down 320.
    iova.freeFast(320, 64);
    iova.freeFast(448, 64);
    expect(
      allocAll(iova, [
        [64, 511],
        [64, 511],
      ]),
    ).toEqual([448, 320]);
  });

  test('removal below 4 GiB leaves the other hint alone', () => {
    // 320 (other hint), 192 and 128 (32-bit hint 128). 192 freed: the 32-bit hint goes to 320.
    const iova = domain(HUGE);
    expect(
      allocAll(iova, [
        [64, 383],
        [64, 255],
        [64, 255],
      ]),
    ).toEqual([320, 192, 128]);
    iova.freeFast(192, 64);
    // The other hint is still 320: 256, then the other hint is 256: 192.
    expect(
      allocAll(iova, [
        [64, 511],
        [64, 511],
      ]),
    ).toEqual([256, 192]);
  });
});

describe('the flush queue', () => {
  test('is full with 255 of its 256 places', () => {
    const iova = domain();
    for (let i = 1; i <= 254; i++) iova.enqueue(i, 1);
    expect([iova.queued, iova.queueFull]).toEqual([254, false]);
    iova.enqueue(255, 1);
    expect([iova.queued, iova.queueFull]).toEqual([255, true]);
  });

  test('gives its ranges back in order, once', () => {
    const iova = domain();
    iova.enqueue(9, 1);
    iova.enqueue(4, 3);
    iova.enqueue(7, 2);
    expect(iova.drain()).toEqual([9, 1, 4, 3, 7, 2]);
    expect([iova.queued, iova.queueFull]).toEqual([0, false]);
    expect(iova.drain()).toEqual([]);
  });

  test('a waiting range is in use: live, and its place is taken', () => {
    const iova = domain();
    expect(iova.allocFast(64, 127, false)).toBe(64);
    iova.enqueue(64, 64);
    expect(iova.live).toBe(1);
    expect(iova.allocFast(64, 127, true)).toBe(0);
    const [pfn = 0, pages = 0] = iova.drain();
    iova.freeFast(pfn, pages);
    expect(iova.live).toBe(0);
    expect(iova.allocFast(64, 127, false)).toBe(64);
  });
});

test('reset forgets everything', () => {
  const iova = domain();
  iova.allocFast(64, 63, false);
  iova.allocFast(1, 127, false);
  iova.freeFast(127, 1);
  iova.allocFast(200, 127, false);
  iova.enqueue(5, 1);
  iova.reset(HUGE);
  expect([iova.live, iova.queued]).toEqual([0, 0]);
  expect(
    allocAll(iova, [
      [1, 200], // not 127 of the cache
      [1, 300], // above 4 GiB now: the other hint
    ]),
  ).toEqual([200, 300]);
});

test('after a reset, the first search above 4 GiB begins at the top and is tried once more from 0 on', () => {
  const iova = domain();
  iova.allocFast(1, 400, false);
  iova.reset(HUGE, 3 * HUGE);
  // Aligned, only pfn 0 is left, which is below the first one: it is taken, and called a failure.
  expect([iova.allocFast(200, 299, false), iova.live]).toEqual([0, 1]);
});

// pfn 0 is never handed out; 0x2fff is in granule 2.
test.each([
  [0, [3, 2, 1, 0]],
  [0x2fff, [3, 2, 0]],
  [0x3000, [3, 0]],
])('ranges begin at bus address %i', (base, found) => {
  const iova = new IovaDomain();
  iova.reset(4096, base);
  expect(found.map(() => iova.allocFast(1, 3, true))).toEqual(found);
});
