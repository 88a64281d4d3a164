// SPDX-License-Identifier: GPL-2.0-only
/**
 * The swiotlb pool of kernel/dma/swiotlb.c, v5.14.0: slots of 2 KiB in segments of 128, searched
 * from a rotating hint. Does the bookkeeping; the copies themselves go through `copy`.
 */
import { POOL_START, SLOTS_PER_SEGMENT, SLOT_SIZE } from './config.ts';
import { KernelCrash } from './crash.ts';
import { below, lowBits } from './u64.ts';

/** A slot without a mapping (INVALID_PHYS_ADDR). */
const NO_ORIGINAL = -1;

/** What of a device the pool looks at. */
export interface PoolUser {
  readonly minAlignMask: number;
  readonly segBoundary: number;
}

/** Where a copy goes after swiotlb_bounce() looked its slot up. */
export interface BouncePlan {
  original: number;
  /** Bytes, after clipping. */
  size: number;
  /** Bytes that the slot had left, when fewer than asked for; -1: nothing was clipped. */
  clippedTo: number;
}

/** nr_slots(). */
function slotsFor(size: number): number {
  return Math.ceil(size / SLOT_SIZE) + 0;
}

export class Swiotlb {
  private slots = 0;
  private pageSize = 4096;
  /** Free slots from here to the end of the segment (slot.list). */
  private list = new Int32Array(0);
  private original = new Float64Array(0);
  private allocSize = new Float64Array(0);
  /** mem->index: where the next search starts. */
  private hint = 0;
  private visited = new Uint8Array(0);
  private readonly plan: BouncePlan = { original: 0, size: 0, clippedTo: -1 };

  /** Slots in use. */
  used = 0;

  /** An empty pool of `slots` slots; 0: CONFIG_SWIOTLB=n. */
  reset(slots: number, pageSize: number): void {
    if (slots !== this.slots) {
      this.list = new Int32Array(slots);
      this.original = new Float64Array(slots);
      this.allocSize = new Float64Array(slots);
      this.visited = new Uint8Array(slots);
    }
    this.slots = slots;
    this.pageSize = pageSize;
    this.hint = 0;
    this.used = 0;
    for (let i = 0; i < slots; i++) this.list[i] = SLOTS_PER_SEGMENT - (i % SLOTS_PER_SEGMENT);
    this.original.fill(NO_ORIGINAL);
    this.allocSize.fill(0);
  }

  /** Slots in all. */
  get total(): number {
    return this.slots;
  }

  /** is_swiotlb_buffer(): the pool is [POOL_START, end). */
  holds(phys: number): boolean {
    return phys >= POOL_START && phys < POOL_START + this.slots * SLOT_SIZE;
  }

  /** swiotlb_align_offset(): the offset into its slot that the device insists on, bytes. */
  alignOffset(user: PoolUser, phys: number): number {
    return phys & user.minAlignMask & (SLOT_SIZE - 1);
  }

  /**
   * swiotlb_tbl_map_single() up to its copy: find and take slots. Returns the bounce address, or -1
   * when the pool has no room. Crashes when the search would never end.
   */
  map(user: PoolUser, phys: number, allocSize: number, allocAlignMask: number): number {
    const offset = this.alignOffset(user, phys);
    const index = this.findSlots(user, phys, allocSize + offset, allocAlignMask);
    if (index < 0) return -1;
    const count = slotsFor(allocSize + offset);
    for (let i = 0; i < count; i++) {
      this.original[index + i] = phys + i * SLOT_SIZE;
      this.allocSize[index + i] = allocSize - i * SLOT_SIZE;
    }
    return POOL_START + index * SLOT_SIZE + offset;
  }

