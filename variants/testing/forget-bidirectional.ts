// SPDX-License-Identifier: GPL-2.0-only
import { DMA_FROM_DEVICE, type Device, type Direction, type PhysAddr, type Size } from '../dma-ops.ts';
import type { SwiotlbClass, Written } from '../patch.ts';

/** A planted bug: what a bidirectional mapping got from the device never reaches the CPU. */
export const forgetBidirectional = (Base: SwiotlbClass): SwiotlbClass & Written =>
  class extends Base {
    static readonly module = import.meta.url;

    /** swiotlb_sync_single_for_cpu() */
    override swiotlbSyncSingleForCpu(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void {
      if (dir === DMA_FROM_DEVICE) this.bounce(dev, tlb, size, DMA_FROM_DEVICE);
    }
  };
