// SPDX-License-Identifier: GPL-2.0-only
import { SLOT_SIZE } from '../../harness/machine/config.ts';
import type { PoolUser } from '../../harness/machine/swiotlb.ts';
import { DMA_MAPPING_ERROR } from '../dma-ops.ts';
import type { SwiotlbClass, Written } from '../patch.ts';

/** Slots are cleared as a whole when they are taken: what their last user left goes to nobody. */
export const zeroTheSlot = (Base: SwiotlbClass): SwiotlbClass & Written =>
  class extends Base {
    static readonly module = import.meta.url;

    /** swiotlb_tbl_map_single() */
    override map(user: PoolUser, phys: number, allocSize: number, allocAlignMask: number): number {
      const tlb = super.map(user, phys, allocSize, allocAlignMask);
      if (tlb === DMA_MAPPING_ERROR) return tlb;
      const offset = this.alignOffset(user, phys);
      this.kernel.memset(tlb - offset, Math.ceil((allocSize + offset) / SLOT_SIZE) * SLOT_SIZE);
      return tlb;
    }
  };
