// SPDX-License-Identifier: GPL-2.0-only
/**
 * The CPU's write-back cache over memory, and what devices see past it.
 *
 * Every CPU access allocates its line; a write makes it dirty. Nothing is evicted by chance: lines
 * leave or are written back only through arch operations, through the adversary's rules around
 * non-coherent device writes, which always take the harmful choice, and where a layout says so.
 */
import { LINE_SIZE } from './config.ts';
import { countUp, equalLabels, LABEL_ZERO, sameBytes } from './labels.ts';
import { CHUNK, type Memory } from './memory.ts';

const ABSENT = 0;
const CLEAN = 1;
const DIRTY = 2;

export class CpuCache {
  private readonly memory: Memory;
  /** False when no device can tell (all coherent, or `cache: off`): accesses go to memory. */
  private on = false;
  /** Dirty lines stay so when a device writes. */
  keepsDirty = false;

  constructor(memory: Memory) {
    this.memory = memory;
  }

  reset(on: boolean): void {
    this.on = on;
    this.keepsDirty = false;
  }

  /** CPU copy of `size` bytes, as memcpy; true when a byte's value or label changed. */
  copy(to: number, from: number, size: number): boolean {
    const m = this.memory;
    let changed = false;
    for (let done = 0; done < size;) {
      const n = Math.min(size - done, CHUNK - ((to + done) % CHUNK), CHUNK - ((from + done) % CHUNK));
      const dst = m.index(to + done);
      const src = m.index(from + done);
      this.fill(dst, n, DIRTY);
      this.fill(src, n, CLEAN);
      const bytes = this.on ? m.cached : m.ram;
      const labels = this.on ? m.cachedLabel : m.ramLabel;
      changed ||= equalLabels(labels, dst, labels, src, n) < n;
      changed ||= !sameBytes(bytes.subarray(dst, dst + n), bytes.subarray(src, src + n));
      bytes.copyWithin(dst, src, src + n);
      labels.copyWithin(dst, src, src + n);
      m.touch(dst);
      done += n;
    }
    return changed;
  }

  /** CPU memset to zero. */
  clear(phys: number, size: number): void {
    const m = this.memory;
    for (let done = 0; done < size;) {
      const at = m.index(phys + done);
      const n = Math.min(size - done, CHUNK - (at % CHUNK));
      this.fill(at, n, DIRTY);
      (this.on ? m.cached : m.ram).fill(0, at, at + n);
      (this.on ? m.cachedLabel : m.ramLabel).fill(LABEL_ZERO, at, at + n);
      m.touch(at);
      done += n;
    }
  }

  /** CPU store of `size` bytes taken from `bytes[from…]`; byte i gets label `label + i`. */
  store(phys: number, size: number, bytes: Uint8Array, from: number, label: number): void {
    const m = this.memory;
    for (let done = 0; done < size;) {
      const at = m.index(phys + done);
      const n = Math.min(size - done, CHUNK - (at % CHUNK));
      this.fill(at, n, DIRTY);
      (this.on ? m.cached : m.ram).set(bytes.subarray(from + done, from + done + n), at);
      countUp(this.on ? m.cachedLabel : m.ramLabel, at, n, label + done);
      m.touch(at);
      done += n;
    }
  }

  /** CPU load into `bytes` and `labels` from index `to`. */
  load(phys: number, size: number, bytes: Uint8Array, labels: Uint32Array, to: number): void {
    const m = this.memory;
    for (let done = 0; done < size;) {
      const at = m.index(phys + done);
      const n = Math.min(size - done, CHUNK - (at % CHUNK));
      this.fill(at, n, CLEAN);
      bytes.set((this.on ? m.cached : m.ram).subarray(at, at + n), to + done);
      labels.set((this.on ? m.cachedLabel : m.ramLabel).subarray(at, at + n), to + done);
      done += n;
    }
  }

  /** Drop the clean lines of the range: the next load looks at memory again. */
  dropClean(phys: number, size: number): void {
    if (!this.on) return;
    const m = this.memory;
    for (let done = 0; done < size;) {
      const at = m.index(phys + done);
      const n = Math.min(size - done, CHUNK - (at % CHUNK));
      const last = lineAt(at + n - 1);
      for (let line = lineAt(at); line <= last; line++) {
        if (m.line[line] !== CLEAN) continue;
        m.line[line] = ABSENT;
        m.touch(at);
      }
      done += n;
    }
  }

  /** Write dirty lines back (arch clean); returns the lines in the range. */
  clean(phys: number, size: number): number {
    const m = this.memory;
    for (let done = 0; this.on && done < size;) {
      const at = m.index(phys + done);
      const n = Math.min(size - done, CHUNK - (at % CHUNK));
      this.writeBack(lineAt(at), lineAt(at + n - 1));
      done += n;
    }
    return linesIn(phys, size);
  }

  /** Drop lines; one only partly inside the range is written back first. Returns the lines in the range. */
  invalidate(phys: number, size: number): number {
    const m = this.memory;
    for (let done = 0; this.on && done < size;) {
      const at = m.index(phys + done);
      const n = Math.min(size - done, CHUNK - (at % CHUNK));
      const first = lineAt(at);
      const last = lineAt(at + n - 1);
      if (at % LINE_SIZE !== 0) this.writeBack(first, first);
      if ((at + n) % LINE_SIZE !== 0) this.writeBack(last, last);
      m.line.fill(ABSENT, first, last + 1);
      m.touch(at);
      done += n;
    }
    return linesIn(phys, size);
  }

