// SPDX-License-Identifier: GPL-2.0-only
/** 64-bit numbers at the border of WebAssembly, which has them as BigInt; see machine/u64.ts for ours. */

/** A number of ours from an i64. */
export function fromI64(value: bigint): number {
  return Number(BigInt.asIntN(64, value));
}

/** An i64 from a number of ours. */
export function toI64(value: number): bigint {
  return BigInt(value);
}
