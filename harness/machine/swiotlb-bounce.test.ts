// SPDX-License-Identifier: GPL-2.0-only
/** swiotlb_bounce() up to its memcpy, what it makes of odd addresses, and laws of the whole pool. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DEVICE_DEFAULTS, MACHINE_DEFAULTS, POOL_START, SLOTS_PER_SEGMENT, SLOT_SIZE } from './config.ts';
import { KernelCrash } from './crash.ts';
import { Machine } from './machine.ts';
import type { PoolUser } from './swiotlb.ts';
import { Pool } from './testing/pool.ts';
import { numberOfText } from './texts.ts';
import { DMA_TO_DEVICE } from './vocabulary.ts';

const TWO_32 = 2 ** 32;

function user(minAlignMask = 0, segBoundary = 0xffffffff): PoolUser {
  return { minAlignMask, segBoundary };
}

function poolOf(slots: number, pageSize = 4096): Pool {
  return new Pool(slots, pageSize);
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

describe('alignOffset', () => {
  test.each([
    // phys & minAlignMask & 2047; 0x2bcd & 2047 = 0x3cd.
    [0, 0x2bcd, 0],
    [511, 0x2bcd, 0x1cd],
    [2047, 0x2bcd, 0x3cd],
    [4095, 0x2bcd, 0x3cd],
    [0xffff, 0x2bcd, 0x3cd],
    [4095, 0x2800, 0],
  ])('mask %i, phys %i: %i', (mask, phys, offset) => {
    expect(poolOf(128).alignOffset(user(mask), phys)).toBe(offset);
  });
});

interface Bounce {
  name: string;
  mask: number;
  /** Byte of the pool the copy starts at; the mapping below starts in slot 0. */
  at: number;
  size: number;
  original: number;
  copied: number;
  clippedTo?: number;
}

