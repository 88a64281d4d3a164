// SPDX-License-Identifier: GPL-2.0-only
/**
 * The CPU's write-back cache over memory, and what devices see past it.
 *
 * Every CPU access allocates its line; a write makes it dirty. Nothing is evicted by chance: lines
 * leave or are written back only through arch operations and through the adversary's rules around
 * non-coherent device writes, which always take the harmful choice.
 */
import { LINE_SIZE } from './config.ts';
import { CHUNK, LABEL_ZERO, type Memory } from './memory.ts';

const ABSENT = 0;
const CLEAN = 1;
const DIRTY = 2;

export class CpuCache {
  private readonly memory: Memory;
  /** False when no device can tell (all coherent, or `cache: off`): accesses go to memory. */
  private on = false;

  constructor(memory: Memory) {
    this.memory = memory;
  }

  reset(on: boolean): void {
    this.on = on;
  }

  /** CPU copy of `size` bytes, as memcpy; returns how many bytes changed value or label. */
  copy(to: number, from: number, size: number): number {
    const m = this.memory;
    let changed = 0;
    for (let done = 0; done < size;) {
      const n = Math.min(size - done, CHUNK - ((to + done) % CHUNK), CHUNK - ((from + done) % CHUNK));
      const dst = m.index(to + done);
      const src = m.index(from + done);
      this.fill(dst, n, DIRTY);
      this.fill(src, n, CLEAN);
      const bytes = this.on ? m.cached : m.ram;
      const labels = this.on ? m.cachedLabel : m.ramLabel;
      for (let i = 0; i < n; i++) {
        if (labels[dst + i] !== labels[src + i] || bytes[dst + i] !== bytes[src + i]) changed++;
      }
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
      put(
        this.on ? m.cached : m.ram,
        this.on ? m.cachedLabel : m.ramLabel,
        at,
        n,
        bytes,
        from + done,
        label + done,
      );
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
      const from = this.on ? m.cached : m.ram;
      const fromLabel = this.on ? m.cachedLabel : m.ramLabel;
      for (let i = 0; i < n; i++) {
        bytes[to + done + i] = from[at + i] ?? 0;
        labels[to + done + i] = fromLabel[at + i] ?? 0;
      }
      done += n;
    }
  }

  /** Drop the clean lines of the range: the next load looks at memory again. */
  dropClean(phys: number, size: number): void {
    if (!this.on) return;
    this.eachLine(phys, size, (line) => {
      if (this.memory.line[line] === CLEAN) this.drop(line);
    });
  }

  /** Write dirty lines back (arch clean); returns the lines in the range. */
  clean(phys: number, size: number): number {
    return this.eachLine(phys, size, (line) => this.writeBack(line, CLEAN));
  }

  /** Drop lines; one only partly inside the range is written back first. Returns the lines in the range. */
  invalidate(phys: number, size: number): number {
    return this.eachLine(phys, size, (line, whole) => {
      if (!whole) this.writeBack(line, CLEAN);
      this.drop(line);
    });
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
    const at = this.memory.index(phys);
    for (let i = 0; i < size; i++) {
      const from = coherent ? this.holder(at + i) : this.memory.ram;
      bytes[to + i] = from[at + i] ?? 0;
      labels[to + i] =
        (from === this.memory.ram ? this.memory.ramLabel[at + i] : this.memory.cachedLabel[at + i]) ?? 0;
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
    if (!this.on) put(m.ram, m.ramLabel, at, size, bytes, from, label);
    else if (coherent) {
      for (let i = 0; i < size; i++) {
        const holder = this.holder(at + i);
        const labels = holder === m.ram ? m.ramLabel : m.cachedLabel;
        put(holder, labels, at + i, 1, bytes, from + i, label + i);
        if (holder !== m.ram) m.line[((at + i) / LINE_SIZE) | 0] = DIRTY;
      }
    } else {
      this.fill(at, size, CLEAN);
      put(m.ram, m.ramLabel, at, size, bytes, from, label);
      this.eachLine(phys, size, (line) => this.writeBack(line, CLEAN));
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
    if (!this.on || !seesCache) return;
    for (let i = 0; i < size;) {
      const n = Math.min(size - i, LINE_SIZE - ((at + i) % LINE_SIZE));
      if (m.line[((at + i) / LINE_SIZE) | 0] !== ABSENT) {
        labels.set(m.cachedLabel.subarray(at + i, at + i + n), to + i);
      }
      i += n;
    }
  }

  /** Which array holds the CPU's view of array index `at`. */
  private holder(at: number): Uint8Array {
    const m = this.memory;
    return this.on && m.line[(at / LINE_SIZE) | 0] !== ABSENT ? m.cached : m.ram;
  }

  /** Bring the lines of [at, at + size) in, and make them dirty when `state` is DIRTY. Within one chunk. */
  private fill(at: number, size: number, state: number): void {
    if (!this.on || size === 0) return;
    const m = this.memory;
    const last = ((at + size - 1) / LINE_SIZE) | 0;
    for (let line = (at / LINE_SIZE) | 0; line <= last; line++) {
      if (m.line[line] === ABSENT) {
        const start = line * LINE_SIZE;
        for (let i = start; i < start + LINE_SIZE; i++) {
          m.cached[i] = m.ram[i] ?? 0;
          m.cachedLabel[i] = m.ramLabel[i] ?? 0;
        }
        m.line[line] = CLEAN;
      }
      if (state === DIRTY) m.line[line] = DIRTY;
    }
  }

  private writeBack(line: number, next: number): void {
    const m = this.memory;
    if (m.line[line] !== DIRTY) return;
    const start = line * LINE_SIZE;
    for (let i = start; i < start + LINE_SIZE; i++) {
      m.ram[i] = m.cached[i] ?? 0;
      m.ramLabel[i] = m.cachedLabel[i] ?? 0;
    }
    m.line[line] = next;
    m.touch(start);
  }

  private drop(line: number): void {
    this.memory.line[line] = ABSENT;
    this.memory.touch(line * LINE_SIZE);
  }

  /** Visit the lines that [phys, phys + size) touches; `whole`: entirely inside. Returns how many. */
  private eachLine(phys: number, size: number, visit: (line: number, whole: boolean) => void): number {
    if (size <= 0) return 0;
    const first = Math.floor(phys / LINE_SIZE);
    const last = Math.floor((phys + size - 1) / LINE_SIZE);
    if (this.on) {
      for (let l = first; l <= last; l++) {
        const start = l * LINE_SIZE;
        visit((this.memory.index(start) / LINE_SIZE) | 0, start >= phys && start + LINE_SIZE <= phys + size);
      }
    }
    return last - first + 1;
  }
}

function put(
  bytes: Uint8Array,
  labels: Uint32Array,
  at: number,
  size: number,
  from: Uint8Array,
  start: number,
  label: number,
): void {
  for (let i = 0; i < size; i++) {
    bytes[at + i] = from[start + i] ?? 0;
    labels[at + i] = label + i;
  }
}
