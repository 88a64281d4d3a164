// SPDX-License-Identifier: GPL-2.0-only
/** find_slots(): which slots a mapping gets. Slot i starts at POOL_START + 2048 i; POOL_START is 16 MiB. */
import { describe, expect, test } from '@jest/globals';
import { POOL_START, SLOT_SIZE } from './config.ts';
import { KernelCrash } from './crash.ts';
import type { PoolUser } from './swiotlb.ts';
import { Pool } from './testing/pool.ts';

const KIB = 1024;

function user(minAlignMask = 0, segBoundary = 0xffffffff): PoolUser {
  return { minAlignMask, segBoundary };
}

function poolOf(slots: number, pageSize = 4 * KIB): Pool {
  return new Pool(slots, pageSize);
}

/** The slot a bounce address is in; -1 for a failed map. */
function slotAt(tlb: number): number {
  return tlb < 0 ? -1 : Math.floor((tlb - POOL_START) / SLOT_SIZE);
}

/** Map `slots` whole slots for a device without demands; the slot it begins at. */
function take(pool: Pool, slots: number, of = user()): number {
  return slotAt(pool.map(of, 0, slots * SLOT_SIZE, 0));
}

function release(pool: Pool, slot: number): number {
  return pool.release(user(), POOL_START + slot * SLOT_SIZE);
}

/** An empty pool whose next search starts at `hint`. */
function poolAt(hint: number, slots = 1024, pageSize = 4 * KIB): Pool {
  const pool = poolOf(slots, pageSize);
  const taken: number[] = [];
  for (let left = hint; left > 0; left -= 128) taken.push(take(pool, Math.min(left, 128)));
  for (const slot of taken) release(pool, slot);
  return pool;
}

/** A pool of 128 slots, each taken alone, hint 0, then all but those in `busy` released. */
function poolWithBusy(busy: (slot: number) => boolean, pageSize = 4 * KIB): Pool {
  const pool = poolOf(128, pageSize);
  for (let i = 0; i < 128; i++) take(pool, 1);
  for (let i = 0; i < 128; i++) if (!busy(i)) release(pool, i);
  return pool;
}

function crashOf(call: () => unknown): KernelCrash | undefined {
  try {
    call();
  } catch (error) {
    if (error instanceof KernelCrash) return error;
    throw error;
  }
  return undefined;
}

interface Choice {
  name: string;
  /** KiB. */
  page?: number;
  minAlign?: number;
  allocAlign?: number;
  phys?: number;
  size: number;
  hint?: number;
  slot: number;
  offset?: number;
}