  /** swiotlb_tbl_unmap_single() after its copy: release the slots of a mapping. Returns how many. */
  release(user: PoolUser, tlb: number): number {
    const offset = this.alignOffset(user, tlb);
    const index = this.slotOf(tlb - offset);
    const count = slotsFor((this.allocSize[index] ?? 0) + offset);
    const segmentEnd = Math.ceil((index + 1) / SLOTS_PER_SEGMENT) * SLOTS_PER_SEGMENT;
    let run = index + count < segmentEnd ? (this.list[index + count] ?? 0) : 0;
    for (let i = index + count - 1; i >= index; i--) {
      this.list[i] = ++run;
      this.original[i] = NO_ORIGINAL;
      this.allocSize[i] = 0;
    }
    this.mergeBelow(index, run);
    this.used -= count;
    return count;
  }

  /**
   * swiotlb_bounce() up to its memcpy: which original bytes belong to [tlb, tlb + size).
   * undefined: the slot has no mapping, nothing is copied. The plan is reused by the next call.
   */
  planBounce(user: PoolUser, tlb: number, size: number): BouncePlan | undefined {
    const index = this.slotOf(tlb);
    const original = this.original[index] ?? NO_ORIGINAL;
    if (original === NO_ORIGINAL) return undefined;
    // unsigned int: a copy that starts before the mapping is 4 GiB off.
    const delta = ((tlb % SLOT_SIZE) - this.alignOffset(user, original)) >>> 0;
    const room = (this.allocSize[index] ?? 0) - delta;
    const { plan } = this;
    plan.original = original + delta;
    const clip = below(room, size);
    plan.size = clip ? room : size;
    plan.clippedTo = clip ? room : -1;
    return plan;
  }

  /** (tlb - start) >> IO_TLB_SHIFT as an int; crashes outside the pool. */
  private slotOf(tlb: number): number {
    const index = Math.floor((tlb - POOL_START) / SLOT_SIZE) | 0;
    if (index < 0 || index >= this.slots) {
      throw new KernelCrash('slot-index-out-of-pool', index, this.slots);
    }
    return index;
  }

  /** find_slots(): first slot of a free run, now taken; -1: none. */
  private findSlots(user: PoolUser, phys: number, size: number, allocAlignMask: number): number {
    const alignMask = user.minAlignMask & ~(SLOT_SIZE - 1);
    const count = slotsFor(size);
    if (count > this.slots - this.used) return -1;

    let stride = (alignMask >>> 11) + 1;
    if (size >= this.pageSize) stride = Math.max(stride, stride * (this.pageSize / SLOT_SIZE));
    stride = Math.max(stride, (allocAlignMask >>> 11) + 1);

    const boundary = user.segBoundary === -1 ? 2 ** 64 : user.segBoundary + 1;
    const boundarySlots = Math.ceil(boundary / SLOT_SIZE);
    const poolInBoundary = lowBits(POOL_START, boundary);
    const wanted = phys & alignMask;

    const start = this.wrap(Math.ceil(this.hint / stride) * stride);
    this.visited.fill(0);
    let index = start;
    do {
      if (this.visited[index] === 1) throw new KernelCrash('search-never-ends', count, index);
      this.visited[index] = 1;
      if (((poolInBoundary + index * SLOT_SIZE) & alignMask) !== wanted) {
        index = this.wrap(index + 1);
        continue;
      }
      const inBoundary = ((slotsFor(poolInBoundary) + index) % boundarySlots) + count <= boundarySlots;
      if (inBoundary && (this.list[index] ?? 0) >= count) {
        this.take(index, count);
        return index;
      }
      index = this.wrap(index + stride);
    } while (index !== start);
    return -1;
  }

  private take(index: number, count: number): void {
    for (let i = index; i < index + count; i++) this.list[i] = 0;
    this.mergeBelow(index, 0);
    this.hint = this.wrap(index + count);
    this.used += count;
  }

  /** Renumber the free run that ends right below `index`, in the same segment. */
  private mergeBelow(index: number, run: number): void {
    const segmentStart = Math.floor(index / SLOTS_PER_SEGMENT) * SLOTS_PER_SEGMENT;
    for (let i = index - 1; i >= segmentStart && this.list[i] !== 0; i--) this.list[i] = ++run;
  }

  /** wrap_index(). */
  private wrap(index: number): number {
    return index >= this.slots ? 0 : index;
  }
}
