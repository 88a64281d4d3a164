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

/** No sync before the swiotlb unmap: it copies once, by itself. */
export const skipExtraSyncDuringUnmap: Patch = (Base) =>
  class extends Base {
    static readonly module = import.meta.url;

    /** __iommu_dma_unmap_swiotlb() */
    override unmapSwiotlb(dev: Device, handle: DmaAddr, size: Size, dir: Direction, attrs: Attrs): void {
      const phys = this.kernel.iommuIovaToPhys(dev, handle);
      if (phys === 0) {
        this.kernel.warnNotMapped(dev, handle);
        return;
      }
      if ((attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0 && !this.kernel.devIsDmaCoherent(dev)) {
        this.kernel.archSyncDmaForCpu(phys, size, dir);
      }
      this.unmapIova(dev, handle, size);
      if (this.kernel.isSwiotlbBuffer(phys)) this.kernel.swiotlbTblUnmapSingle(dev, phys, size, dir, attrs);
    }

    /** iommu_dma_unmap_page() */
    override unmapPage(dev: Device, handle: DmaAddr, size: Size, dir: Direction, attrs: Attrs): void {
      this.unmapSwiotlb(dev, handle, size, dir, attrs);
    }

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