describe('slot choice in an empty pool', () => {
  // Stride = (minAlignMask >> 11) + 1, times PAGE_SIZE / 2048 from a page on, at least
  // (allocAlignMask >> 11) + 1; the hint (3 unless told) is rounded up to it.
  test.each<Choice>([
    // minAlignMask 0: stride 1, no offset.
    { name: 'one byte, stride 1', size: 1, slot: 3 },
    { name: 'original low bits ignored', phys: 0x2bcd, size: 1, slot: 3 },
    { name: 'a byte below a 4K page, stride 1', size: 4095, slot: 3 },
    { name: 'a 4K page, stride 2', size: 4096, slot: 4 },
    { name: 'a byte below a 16K page, stride 1', page: 16, size: 16383, slot: 3 },
    { name: 'a 16K page, stride 8', page: 16, size: 16384, slot: 8 },
    { name: 'a byte below a 64K page, stride 1', page: 64, size: 65535, slot: 3 },
    { name: 'a 64K page, stride 32', page: 64, size: 65536, slot: 32 },
    { name: 'a 64K page, hint 33', page: 64, size: 65536, hint: 33, slot: 64 },
    // (511 >> 11) + 1 = (2047 >> 11) + 1 = 1; 4095: 2; 16383: 8; 65535: 32.
    { name: 'alloc align 512', allocAlign: 511, size: 100, slot: 3 },
    { name: 'alloc align 2K', allocAlign: 2047, size: 100, slot: 3 },
    { name: 'alloc align 4K', allocAlign: 4095, size: 100, slot: 4 },
    { name: 'alloc align 16K', allocAlign: 16383, size: 100, slot: 8 },
    { name: 'alloc align 64K', allocAlign: 65535, size: 100, slot: 32 },
    { name: 'max(32, 2): the page wins', page: 64, allocAlign: 4095, size: 65536, slot: 32 },
    { name: 'max(2, 32): the alloc align wins', allocAlign: 65535, size: 4096, slot: 32 },
    { name: 'a hint on the stride stays', allocAlign: 16383, size: 100, hint: 8, slot: 8 },
    { name: 'hint 0', allocAlign: 65535, size: 4096, hint: 0, slot: 0 },
    // minAlignMask 511: below a slot, so stride 1; offset = phys & 511 and counts in the size.
    { name: 'offset 0x145', minAlign: 511, phys: 0x2345, size: 100, slot: 3, offset: 0x145 },
    { name: '3770 + 325 = 4095', minAlign: 511, phys: 0x2345, size: 3770, slot: 3, offset: 325 },
    { name: '3771 + 325 = 4096: a page', minAlign: 511, phys: 0x2345, size: 3771, slot: 4, offset: 325 },
    { name: 'odd slots are fine', minAlign: 511, phys: 0x2000, size: 100, slot: 3 },
    // minAlignMask 4095: 0x800 of the slot address must match (even or odd slot), stride 2.
    { name: 'bit 11 clear: even', minAlign: 4095, phys: 0x2000, size: 100, slot: 4 },
    { name: 'bit 11 set: 4 fails, 5', minAlign: 4095, phys: 0x2800, size: 100, slot: 5 },
    { name: 'bits 0-10 are the offset', minAlign: 4095, phys: 0x2345, size: 100, slot: 4, offset: 0x345 },
    { name: 'both', minAlign: 4095, phys: 0x2bcd, size: 100, slot: 5, offset: 0x3cd },
    // From a page on 2 << 1 = 4.
    { name: 'a page, stride 4', minAlign: 4095, phys: 0x2000, size: 4096, hint: 5, slot: 8 },
    { name: 'a page, 8 fails, 9', minAlign: 4095, phys: 0x2800, size: 4096, hint: 5, slot: 9 },
    // 2 << 3 = 16 and 2 << 5 = 64.
    { name: 'a 16K page', page: 16, minAlign: 4095, phys: 0x2000, size: 16384, slot: 16 },
    { name: 'a 16K page, odd', page: 16, minAlign: 4095, phys: 0x2800, size: 16384, slot: 17 },
    { name: 'a 64K page', page: 64, minAlign: 4095, phys: 0x2000, size: 65536, slot: 64 },
    { name: 'max(2, 2)', minAlign: 4095, allocAlign: 4095, phys: 0x2000, size: 100, slot: 4 },
    { name: 'max(2, 8): 8 fails, 9', minAlign: 4095, allocAlign: 16383, phys: 0x2800, size: 100, slot: 9 },
  ])(
    '$name',
    ({ page = 4, minAlign = 0, allocAlign = 0, phys = 0x2000, size, hint = 3, slot, offset = 0 }) => {
      const pool = poolAt(hint, 1024, page * KIB);
      expect(pool.map(user(minAlign), phys, size, allocAlign)).toBe(POOL_START + slot * SLOT_SIZE + offset);
    },
  );

  test('each search starts where the last allocation ended', () => {
    const pool = poolOf(128);
    // 0, 1, 2; three slots (a page or more) round 3 up to 4; the next one follows at 7, not at 3.
    expect([1, 1, 1, 3, 1].map((slots) => take(pool, slots))).toEqual([0, 1, 2, 4, 7]);
    expect(pool.used).toBe(7);
  });
});

