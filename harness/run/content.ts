// SPDX-License-Identifier: GPL-2.0-only
/** What writes are made of. */

const SIZE = 4096;
/** Byte after byte; comes again every 256 bytes. */
const PATTERN = Uint8Array.from({ length: SIZE + 256 }, (_, i) => i * 13);
/** The same byte again and again, or the pattern of the write. */
export function contentOf(byte: number | undefined, write: number, i: number): Uint8Array {
  return byte === undefined ? pattern(write, i) : Uint8Array.of(byte);
}

/** Bytes from byte `i` of write number `n` on: `n * 37 + i * 13 + 1`, different for neighbours and for writes. */
function pattern(n: number, i: number): Uint8Array {
  // 197 is the inverse of 13 modulo 256.
  const first = (i + (n * 37 + 1) * 197) & 0xff;
  return PATTERN.subarray(first, first + SIZE);
}
