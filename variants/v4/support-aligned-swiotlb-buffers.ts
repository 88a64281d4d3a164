// SPDX-License-Identifier: GPL-2.0-only
import {
  DMA_ATTR_SKIP_CPU_SYNC,
  DMA_MAPPING_ERROR,
  type Attrs,
  type Device,
  type Direction,
  type DmaAddr,
  type PhysAddr,
  type Size,
} from '../dma-ops.ts';
import type { Patched, StateClass } from '../patch.ts';
import type { WithSwiotlbCheck } from '../with-swiotlb-check.ts';

/** Bounce buffers start on a granule: slots next to them are not exposed. */
export const supportAlignedSwiotlbBuffers = (Base: StateClass<WithSwiotlbCheck>): Patched<WithSwiotlbCheck> =>
  class extends Base {
    static readonly module = import.meta.url;

    /** iommu_dma_map_page() */
    override mapPage(dev: Device, phys: PhysAddr, size: Size, dir: Direction, attrs: Attrs): DmaAddr {
      const coherent = this.kernel.devIsDmaCoherent(dev);
      const prot = this.infoToProt(dir, coherent, attrs);
      let length = size;
      if (this.kernel.configSwiotlb && this.devUseSwiotlb(dev) && this.isUnaligned(dev, phys, size)) {
        length = this.kernel.iovaAlign(dev, size);
        phys = this.kernel.swiotlbTblMapSingle(
          dev,
          phys,
          size,
          length,
          this.kernel.iovaMask(dev),
          dir,
          attrs,
        );
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
  };
