// SPDX-License-Identifier: GPL-2.0-only
/** __alloc_and_insert_iova_range() when nothing fits below the hint: the retry, pfn 0, what it remembers. */
import { describe, expect, test } from '@jest/globals';
import { IovaDomain } from './iova.ts';

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

describe('the retry from the limit', () => {
  test('finds what is above the hint', () => {
    // 64 with limit 127 is the hint; below it nothing from 1 up. 128 < 256: from the limit, 192.
    const iova = domain();
    expect(
      allocAll(iova, [
        [64, 127],
        [64, 255],
      ]),
    ).toEqual([64, 192]);
  });

  test('not when the hint ends above the limit', () => {
    // 192-255 is the hint and lies above the limit 127: the walk gives 64, the hint. Then 0 is refused
    // and the hint's top + 1 = 128 is not below the bound 128.
    const iova = domain();
    expect(
      allocAll(iova, [
        [64, 255],
        [64, 127],
        [64, 127],
      ]),
    ).toEqual([192, 64, 0]);
    expect(iova.live).toBe(2);
  });

  test('stops at the top of the hint, so that pfn 0 is not found', () => {
    // 64-127 is the hint. Limit 190: below it 0 is refused; from 190 down with low limit 128 the
    // candidate (191 - 64) & ~63 = 64 is too low already; 0 would be free.
    const iova = domain();
    expect(
      allocAll(iova, [
        [64, 127],
        [64, 190],
      ]),
    ).toEqual([64, 0]);
    expect(iova.live).toBe(1);
  });
});

describe('pfn 0', () => {
  test('is found behind the anchor and stays for ever', () => {
    // The anchor's top + 1 is 0: retry with low limit 0, candidate (64 - 64) = 0 holds.
    const iova = domain();
    expect(iova.allocFast(64, 63, true)).toBe(0);
    expect(iova.live).toBe(1);
    // 0-63 is taken now: 64 down to it, then nothing.
    expect(
      allocAll(iova, [
        [63, 127],
        [1, 63],
      ]),
    ).toEqual([64, 0]);
    expect(iova.live).toBe(2);
  });

  test('is found above 4 GiB when the other hint itself was freed', () => {
    // 256, freed: the other hint is the anchor. 512 granules up to 511: 0 refused, the retry takes it.
    const iova = domain(HUGE);
    expect(iova.allocFast(64, 319, false)).toBe(256);
    iova.freeFast(256, 64);
    expect([iova.allocFast(512, 511, false), iova.live]).toEqual([0, 1]);
  });

  test('is found when the highest range was freed, only once', () => {
    // 128 and 64; 128 freed: the hint is the anchor. Limit 127: 64 is busy, 0 refused; the retry from the
    // anchor with low limit 0 takes it. Its range is then the hint: the next retry has low limit 64.
    const iova = domain();
    iova.allocFast(64, 191, false);
    iova.allocFast(64, 191, false);
    iova.freeFast(128, 64);
    expect([iova.allocFast(64, 127, false), iova.live]).toEqual([0, 2]);
    expect([iova.allocFast(64, 127, false), iova.live]).toEqual([0, 2]);
  });

  test('is no failure to the allocator: the caches are not emptied', () => {
    // 192 and 191; 191 into its cache, 192 into the tree: the hint is the anchor.
    const iova = domain();
    iova.allocFast(64, 255, false);
    expect(iova.allocFast(1, 255, false)).toBe(191);
    iova.freeFast(191, 1);
    iova.freeFast(192, 64);
    expect(iova.allocFast(64, 63, true)).toBe(0);
    // From the tree it would be 255.
    expect(iova.allocFast(1, 255, false)).toBe(191);
  });
});