describe('the search', () => {
  test('steps by the stride over busy slots', () => {
    // Free: 4-7 and 10-13. Four slots, stride 2: 0 and 2 are busy, 4 fits.
    const pool = poolWithBusy((i) => !((i >= 4 && i < 8) || (i >= 10 && i < 14)));
    expect(take(pool, 4)).toBe(4);
    // The hint is 8: 8 is busy, 10 fits.
    expect(take(pool, 4)).toBe(10);
  });

  test('does not see a run that the stride steps over', () => {
    // As above with alloc align 16K: 0, 8, … 120 are busy.
    const pool = poolWithBusy((i) => !((i >= 4 && i < 8) || (i >= 10 && i < 14)));
    expect(pool.map(user(), 0, 4 * SLOT_SIZE, 16383)).toBe(-1);
  });

  test('steps one slot while the alignment test fails', () => {
    // Free: 4 and 7. Odd wanted: 0 fails, then 1, 3, 5 busy, 7; 4 is free but even.
    const pool = poolWithBusy((i) => i !== 4 && i !== 7);
    expect(slotAt(pool.map(user(4095), 0x800, 100, 0))).toBe(7);
  });

  test.each([
    // Odd wanted and a page: 0 fails, then 1, 5, 9, … with stride 4, never 3.
    [5, 5],
    [3, -1],
  ])('a page at an odd slot, %i and the next free: slot %i', (free, slot) => {
    const pool = poolWithBusy((i) => i !== free && i !== free + 1);
    expect(slotAt(pool.map(user(4095), 0x800, 4096, 0))).toBe(slot);
  });

  test('wraps when a step leaves the pool', () => {
    // Hint 126, three slots, 64K pages: 126 has 2 slots left, 127 has 1, then 0.
    expect(take(poolAt(126, 128, 64 * KIB), 3)).toBe(0);
    // 4K pages, stride 2: 126, 128 -> 0.
    expect(take(poolAt(126, 128), 3)).toBe(0);
  });

  test('a hint rounded up to the end of the pool becomes 0', () => {
    // Stride 2: 127 -> 128 -> 0. Stride 1: 127 itself.
    expect(take(poolAt(127, 128), 2)).toBe(0);
    expect(take(poolAt(127, 128), 1)).toBe(127);
  });

  test('an allocation that ends the pool sets the hint to 0', () => {
    const pool = poolOf(256);
    expect([take(pool, 128), take(pool, 128)]).toEqual([0, 128]);
    release(pool, 0);
    release(pool, 128);
    expect(take(pool, 1)).toBe(0);
  });

  test('a pool without a fit is searched once around', () => {
    // Every second slot is free; two together nowhere. Below a page, so stride 1.
    const pool = poolWithBusy((i) => i % 2 === 1);
    expect(pool.map(user(), 0, SLOT_SIZE + 1, 0)).toBe(-1);
    expect(pool.used).toBe(64);
  });

  test('a full pool, and its last slot', () => {
    const pool = poolWithBusy((i) => i !== 77);
    expect([take(pool, 1), take(pool, 1)]).toEqual([77, -1]);
    expect(pool.used).toBe(128);
  });
});

describe('segments', () => {
  test.each([
    // 120-127 are 8 slots to the border; the run starts at 128. Stride 1 with 64K pages.
    [120, 16, 128],
    [112, 16, 112],
    [113, 16, 128],
    // 128 slots (4K or 64K: the stride divides 128) fit only at a segment start.
    [1, 128, 128],
    [129, 128, 0],
  ])('hint %i, %i slots: slot %i', (hint, slots, expected) => {
    expect(take(poolAt(hint, 256, 64 * KIB), slots)).toBe(expected);
  });

  test('129 slots never fit', () => {
    expect(take(poolOf(1024), 129)).toBe(-1);
  });
});

describe('the segment boundary of the device', () => {
  test.each([
    // 64 KiB: 32 slots. 12 + 20 = 32 still ends inside, 13 + 20 does not; the next start is 32.
    { boundary: 0xffff, hint: 12, slots: 20, slot: 12 },
    { boundary: 0xffff, hint: 13, slots: 20, slot: 32 },
    { boundary: 0xffff, hint: 45, slots: 20, slot: 64 },
    { boundary: 0xffff, hint: 1, slots: 32, slot: 32 },
    { boundary: 0xffff, hint: 0, slots: 33, slot: -1 },
    // 128 KiB: 64 slots. 33 + 31 = 64; 34 + 31 crosses.
    { boundary: 0x1ffff, hint: 33, slots: 31, slot: 33 },
    { boundary: 0x1ffff, hint: 34, slots: 31, slot: 64 },
    { boundary: 0x1ffff, hint: 0, slots: 65, slot: -1 },
    // 32 MiB: the pool begins at slot 8192 of 16384 and ends before the boundary.
    { boundary: 0x1ffffff, hint: 34, slots: 31, slot: 34 },
    { boundary: 0xffffffff, hint: 34, slots: 31, slot: 34 },
    // All-ones: 2^53 slots, no overflow.
    { boundary: -1, hint: 13, slots: 20, slot: 13 },
    { boundary: -1, hint: 0, slots: 65, slot: 0 },
    // 1 KiB: nr_slots(1024) = 1.
    { boundary: 0x3ff, hint: 5, slots: 1, slot: 5 },
    { boundary: 0x3ff, hint: 5, slots: 2, slot: -1 },
  ])('mask $boundary, hint $hint, $slots slots: slot $slot', ({ boundary, hint, slots, slot }) => {
    // 64K pages: stride 1 below 32 slots; the larger requests start at hint 0 or 1.
    const pool = poolAt(hint, 1024, 64 * KIB);
    expect(take(pool, slots, user(0, boundary))).toBe(slot);
  });
});

