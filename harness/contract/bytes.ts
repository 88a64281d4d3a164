// SPDX-License-Identifier: GPL-2.0-only
/** What is known of every byte of every buffer while a recording is walked. */
import { LINE_SIZE } from '../machine/config.ts';
import type { MappingIx, Size } from '../machine/vocabulary.ts';
import type { BufferRange, Scenario } from '../run/scenario.ts';

const NO_MAPPING: readonly MappingIx[] = [];

/** Bytes [from, to) of a buffer that have fared alike. */
export class ByteRun {
  from: number;
  to: number;
  /** Mappings whose devices own the bytes; none: the CPU does. */
  owners = NO_MAPPING;
  /** Mappings that cover them. */
  mappings = NO_MAPPING;
  /** Mapping that covered them last; undefined: none so far. */
  lastMap: MappingIx | undefined;
  /** False: left out; no clause looks at them again. */
  judged = true;
  /** An untrusted device wrote them out of turn, and nobody wrote them in turn since: only stability is promised. */
  attacked = false;
  /** False: nobody was handed them in a known state. */
  known = true;
  /** The device wrote them since it got them. */
  deviceWrote = false;
  /** The device owned them at some time since they were mapped. */
  deviceHad = false;
  /** The CPU wrote them while they were mapped. */
  cpuWrote = false;
  /** As above, and not only since they came back last. A from-device mapping is read-only for the driver (core-api/dma-api.rst). */
  cpuWroteMapped = false;
  /** Device whose lazy window is open over them, if any. */
  lazy: number | undefined;

  constructor(from: number, to: number) {
    this.from = from;
    this.to = to;
  }

  get size(): Size {
    return this.to - this.from;
  }

  get isCpuOwned(): boolean {
    return this.owners.length === 0;
  }

  /** What is in them is known, and promised. */
  get isSettled(): boolean {
    return this.judged && this.known && !this.attacked;
  }

  /** They are the mapping's device's now, whoever else's they are. */
  giveTo(map: MappingIx): void {
    this.owners = [...this.owners, map];
  }

  /** They are the mapping's device's no more. */
  takeFrom(map: MappingIx): void {
    if (this.owners.includes(map)) this.owners = without(this.owners, map);
  }

  cover(map: MappingIx): void {
    this.cpuWroteMapped &&= this.mappings.length > 0;
    this.mappings = [...this.mappings, map];
    this.lastMap = map;
  }

  uncover(map: MappingIx): void {
    this.mappings = without(this.mappings, map);
  }

  /** Keeps the bytes before `at`; returns the rest. */
  cut(at: number): ByteRun {
    const rest = new ByteRun(at, this.to);
    rest.owners = this.owners;
    rest.mappings = this.mappings;
    rest.lastMap = this.lastMap;
    rest.judged = this.judged;
    rest.attacked = this.attacked;
    rest.known = this.known;
    rest.deviceWrote = this.deviceWrote;
    rest.deviceHad = this.deviceHad;
    rest.cpuWrote = this.cpuWrote;
    rest.cpuWroteMapped = this.cpuWroteMapped;
    rest.lazy = this.lazy;
    this.to = at;
    return rest;
  }
}

function without(mappings: readonly MappingIx[], map: MappingIx): readonly MappingIx[] {
  return mappings.filter((other) => other !== map);
}

/** The bytes of one buffer. */
export class BufferBytes {
  /** Label of what each byte's last rightful writer put there. */
  readonly content: Uint32Array;
  /** Label that the CPU saw last in each byte. */
  readonly seen: Uint32Array;
  /** 1: what came back to the CPU last in this byte was not what it should have got. */
  readonly wrong: Uint8Array;
  /** Every byte's state, in order and without gaps. */
  readonly runs: ByteRun[];

  constructor(size: number) {
    this.content = new Uint32Array(size);
    this.seen = new Uint32Array(size);
    this.wrong = new Uint8Array(size);
    this.runs = [new ByteRun(0, size)];
  }

  /** The runs that make up [from, to), and nothing else. */
  between(from: number, to: number): ByteRun[] {
    const first = this.boundary(from);
    return this.runs.slice(first, this.boundary(to));
  }

  /** The same, each of them inside or outside of all of these ranges of the buffer as a whole. */
  aroundRanges(ranges: readonly BufferRange[], from: number, to: number): ByteRun[] {
    for (const { offset, size } of ranges) this.between(offset, offset + size);
    return this.between(from, to);
  }

  /** The run that has byte `at`. */
  runAt(at: number): ByteRun | undefined {
    return this.runs[this.indexOf(at)];
  }

  /** Bytes [from, to) are judged by nobody from now on. */
  spoil(from: number, to: number): void {
    for (const run of this.between(from, to)) run.judged = false;
  }

  /** The flush of `device` came. */
  closeLazyWindow(device: number): void {
    for (const run of this.runs) if (run.lazy === device) run.lazy = undefined;
  }

  /** Number of the run that begins at `at`, which is cut off there if need be. */
  private boundary(at: number): number {
    const index = this.indexOf(at);
    const run = this.runs[index];
    if (run === undefined || run.from === at) return index;
    this.runs.splice(index + 1, 0, run.cut(at));
    return index + 1;
  }

  /** Number of the run that has byte `at`; behind the last byte, their count. */
  private indexOf(at: number): number {
    let low = 0;
    let high = this.runs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.runs[middle]?.to ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    return low;
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
      if (from < to) all[i]?.spoil(from - a.phys, to - a.phys);
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
  for (const range of mappings[map]?.ranges ?? []) {
    if (range.buffer === buffer && at >= range.offset && at < range.offset + range.size) return true;
  }
  return false;
}

/** Byte `at` of the buffer stands in a cache line that the mapping's memory begins or ends in. */
export function sharesLine(
  { buffers, mappings }: Scenario,
  map: number,
  buffer: number,
  at: number,
): boolean {
  const own = lineOf((buffers[buffer]?.phys ?? 0) + at);
  for (const range of mappings[map]?.ranges ?? []) {
    const phys = (buffers[range.buffer]?.phys ?? 0) + range.offset;
    if (own === lineOf(phys) || own === lineOf(phys + range.size - 1)) return true;
  }
  return false;
}
