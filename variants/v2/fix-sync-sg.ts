// SPDX-License-Identifier: GPL-2.0-only
import type { Device, Direction, Scatterlist } from '../dma-ops.ts';
import type { Patch } from '../patch.ts';

/** sync_sg goes through sync_single for untrusted devices. For the others, for cpu, it slips. */
export const fixSyncSg: Patch = (Base) =>
  class extends Base {
    static readonly module = import.meta.url;

    /** iommu_dma_sync_sg_for_cpu(): the trusted branch syncs a bounce buffer that is none. */
    override syncSgForCpu(dev: Device, sgl: Scatterlist, nents: number, dir: Direction): void {
      if (this.kernel.devIsDmaCoherent(dev) && !this.kernel.devIsUntrusted(dev)) return;
      for (const sg of sgl.slice(0, nents)) {
        if (this.kernel.devIsUntrusted(dev)) this.syncSingleForCpu(dev, sg.dmaAddress, sg.length, dir);
        else this.kernel.swiotlbSyncSingleForCpu(dev, sg.phys, sg.length, dir);
      }
    }

    /** iommu_dma_sync_sg_for_device() */
    override syncSgForDevice(dev: Device, sgl: Scatterlist, nents: number, dir: Direction): void {
      if (this.kernel.devIsDmaCoherent(dev) && !this.kernel.devIsUntrusted(dev)) return;
      for (const sg of sgl.slice(0, nents)) {
        if (this.kernel.devIsUntrusted(dev)) this.syncSingleForDevice(dev, sg.dmaAddress, sg.length, dir);
        else this.kernel.archSyncDmaForDevice(sg.phys, sg.length, dir);
      }
    }
  };