describe('release', () => {
  // Four blocks of 32 slots: A 0-31, B 32-63, C 64-95, D 96-127; hint 0. 4K pages, stride 2.
  test.each([
    { released: 'B,D', name: 'two runs of 32, none of 33', slots: 33, slot: -1 },
    { released: 'B,D', name: 'one of 32', slots: 32, slot: 32 },
    { released: 'B,C', name: 'merged with the run below', slots: 64, slot: 32 },
    { released: 'C,B', name: 'merged with the run above', slots: 64, slot: 32 },
    { released: 'B,D,C', name: 'merged with both', slots: 96, slot: 32 },
    { released: 'A,C,B', name: 'merged with both', slots: 96, slot: 0 },
    { released: 'D,B,A,C', name: 'all of it', slots: 128, slot: 0 },
    { released: 'A,C', name: 'not over a busy block', slots: 34, slot: -1 },
  ])('$released, $name: $slots slots at $slot', ({ released, slots, slot }) => {
    const pool = poolOf(128);
    const blocks = [32, 32, 32, 32].map((count) => take(pool, count));
    for (const block of released.split(',')) release(pool, blocks['ABCD'.indexOf(block)] ?? -1);
    expect(take(pool, slots)).toBe(slot);
  });

  test.each([
    ['lower first', [64, 128]],
    ['upper first', [128, 64]],
  ])('runs at a segment border stay apart, %s', (_, order) => {
    // Blocks of 64 at 0, 64, 128, 192; free 64-191. Nothing of 65 slots, two of 64.
    const pool = poolOf(256);
    for (let i = 0; i < 4; i++) take(pool, 64);
    for (const slot of order) expect(release(pool, slot)).toBe(64);
    expect([take(pool, 65), take(pool, 64), take(pool, 64)]).toEqual([-1, 64, 128]);
  });

  test('taking from the middle shortens the run below it', () => {
    // 64-95 busy: 0-63 and 96-127 are free; 65 nowhere, 64 at 0.
    const pool = poolAt(64, 128);
    expect(take(pool, 32)).toBe(64);
    expect([take(pool, 65), take(pool, 64), take(pool, 32)]).toEqual([-1, 0, 96]);
  });

  test('gives back what the slot recorded', () => {
    // Offset 325 and 3771 bytes: 2 slots.
    const pool = poolOf(128);
    const of = user(511);
    const tlb = pool.map(of, 0x2345, 3771, 0);
    expect(pool.used).toBe(2);
    expect(pool.release(of, tlb)).toBe(2);
    expect(pool.used).toBe(0);
  });
});

describe('full', () => {
  test('more slots than are free: no search', () => {
    // Odd slots and 0 busy: 63 free, hint 1. Odd wanted, a page or more, stride 4: the search starts at
    // 4, which fails, and goes 5, 9, … 125, 0, 1, 5: endless. With 64 slots it is not even begun.
    const pool = poolWithBusy((i) => i % 2 === 1);
    expect(take(pool, 1)).toBe(0);
    expect(pool.map(user(4095), 0x800, 64 * SLOT_SIZE, 0)).toBe(-1);
    expect(crashOf(() => pool.map(user(4095), 0x800, 63 * SLOT_SIZE, 0))).toEqual(
      new KernelCrash('search-never-ends', 63, 5),
    );
  });
});

describe('a search that never ends', () => {
  test('odd slots busy and a start at slot 2', () => {
    // Hint 1 -> 2 (stride 2). 2 is even: 3. 3, 5, … 127 busy, 129 -> 0, even: 1 busy, 3 again; 2 never.
    const pool = poolWithBusy((i) => i % 2 === 1);
    expect(take(pool, 1)).toBe(0);
    expect(crashOf(() => pool.map(user(4095), 0x2800, 100, 0))).toEqual(
      new KernelCrash('search-never-ends', 1, 3),
    );
  });

  test('the same with a start at slot 0 ends', () => {
    // 0 fails, 1, 3, … 127 busy, 129 -> 0: the start.
    const pool = poolWithBusy((i) => i % 2 === 1);
    expect(pool.map(user(4095), 0x2800, 100, 0)).toBe(-1);
  });

  test('in an empty pool, for a request that its segment boundary forbids', () => {
    // 33 slots, 32 allowed; a page or more, stride 4; hint 1 -> 4, fails; 5, 9, … 1021, 0, 1, 5.
    const pool = poolAt(1);
    expect(crashOf(() => pool.map(user(4095, 0xffff), 0x800, 33 * SLOT_SIZE, 0))).toEqual(
      new KernelCrash('search-never-ends', 33, 5),
    );
  });
});
