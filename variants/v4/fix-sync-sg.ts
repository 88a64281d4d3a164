// SPDX-License-Identifier: GPL-2.0-only
import type { Device, Direction, Scatterlist } from '../dma-ops.ts';
import type { Patch } from '../patch.ts';

/** As v3 1/5 without the early return: trusted devices are maintained only when not coherent. */
export const fixSyncSg: Patch = (Base) =>
  class extends Base {
    static readonly module = import.meta.url;

    /** iommu_dma_sync_sg_for_cpu() */
    override syncSgForCpu(dev: Device, sgl: Scatterlist, nents: number, dir: Direction): void {
      for (const sg of sgl.slice(0, nents)) {
        if (this.kernel.devIsUntrusted(dev)) this.syncSingleForCpu(dev, sg.dmaAddress, sg.length, dir);
        else if (!this.kernel.devIsDmaCoherent(dev)) {
          this.kernel.archSyncDmaForCpu(sg.phys, sg.length, dir);
        }
      }
    }

    /** iommu_dma_sync_sg_for_device() */
    override syncSgForDevice(dev: Device, sgl: Scatterlist, nents: number, dir: Direction): void {
      for (const sg of sgl.slice(0, nents)) {
        if (this.kernel.devIsUntrusted(dev)) this.syncSingleForDevice(dev, sg.dmaAddress, sg.length, dir);
        else if (!this.kernel.devIsDmaCoherent(dev)) {
          this.kernel.archSyncDmaForDevice(sg.phys, sg.length, dir);
        }
      }
    }
  };
