// SPDX-License-Identifier: GPL-2.0-only
import {
  DMA_ATTR_SKIP_CPU_SYNC,
  DMA_BIDIRECTIONAL,
  DMA_MAPPING_ERROR,
  DMA_TO_DEVICE,
  type Attrs,
  type Device,
  type Direction,
  type DmaAddr,
  type PhysAddr,
  type Size,
} from '../dma-ops.ts';
import type { Patched, StateClass } from '../patch.ts';
import type { WithSwiotlbCheck } from '../with-swiotlb-check.ts';

/** The whole granules from the start of the bounce buffer are mapped, min_align_mask included. */
export const mapAlignedFromStart = (Base: StateClass<WithSwiotlbCheck>): Patched<WithSwiotlbCheck> =>
  class extends Base {
    static readonly module = import.meta.url;

    /** __iommu_dma_map_swiotlb() */
    override mapSwiotlb(dev: Device, phys: PhysAddr, size: Size, dir: Direction, attrs: Attrs): DmaAddr {
      const coherent = this.kernel.devIsDmaCoherent(dev);
      const prot = this.infoToProt(dir, coherent, attrs);
      let offset: Size = 0;
      let length = size;
      if (this.devUseSwiotlb(dev) && this.isUnaligned(dev, phys, size)) {
        offset = this.kernel.iovaOffset(dev, phys & this.kernel.dmaGetMinAlignMask(dev));
        length = this.kernel.iovaAlign(dev, size + offset);
        phys = this.kernel.swiotlbTblMapSingle(dev, phys, size, length - offset, 0, dir, attrs);
        if (phys === DMA_MAPPING_ERROR) return DMA_MAPPING_ERROR;

        offset = this.kernel.iovaOffset(dev, phys);
        length = this.kernel.iovaAlign(dev, size + offset);
        const start = phys - offset;
        if ((attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0 && (dir === DMA_TO_DEVICE || dir === DMA_BIDIRECTIONAL)) {
          const end = offset + size;
          this.kernel.memset(start, offset);
          this.kernel.memset(start + end, length - end);
        } else {
          this.kernel.memset(start, length);
        }
      }
      if (!coherent && (attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0) {
        this.kernel.archSyncDmaForDevice(phys, size, dir);
      }
      const iova = this.mapIova(dev, phys - offset, length, prot);
      if (iova !== DMA_MAPPING_ERROR) return iova + offset;
      if (this.kernel.isSwiotlbBuffer(phys)) this.kernel.swiotlbTblUnmapSingle(dev, phys, size, dir, attrs);
      return DMA_MAPPING_ERROR;
    }
  };
