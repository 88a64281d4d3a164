// SPDX-License-Identifier: GPL-2.0-only
import {
  DMA_ATTR_SKIP_CPU_SYNC,
  type Attrs,
  type Device,
  type Direction,
  type Scatterlist,
} from '../dma-ops.ts';
import type { Patch } from '../patch.ts';

/** In unmap_sg the sync moves out of the swiotlb path. */
export const unmapSgSyncBelow: Patch = (Base) =>
  class extends Base {
    static readonly module = import.meta.url;

    /** iommu_dma_unmap_sg() */
    override unmapSg(dev: Device, sgl: Scatterlist, nents: number, dir: Direction, attrs: Attrs): void {
      if (this.kernel.devIsUntrusted(dev)) {
        this.unmapSgSwiotlb(dev, sgl, nents, dir, attrs);
        return;
      }
      if ((attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0) this.syncSgForCpu(dev, sgl, nents, dir);
      this.unmapSgTrusted(dev, sgl, nents);
    }
  };
