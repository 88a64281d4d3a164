// SPDX-License-Identifier: GPL-2.0-only
import {
  DMA_ATTR_SKIP_CPU_SYNC,
  type Attrs,
  type Device,
  type Direction,
  type Scatterlist,
} from '../dma-ops.ts';
import type { Patch } from '../patch.ts';

/** "Same for the map side": map_sg cleans the entries of a trusted list itself. */
export const rawArchSyncOnMap: Patch = (Base) =>
  class extends Base {
    static readonly module = import.meta.url;

    /** iommu_dma_map_sg() */
    override mapSg(dev: Device, sgl: Scatterlist, nents: number, dir: Direction, attrs: Attrs): number {
      if (this.kernel.devIsUntrusted(dev)) return this.mapSgSwiotlb(dev, sgl, nents, dir, attrs);
      if ((attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0 && !this.kernel.devIsDmaCoherent(dev)) {
        for (const sg of sgl.slice(0, nents)) this.kernel.archSyncDmaForDevice(sg.phys, sg.length, dir);
      }
      return this.mapSgTrusted(dev, sgl, nents, dir, attrs);
    }
  };
