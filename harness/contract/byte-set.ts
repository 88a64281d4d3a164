// SPDX-License-Identifier: GPL-2.0-only
/** A set of byte addresses; bytes that are added come in runs. */
const BLOCK = 64;

export class ByteSet {
  private readonly blocks = new Map<number, Uint8Array>();

  /** True when all of [address, address + size) is in. */
  has(address: number, size: number): boolean {
    for (let done = 0; done < size;) {
      const block = Math.floor((address + done) / BLOCK);
      const bits = this.blocks.get(block);
      if (bits === undefined) return false;
      const from = address + done - block * BLOCK;
      const to = Math.min(BLOCK, from + size - done);
      for (let at = from; at < to; at++) if (bits[at] === 0) return false;
      done += to - from;
    }
    return true;
  }

  /** Adds [address, address + size); returns how many of them were not in yet. */
  add(address: number, size: number): number {
    let added = 0;
    for (let done = 0; done < size;) {
      const block = Math.floor((address + done) / BLOCK);
      const from = address + done - block * BLOCK;
      const to = Math.min(BLOCK, from + size - done);
      let bits = this.blocks.get(block);
      if (bits === undefined) this.blocks.set(block, (bits = new Uint8Array(BLOCK)));
      for (let at = from; at < to; at++) {
        if (bits[at] === 0) added++;
        bits[at] = 1;
      }
      done += to - from;
    }
    return added;
  }
}
