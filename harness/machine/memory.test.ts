// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Budget } from './budget.ts';
import { POOL_START, RAM_SIZE } from './config.ts';
import { LABEL_NEVER_WRITTEN, LABEL_STALE } from './labels.ts';
import { CHUNK, LINES_PER_CHUNK, Memory } from './memory.ts';

const POOL_SIZE = 128 * 2048;

function fresh(poolSize = POOL_SIZE): Memory {
  const memory = new Memory();
  memory.reset(poolSize);
  return memory;
}

/** Value and label of the byte that RAM holds at `phys`. */
function byteAt(memory: Memory, phys: number): { value: number | undefined; label: number | undefined } {
  const at = memory.index(phys);
  return { value: memory.ram[at], label: memory.ramLabel[at] };
}

describe('first contents', () => {
  // (p * 31 + 7) & 0xff, by hand: 8 * 31 + 7 = 255; 9 * 31 + 7 = 286 = 0x11e; the top byte is
  // -1 * 31 + 7 = -24 modulo 256.
  test.each([
    [0, 0x07],
    [1, 0x26],
    [8, 0xff],
    [9, 0x1e],
    [0xfff, 0xe8],
    [0x1000, 0x07],
    [0x200123, 0x44],
    [RAM_SIZE - 1, 0xe8],
  ])('the byte at %i holds %i and was never written', (phys, value) => {
    expect(byteAt(fresh(), phys)).toEqual({ value, label: LABEL_NEVER_WRITTEN });
  });

  test.each([
    ['the last byte below the pool', POOL_START - 1, 0xe8, LABEL_NEVER_WRITTEN],
    ['the first of the pool', POOL_START, 0xee, LABEL_STALE],
    ['one inside', POOL_START + 2049, 0xee, LABEL_STALE + 2049],
    ['the last of the pool', POOL_START + POOL_SIZE - 1, 0xee, LABEL_STALE + POOL_SIZE - 1],
    ['the first behind it', POOL_START + POOL_SIZE, 0x07, LABEL_NEVER_WRITTEN],
  ])('%s', (_, phys, value, label) => {
    expect(byteAt(fresh(), phys)).toEqual({ value, label });
  });

  test('a touched chunk takes ten bytes a byte of the budget, once', () => {
    const budget = new Budget();
    const memory = new Memory(budget);
    memory.reset(0);
    for (const phys of [0x200000, 0x200fff, 0x201000, 0x200000]) memory.index(phys);
    expect(budget.taken).toBe(2 * 10 * CHUNK);
  });

  test('without a pool its place is ordinary memory', () => {
    expect(byteAt(fresh(0), POOL_START)).toEqual({ value: 0x07, label: LABEL_NEVER_WRITTEN });
  });

  test('nothing is cached', () => {
    const memory = fresh();
    const line = memory.index(0x5000) / 64;
    expect(memory.line.slice(line, line + LINES_PER_CHUNK).some((state) => state !== 0)).toBe(false);
  });

  test('property: every byte follows the formula, whatever was touched before it', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(RAM_SIZE - 1), { maxLength: 60 }), (addresses) => {
        const memory = fresh(0);
        for (const phys of addresses) {
          expect(byteAt(memory, phys)).toEqual({
            value: Number((BigInt(phys) * 31n + 7n) % 256n),
            label: LABEL_NEVER_WRITTEN,
          });
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('reset', () => {
  test('undoes writes, labels, cached lines and the change times', () => {
    const memory = fresh();
    for (const phys of [0, 0x3000, POOL_START]) {
      const at = memory.index(phys);
      memory.ram[at] = 1;
      memory.ramLabel[at] = 99;
      memory.line[at / 64] = 2;
      memory.touch(at);
    }
    expect(memory.clock).toBe(3);
    memory.reset(POOL_SIZE);
    expect(memory.clock).toBe(0);
    // In another order, so that the chunks change their homes.
    for (const [phys, value, label] of [
      [POOL_START, 0xee, LABEL_STALE],
      [0x3000, 0x07, LABEL_NEVER_WRITTEN],
      [0, 0x07, LABEL_NEVER_WRITTEN],
    ] as const) {
      expect(memory.lastChange(phys)).toBe(0);
      expect(byteAt(memory, phys)).toEqual({ value, label });
      expect(memory.line[memory.index(phys) / 64]).toBe(0);
      expect(memory.lastChange(phys)).toBe(0);
    }
  });

  test('moves the end of the pool', () => {
    const memory = fresh(POOL_SIZE);
    memory.index(POOL_START + POOL_SIZE);
    memory.reset(2 * POOL_SIZE);
    expect(byteAt(memory, POOL_START + POOL_SIZE)).toEqual({ value: 0xee, label: LABEL_STALE + POOL_SIZE });
    memory.reset(0);
    expect(byteAt(memory, POOL_START)).toEqual({ value: 0x07, label: LABEL_NEVER_WRITTEN });
  });
});

describe('contains', () => {
  test('nothing below where RAM starts', () => {
    const memory = new Memory();
    memory.reset(0, 0x10000);
    expect(memory.contains(0x10000, 64)).toBe(true);
    expect(memory.contains(0xffff, 2)).toBe(false);
    memory.reset(0);
    expect(memory.contains(0xffff, 2)).toBe(true);
  });

  test.each([
    [0, 0, true],
    [0, 1, true],
    [0, RAM_SIZE, true],
    [0, RAM_SIZE + 1, false],
    [RAM_SIZE - 1, 1, true],
    [RAM_SIZE - 1, 2, false],
    [RAM_SIZE, 0, true],
    [RAM_SIZE, 1, false],
    // A negative number stands for one of the top 2^53 of u64: no such memory, no such length.
    [-1, 1, false],
    [-1, 2, false],
    [0x1000, -1024, false],
    [2 ** 32 + 0x1000, 16, false],
  ])('%i, %i bytes: %s', (phys, size, inside) => {
    expect(fresh().contains(phys, size)).toBe(inside);
  });
});

describe('index', () => {
  test('runs on within a chunk and starts anew at its border', () => {
    const memory = fresh();
    const first = memory.index(0x7000);
    const next = memory.index(0x6000);
    expect(memory.index(0x7fff)).toBe(first + 0xfff);
    expect(memory.index(0x6fff)).toBe(next + 0xfff);
    // Chunks live in the order of first touch, not of address.
    expect(next).toBe(first + CHUNK);
    expect(memory.index(0x8000)).toBe(next + CHUNK);
  });

  test('growing keeps what is there', () => {
    const memory = fresh();
    const pages = Array.from({ length: 100 }, (_, i) => 0x100000 + i * 3 * CHUNK);
    for (const [i, phys] of pages.entries()) {
      const at = memory.index(phys + i);
      memory.ram[at] = i;
      memory.ramLabel[at] = 1000 + i;
      memory.cached[at] = i + 1;
      memory.cachedLabel[at] = 2000 + i;
      memory.line[Math.floor(at / 64)] = 1 + (i % 2);
      memory.touch(at);
    }
    for (const [i, phys] of pages.entries()) {
      const at = memory.index(phys + i);
      expect([memory.ram[at], memory.ramLabel[at]]).toEqual([i, 1000 + i]);
      expect([memory.cached[at], memory.cachedLabel[at]]).toEqual([i + 1, 2000 + i]);
      expect(memory.line[Math.floor(at / 64)]).toBe(1 + (i % 2));
      expect(memory.lastChange(phys)).toBe(i + 1);
      // Its neighbour still has what it began with: (p * 31 + 7) & 0xff.
      expect(memory.ram[at + 1]).toBe(((i + 1) * 31 + 7) % 256);
    }
  });
});

describe('preload', () => {
  test('across the end of a chunk, bytes and labels go on', () => {
    const memory = fresh();
    const bytes = Uint8Array.from({ length: 16 }, (_, i) => 0x40 + i);
    memory.preload(0x5000 - 4, bytes, 900);
    const [end, begin] = [memory.index(0x5000 - 4), memory.index(0x5000)];
    expect([...memory.ram.subarray(end, end + 4), ...memory.ram.subarray(begin, begin + 12)]).toEqual([
      ...bytes,
    ]);
    const labels = [
      ...memory.ramLabel.subarray(end, end + 4),
      ...memory.ramLabel.subarray(begin, begin + 12),
    ];
    expect(labels).toEqual(Array.from({ length: 16 }, (_, i) => 900 + i));
  });
});

describe('lastChange', () => {
  test('is 0 for what nobody touched and for what was only looked at', () => {
    const memory = fresh();
    expect(memory.lastChange(0x4000)).toBe(0);
    memory.index(0x4000);
    expect(memory.lastChange(0x4000)).toBe(0);
    expect(memory.clock).toBe(0);
    expect(new Memory().clock).toBe(0);
  });

  test('counts all changes, and holds for the whole chunk and no other', () => {
    const memory = fresh();
    memory.index(0x4000);
    const other = memory.index(0x5000);
    memory.touch(memory.index(0x4fff));
    expect([0x3fff, 0x4000, 0x4fff, 0x5000].map((phys) => memory.lastChange(phys))).toEqual([0, 1, 1, 0]);
    memory.touch(other);
    memory.touch(memory.index(0x4001));
    expect([0x4000, 0x5fff].map((phys) => memory.lastChange(phys))).toEqual([3, 2]);
    expect(memory.clock).toBe(3);
  });
});
