// SPDX-License-Identifier: GPL-2.0-only
/** A set of byte addresses; bytes that are added come in runs. */
const BLOCK = 64;

export class ByteSet {
  private readonly blocks = new Map<number, Uint8Array>();
  private last: Uint8Array | undefined;
  private lastBlock = -1;

  /** Adds an address; false when it was in already. */
  add(address: number): boolean {
    const block = Math.floor(address / BLOCK);
    if (block !== this.lastBlock) {
      this.last = this.blocks.get(block);
      if (this.last === undefined) this.blocks.set(block, (this.last = new Uint8Array(BLOCK)));
      this.lastBlock = block;
    }
    const bits = this.last;
    if (bits === undefined || bits[address - block * BLOCK] === 1) return false;
    bits[address - block * BLOCK] = 1;
    return true;
  }
}
