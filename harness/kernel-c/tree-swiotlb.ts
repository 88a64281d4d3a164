// SPDX-License-Identifier: GPL-2.0-only
/** A tree's own kernel/dma/swiotlb.c under the machine, in place of the machine's model of it. */
import { POOL_START, SLOT_SIZE } from '../machine/config.ts';
import { KernelCrash } from '../machine/crash.ts';
import { EV } from '../machine/event-log.ts';
import type { Machine } from '../machine/machine.ts';
import type { BouncePool } from '../machine/slot-pool.ts';
import type { SwiotlbCode } from '../machine/swiotlb.ts';
import {
  DMA_FROM_DEVICE,
  DMA_TO_DEVICE,
  type Attrs,
  type Device,
  type Direction,
  type PhysAddr,
  type Size,
} from '../machine/vocabulary.ts';
import type { CompiledKernel } from './compiled-kernel.ts';
import { toI64 } from './wasm-numbers.ts';

export class TreeSwiotlb implements SwiotlbCode, BouncePool {
  private readonly compiled: CompiledKernel;
  private readonly machine: Machine;

  constructor(compiled: CompiledKernel, machine: Machine) {
    this.compiled = compiled;
    this.machine = machine;
  }

  get used(): number {
    return this.compiled.observe('kernel_c_pool_used');
  }

  get total(): number {
    return this.machine.slots.total;
  }

  holds(phys: number): boolean {
    return this.machine.slots.holds(phys);
  }

  /** The pool begins anew with the life of the kernel. */
  reset(): void {}

  swiotlbTblMapSingle(
    dev: Device,
    phys: PhysAddr,
    mappingSize: Size,
    allocSize: Size,
    allocAlignMask: number,
    dir: Direction,
    attrs: Attrs,
  ): PhysAddr {
    const offset = phys & this.machine.dmaGetMinAlignMask(dev) & (SLOT_SIZE - 1);
    const slots = Math.ceil((allocSize + offset) / SLOT_SIZE);
    const endless = ['search-never-ends', slots, -1] as const;
    const tlb = this.compiled.within({ dev, copy: DMA_TO_DEVICE, endless }, () =>
      this.compiled.u64(
        'kernel_c_swiotlb_tbl_map_single',
        dev.index,
        toI64(phys),
        toI64(mappingSize),
        toI64(allocSize),
        toI64(allocAlignMask),
        dir,
        toI64(attrs),
      ),
    );
    if (this.holds(tlb) && this.compiled.module.has('kernel_c_pad_slots')) {
      const padding = this.compiled.observe('kernel_c_pad_slots', toI64(tlb));
      if (padding > 0) this.machine.log.push(EV.swiotlb_pad_slots, dev.index, tlb, padding);
    }
    return tlb;
  }

  swiotlbTblUnmapSingle(dev: Device, tlb: PhysAddr, size: Size, dir: Direction, attrs: Attrs): number {
    this.check(tlb);
    const before = this.used;
    this.compiled.within({ dev, copy: DMA_FROM_DEVICE }, () =>
      this.compiled.call(
        'kernel_c_swiotlb_tbl_unmap_single',
        dev.index,
        toI64(tlb),
        toI64(size),
        dir,
        toI64(attrs),
      ),
    );
    return before - this.used;
  }

  swiotlbSyncSingleForDevice(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void {
    if (dir !== DMA_FROM_DEVICE) this.check(tlb);
    this.compiled.within({ dev, copy: DMA_TO_DEVICE }, () =>
      this.compiled.call('kernel_c_swiotlb_sync_single_for_device', dev.index, toI64(tlb), toI64(size), dir),
    );
  }

  swiotlbSyncSingleForCpu(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void {
    if (dir !== DMA_TO_DEVICE) this.check(tlb);
    this.compiled.within({ dev, copy: DMA_FROM_DEVICE }, () =>
      this.compiled.call('kernel_c_swiotlb_sync_single_for_cpu', dev.index, toI64(tlb), toI64(size), dir),
    );
  }

  /**
   * A slot's number is an index into an array without a known end: of an address outside the pool it would
   * read, and write, whatever lies beside it.
   */
  private check(tlb: PhysAddr): void {
    if (this.holds(tlb)) return;
    throw new KernelCrash(
      'slot-index-out-of-pool',
      Math.floor((tlb - POOL_START) / SLOT_SIZE) | 0,
      this.total,
    );
  }
}
