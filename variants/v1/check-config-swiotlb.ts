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
import type { PhysOut, WithInnerSync } from './fix-swiotlb-skip-and-arch-sync.ts';

/** dev_use_swiotlb() replaces every test for an untrusted device, the choice of strict mode included. */
export const checkConfigSwiotlb = (Base: StateClass<WithInnerSync>): Patched<WithInnerSync> =>
  class extends Base {
    static readonly module = import.meta.url;

    /** dev_use_swiotlb() */
    devUseSwiotlb(dev: Device): boolean {
      return this.kernel.configSwiotlb && this.kernel.devIsUntrusted(dev);
    }

    /** iommu_dma_init_domain() */
    override initDomain(dev: Device): void {
      if (!this.devUseSwiotlb(dev) && !this.kernel.dmaStrict) this.kernel.initIovaFlushQueue(dev);
    }

    /** __iommu_dma_map_swiotlb() */
    override mapSwiotlb(
      dev: Device,
      phys: PhysAddr,
      size: Size,
      dir: Direction,
      attrs: Attrs,
      adjusted?: PhysOut,
    ): DmaAddr {
      const prot = this.infoToProt(dir, this.kernel.devIsDmaCoherent(dev), attrs);
      let length = size;
      if (this.devUseSwiotlb(dev) && this.isUnaligned(dev, phys, size)) {
        length = this.kernel.iovaAlign(dev, size);
        const skip = attrs | DMA_ATTR_SKIP_CPU_SYNC;
        phys = this.kernel.swiotlbTblMapSingle(dev, phys, size, length, 0, dir, skip);
        if (phys === DMA_MAPPING_ERROR) return DMA_MAPPING_ERROR;
        this.clearPadding(phys, size, length, dir, attrs);
      }
      const iova = this.mapIova(dev, phys, length, prot);
      if (iova === DMA_MAPPING_ERROR && this.kernel.isSwiotlbBuffer(phys)) {
        this.kernel.swiotlbTblUnmapSingle(dev, phys, size, dir, attrs);
      }
      if (adjusted !== undefined) adjusted.phys = phys;
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

    /** __iommu_dma_sync_single_for_device() */
    override syncSingleForDeviceAt(
      dev: Device,
      handle: DmaAddr,
      size: Size,
      dir: Direction,
      known: PhysAddr,
    ): void {
      const coherent = this.kernel.devIsDmaCoherent(dev);
      if (coherent && !this.devUseSwiotlb(dev)) return;
      const phys = known === 0 ? this.kernel.iommuIovaToPhys(dev, handle) : known;
      if (this.kernel.isSwiotlbBuffer(phys)) this.kernel.swiotlbSyncSingleForDevice(dev, phys, size, dir);
      if (!coherent) this.kernel.archSyncDmaForDevice(phys, size, dir);
    }

    /** iommu_dma_sync_sg_for_cpu() */
    override syncSgForCpu(dev: Device, sgl: Scatterlist, nents: number, dir: Direction): void {
      if (this.kernel.devIsDmaCoherent(dev) && !this.devUseSwiotlb(dev)) return;
      for (const sg of sgl.slice(0, nents)) {
        if (this.devUseSwiotlb(dev)) this.syncSingleForCpu(dev, sg.dmaAddress, sg.length, dir);
        else this.kernel.archSyncDmaForCpu(sg.phys, sg.length, dir);
      }
    }

    /** iommu_dma_sync_sg_for_device() */
    override syncSgForDevice(dev: Device, sgl: Scatterlist, nents: number, dir: Direction): void {
      if (this.kernel.devIsDmaCoherent(dev) && !this.devUseSwiotlb(dev)) return;
      for (const sg of sgl.slice(0, nents)) {
        if (this.devUseSwiotlb(dev)) this.syncSingleForDeviceAt(dev, sg.dmaAddress, sg.length, dir, 0);
        else this.kernel.archSyncDmaForDevice(sg.phys, sg.length, dir);
      }
    }

    /** iommu_dma_map_sg() */
    override mapSg(dev: Device, sgl: Scatterlist, nents: number, dir: Direction, attrs: Attrs): number {
      let mapped = 0;
      if (this.devUseSwiotlb(dev)) {
        mapped = this.mapSgSwiotlb(dev, sgl, nents, dir, attrs);
        if (mapped === 0) return 0;
      }
      if ((attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0) this.syncSgForDevice(dev, sgl, nents, dir);
      if (this.devUseSwiotlb(dev)) return mapped;
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
