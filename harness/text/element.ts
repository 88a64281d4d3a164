// SPDX-License-Identifier: GPL-2.0-only
/** The element of that index; undefined: the array has none there, or there is no index. */
export function elementAt<T>(array: ArrayLike<T>, index: number | undefined): T | undefined {
  return index === undefined ? undefined : array[index];
}
