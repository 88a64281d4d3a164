// SPDX-License-Identifier: GPL-2.0-only
/** Provenance labels: what they mean, and arrays of them. */

/** Labels below FIRST_LABEL say what kind of memory a byte is; the rest name one byte, of one write in general. */
export const LABEL_NEVER_WRITTEN = 0;
export const LABEL_ZERO = 1;
export const LABEL_FAULT = 3;
export const FIRST_LABEL = 16;
/** What the first byte of the pool holds of a slot's earlier use; byte n of the pool holds LABEL_STALE + n. */
export const LABEL_STALE = 2 ** 31;

/** What a byte of the pool holds of a slot's earlier use. */
export function isStale(label: number): boolean {
  return label >= LABEL_STALE;
}

/** From so many labels on it pays to let memcmp look at all of them first. */
const LONG = 64;

/** Labels that count up, to be copied from: as far as a run has needed them, but no more than MOST. */
class Counted {
  private readonly base: number;
  private labels: Uint32Array;

  constructor(base: number, size: number) {
    this.base = base;
    this.labels = upFrom(base, size);
  }

  /** The labels from `first` on, `size` of them; fewer where there are too many to have in store. */
  from(first: number, size: number): Uint32Array {
    const at = first - this.base;
    const end = at + size;
    if (end > this.labels.length && end <= MOST) {
      this.labels = upFrom(this.base, 2 ** Math.ceil(Math.log2(end)));
    }
    return this.labels.subarray(at, end);
  }
}

const MOST = 2 ** 22;

function upFrom(base: number, size: number): Uint32Array {
  const labels = new Uint32Array(size);
  for (let n = 0; n < size; n++) labels[n] = base + n;
  return labels;
}

const written = new Counted(0, 2 ** 17);
const stale = new Counted(LABEL_STALE, 2 ** 17);

function countedFrom(first: number, size: number): Uint32Array {
  return (isStale(first) ? stale : written).from(first, size);
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
