// SPDX-License-Identifier: GPL-2.0-only
/** The per-CPU caches in front of the tree (iova_rcache_get() and _insert()), and laws of the whole. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { IovaDomain } from './iova.ts';

/** Highest granule below 4 GiB, with 4K granules. */
const MAX_32 = 0xfffff;

function domain(granule = 4096): IovaDomain {
  const iova = new IovaDomain();
  iova.reset(granule);
  return iova;
}

/** A domain whose cache of single granules holds `pfns`, freed in that order; all of 1 to `top` was taken. */
function cachedSingles(top: number, pfns: readonly number[]): IovaDomain {
  const iova = domain();
  for (let pfn = top; pfn >= 1; pfn--) expect(iova.allocFast(1, top, false)).toBe(pfn);
  for (const pfn of pfns) iova.freeFast(pfn, 1);
  return iova;
}

/** `count` single granules below 4 GiB, freed in the order they were taken: number i is 0x100000 - i. */
function filled(count: number): IovaDomain {
  const iova = domain();
  for (let i = 1; i <= count; i++) iova.allocFast(1, MAX_32, false);
  for (let i = 1; i <= count; i++) iova.freeFast(0x100000 - i, 1);
  return iova;
}

/** first, first - 1, … last */
function down(first: number, last: number): number[] {
  return Array.from({ length: first - last + 1 }, (_, i) => first - i);
}

describe('what is cached', () => {
  test.each([1, 2, 3, 4, 17, 31, 32])('%i granules: freed, its place stays taken', (size) => {
    // Limit 127; the range of `size` ends above 64 and the other half cannot hold 64 granules without
    // pfn 0, so 64 fail while the tree still has it.
    const iova = domain();
    const pfn = iova.allocFast(size, 127, false);
    iova.freeFast(pfn, size);
    expect(iova.live).toBe(0);
    expect(iova.allocFast(64, 127, false)).toBe(0);
    expect(iova.allocFast(size, 127, false)).toBe(pfn);
  });

  test.each([33, 63, 64])('%i granules: freed into the tree', (size) => {
    const iova = domain();
    expect(iova.allocFast(size, 127, false)).toBe(64);
    iova.freeFast(64, size);
    expect(iova.allocFast(64, 127, false)).toBe(64);
  });

  test('lengths of one power of two share a cache', () => {
    // 3 and 4: order 2. (10 - 3) & ~3 = 4, three granules; a request for 4 gets them: 7 is nobody's.
    const iova = domain();
    expect(iova.allocFast(3, 9, false)).toBe(4);
    iova.freeFast(4, 3);
    expect(iova.allocFast(4, 9, false)).toBe(4);
  });

  test('another power of two does not look there', () => {
    // 9 in the cache of one; 2 granules come from the tree below it: (9 - 2) & ~1.
    const iova = domain();
    iova.allocFast(1, 9, false);
    iova.freeFast(9, 1);
    expect(iova.allocFast(2, 9, false)).toBe(6);
  });
});

describe('getting', () => {
  test('the last one freed comes first', () => {
    const iova = cachedSingles(9, [7, 9, 8]);
    expect([1, 2, 3].map(() => iova.allocFast(1, 9, false))).toEqual([8, 9, 7]);
  });

  test('the topmost entry at or below the limit, the last entry moves into its place', () => {
    // [5, 6, 8, 9], limit 7: 6 goes, 9 takes its place: [5, 9, 8].
    const iova = cachedSingles(9, [5, 6, 8, 9]);
    expect(iova.allocFast(1, 7, false)).toBe(6);
    expect([1, 2, 3].map(() => iova.allocFast(1, 9, false))).toEqual([8, 9, 5]);
  });

  test('none at or below the limit: the tree, and the entries stay', () => {
    const iova = domain();
    expect(iova.allocFast(1, 9, false)).toBe(9);
    iova.freeFast(9, 1);
    expect(iova.allocFast(1, 8, false)).toBe(8);
    expect(iova.allocFast(1, 9, false)).toBe(9);
  });

  test.each([
    // [8, 9] ends at 9: limit 9 - (2 - 1) suits; with limit 8 the tree, (8 - 2) & ~1.
    [9, 8],
    [8, 6],
  ])('the whole range must be at or below %i: %i', (limit, pfn) => {
    const iova = domain();
    expect(iova.allocFast(2, 9, false)).toBe(8);
    iova.freeFast(8, 2);
    expect(iova.allocFast(2, limit, false)).toBe(pfn);
  });
});

