// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ALL_ONES, alignUp, below, decimal, hex, lowBits, minU64, parseU64, shiftRight } from './u64.ts';

/** The u64 that a double stands for. */
function exact(value: number): bigint {
  return BigInt.asUintN(64, BigInt(value));
}

const value = fc.maxSafeInteger();
/** Powers of two up to 2^48: granules, pages, boundaries. */
const size = fc.integer({ min: 0, max: 48 }).map((bits) => 2 ** bits);
const runs = { seed: 20210901, numRuns: 300 };

describe('order', () => {
  test.each([
    [0, 1, true],
    [1, 1, false],
    [2, 1, false],
    // -1 is 2^64 - 1, above every small value, and -2 is just below it.
    [1, ALL_ONES, true],
    [ALL_ONES, 1, false],
    [-2, ALL_ONES, true],
    [ALL_ONES, -2, false],
    [ALL_ONES, ALL_ONES, false],
    [0, ALL_ONES, true],
    [ALL_ONES, 0, false],
    [0, 0, false],
    [0, 1, true],
    [1, 0, false],
    [2 ** 53 - 1, -(2 ** 53 - 1), true],
  ])('%p below %p: %p', (a, b, expected) => {
    expect(below(a, b)).toBe(expected);
  });

  test('a size that underflowed is above every real size', () => {
    // size_t 100 - 101 = 2^64 - 1
    expect(below(64 * 1024 * 1024, 100 - 101)).toBe(true);
  });

  test.each([
    [3, 5, 3],
    [5, 3, 3],
    [ALL_ONES, 3, 3],
    [-7, ALL_ONES, -7],
    [4, 4, 4],
  ])('the smaller of %p and %p is %p', (a, b, expected) => {
    expect(minU64(a, b)).toBe(expected);
  });

  test('law: below and minU64 order the exact values', () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(below(a, b)).toBe(exact(a) < exact(b));
        expect(exact(minU64(a, b))).toBe(exact(a) < exact(b) ? exact(a) : exact(b));
      }),
      runs,
    );
  });

  test('law: + and - wrap like a u64', () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        fc.pre(Number.isSafeInteger(a + b) && Number.isSafeInteger(a - b));
        expect(exact(a + b)).toBe(BigInt.asUintN(64, exact(a) + exact(b)));
        expect(exact(a - b)).toBe(BigInt.asUintN(64, exact(a) - exact(b)));
      }),
      runs,
    );
  });
});

describe('rounding', () => {
  test.each([
    [0x2345, 4096, 0x345],
    [0x2345, 1, 0],
    [0xffffffff, 4096, 0xfff],
    [2 ** 48 + 5, 2 ** 47, 5],
    // 2^64 - 1 = 0xffff…ff and 2^64 - 4097 = 0xffff…efff: low 12 bits all set in both.
    [ALL_ONES, 4096, 4095],
    [-4097, 4096, 4095],
    // 0, and not -0.
    [-4096, 4096, 0],
    // 2^64 - 2 modulo 2^32
    [-2, 2 ** 32, 2 ** 32 - 2],
  ])('lowBits(%p, %p) is %p', (of, modulus, expected) => {
    expect(lowBits(of, modulus)).toBe(expected);
  });

  test.each([
    [0, 4096, 0],
    [1, 4096, 4096],
    [4096, 4096, 4096],
    [4097, 16384, 16384],
    [7, 1, 7],
    // Beyond 32 bits: 0x1_0000_0001 up to 64 KiB.
    [0x100000001, 65536, 0x100010000],
    // 2^64 - 1 rounds up to 2^64, which is 0.
    [ALL_ONES, 4096, 0],
    [-4096, 4096, -4096],
    [-4097, 4096, -4096],
  ])('alignUp(%p, %p) is %p', (of, step, expected) => {
    expect(alignUp(of, step)).toBe(expected);
  });

  test('law: shiftRight is value >> shift in 64 bits', () => {
    fc.assert(
      fc.property(value, fc.integer({ min: 11, max: 48 }), (of, shift) => {
        expect(BigInt(shiftRight(of, shift))).toBe(exact(of) >> BigInt(shift));
      }),
      runs,
    );
  });

  test('law: lowBits is value & (size - 1)', () => {
    fc.assert(
      fc.property(value, size, (of, modulus) => {
        expect(BigInt(lowBits(of, modulus))).toBe(exact(of) & (BigInt(modulus) - 1n));
      }),
      runs,
    );
  });

  test('law: alignUp is (value + size - 1) & -size in 64 bits', () => {
    fc.assert(
      fc.property(value, size, (of, step) => {
        const mask = BigInt(step) - 1n;
        expect(exact(alignUp(of, step))).toBe(BigInt.asUintN(64, (exact(of) + mask) & ~mask));
      }),
      runs,
    );
  });
});

describe('text', () => {
  test.each([
    [0, '0x0', '0'],
    [0x1000000, '0x1000000', '16777216'],
    [2 ** 53 - 1, '0x1fffffffffffff', '9007199254740991'],
    [ALL_ONES, '0xffffffffffffffff', '18446744073709551615'],
    [-4096, '0xfffffffffffff000', '18446744073709547520'],
    // 2^64 - (2^53 - 1), the lowest of the huge ones
    [-(2 ** 53 - 1), '0xffe0000000000001', '18437736874454810625'],
  ])('%p is %s and %s, and back', (number, asHex, asDecimal) => {
    expect(hex(number)).toBe(asHex);
    expect(decimal(number)).toBe(asDecimal);
    expect(parseU64(asHex)).toBe(number);
    expect(parseU64(asDecimal)).toBe(number);
  });

  test('law: hex and decimal print the exact value and parseU64 reads both back', () => {
    fc.assert(
      fc.property(value, (number) => {
        expect(BigInt(hex(number))).toBe(exact(number));
        expect(BigInt(decimal(number))).toBe(exact(number));
        expect(parseU64(hex(number))).toBe(number);
        expect(parseU64(decimal(number))).toBe(number);
      }),
      runs,
    );
  });

  test.each([
    ['0XFF', 255],
    ['0xDeadBeef', 0xdeadbeef],
    ['007', 7],
    ['0x000000000000000000001', 1],
  ])('reads %s', (text, expected) => {
    expect(parseU64(text)).toBe(expected);
  });

  test.each(['', '0x', '-1', '+1', '1.5', '1e3', ' 1', '1\n', '0b1', '0o7', '0xg', '1n', '1_000', '٣'])(
    'refuses %j',
    (text) => {
      expect(() => parseU64(text)).toThrow(new RangeError(`not an unsigned number: ${text}`));
    },
  );

  test.each([
    ['2^53', '9007199254740992'],
    ['2^53 + 1', '0x20000000000001'],
    ['2^63 - 1', '0x7fffffffffffffff'],
    ['2^63', '0x8000000000000000'],
    ['2^64 - 2^53', '0xffe0000000000000'],
    ['2^64', '18446744073709551616'],
    ['2^64 in hex', '0x10000000000000000'],
  ])('has no double for %s', (_, text) => {
    expect(() => parseU64(text)).toThrow(new RangeError(`cannot be represented exactly: ${text}`));
  });
});
