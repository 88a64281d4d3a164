// SPDX-License-Identifier: GPL-2.0-only
import {
  DMA_ATTR_SKIP_CPU_SYNC,
  type Attrs,
  type Device,
  type Direction,
  type DmaAddr,
  type Size,
} from '../dma-ops.ts';
import type { Patch } from '../patch.ts';

/** The unmap of a bounce buffer never copies: the sync before it did. */
export const passSkipToSwiotlbUnmap: Patch = (Base) =>
  class extends Base {
    static readonly module = import.meta.url;

    /** __iommu_dma_unmap_swiotlb() */
    override unmapSwiotlb(dev: Device, handle: DmaAddr, size: Size, dir: Direction, attrs: Attrs): void {
      const phys = this.kernel.iommuIovaToPhys(dev, handle);
      if (phys === 0) {
        this.kernel.warnNotMapped(dev, handle);
        return;
      }
      this.unmapIova(dev, handle, size);
      if (this.kernel.isSwiotlbBuffer(phys)) {
        this.kernel.swiotlbTblUnmapSingle(dev, phys, size, dir, attrs | DMA_ATTR_SKIP_CPU_SYNC);
      }
    }
  };
