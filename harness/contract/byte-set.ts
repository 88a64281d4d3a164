// SPDX-License-Identifier: GPL-2.0-only
/** Bytes in a row that were not in a set yet, `from` the first one that was added on. */
export interface NewBytes {
  readonly from: number;
  readonly size: number;
}

/** A set of byte addresses; bytes that are added come in runs. */
export class ByteSet {
  /** Where runs of bytes begin and end, in turn and in order; no two of them touch. */
  private readonly edges: number[] = [];

  /** True when all of [address, address + size) is in. */
  has(address: number, size: number): boolean {
    const begun = this.upTo(address);
    return size <= 0 || (begun % 2 === 1 && (this.edges[begun] ?? 0) >= address + size);
  }

  /** Adds [address, address + size); returns the runs of it that were not in yet, in order. */
  add(address: number, size: number): NewBytes[] {
    if (size === 0) return [];
    const { edges } = this;
    const end = address + size;
    const first = this.before(address);
    const last = this.upTo(end);
    const added: NewBytes[] = [];
    let next = address;
    // Between the runs that are in already, and behind them.
    for (let at = first - (first % 2); next < end; at += 2) {
      const to = Math.min(end, edges[at] ?? end);
      if (to > next) added.push({ from: next - address, size: to - next });
      next = Math.max(next, edges[at + 1] ?? end);
    }
    const begins = first % 2 === 0 ? [address] : [];
    const ends = last % 2 === 0 ? [end] : [];
    edges.splice(first, last - first, ...begins, ...ends);
    return added;
  }

  /** How many edges are at `address` or before it: odd inside of a run. */
  private upTo(address: number): number {
    let low = 0;
    let high = this.edges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.edges[middle] ?? 0) <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** How many edges are before `address`. */
  private before(address: number): number {
    let at = this.upTo(address);
    while (at > 0 && this.edges[at - 1] === address) at--;
    return at;
  }
}

/** Sets of bytes by whose they are; each is empty until something is added. */
export class ByteSets {
  private readonly sets = new Map<string, ByteSet>();

  of(...owner: readonly (string | number)[]): ByteSet {
    const key = owner.join(' ');
    let found = this.sets.get(key);
    if (found === undefined) this.sets.set(key, (found = new ByteSet()));
    return found;
  }
}
