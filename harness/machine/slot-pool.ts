// SPDX-License-Identifier: GPL-2.0-only
/** The bounce-buffer pool as data (struct io_tlb_mem): its slots, and what is noted of each. */
import { POOL_START, SLOTS_PER_SEGMENT, SLOT_SIZE } from './config.ts';

/** A slot without a mapping (INVALID_PHYS_ADDR). */
export const NO_ORIGINAL = -1;

/** slot.list of a segment whose slots are all free. */
const FREE_SEGMENT = Int32Array.from({ length: SLOTS_PER_SEGMENT }, (_, i) => SLOTS_PER_SEGMENT - i);

/** What the machine and those who look at it need of a pool, be it this one or a state's own. */
export interface BouncePool {
  /** Slots in use. */
  readonly used: number;
  /** Slots in all. */
  readonly total: number;
  /** is_swiotlb_buffer(). */
  holds(phys: number): boolean;
  /** An empty pool of `slots` slots; 0: CONFIG_SWIOTLB=n. */
  reset(slots: number, pageSize: number): void;
}

export class SlotPool implements BouncePool {
  total = 0;
  used = 0;
  pageSize = 4096;
  /** mem->index: where the next search starts. */
  hint = 0;
  /** Free slots from here to the end of the segment (slot.list). */
  list = new Int32Array(0);
  /** Where the mapping's bytes of this slot are (slot.orig_addr). */
  original = new Float64Array(0);
  /** Bytes of the mapping from this slot on (slot.alloc_size). */
  allocSize = new Float64Array(0);
  /** Scratch of a search: slots that it has looked at. */
  visited = new Uint8Array(0);

  reset(slots: number, pageSize: number): void {
    if (slots !== this.total) {
      // No size fits until all is made: a run may be ended from outside at any moment.
      this.total = NaN;
      this.list = new Int32Array(slots);
      this.original = new Float64Array(slots);
      this.allocSize = new Float64Array(slots);
      this.visited = new Uint8Array(slots);
    }
    this.total = slots;
    this.pageSize = pageSize;
    this.hint = 0;
    this.used = 0;
    for (let i = 0; i < slots; i += SLOTS_PER_SEGMENT) this.list.set(FREE_SEGMENT.subarray(0, slots - i), i);
    this.original.fill(NO_ORIGINAL);
    this.allocSize.fill(0);
  }

  /** The pool is [POOL_START, end). */
  holds(phys: number): boolean {
    return phys >= POOL_START && phys < POOL_START + this.total * SLOT_SIZE;
  }
}