describe('planBounce', () => {
  // One mapping of 3000 bytes at 0x2345, 2 slots. Mask 0: tlb at 0, slot 1 holds 0x2b45 and has 952 left.
  // Mask 511: tlb at 325 (0x145), the same in the slots, which begin 325 bytes before their originals.
  test.each<Bounce>([
    { name: 'the whole', mask: 0, at: 0, size: 3000, original: 0x2345, copied: 3000 },
    { name: 'one too many', mask: 0, at: 0, size: 3001, original: 0x2345, copied: 3000, clippedTo: 3000 },
    { name: 'a part', mask: 0, at: 100, size: 200, original: 0x23a9, copied: 200 },
    { name: 'the end', mask: 0, at: 2000, size: 1000, original: 0x2b15, copied: 1000 },
    { name: 'past it', mask: 0, at: 2000, size: 1001, original: 0x2b15, copied: 1000, clippedTo: 1000 },
    // 0x2b45 + 52 = 0x2b79; 952 - 52 = 900.
    { name: 'in slot 1', mask: 0, at: 2100, size: 900, original: 0x2b79, copied: 900 },
    {
      name: 'past it in slot 1',
      mask: 0,
      at: 2100,
      size: 901,
      original: 0x2b79,
      copied: 900,
      clippedTo: 900,
    },
    { name: 'size 0', mask: 0, at: 2100, size: 0, original: 0x2b79, copied: 0 },
    // size_t 2^64 - 1 is above every room.
    { name: 'size all-ones', mask: 0, at: 0, size: -1, original: 0x2345, copied: 3000, clippedTo: 3000 },
    // 3000 bytes into 2 slots, the byte after them: 952 - 952 = 0 left; behind it 952 - 953 wraps.
    { name: 'at the end', mask: 0, at: 3000, size: 8, original: 0x2efd, copied: 0, clippedTo: 0 },
    { name: 'behind the end', mask: 0, at: 3001, size: 8, original: 0x2efe, copied: 8 },
    { name: 'the whole', mask: 511, at: 325, size: 3000, original: 0x2345, copied: 3000 },
    { name: 'one too many', mask: 511, at: 325, size: 3001, original: 0x2345, copied: 3000, clippedTo: 3000 },
    { name: 'a part', mask: 511, at: 425, size: 2900, original: 0x23a9, copied: 2900 },
    // 2048 + 325: slot 1, delta 0.
    { name: 'slot 1', mask: 511, at: 2373, size: 952, original: 0x2b45, copied: 952 },
    { name: 'past slot 1', mask: 511, at: 2373, size: 953, original: 0x2b45, copied: 952, clippedTo: 952 },
    // Below the offset of its slot delta is 2^32 - something; the room wraps too: nothing is clipped.
    {
      name: 'the last byte below slot 1',
      mask: 511,
      at: 2372,
      size: 1,
      original: 0x2b45 - 1 + TWO_32,
      copied: 1,
    },
    {
      name: 'the first byte of slot 1',
      mask: 511,
      at: 2048,
      size: 1277,
      original: 0x2b45 - 325 + TWO_32,
      copied: 1277,
    },
    {
      name: 'before the mapping',
      mask: 511,
      at: 0,
      size: 5000,
      original: 0x2345 - 325 + TWO_32,
      copied: 5000,
    },
  ])('mask $mask, $name: $at + $size', ({ mask, at, size, original, copied, clippedTo = -1 }) => {
    const pool = poolOf(128);
    const of = user(mask);
    expect(pool.map(of, 0x2345, 3000, 0)).toBe(POOL_START + (mask === 0 ? 0 : 325));
    expect(pool.planBounce(of, POOL_START + at, size)).toEqual({ original, size: copied, clippedTo });
  });

  // 512 bytes at 0x2700, mask 4095: offset 0x700 = 1792, 2304 bytes, 2 slots. Slot 1 holds original 0x2f00
  // and 512 - 2048 = 2^64 - 1536 bytes.
  test.each([
    { name: 'slot 0', at: 1792, size: 512, original: 0x2700, copied: 512, clippedTo: -1 },
    { name: 'slot 0, clipped', at: 1792, size: 513, original: 0x2700, copied: 512, clippedTo: 512 },
    { name: 'delta 0', at: 3840, size: 9000, original: 0x2f00, copied: 9000, clippedTo: -1 },
    { name: 'above 2^64 - 1536', at: 3840, size: -1535, original: 0x2f00, copied: -1536, clippedTo: -1536 },
    // 0 - 1792; the room is 2^64 - 1536 - (2^32 - 1792).
    { name: '4 GiB off', at: 2048, size: 256, original: 0x2f00 - 1792 + TWO_32, copied: 256, clippedTo: -1 },
  ])('the wrapped size of an extra slot, $name', ({ at, size, original, copied, clippedTo }) => {
    const pool = poolOf(128);
    expect(pool.map(user(4095), 0x2700, 512, 0)).toBe(POOL_START + 1792);
    expect(pool.used).toBe(2);
    expect(pool.planBounce(user(4095), POOL_START + at, size)).toEqual({ original, size: copied, clippedTo });
  });

  test('the device asked decides about the offset, not the one that mapped', () => {
    // Mapped without an offset; the other device subtracts 0x145: 0x2345 - 0x145.
    const pool = poolOf(128);
    pool.map(user(0), 0x2345, 3000, 0);
    expect(pool.planBounce(user(511), POOL_START + 0x145, 10)?.original).toBe(0x2345);
    expect(pool.planBounce(user(511), POOL_START + 0x144, 10)?.original).toBe(0x2345 - 1 + TWO_32);
  });

  test('a slot without a mapping copies nothing', () => {
    const pool = poolOf(128);
    const tlb = pool.map(user(), 0x2000, 3000, 0);
    expect(pool.planBounce(user(), tlb + 2 * SLOT_SIZE, 1)).toBeUndefined();
    pool.release(user(), tlb);
    expect(pool.planBounce(user(), tlb, 1)).toBeUndefined();
    expect(pool.planBounce(user(), tlb + SLOT_SIZE, 1)).toBeUndefined();
  });
});

