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
import { gone, type Patch } from '../patch.ts';

/** The unmap helper is folded into unmap_page; the invalidate runs only for what is not bounced. */
export const archSyncElseSwiotlb: Patch = (Base) =>
  class extends Base {
    static readonly module = import.meta.url;

    /** __iommu_dma_unmap_swiotlb() */
    override unmapSwiotlb(): never {
      return gone('__iommu_dma_unmap_swiotlb');
    }

    /** iommu_dma_unmap_page() */
    override unmapPage(dev: Device, handle: DmaAddr, size: Size, dir: Direction, attrs: Attrs): void {
      const phys = this.kernel.iommuIovaToPhys(dev, handle);
      if (phys === 0) {
        this.kernel.warnNotMapped(dev, handle);
        return;
      }
      this.unmapIova(dev, handle, size);
      if (this.kernel.isSwiotlbBuffer(phys)) {
        this.kernel.swiotlbTblUnmapSingle(dev, phys, size, dir, attrs);
      } else if ((attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0 && !this.kernel.devIsDmaCoherent(dev)) {
        this.kernel.archSyncDmaForCpu(phys, size, dir);
      }
    }

    /** iommu_dma_unmap_sg_swiotlb() */
    override unmapSgSwiotlb(
      dev: Device,
      sgl: Scatterlist,
      nents: number,
      dir: Direction,
      attrs: Attrs,
    ): void {
      for (const sg of sgl.slice(0, nents)) this.unmapPage(dev, sg.dmaAddress, sg.dmaLength, dir, attrs);
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
