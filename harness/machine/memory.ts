// SPDX-License-Identifier: GPL-2.0-only
/**
 * Physical memory: every byte has a value and a provenance label. Pages of 4 KiB come into being
 * when first touched and go away at reset, so a run costs what it touches.
 *
 * Two copies of a touched page exist: what RAM holds and what the CPU cache holds (cpu-cache.ts
 * decides which counts); both live here so that a page has one home.
 */
import { Budget, MOST_KEPT } from './budget.ts';
import { POOL_START, RAM_SIZE } from './config.ts';
import { countUp, LABEL_NEVER_WRITTEN, LABEL_STALE } from './labels.ts';

/** Bytes of a materialised page; independent of the kernel's PAGE_SIZE. */
export const CHUNK = 4096;
/** Cache lines of 64 bytes in a chunk. */
export const LINES_PER_CHUNK = CHUNK / 64;
/** Chunks that there is room for, at least. */
const FEWEST_CHUNKS = 16;
/** Bytes that a byte of memory takes here: two copies, two labels. */
const BYTES_PER_BYTE = 10;
/** The byte that a pool slot holds from earlier use. */
const STALE_BYTE = 0xee;

const PATTERN = Uint8Array.from({ length: CHUNK }, (_, p) => (p * 31 + 7) & 0xff);

export class Memory {
  /** What RAM holds, chunk after chunk in the order of first touch. */
  ram = new Uint8Array(0);
  ramLabel = new Uint32Array(0);
  /** What the CPU cache holds; counts where `line` says so. */
  cached = new Uint8Array(0);
  cachedLabel = new Uint32Array(0);
  /** Per cache line: 0 not cached, 1 clean, 2 dirty. */
  line = new Uint8Array(0);
  /** Per chunk: when its contents last changed. */
  changed = new Float64Array(0);
  /** Counts changes. */
  clock = 0;

  private readonly home = new Int32Array(RAM_SIZE / CHUNK).fill(-1);
  private touched = new Int32Array(16);
  private used = 0;
  private start = 0;
  private poolEnd = POOL_START;
  private readonly budget: Budget;

  constructor(budget = new Budget()) {
    this.budget = budget;
  }

  /** Forget everything; RAM is [start, RAM_SIZE), of which [POOL_START, POOL_START + poolSize) is a swiotlb pool's. */
  reset(poolSize: number, start = 0): void {
    this.start = start;
    for (let i = 0; i < this.used; i++) this.home[this.touched[i] ?? 0] = -1;
    this.used = 0;
    this.clock = 0;
    this.poolEnd = POOL_START + poolSize;
    if (this.ram.length > MOST_KEPT) this.resize(FEWEST_CHUNKS);
  }

  /** True when [phys, phys + size) is RAM. */
  contains(phys: number, size: number): boolean {
    return phys >= this.start && size >= 0 && phys + size <= RAM_SIZE;
  }

  /** Where the byte at `phys` lives in the arrays; valid to the end of its chunk. */
  index(phys: number): number {
    const chunk = Math.floor(phys / CHUNK);
    const at = this.home[chunk] ?? -1;
    return (at < 0 ? this.materialise(chunk) : at) + (phys - chunk * CHUNK);
  }

  /** Note that the chunk of array index `at` changes now. */
  touch(at: number): void {
    this.changed[(at / CHUNK) | 0] = ++this.clock;
  }

  /** When the chunk of `phys` last changed; 0 when nobody touched it. */
  lastChange(phys: number): number {
    const at = this.home[Math.floor(phys / CHUNK)] ?? -1;
    return at < 0 ? 0 : (this.changed[at / CHUNK] ?? 0);
  }

  /** Put bytes into RAM behind the CPU's back, as they were before the run; byte i gets label `label + i`. */
  preload(phys: number, bytes: Uint8Array, label: number): void {
    for (let done = 0; done < bytes.length;) {
      const at = this.index(phys + done);
      const n = Math.min(bytes.length - done, CHUNK - (at % CHUNK));
      this.ram.set(bytes.subarray(done, done + n), at);
      countUp(this.ramLabel, at, n, label + done);
      done += n;
    }
  }

  private materialise(chunk: number): number {
    this.budget.take(CHUNK * BYTES_PER_BYTE);
    if ((this.used + 1) * CHUNK > this.ram.length) this.resize(Math.max(FEWEST_CHUNKS, this.used * 2));
    const at = this.used * CHUNK;
    const phys = chunk * CHUNK;
    const pool = phys >= POOL_START && phys < this.poolEnd;
    if (pool) {
      this.ram.fill(STALE_BYTE, at, at + CHUNK);
      countUp(this.ramLabel, at, CHUNK, LABEL_STALE + phys - POOL_START);
    } else {
      this.ram.set(PATTERN, at);
      this.ramLabel.fill(LABEL_NEVER_WRITTEN, at, at + CHUNK);
    }
    this.line.fill(0, this.used * LINES_PER_CHUNK, (this.used + 1) * LINES_PER_CHUNK);
    this.changed[this.used] = 0;
    this.touched[this.used++] = chunk;
    this.home[chunk] = at;
    return at;
  }

  /** All or none: a run may be ended from outside at any moment (run/returning.ts). */
  private resize(chunks: number): void {
    const ram = resized(this.ram, new Uint8Array(chunks * CHUNK));
    const ramLabel = resized(this.ramLabel, new Uint32Array(chunks * CHUNK));
    const cached = resized(this.cached, new Uint8Array(chunks * CHUNK));
    const cachedLabel = resized(this.cachedLabel, new Uint32Array(chunks * CHUNK));
    const line = resized(this.line, new Uint8Array(chunks * LINES_PER_CHUNK));
    const changed = resized(this.changed, new Float64Array(chunks));
    const touched = resized(this.touched, new Int32Array(chunks));
    this.ram = ram;
    this.ramLabel = ramLabel;
    this.cached = cached;
    this.cachedLabel = cachedLabel;
    this.line = line;
    this.changed = changed;
    this.touched = touched;
  }
}

function resized<A extends Uint8Array | Uint32Array | Int32Array | Float64Array>(from: A, to: A): A {
  to.set(from.subarray(0, to.length));
  return to;
}