  /** Drop all clean lines, as the cache may whenever it likes. */
  evict(): void {
    const m = this.memory;
    if (!this.on) return;
    for (let line = m.line.indexOf(CLEAN); line >= 0; line = m.line.indexOf(CLEAN, line)) {
      m.line[line] = ABSENT;
      m.touch(line * LINE_SIZE);
    }
  }

  /** Device load: a coherent one sees the CPU's view, another only memory. Within one chunk. */
  deviceLoad(
    phys: number,
    size: number,
    coherent: boolean,
    bytes: Uint8Array,
    labels: Uint32Array,
    to: number,
  ): void {
    const m = this.memory;
    const at = m.index(phys);
    bytes.set(m.ram.subarray(at, at + size), to);
    labels.set(m.ramLabel.subarray(at, at + size), to);
    if (!coherent) return;
    for (let i = 0, n; i < size; i += n) {
      n = this.sameHolder(at + i, size - i);
      if (m.line[lineAt(at + i)] === ABSENT) continue;
      bytes.set(m.cached.subarray(at + i, at + i + n), to + i);
      labels.set(m.cachedLabel.subarray(at + i, at + i + n), to + i);
    }
  }

  /** Device store, within one chunk. Non-coherent: touched lines are cached before, written back after. */
  deviceStore(
    phys: number,
    size: number,
    coherent: boolean,
    bytes: Uint8Array,
    from: number,
    label: number,
  ): void {
    const m = this.memory;
    const at = m.index(phys);
    if (this.on && coherent) this.snoopedStore(at, size, bytes, from, label);
    else {
      this.fill(at, size, CLEAN);
      m.ram.set(bytes.subarray(from, from + size), at);
      countUp(m.ramLabel, at, size, label);
      if (this.on && size > 0 && !this.keepsDirty) this.writeBack(lineAt(at), lineAt(at + size - 1));
    }
    m.touch(at);
  }

  /**
   * Labels of `size` bytes within one chunk into `labels` from index `to`, as the CPU would read them
   * (`seesCache`) or as they stand in memory; changes nothing.
   */
  peekLabels(phys: number, size: number, seesCache: boolean, labels: Uint32Array, to: number): void {
    const m = this.memory;
    const at = m.index(phys);
    labels.set(m.ramLabel.subarray(at, at + size), to);
    // Switched off, it has no lines.
    if (!seesCache) return;
    for (let i = 0, n; i < size; i += n) {
      n = this.sameHolder(at + i, size - i);
      if (m.line[lineAt(at + i)] === ABSENT) continue;
      labels.set(m.cachedLabel.subarray(at + i, at + i + n), to + i);
    }
  }

  /** Store of a coherent device: into the cache where it has the line. */
  private snoopedStore(at: number, size: number, bytes: Uint8Array, from: number, label: number): void {
    const m = this.memory;
    for (let i = 0, n; i < size; i += n) {
      n = this.sameHolder(at + i, size - i);
      const inCache = m.line[lineAt(at + i)] !== ABSENT;
      (inCache ? m.cached : m.ram).set(bytes.subarray(from + i, from + i + n), at + i);
      countUp(inCache ? m.cachedLabel : m.ramLabel, at + i, n, label + i);
      if (inCache) m.line.fill(DIRTY, lineAt(at + i), lineAt(at + i + n - 1) + 1);
    }
  }

  /** How many of `size` bytes from array index `at` on have the CPU's view in the same place: cache or memory. */
  private sameHolder(at: number, size: number): number {
    const { line } = this.memory;
    const first = lineAt(at);
    const last = lineAt(at + size - 1);
    const isAbsent = line[first] === ABSENT;
    let next = first;
    while (next <= last && (line[next] === ABSENT) === isAbsent) next++;
    return Math.min(size, next * LINE_SIZE - at);
  }

  /** Bring the lines of [at, at + size) in, and make them dirty when `state` is DIRTY. Within one chunk. */
  private fill(at: number, size: number, state: number): void {
    if (!this.on || size === 0) return;
    const m = this.memory;
    const first = lineAt(at);
    const last = lineAt(at + size - 1);
    for (let line = first, next; line <= last; line = next + 1) {
      for (next = line; next <= last && m.line[next] === ABSENT; next++);
      if (next > line) this.fetch(line, next);
    }
    if (state === DIRTY) m.line.fill(DIRTY, first, last + 1);
  }

  /** Bring lines [from, to) in, none of which is cached. */
  private fetch(from: number, to: number): void {
    const m = this.memory;
    const start = from * LINE_SIZE;
    m.cached.set(m.ram.subarray(start, to * LINE_SIZE), start);
    m.cachedLabel.set(m.ramLabel.subarray(start, to * LINE_SIZE), start);
    m.line.fill(CLEAN, from, to);
  }

  /** Write back those of the lines `first` to `last` that are dirty; they stay, clean. */
  private writeBack(first: number, last: number): void {
    const m = this.memory;
    for (let line = first, next; line <= last; line = next + 1) {
      for (next = line; next <= last && m.line[next] === DIRTY; next++);
      if (next === line) continue;
      const start = line * LINE_SIZE;
      m.ram.set(m.cached.subarray(start, next * LINE_SIZE), start);
      m.ramLabel.set(m.cachedLabel.subarray(start, next * LINE_SIZE), start);
      m.line.fill(CLEAN, line, next);
      m.touch(start);
    }
  }
}

/** Number of the line that holds array index `at`. */
function lineAt(at: number): number {
  return (at / LINE_SIZE) | 0;
}

/** Lines that [phys, phys + size) touches. */
function linesIn(phys: number, size: number): number {
  if (size <= 0) return 0;
  return Math.floor((phys + size - 1) / LINE_SIZE) - Math.floor(phys / LINE_SIZE) + 1;
}
