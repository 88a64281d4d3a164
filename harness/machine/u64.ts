// SPDX-License-Identifier: GPL-2.0-only
/**
 * 64-bit unsigned arithmetic in doubles.
 *
 * A kernel `u64`/`size_t`/`phys_addr_t` is held as a double: a value below 2^53 as itself, one of
 * the top 2^53 values as `value - 2^64`, that is, negative. All-ones is -1 and a size that
 * underflowed is the negative number the subtraction gave, so `+` and `-` wrap for free and the
 * common path pays nothing. Only comparisons and printing must know: a negative number is huge.
 */

const TWO_64 = 2n ** 64n;

/** All-ones: DMA_MAPPING_ERROR, DMA_BIT_MASK(64). */
export const ALL_ONES = -1;

/** True when the unsigned `a` is below the unsigned `b`. */
export function below(a: number, b: number): boolean {
  return a >= 0 === b >= 0 ? a < b : a >= 0;
}

/** The smaller of two unsigned values. */
export function minU64(a: number, b: number): number {
  return below(a, b) ? a : b;
}

/** `value & (size - 1)` for a power of two `size` below 2^53, also for huge (negative) values. */
export function lowBits(value: number, size: number): number {
  const rest = value % size;
  return rest < 0 ? rest + size : rest + 0;
}

/** `value` rounded up to a multiple of the power of two `size`. */
export function alignUp(value: number, size: number): number {
  return value + lowBits(-value, size);
}

/** `value >> shift` for a shift of 11 at least: of a huge (negative) value, what is left is below 2^53. */
export function shiftRight(value: number, shift: number): number {
  const shifted = Math.floor(value / 2 ** shift);
  return value < 0 ? shifted + 2 ** (64 - shift) : shifted;
}

/** A huge (negative) value as a BigInt. */
function toBigInt(value: number): bigint {
  return BigInt(value) + TWO_64;
}

/** As the kernel's `%#llx` prints it. */
export function hex(value: number): string {
  return `0x${value < 0 ? toBigInt(value).toString(16) : value.toString(16)}`;
}

/** In decimal, exactly. */
export function decimal(value: number): string {
  return value < 0 ? toBigInt(value).toString() : value.toString();
}

/**
 * The value of a hex or decimal literal between 0 and 2^64 - 1.
 * Throws RangeError for what this representation cannot hold.
 */
export function parseU64(text: string): number {
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(text)) throw new RangeError(`not an unsigned number: ${text}`);
  const exact = BigInt(text);
  const value = Number(exact >= TWO_64 / 2n ? exact - TWO_64 : exact);
  if (exact >= TWO_64 || !Number.isSafeInteger(value)) {
    throw new RangeError(`cannot be represented exactly: ${text}`);
  }
  return value;
}
