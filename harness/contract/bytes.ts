// SPDX-License-Identifier: GPL-2.0-only
/** What is known of every byte of every buffer while a recording is walked. */
import { LINE_SIZE } from '../machine/config.ts';
import type { Scenario } from '../scenario/scenario.ts';

/** The bytes of one buffer, field by field. */
export class BufferBytes {
  /** Mapping that owns the byte, -1: the CPU. */
  readonly owner: Int32Array;
  /** Mapping that covers it, -1: none. */
  readonly mapped: Int32Array;
  /** Mapping that covered it last, -1: none so far. */
  readonly lastMap: Int32Array;
  /** Label of what its last rightful writer put there. */
  readonly content: Uint32Array;
  /** Label that the CPU saw last. */
  readonly seen: Uint32Array;
  /** 0: somebody touched it out of turn; no clause looks at it again. */
  readonly judged: Uint8Array;
  /** 0: nobody was handed it in a known state. */
  readonly known: Uint8Array;
  /** 1: the device wrote it since it got it. */
  readonly deviceWrote: Uint8Array;
  /** 1: the device owned it at some time since it was mapped. */
  readonly deviceHad: Uint8Array;
  /** 1: the CPU wrote it while it was mapped. */
  readonly cpuWrote: Uint8Array;
  /** Device whose lazy window is open over the byte, -1: none. */
  readonly lazy: Int32Array;

  constructor(size: number) {
    this.owner = new Int32Array(size).fill(-1);
    this.mapped = new Int32Array(size).fill(-1);
    this.lastMap = new Int32Array(size).fill(-1);
    this.content = new Uint32Array(size);
    this.seen = new Uint32Array(size);
    this.judged = new Uint8Array(size).fill(1);
    this.known = new Uint8Array(size).fill(1);
    this.deviceWrote = new Uint8Array(size);
    this.deviceHad = new Uint8Array(size);
    this.cpuWrote = new Uint8Array(size);
    this.lazy = new Int32Array(size).fill(-1);
  }

  /** The flush of `device` came. */
  closeLazyWindow(device: number): void {
    for (const [i, open] of this.lazy.entries()) if (open === device) this.lazy[i] = -1;
  }
}

/** Every buffer's bytes; bytes that two buffers share are judged by nobody. */
export function makeBytes({ buffers }: Scenario): BufferBytes[] {
  const all = buffers.map(({ size }) => new BufferBytes(size));
  for (const [i, a] of buffers.entries()) {
    for (const [j, b] of buffers.entries()) {
      if (i === j) continue;
      const from = Math.max(a.phys, b.phys);
      const to = Math.min(a.phys + a.size, b.phys + b.size);
      if (from < to) all[i]?.judged.fill(0, from - a.phys, to - a.phys);
    }
  }
  return all;
}

/** Start of the cache line of a physical address. */
export function lineOf(phys: number): number {
  return phys - (phys % LINE_SIZE);
}

/** The mapping maps byte `at` of the buffer. */
export function covers({ mappings }: Scenario, map: number, buffer: number, at: number): boolean {
  const ranges = mappings[map]?.ranges ?? [];
  return ranges.some((r) => r.buffer === buffer && at >= r.offset && at < r.offset + r.size);
}

/** Byte `at` of the buffer stands in a cache line that the mapping's memory begins or ends in. */
export function sharesLine(
  { buffers, mappings }: Scenario,
  map: number,
  buffer: number,
  at: number,
): boolean {
  const line = (index: number, offset: number): number => lineOf((buffers[index]?.phys ?? 0) + offset);
  const own = line(buffer, at);
  return (mappings[map]?.ranges ?? []).some(
    (r) => own === line(r.buffer, r.offset) || own === line(r.buffer, r.offset + r.size - 1),
  );
}
