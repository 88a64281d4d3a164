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
import type { Patch } from '../patch.ts';

/** The clean at map runs only for buffers that are not bounced. */
export const elseIfArchSync: Patch = (Base) =>
  class extends Base {
    static readonly module = import.meta.url;

    /** __iommu_dma_map_swiotlb() */
    override mapSwiotlb(dev: Device, phys: PhysAddr, size: Size, dir: Direction, attrs: Attrs): DmaAddr {
      const coherent = this.kernel.devIsDmaCoherent(dev);
      const prot = this.infoToProt(dir, coherent, attrs);
      let length = size;
      if (this.kernel.configSwiotlb && this.kernel.devIsUntrusted(dev) && this.isUnaligned(dev, phys, size)) {
        length = this.kernel.iovaAlign(dev, size);
        phys = this.kernel.swiotlbTblMapSingle(dev, phys, size, length, 0, dir, attrs);
        if (phys === DMA_MAPPING_ERROR) return DMA_MAPPING_ERROR;
        this.clearPadding(phys, size, length, dir, attrs);
      } else if (!coherent && (attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0) {
        this.kernel.archSyncDmaForDevice(phys, size, dir);
      }
      const iova = this.mapIova(dev, phys, length, prot);
      if (iova === DMA_MAPPING_ERROR && this.kernel.isSwiotlbBuffer(phys)) {
        this.kernel.swiotlbTblUnmapSingle(dev, phys, size, dir, attrs);
      }
      return iova;
    }
  };
