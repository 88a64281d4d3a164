// SPDX-License-Identifier: GPL-2.0-only
/** Provenance labels: what they mean, and arrays of them. */

/** Labels below FIRST_LABEL say what kind of memory a byte is; the rest name one byte of one write. */
export const LABEL_NEVER_WRITTEN = 0;
export const LABEL_ZERO = 1;
export const LABEL_STALE = 2;
export const LABEL_FAULT = 3;
export const FIRST_LABEL = 16;

/** From so many labels on it pays to let memcmp look at all of them first. */
const LONG = 64;

/** Label n at index n, to be copied from: as far as a run has needed it, but not beyond MOST. */
let counting = upTo(2 ** 17);
const MOST = 2 ** 22;

function upTo(size: number): Uint32Array {
  const labels = new Uint32Array(size);
  for (let n = 0; n < size; n++) labels[n] = n;
  return labels;
}

/** The labels from `first` on, `size` of them; fewer where there are too many to have in store. */
function countedFrom(first: number, size: number): Uint32Array {
  const end = first + size;
  if (end > counting.length && end <= MOST) counting = upTo(2 ** Math.ceil(Math.log2(end)));
  return counting.subarray(first, first + size);
}

/** Give `size` bytes from index `at` on the labels `first`, `first + 1`, … */
export function countUp(labels: Uint32Array, at: number, size: number, first: number): void {
  const counted = countedFrom(first, size);
  labels.set(counted, at);
  for (let i = counted.length; i < size; i++) labels[at + i] = first + i;
}

/**
 * How many of `size` labels from index `at` on belong together: bytes in a row of one write, or bytes
 * of one kind of memory.
 */
export function runLength(labels: Uint32Array, at: number, size: number): number {
  const label = labels[at] ?? 0;
  const step = label < FIRST_LABEL ? 0 : 1;
  const last = size - 1;
  const mayGoOn = size >= LONG && labels[at + last] === label + last * step;
  if (mayGoOn && goesOn(labels, at, size, step)) return size;
  let n = 1;
  while (n < size && labels[at + n] === label + n * step) n++;
  return n;
}

/** The label of the byte that is `size` bytes further on in the same write; a kind of memory has one label. */
export function labelAfter(label: number, size: number): number {
  return label < FIRST_LABEL ? label : label + size;
}

/** How many of `size` labels from a[i] and from b[j] on differ, and go on alike: then they differ all the way. */
export function differLength(a: Uint32Array, i: number, b: Uint32Array, j: number, size: number): number {
  return Math.min(runLength(a, i, size), runLength(b, j, size));
}

/** All of the `size` labels from index `at` on go on like the first one. */
function goesOn(labels: Uint32Array, at: number, size: number, step: 0 | 1): boolean {
  const label = labels[at] ?? 0;
  if (step === 0) return sameBytes(labels.subarray(at + 1, at + size), labels.subarray(at, at + size - 1));
  return sameBytes(labels.subarray(at, at + size), countedFrom(label, size));
}

/** Equal, byte by byte. */
export function sameBytes(a: Float64Array | Uint8Array | Uint32Array, b: typeof a): boolean {
  return Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
}

/** The numbers as the bytes that they are made of. */
function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** How many of the first `size` labels from a[i] and from b[j] on are equal, up to the first that is not. */
export function equalLabels(a: Uint32Array, i: number, b: Uint32Array, j: number, size: number): number {
  if (size >= LONG && sameBytes(a.subarray(i, i + size), b.subarray(j, j + size))) return size;
  let n = 0;
  while (n < size && a[i + n] === b[j + n]) n++;
  return n;
}