describe('addresses that are no mapping', () => {
  test.each([
    // (tlb - start) >> 11, cut to an int.
    ['the byte before the pool', POOL_START - 1, -1],
    ['the end of the pool', POOL_START + 128 * SLOT_SIZE, 128],
    // 2^64 - 2^24, >> 11 = 2^53 - 8192
    ['0', 0, -8192],
    // 2^64 - 1 - 2^24: one more slot down
    ['all-ones', -1, -8193],
    // 2^42 >> 11 = 2^31, as an int -2^31
    ['4 TiB above', POOL_START + 2 ** 42, -(2 ** 31)],
  ])('%s is outside', (_, tlb, index) => {
    const pool = poolOf(128);
    const crash = new KernelCrash('slot-index-out-of-pool', index, 128);
    expect(crashOf(() => pool.planBounce(user(), tlb, 1))).toEqual(crash);
    expect(crashOf(() => pool.release(user(), tlb))).toEqual(crash);
  });

  test('8 TiB above is the same slot again', () => {
    // 2^43 >> 11 = 2^32, as an int 0.
    const pool = poolOf(128);
    const tlb = pool.map(user(), 0x2000, 100, 0);
    expect(pool.planBounce(user(), tlb + 2 ** 43, 50)).toEqual({ original: 0x2000, size: 50, clippedTo: -1 });
  });

  test('release from the second slot on gives back what that slot has left', () => {
    // 5000 bytes, 3 slots; slot 1 has 2952 left: 2 slots.
    const pool = poolOf(128);
    const tlb = pool.map(user(), 0x2000, 5000, 0);
    expect(pool.release(user(), tlb + SLOT_SIZE)).toBe(2);
    expect(pool.used).toBe(1);
    expect(pool.planBounce(user(), tlb, 10)?.original).toBe(0x2000);
  });

  test('a second release gives back nothing', () => {
    // The first one set the slot's size to 0.
    const pool = poolOf(128);
    const tlb = pool.map(user(), 0x2000, 5000, 0);
    expect([pool.release(user(), tlb), pool.release(user(), tlb)]).toEqual([3, 0]);
    expect(pool.used).toBe(0);
  });

  test.each([
    // nr_slots(2^64 - 1536) = (2^64 - 1536 + 2047) >> 11 = 511 >> 11 = 0
    ['without the offset nothing', 2048, 2],
    // nr_slots(2^64 - 1536 + 1792) = nr_slots(256) = 1
    ['with the offset the slot', 3840, 1],
  ])('release of a slot whose size wrapped: %s', (_, at, used) => {
    const pool = poolOf(128);
    pool.map(user(4095), 0x2700, 512, 0);
    pool.release(user(4095), POOL_START + at);
    expect(pool.used).toBe(used);
  });
});

