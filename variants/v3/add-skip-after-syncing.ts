// SPDX-License-Identifier: GPL-2.0-only
import {
  DMA_ATTR_SKIP_CPU_SYNC,
  type Attrs,
  type Device,
  type Direction,
  type DmaAddr,
  type Scatterlist,
  type Size,
} from '../dma-ops.ts';
import type { Patch } from '../patch.ts';

/** Once map or unmap has synced, nothing after it syncs again. */
export const addSkipAfterSyncing: Patch = (Base) =>
  class extends Base {
    static readonly module = import.meta.url;

    /** iommu_dma_unmap_page() */
    override unmapPage(dev: Device, handle: DmaAddr, size: Size, dir: Direction, attrs: Attrs): void {
      if ((attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0) {
        this.syncSingleForCpu(dev, handle, size, dir);
        attrs |= DMA_ATTR_SKIP_CPU_SYNC;
      }
      this.unmapSwiotlb(dev, handle, size, dir, attrs);
    }

    /** iommu_dma_map_sg() */
    override mapSg(dev: Device, sgl: Scatterlist, nents: number, dir: Direction, attrs: Attrs): number {
      if (this.kernel.devIsUntrusted(dev)) return this.mapSgSwiotlb(dev, sgl, nents, dir, attrs);
      if ((attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0) {
        this.syncSgForDevice(dev, sgl, nents, dir);
        attrs |= DMA_ATTR_SKIP_CPU_SYNC;
      }
      return this.mapSgTrusted(dev, sgl, nents, dir, attrs);
    }

    /** iommu_dma_unmap_sg() */
    override unmapSg(dev: Device, sgl: Scatterlist, nents: number, dir: Direction, attrs: Attrs): void {
      if ((attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0) {
        this.syncSgForCpu(dev, sgl, nents, dir);
        attrs |= DMA_ATTR_SKIP_CPU_SYNC;
      }
      if (this.kernel.devIsUntrusted(dev)) {
        this.unmapSgSwiotlb(dev, sgl, nents, dir, attrs);
        return;
      }
      this.unmapSgTrusted(dev, sgl, nents);
    }
  };
