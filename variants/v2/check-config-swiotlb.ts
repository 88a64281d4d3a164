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
import type { Patched, StateClass } from '../patch.ts';
import type { WithSwiotlbCheck } from '../with-swiotlb-check.ts';

/** dev_use_swiotlb() replaces the tests for an untrusted device, but not in the choice of strict mode. */
export const checkConfigSwiotlb = (Base: StateClass): Patched<WithSwiotlbCheck> =>
  class extends Base {
    static readonly module = import.meta.url;

    /** dev_use_swiotlb() */
    devUseSwiotlb(dev: Device): boolean {
      return this.kernel.configSwiotlb && this.kernel.devIsUntrusted(dev);
    }

    /** __iommu_dma_map_swiotlb() */
    override mapSwiotlb(dev: Device, phys: PhysAddr, size: Size, dir: Direction, attrs: Attrs): DmaAddr {
      const coherent = this.kernel.devIsDmaCoherent(dev);
      const prot = this.infoToProt(dir, coherent, attrs);
      let length = size;
      if (this.devUseSwiotlb(dev) && this.isUnaligned(dev, phys, size)) {
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

    /** iommu_dma_sync_single_for_cpu() */
    override syncSingleForCpu(dev: Device, handle: DmaAddr, size: Size, dir: Direction): void {
      const coherent = this.kernel.devIsDmaCoherent(dev);
      if (coherent && !this.devUseSwiotlb(dev)) return;
      const phys = this.kernel.iommuIovaToPhys(dev, handle);
      if (!coherent) this.kernel.archSyncDmaForCpu(phys, size, dir);
      if (this.kernel.isSwiotlbBuffer(phys)) this.kernel.swiotlbSyncSingleForCpu(dev, phys, size, dir);
    }

    /** iommu_dma_sync_single_for_device() */
    override syncSingleForDevice(dev: Device, handle: DmaAddr, size: Size, dir: Direction): void {
      const coherent = this.kernel.devIsDmaCoherent(dev);
      if (coherent && !this.devUseSwiotlb(dev)) return;
      const phys = this.kernel.iommuIovaToPhys(dev, handle);
      if (this.kernel.isSwiotlbBuffer(phys)) this.kernel.swiotlbSyncSingleForDevice(dev, phys, size, dir);
      if (!coherent) this.kernel.archSyncDmaForDevice(phys, size, dir);
    }

    /** iommu_dma_sync_sg_for_cpu() */
    override syncSgForCpu(dev: Device, sgl: Scatterlist, nents: number, dir: Direction): void {
      if (this.kernel.devIsDmaCoherent(dev) && !this.devUseSwiotlb(dev)) return;
      for (const sg of sgl.slice(0, nents)) {
        if (this.devUseSwiotlb(dev)) this.syncSingleForCpu(dev, sg.dmaAddress, sg.length, dir);
        else this.kernel.swiotlbSyncSingleForCpu(dev, sg.phys, sg.length, dir);
      }
    }

    /** iommu_dma_sync_sg_for_device() */
    override syncSgForDevice(dev: Device, sgl: Scatterlist, nents: number, dir: Direction): void {
      if (this.kernel.devIsDmaCoherent(dev) && !this.devUseSwiotlb(dev)) return;
      for (const sg of sgl.slice(0, nents)) {
        if (this.devUseSwiotlb(dev)) this.syncSingleForDevice(dev, sg.dmaAddress, sg.length, dir);
        else this.kernel.archSyncDmaForDevice(sg.phys, sg.length, dir);
      }
    }

    /** iommu_dma_map_sg() */
    override mapSg(dev: Device, sgl: Scatterlist, nents: number, dir: Direction, attrs: Attrs): number {
      if (this.devUseSwiotlb(dev)) return this.mapSgSwiotlb(dev, sgl, nents, dir, attrs);
      if ((attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0) this.syncSgForDevice(dev, sgl, nents, dir);
      return this.mapSgTrusted(dev, sgl, nents, dir, attrs);
    }

    /** iommu_dma_unmap_sg() */
    override unmapSg(dev: Device, sgl: Scatterlist, nents: number, dir: Direction, attrs: Attrs): void {
      if ((attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0) this.syncSgForCpu(dev, sgl, nents, dir);
      if (this.devUseSwiotlb(dev)) {
        this.unmapSgSwiotlb(dev, sgl, nents, dir, attrs);
        return;
      }
      this.unmapSgTrusted(dev, sgl, nents);
    }
  };