describe('the remembered failure', () => {
  // A 192 is the hint, C 64 and B 128 busy; 64 granules fail and are remembered; then C is freed, below
  // the hint: no reset.
  function remembered(): IovaDomain {
    const iova = domain(HUGE);
    for (let i = 0; i < 3; i++) iova.allocFast(64, 255, false);
    iova.freeFast(192, 64);
    expect(iova.allocFast(64, 255, false)).toBe(192);
    expect(iova.allocFast(64, 255, false)).toBe(0);
    iova.freeFast(64, 64);
    expect(iova.live).toBe(2);
    return iova;
  }

  test('fails at once for that size and above', () => {
    expect(
      allocAll(remembered(), [
        [64, 255],
        [64, 127],
        [100, 255],
      ]),
    ).toEqual([0, 0, 0]);
  });

  test('not for a smaller size', () => {
    // From 192: 128 busy, (128 - 63) & ~63 = 64.
    expect(remembered().allocFast(63, 255, false)).toBe(64);
  });

  test('not for a limit above 4 GiB', () => {
    // Bound 320 > 256, the other hint is the anchor: 256.
    expect(remembered().allocFast(64, 319, false)).toBe(256);
  });

  test.each([
    // Freeing the hint (A) or a range above it moves the 32-bit hint: forgotten.
    ['the hint', 192, 192],
    // B is below A: still remembered.
    ['one below the hint', 128, 0],
  ])('freeing %s', (_, freed, pfn) => {
    const iova = remembered();
    iova.freeFast(freed, 64);
    expect(iova.allocFast(64, 255, false)).toBe(pfn);
  });

  test('freeing a range above 4 GiB does not forget it', () => {
    // 256 lies above the 32-bit hint, but not below 4 GiB.
    const iova = remembered();
    expect(iova.allocFast(64, 319, false)).toBe(256);
    iova.freeFast(256, 64);
    expect(iova.allocFast(64, 255, false)).toBe(0);
  });

  test('unless the 32-bit hint stands on it', () => {
    // 320, 192 and 128; 192 freed: the 32-bit hint goes to 320. 100 granules: 128 is busy, 0 refused.
    // 128 is below the hint: still remembered. 320 is the hint: forgotten, (256 - 100) & ~127 = 128.
    const iova = domain(HUGE);
    expect(
      allocAll(iova, [
        [64, 383],
        [64, 255],
        [64, 255],
      ]),
    ).toEqual([320, 192, 128]);
    iova.freeFast(192, 64);
    expect(iova.allocFast(100, 255, false)).toBe(0);
    iova.freeFast(128, 64);
    expect(iova.allocFast(100, 255, false)).toBe(0);
    iova.freeFast(320, 64);
    expect(iova.allocFast(100, 255, false)).toBe(128);
  });

  test('with the hint at the anchor no removal forgets it', () => {
    // 128 and 64 busy, 128 freed: anchor. 65 granules of limit 191 fail: (192 - 65) & ~127 = 0, not above
    // 64-127. 64 freed: not at or above the anchor, so 65 granules still fail at once.
    const iova = domain();
    for (let i = 0; i < 2; i++) iova.allocFast(64, 191, false);
    iova.freeFast(128, 64);
    expect(iova.allocFast(65, 191, false)).toBe(0);
    iova.freeFast(64, 64);
    expect(iova.live).toBe(0);
    expect(iova.allocFast(65, 511, false)).toBe(0);
    // A smaller one, freed, was the hint: forgotten. (512 - 65) & ~127 = 384
    expect(iova.allocFast(64, 511, false)).toBe(448);
    iova.freeFast(448, 64);
    expect(iova.allocFast(65, 511, false)).toBe(384);
  });

  test('a failure above 4 GiB is remembered too, for limits below', () => {
    // 256 (other hint), 192, 128, 64; 192 freed and taken again (32-bit hint). Full up to 319: 64
    // remembered. 64 freed, below the hint: no reset. Limit 255 fails at once, limit 319 searches.
    const iova = domain(HUGE);
    for (let i = 0; i < 4; i++) iova.allocFast(64, 319, false);
    iova.freeFast(192, 64);
    expect(
      allocAll(iova, [
        [64, 319],
        [64, 319],
      ]),
    ).toEqual([192, 0]);
    iova.freeFast(64, 64);
    expect(
      allocAll(iova, [
        [64, 255],
        [64, 319],
      ]),
    ).toEqual([0, 64]);
  });
});
