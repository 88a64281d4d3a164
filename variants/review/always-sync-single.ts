// SPDX-License-Identifier: GPL-2.0-only
import type { Device, Direction, Scatterlist } from '../dma-ops.ts';
import type { Patch } from '../patch.ts';

/** Every entry of a list is synced like a single mapping, trusted or not. */
export const alwaysSyncSingle: Patch = (Base) =>
  class extends Base {
    static readonly module = import.meta.url;

    /** iommu_dma_sync_sg_for_cpu() */
    override syncSgForCpu(dev: Device, sgl: Scatterlist, nents: number, dir: Direction): void {
      for (const sg of sgl.slice(0, nents)) this.syncSingleForCpu(dev, sg.dmaAddress, sg.length, dir);
    }

    /** iommu_dma_sync_sg_for_device() */
    override syncSgForDevice(dev: Device, sgl: Scatterlist, nents: number, dir: Direction): void {
      for (const sg of sgl.slice(0, nents)) this.syncSingleForDevice(dev, sg.dmaAddress, sg.length, dir);
    }
  };
