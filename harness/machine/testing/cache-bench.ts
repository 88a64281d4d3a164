// SPDX-License-Identifier: GPL-2.0-only
/** A CPU cache over memory, and what bytes and labels are expected in them. */
import { CpuCache } from '../cpu-cache.ts';
import { LABEL_ZERO } from '../labels.ts';
import { CHUNK, Memory } from '../memory.ts';

/** A line, a chunk and a page start here. */
export const BASE = 0x200000;
export const LINE = 64;

/** Bytes with their labels: `label * 256 + value` each. */
export type Cells = number[];

export const fromTo = (from: number, size: number): number[] =>
  Array.from({ length: size }, (_, i) => from + i);
/** What the bytes hold before anybody writes them. */
export const untouched = (phys: number, size: number): Cells =>
  fromTo(phys, size).map((p) => (p * 31 + 7) & 0xff);
/** What one write leaves: one value, labels counting up. */
const written = (value: number, size: number, label: number): Cells =>
  fromTo(label, size).map((each) => each * 256 + value);
/** Bench.store() and Bench.device() write these unless told otherwise. */
export const cpu = (size: number): Cells => written(0xaa, size, 1000);
export const dev = (size: number): Cells => written(0xdd, size, 5000);
export const zeros = (size: number): Cells => Array<number>(size).fill(LABEL_ZERO * 256);

function look(size: number, into: (bytes: Uint8Array, labels: Uint32Array) => void): Cells {
  const bytes = new Uint8Array(size);
  const labels = new Uint32Array(size);
  into(bytes, labels);
  return Array.from(bytes, (value, i) => (labels[i] ?? 0) * 256 + value);
}

/** A cache over fresh memory, and short words for what a test does with it. */
export class Bench {
  readonly memory = new Memory();
  readonly cache = new CpuCache(this.memory);

  constructor(on = true) {
    this.memory.reset(0);
    this.cache.reset(on);
  }

  /** CPU store. */
  store(phys: number, size: number, value = 0xaa, label = 1000): void {
    this.cache.store(phys, size, new Uint8Array(size).fill(value), 0, label);
  }

  /** Device store, within a chunk. */
  device(phys: number, size: number, coherent = false, value = 0xdd, label = 5000): void {
    this.cache.deviceStore(phys, size, coherent, new Uint8Array(size).fill(value), 0, label);
  }

  /** CPU load. */
  load(phys: number, size: number): Cells {
    return look(size, (bytes, labels) => this.cache.load(phys, size, bytes, labels, 0));
  }

  /** What a coherent or another device sees: the CPU's view or memory; changes nothing. */
  see(coherent: boolean, phys: number, size: number): Cells {
    return look(size, (bytes, labels) => {
      // A device load stays within a chunk.
      const first = Math.min(size, CHUNK - (phys % CHUNK));
      this.cache.deviceLoad(phys, first, coherent, bytes, labels, 0);
      this.cache.deviceLoad(phys + first, size - first, coherent, bytes, labels, first);
    });
  }

  ram(phys: number, size: number): Cells {
    return this.see(false, phys, size);
  }
}
