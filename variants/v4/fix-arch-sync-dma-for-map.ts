// SPDX-License-Identifier: GPL-2.0-only
import {
  DMA_ATTR_SKIP_CPU_SYNC,
  DMA_MAPPING_ERROR,
  type Attrs,
  type Device,
  type Direction,
  type DmaAddr,
  type PhysAddr,
  type Scatterlist,
  type Size,
} from '../dma-ops.ts';
import { gone, type Patch } from '../patch.ts';

/** Cache maintenance at map goes to the memory that the device uses; the helper is folded into map_page. */
export const fixArchSyncDmaForMap: Patch = (Base) =>
  class extends Base {
    static readonly module = import.meta.url;

    /** __iommu_dma_map_swiotlb() */
    override mapSwiotlb(): never {
      return gone('__iommu_dma_map_swiotlb');
    }

    /** iommu_dma_map_page() */
    override mapPage(dev: Device, phys: PhysAddr, size: Size, dir: Direction, attrs: Attrs): DmaAddr {
      const coherent = this.kernel.devIsDmaCoherent(dev);
      const prot = this.infoToProt(dir, coherent, attrs);
      let length = size;
      if (this.kernel.configSwiotlb && this.kernel.devIsUntrusted(dev) && this.isUnaligned(dev, phys, size)) {
        length = this.kernel.iovaAlign(dev, size);
        phys = this.kernel.swiotlbTblMapSingle(dev, phys, size, length, 0, dir, attrs);
        if (phys === DMA_MAPPING_ERROR) return DMA_MAPPING_ERROR;
        this.clearPadding(phys, size, length, dir, attrs);
      }
      if (!coherent && (attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0) {
        this.kernel.archSyncDmaForDevice(phys, size, dir);
      }
      const iova = this.mapIova(dev, phys, length, prot);
      if (iova === DMA_MAPPING_ERROR && this.kernel.isSwiotlbBuffer(phys)) {
        this.kernel.swiotlbTblUnmapSingle(dev, phys, size, dir, attrs);
      }
      return iova;
    }

    /** iommu_dma_map_sg_swiotlb() */
    override mapSgSwiotlb(
      dev: Device,
      sgl: Scatterlist,
      nents: number,
      dir: Direction,
      attrs: Attrs,
    ): number {
      for (const [i, sg] of sgl.slice(0, nents).entries()) {
        sg.dmaAddress = this.mapPage(dev, sg.phys, sg.length, dir, attrs);
        if (sg.dmaAddress === DMA_MAPPING_ERROR) {
          this.unmapSgSwiotlb(dev, sgl, i, dir, attrs | DMA_ATTR_SKIP_CPU_SYNC);
          return 0;
        }
        sg.dmaLength = sg.length;
      }
      return nents;
    }

    /** iommu_dma_map_sg() */
    override mapSg(dev: Device, sgl: Scatterlist, nents: number, dir: Direction, attrs: Attrs): number {
      if (this.kernel.devIsUntrusted(dev)) return this.mapSgSwiotlb(dev, sgl, nents, dir, attrs);
      if ((attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0) this.syncSgForDevice(dev, sgl, nents, dir);
      return this.mapSgTrusted(dev, sgl, nents, dir, attrs);
    }
  };