describe('magazines', () => {
  test('loaded, then previous, then the depot from its end', () => {
    // 1-128 loaded; 129: swap, 129-256; 257: 129-256 to the depot, 257-384; 385: they too, [385].
    // Out: 385; swap, 128 … 1; the depot: 384 … 257, then 256 … 129.
    const iova = filled(385);
    const order = [385, ...down(128, 1), ...down(384, 257), ...down(256, 129)];
    expect(order.map(() => 0x100000 - iova.allocFast(1, MAX_32, false))).toEqual(order);
    // Empty: the tree, below the last range.
    expect(iova.allocFast(1, MAX_32, false)).toBe(0x100000 - 386);
  });

  test('only the loaded one is looked through', () => {
    // [129] is loaded, 1-128 are previous. Limit 0x100000 - 130: 129 is too high, so the tree: number 130.
    const iova = filled(129);
    expect(iova.allocFast(1, 0x100000 - 130, false)).toBe(0x100000 - 130);
    expect(iova.allocFast(1, MAX_32, false)).toBe(0x100000 - 129);
  });

  test('a full one is swapped for a previous one with room', () => {
    // 385 goes out, swap: 1-128 loaded, previous empty. 128 goes out and 128, 385 come back: 128 fills the
    // loaded one, 385 needs the swap. Out: 385; swap, 128 … 1; then the depot.
    const iova = filled(385);
    for (const number of [385, 128]) expect(iova.allocFast(1, MAX_32, false)).toBe(0x100000 - number);
    for (const number of [128, 385]) iova.freeFast(0x100000 - number, 1);
    const order = [385, ...down(128, 1), 384];
    expect(order.map(() => 0x100000 - iova.allocFast(1, MAX_32, false))).toEqual(order);
  });

  test('with a full depot the loaded one goes back to the tree', () => {
    // The depot takes 129-256 with number 257, and its 32nd, 4097-4224, with 4225; 4353 finds it full:
    // 4225-4352 into the tree.
    const iova = filled(4353);
    expect(iova.live).toBe(0);
    // 4352 = 0x1100: 0xfef00 … 0xfef7f are free, 128 aligned granules. Freeing 4225 moved the hint to
    // 4224, just above them.
    expect(iova.allocFast(128, MAX_32, false)).toBe(0xfef00);
    const order = [4353, ...down(128, 1), ...down(4224, 4097), ...down(4096, 3969)];
    expect(order.map(() => 0x100000 - iova.allocFast(1, MAX_32, false))).toEqual(order);
  });

  test('the depot holds 32', () => {
    // One fewer: 4225-4352 are loaded, the tree has none of it. The hint is 4352, 0xfef00: 128 below.
    const iova = filled(4352);
    expect(iova.allocFast(128, MAX_32, false)).toBe(0xfee80);
    const order = [...down(4352, 4225), ...down(128, 1), 4224];
    expect(order.map(() => 0x100000 - iova.allocFast(1, MAX_32, false))).toEqual(order);
  });
});

describe('flushRcache', () => {
  // 96, 64 and 32 (32 granules each, limit 127) are cached: the tree has room for 32 more at 0 only.
  function full(): IovaDomain {
    const iova = domain();
    for (const pfn of [96, 64, 32]) expect(iova.allocFast(32, 127, false)).toBe(pfn);
    for (const pfn of [96, 64, 32]) iova.freeFast(pfn, 32);
    return iova;
  }

  test('without it the request fails', () => {
    expect(full().allocFast(64, 127, false)).toBe(0);
  });

  test('with it the caches go back to the tree and the search is done once more', () => {
    const iova = full();
    expect(iova.allocFast(64, 127, true)).toBe(64);
    expect(iova.live).toBe(1);
    // 96 and 64 are in no cache any more: the tree, below 64.
    expect(iova.allocFast(32, 127, false)).toBe(32);
  });

  test('also after a failure that is remembered: emptying moves the hint', () => {
    const iova = full();
    expect(iova.allocFast(64, 127, false)).toBe(0);
    expect(iova.allocFast(64, 127, true)).toBe(64);
  });

  test('all lengths, previous magazines and the depot', () => {
    // 385 singles and a range of 32 below them: 0x100000 - 385 = 0xffe7f, (0xffe7f - 32) & ~31 = 0xffe40.
    const iova = filled(385);
    expect(iova.allocFast(32, MAX_32, false)).toBe(0xffe40);
    iova.freeFast(0xffe40, 32);
    // 2^19 granules: (0xffe40 - 0x80000) & ~0x7ffff = 0, refused. With all caches emptied 0x80000 is free.
    expect(iova.allocFast(0x80000, MAX_32, true)).toBe(0x80000);
    expect(iova.live).toBe(1);
    expect(iova.allocFast(1, MAX_32, false)).toBe(0x7ffff);
  });

  test('the second search may find pfn 0', () => {
    // 127 is cached and the hint. 128 granules: nothing; emptied, the hint is the anchor, and 0 holds.
    const iova = domain();
    expect(iova.allocFast(1, 127, false)).toBe(127);
    iova.freeFast(127, 1);
    expect(iova.allocFast(128, 127, true)).toBe(0);
    expect(iova.live).toBe(1);
    expect(iova.allocFast(1, 127, true)).toBe(0);
  });
});

