// SPDX-License-Identifier: GPL-2.0-only
/**
 * The code of kernel/dma/swiotlb.c, v5.14.0: slots of 2 KiB in segments of 128, searched from a rotating
 * hint. Its pool is the machine's; a state may bring other code.
 */
import { POOL_START, SLOTS_PER_SEGMENT, SLOT_SIZE } from './config.ts';
import { KernelCrash, type WarningKind } from './crash.ts';
import { NO_ORIGINAL, type SlotPool } from './slot-pool.ts';
import { numberOfText } from './texts.ts';
import { below, lowBits } from './u64.ts';
import {
  DMA_ATTR_NO_WARN,
  DMA_ATTR_SKIP_CPU_SYNC,
  DMA_FROM_DEVICE,
  DMA_MAPPING_ERROR,
  DMA_TO_DEVICE,
  type Attrs,
  type Device,
  type Direction,
  type PhysAddr,
  type Size,
} from './vocabulary.ts';

/** What the machine calls of kernel/dma/swiotlb.c, once it has recorded the call. */
export interface SwiotlbCode {
  /** swiotlb_tbl_map_single(): the bounce address, DMA_MAPPING_ERROR when there is none. */
  swiotlbTblMapSingle(
    dev: Device,
    phys: PhysAddr,
    mappingSize: Size,
    allocSize: Size,
    allocAlignMask: number,
    dir: Direction,
    attrs: Attrs,
  ): PhysAddr;
  /** swiotlb_tbl_unmap_single(): the slots that it released. */
  swiotlbTblUnmapSingle(dev: Device, tlb: PhysAddr, size: Size, dir: Direction, attrs: Attrs): number;
  /** swiotlb_sync_single_for_device(). */
  swiotlbSyncSingleForDevice(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void;
  /** swiotlb_sync_single_for_cpu(). */
  swiotlbSyncSingleForCpu(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void;
}

/** What swiotlb code stands on. */
export interface SwiotlbKernel {
  /** The machine's pool. */
  readonly slots: SlotPool;
  /** What it looks at of a device. */
  poolUser(dev: Device): PoolUser;
  /** The memcpy of swiotlb_bounce(), recorded: from the original when `dir` is to-device, else to it. */
  copyBounced(dev: Device, original: PhysAddr, tlb: PhysAddr, size: Size, dir: Direction): void;
  /** memset(phys_to_virt(phys), 0, size), recorded. */
  memset(phys: PhysAddr, size: Size): void;
  /** dev_warn() and the like, recorded. */
  warn(kind: WarningKind, dev: Device, a: number, b?: number, c?: number): void;
  /** dev_WARN_ONCE(). */
  warnOnce(kind: WarningKind, dev: Device, a: number, b: number): void;
  enter(frame: number): void;
  leave(): void;
}

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

export class Swiotlb implements SwiotlbCode {
  static readonly module: string = import.meta.url;
  readonly kernel: SwiotlbKernel;
  readonly slots: SlotPool;
  readonly plan: BouncePlan = { original: 0, size: 0, clippedTo: -1 };

  constructor(kernel: SwiotlbKernel) {
    this.kernel = kernel;
    this.slots = kernel.slots;
  }

  /** swiotlb_tbl_map_single(). */
  swiotlbTblMapSingle(
    dev: Device,
    phys: PhysAddr,
    mappingSize: Size,
    allocSize: Size,
    allocAlignMask: number,
    dir: Direction,
    attrs: Attrs,
  ): PhysAddr {
    if (this.slots.total === 0) {
      throw new KernelCrash('kernel-bug', numberOfText('swiotlb_tbl_map_single() panics: there is no pool'));
    }
    if (below(allocSize, mappingSize)) {
      this.kernel.warnOnce('mapping-larger-than-alloc', dev, mappingSize, allocSize);
      return DMA_MAPPING_ERROR;
    }
    const tlb = this.map(this.kernel.poolUser(dev), phys, allocSize, allocAlignMask);
    if (tlb === DMA_MAPPING_ERROR) {
      if ((attrs & DMA_ATTR_NO_WARN) === 0) {
        this.kernel.warn('pool-full', dev, allocSize, this.slots.total, this.slots.used);
      }
    } else if ((attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0 && dir !== DMA_FROM_DEVICE) {
      this.bounce(dev, tlb, mappingSize, DMA_TO_DEVICE);
    }
    return tlb;
  }

  /** swiotlb_tbl_unmap_single(). */
  swiotlbTblUnmapSingle(dev: Device, tlb: PhysAddr, size: Size, dir: Direction, attrs: Attrs): number {
    if ((attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0 && dir !== DMA_TO_DEVICE) {
      this.bounce(dev, tlb, size, DMA_FROM_DEVICE);
    }
    return this.release(this.kernel.poolUser(dev), tlb);
  }

  /** swiotlb_sync_single_for_device(). */
  swiotlbSyncSingleForDevice(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void {
    if (dir !== DMA_FROM_DEVICE) this.bounce(dev, tlb, size, DMA_TO_DEVICE);
  }

  /** swiotlb_sync_single_for_cpu(). */
  swiotlbSyncSingleForCpu(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void {
    if (dir !== DMA_TO_DEVICE) this.bounce(dev, tlb, size, DMA_FROM_DEVICE);
  }

  /** swiotlb_bounce(). */
  bounce(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void {
    const plan = this.planBounce(this.kernel.poolUser(dev), tlb, size);
    if (plan === undefined) return;
    if (plan.clippedTo >= 0) this.kernel.warnOnce('bounce-overflow', dev, size, plan.clippedTo);
    this.kernel.copyBounced(dev, plan.original, tlb, plan.size, dir);
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
      this.slots.original[index + i] = phys + i * SLOT_SIZE;
      this.slots.allocSize[index + i] = allocSize - i * SLOT_SIZE;
    }
    return POOL_START + index * SLOT_SIZE + offset;
  }

  /** swiotlb_tbl_unmap_single() after its copy: release the slots of a mapping. Returns how many. */
  release(user: PoolUser, tlb: number): number {
    const offset = this.alignOffset(user, tlb);
    const index = this.slotOf(tlb - offset);
    const count = slotsFor((this.slots.allocSize[index] ?? 0) + offset);
    const segmentEnd = Math.ceil((index + 1) / SLOTS_PER_SEGMENT) * SLOTS_PER_SEGMENT;
    let run = index + count < segmentEnd ? (this.slots.list[index + count] ?? 0) : 0;
    for (let i = index + count - 1; i >= index; i--) {
      this.slots.list[i] = ++run;
      this.slots.original[i] = NO_ORIGINAL;
      this.slots.allocSize[i] = 0;
    }
    this.mergeBelow(index, run);
    this.slots.used -= count;
    return count;
  }

  /**
   * swiotlb_bounce() up to its memcpy: which original bytes belong to [tlb, tlb + size).
   * undefined: the slot has no mapping, nothing is copied. The plan is reused by the next call.
   */
  planBounce(user: PoolUser, tlb: number, size: number): BouncePlan | undefined {
    const index = this.slotOf(tlb);
    const original = this.slots.original[index] ?? NO_ORIGINAL;
    if (original === NO_ORIGINAL) return undefined;
    // unsigned int: a copy that starts before the mapping is 4 GiB off.
    const delta = ((tlb % SLOT_SIZE) - this.alignOffset(user, original)) >>> 0;
    const room = (this.slots.allocSize[index] ?? 0) - delta;
    const { plan } = this;
    plan.original = original + delta;
    const clip = below(room, size);
    plan.size = clip ? room : size;
    plan.clippedTo = clip ? room : -1;
    return plan;
  }

  /** (tlb - start) >> IO_TLB_SHIFT as an int; crashes outside the pool. */
  slotOf(tlb: number): number {
    const index = Math.floor((tlb - POOL_START) / SLOT_SIZE) | 0;
    if (index < 0 || index >= this.slots.total) {
      throw new KernelCrash('slot-index-out-of-pool', index, this.slots.total);
    }
    return index;
  }

  /** find_slots(): first slot of a free run, now taken; -1: none. */
  findSlots(user: PoolUser, phys: number, size: number, allocAlignMask: number): number {
    const alignMask = user.minAlignMask & ~(SLOT_SIZE - 1);
    const count = slotsFor(size);
    if (count === 0) throw new KernelCrash('kernel-bug', numberOfText('find_slots() has BUG_ON(!nslots)'));
    if (count > this.slots.total - this.slots.used) return -1;

    let stride = (alignMask >>> 11) + 1;
    if (size >= this.slots.pageSize) stride = Math.max(stride, stride * (this.slots.pageSize / SLOT_SIZE));
    stride = Math.max(stride, (allocAlignMask >>> 11) + 1);

    const boundary = user.segBoundary === -1 ? 2 ** 64 : user.segBoundary + 1;
    const boundarySlots = Math.ceil(boundary / SLOT_SIZE);
    const poolInBoundary = lowBits(POOL_START, boundary);
    const wanted = phys & alignMask;

    const start = this.wrap(Math.ceil(this.slots.hint / stride) * stride);
    this.slots.visited.fill(0);
    let index = start;
    do {
      if (this.slots.visited[index] === 1) throw new KernelCrash('search-never-ends', count, index);
      this.slots.visited[index] = 1;
      if (((poolInBoundary + index * SLOT_SIZE) & alignMask) !== wanted) {
        index = this.wrap(index + 1);
        continue;
      }
      const inBoundary = ((slotsFor(poolInBoundary) + index) % boundarySlots) + count <= boundarySlots;
      if (inBoundary && (this.slots.list[index] ?? 0) >= count) {
        this.take(index, count);
        return index;
      }
      index = this.wrap(index + stride);
    } while (index !== start);
    return -1;
  }

  take(index: number, count: number): void {
    for (let i = index; i < index + count; i++) this.slots.list[i] = 0;
    this.mergeBelow(index, 0);
    this.slots.hint = this.wrap(index + count);
    this.slots.used += count;
  }

  /** Renumber the free run that ends right below `index`, in the same segment. */
  mergeBelow(index: number, run: number): void {
    const segmentStart = Math.floor(index / SLOTS_PER_SEGMENT) * SLOTS_PER_SEGMENT;
    for (let i = index - 1; i >= segmentStart && this.slots.list[i] !== 0; i--) this.slots.list[i] = ++run;
  }

  /** wrap_index(). */
  wrap(index: number): number {
    return index >= this.slots.total ? 0 : index;
  }
}