describe('the pool', () => {
  test('holds [start, end)', () => {
    const pool = poolOf(128);
    const end = POOL_START + 0x40000;
    expect(pool.total).toBe(128);
    expect([POOL_START - 1, POOL_START, end - 1, end, 0, -1].map((phys) => pool.holds(phys))).toEqual([
      false,
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  test('CONFIG_SWIOTLB=n: no slot, no address, no room', () => {
    const pool = poolOf(0);
    expect(pool.total).toBe(0);
    expect(pool.holds(POOL_START)).toBe(false);
    expect(pool.map(user(), 0x2000, 1, 0)).toBe(-1);
    expect(crashOf(() => pool.planBounce(user(), POOL_START, 1))).toEqual(
      new KernelCrash('slot-index-out-of-pool', 0, 0),
    );
  });

  test('no slot for no byte; a byte that is kept in front of it makes one', () => {
    const bug = new KernelCrash('kernel-bug', numberOfText('find_slots() has BUG_ON(!nslots)'));
    for (const slots of [0, 128]) expect(crashOf(() => poolOf(slots).map(user(), 0x2000, 0, 0))).toEqual(bug);
    const pool = poolOf(128);
    expect(pool.map(user(4095), 0x2001, 0, 0)).toBe(POOL_START + 1);
    expect(pool.used).toBe(1);
  });

  test('a map panics where there is no pool, and only there', () => {
    const machine = new Machine();
    const mapped = (swiotlbSlots: number): unknown => {
      machine.reset({ ...MACHINE_DEFAULTS, swiotlbSlots, devices: [DEVICE_DEFAULTS] });
      const dev = machine.deviceAt(0);
      return crashOf(() => machine.swiotlbTblMapSingle(dev, 0x200000, 64, 64, 0, DMA_TO_DEVICE, 0));
    };
    const text = 'swiotlb_tbl_map_single() panics: there is no pool';
    expect([mapped(0), mapped(128)]).toEqual([new KernelCrash('kernel-bug', numberOfText(text)), undefined]);
  });

  test.each([128, 256])('reset to %i slots forgets mappings, hint and use', (slots) => {
    const pool = poolOf(128);
    pool.map(user(), 0x2000, 5000, 0);
    pool.reset(slots, 65536);
    expect(pool.used).toBe(0);
    expect(pool.total).toBe(slots);
    expect(pool.planBounce(user(), POOL_START, 1)).toBeUndefined();
    expect(pool.map(user(), 0x2000, 128 * SLOT_SIZE, 0)).toBe(POOL_START);
  });
});

interface Mapping {
  tlb: number;
  size: number;
  of: PoolUser;
  first: number;
  count: number;
}

/** A pool and, beside it, which slots the mappings made so far occupy. */
class Observed {
  readonly pool: Pool;
  readonly slots: number;
  readonly pageSize: number;
  readonly live: Mapping[] = [];
  readonly busy: boolean[];

  constructor(slots: number, pageSize: number) {
    this.pool = poolOf(slots, pageSize);
    this.slots = slots;
    this.pageSize = pageSize;
    this.busy = Array.from({ length: slots }, () => false);
  }

  /** Whether `count` slots in a row are free inside one segment. */
  private hasRun(count: number): boolean {
    let run = 0;
    return this.busy.some((busy, slot) => {
      if (slot % SLOTS_PER_SEGMENT === 0) run = 0;
      run = busy ? 0 : run + 1;
      return run >= count;
    });
  }

  map(of: PoolUser, phys: number, size: number, allocAlignMask: number): void {
    const offset = phys & of.minAlignMask & (SLOT_SIZE - 1);
    const count = Math.ceil((size + offset) / SLOT_SIZE);
    let tlb = -1;
    const crash = crashOf(() => (tlb = this.pool.map(of, phys, size, allocAlignMask)));
    if (crash !== undefined) {
      // Only a start that the alignment test refuses can be missed on the way round.
      expect(crash.kind).toBe('search-never-ends');
      expect(of.minAlignMask).toBeGreaterThanOrEqual(SLOT_SIZE);
      return;
    }
    const everySlot = of.minAlignMask < SLOT_SIZE && allocAlignMask < SLOT_SIZE;
    const firstFit = everySlot && size + offset < this.pageSize && of.segBoundary < 0;
    if (firstFit) expect(tlb >= 0).toBe(this.hasRun(count));
    if (tlb < 0) return;

    const first = Math.floor((tlb - POOL_START) / SLOT_SIZE);
    const end = first + count;
    expect(tlb & of.minAlignMask).toBe(phys & of.minAlignMask);
    expect(Math.floor((end - 1) / SLOTS_PER_SEGMENT)).toBe(Math.floor(first / SLOTS_PER_SEGMENT));
    if (of.segBoundary >= 0) {
      const reach = of.segBoundary + 1;
      const last = POOL_START + end * SLOT_SIZE - 1;
      expect(Math.floor(last / reach)).toBe(Math.floor((POOL_START + first * SLOT_SIZE) / reach));
    }
    if (of.minAlignMask < SLOT_SIZE) {
      const page = size + offset >= this.pageSize ? this.pageSize : 1;
      expect((first * SLOT_SIZE) % Math.max(page, allocAlignMask + 1, SLOT_SIZE)).toBe(0);
    }
    expect(this.busy.slice(first, end)).not.toContain(true);
    this.busy.fill(true, first, end);
    expect(this.pool.planBounce(of, tlb, size)).toEqual({ original: phys, size, clippedTo: -1 });
    this.live.push({ tlb, size, of, first, count });
  }

  release(which: number): void {
    const mapping = this.live.splice(which % this.live.length, 1)[0];
    if (mapping === undefined) return;
    expect(this.pool.release(mapping.of, mapping.tlb)).toBe(mapping.count);
    this.busy.fill(false, mapping.first, mapping.first + mapping.count);
  }

  checkUsed(): void {
    expect(this.pool.used).toBe(this.live.reduce((sum, { count }) => sum + count, 0));
  }
}

test('law: mapping and releasing conserve slots, keep mappings apart and leave nothing behind', () => {
  const step = fc.oneof(
    fc.record({
      minAlignMask: fc.constantFrom(0, 0, 511, 4095),
      segBoundary: fc.constantFrom(-1, -1, 0xffff, 0x1ffff, 0xffffffff),
      phys: fc.integer({ min: 0, max: 0xffffff }),
      size: fc.oneof(fc.integer({ min: 1, max: 8192 }), fc.integer({ min: 1, max: 270000 })),
      allocAlignMask: fc.constantFrom(0, 0, 511, 4095, 16383, 65535),
    }),
    fc.nat(),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(128, 256, 512),
      fc.constantFrom(4096, 16384, 65536),
      fc.array(step, { maxLength: 80, size: 'max' }),
      (slots, pageSize, steps) => {
        const observed = new Observed(slots, pageSize);
        for (const next of steps) {
          if (typeof next === 'number') observed.release(next);
          else observed.map(next, next.phys, next.size, next.allocAlignMask);
          observed.checkUsed();
        }
        while (observed.live.length > 0) observed.release(0);
        expect(observed.pool.used).toBe(0);
        const segments = Array.from(
          { length: slots / SLOTS_PER_SEGMENT },
          (_, i) => POOL_START + i * SLOTS_PER_SEGMENT * SLOT_SIZE,
        );
        const taken = segments.map(() => observed.pool.map(user(), 0, SLOTS_PER_SEGMENT * SLOT_SIZE, 0));
        expect(taken.sort((a, b) => a - b)).toEqual(segments);
      },
    ),
    { seed: 514, numRuns: 40 },
  );
});