describe('a free with the wrong length', () => {
  test('too long: the range comes back over its neighbour', () => {
    // 8 freed as 2 granules: the cache of two gives 8-9, while 9 is in use.
    const iova = domain();
    expect([iova.allocFast(1, 9, false), iova.allocFast(1, 9, false)]).toEqual([9, 8]);
    iova.freeFast(8, 2);
    expect(iova.live).toBe(1);
    expect(iova.allocFast(2, 9, false)).toBe(8);
    expect(iova.live).toBe(2);
  });

  test('too short: only part of the range is used again', () => {
    // 4-7 freed as one granule: the next single granule is 4, the tree keeps all four.
    const iova = domain();
    expect(iova.allocFast(4, 9, false)).toBe(4);
    iova.freeFast(4, 1);
    expect([iova.allocFast(1, 9, false), iova.allocFast(1, 9, false)]).toEqual([4, 3]);
    expect(iova.live).toBe(2);
  });

  test('above 32 granules: the tree removes what it has there', () => {
    // 9 freed as 33 granules: 9 alone is gone, and found again from the anchor.
    const iova = domain();
    expect(iova.allocFast(1, 9, false)).toBe(9);
    iova.freeFast(9, 33);
    expect(iova.live).toBe(0);
    expect(iova.allocFast(1, 9, false)).toBe(9);
  });

  test('32 granules or fewer of a larger range: gone when the caches are emptied', () => {
    // 64-127 freed as 32: cached. A single granule comes from the tree, below 64. 128 granules at or below
    // 127 make it empty the caches; pfn 0 is refused because of 63.
    const iova = domain();
    expect(iova.allocFast(64, 127, false)).toBe(64);
    iova.freeFast(64, 32);
    expect(iova.allocFast(1, 127, false)).toBe(63);
    expect(iova.allocFast(128, 127, true)).toBe(0);
    expect(iova.live).toBe(1);
    expect(iova.allocFast(64, 127, false)).toBe(64);
  });
});

/** What __iommu_dma_alloc_iova asks for: below 32 granules a power of two. */
function rounded(size: number): number {
  return size < 32 ? alignmentOf(size) : size;
}

function alignmentOf(size: number): number {
  let power = 1;
  while (power < size) power *= 2;
  return power;
}

test('law: live ranges are apart, aligned and within their limit, and counted', () => {
  const step = fc.oneof(
    fc.record({
      size: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 100 })).map(rounded),
      // 4 GiB is at 256: two limits below, two above.
      limit: fc.constantFrom(127, 255, 319, 1023),
      flushRcache: fc.boolean(),
    }),
    fc.nat(),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
      const iova = domain(2 ** 24);
      const live: { pfn: number; size: number }[] = [];
      let lost = 0;
      for (const next of steps) {
        if (typeof next === 'number') {
          const range = live.splice(next % live.length, 1)[0];
          if (range !== undefined) iova.freeFast(range.pfn, range.size);
        } else {
          const { size, limit, flushRcache } = next;
          const pfn = iova.allocFast(size, limit, flushRcache);
          if (pfn === 0) {
            // Nothing, or pfn 0 was found and stays.
            lost = iova.live - live.length;
            expect([0, 1]).toContain(lost);
          } else {
            const overlapping = live.filter(
              (other) => pfn < other.pfn + other.size && other.pfn < pfn + size,
            );
            const within = pfn + size - 1 <= limit;
            expect([pfn % alignmentOf(size), within, overlapping]).toEqual([0, true, []]);
            live.push({ pfn, size });
          }
        }
        expect(iova.live).toBe(live.length + lost);
      }
      for (const range of live) iova.freeFast(range.pfn, range.size);
      expect(iova.live).toBe(lost);
      // More than there is: fails, but empties the caches. Then the upper half is one free place again.
      expect(iova.allocFast(2000, 1023, true)).toBe(0);
      expect(iova.allocFast(512, 1023, false)).toBe(512);
    }),
    { seed: 514, numRuns: 80 },
  );
});
