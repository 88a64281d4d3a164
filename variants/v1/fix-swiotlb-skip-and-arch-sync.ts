// SPDX-License-Identifier: GPL-2.0-only
import type { Baseline } from '../baseline.ts';
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

/** Where a helper puts its second result (a C out parameter). */
export interface PhysOut {
  phys: PhysAddr;
}

/** What this patch adds. */
export interface WithInnerSync extends Baseline {
  /** __iommu_dma_sync_single_for_device(): as the outer form for a known phys; 0: look it up. */
  syncSingleForDeviceAt(dev: Device, handle: DmaAddr, size: Size, dir: Direction, phys: PhysAddr): void;
  /** __iommu_dma_map_swiotlb(): `adjusted` receives what was really mapped. */
  mapSwiotlb(
    dev: Device,
    phys: PhysAddr,
    size: Size,
    dir: Direction,
    attrs: Attrs,
    adjusted?: PhysOut,
  ): DmaAddr;
}

/** Map and unmap of swiotlb only map; all syncing goes through the sync functions. */
export const fixSwiotlbSkipAndArchSync = (Base: StateClass): Patched<WithInnerSync> =>
  class extends Base {
    static readonly module = import.meta.url;

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
      if (this.kernel.configSwiotlb && this.kernel.devIsUntrusted(dev) && this.isUnaligned(dev, phys, size)) {
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

    /** __iommu_dma_sync_single_for_device() */
    syncSingleForDeviceAt(dev: Device, handle: DmaAddr, size: Size, dir: Direction, known: PhysAddr): void {
      const coherent = this.kernel.devIsDmaCoherent(dev);
      if (coherent && !this.kernel.devIsUntrusted(dev)) return;
      const phys = known === 0 ? this.kernel.iommuIovaToPhys(dev, handle) : known;
      if (this.kernel.isSwiotlbBuffer(phys)) this.kernel.swiotlbSyncSingleForDevice(dev, phys, size, dir);
      if (!coherent) this.kernel.archSyncDmaForDevice(phys, size, dir);
    }

    /** iommu_dma_sync_single_for_device() */
    override syncSingleForDevice(dev: Device, handle: DmaAddr, size: Size, dir: Direction): void {
      this.syncSingleForDeviceAt(dev, handle, size, dir, 0);
    }

    /** iommu_dma_sync_sg_for_cpu() */
    override syncSgForCpu(dev: Device, sgl: Scatterlist, nents: number, dir: Direction): void {
      if (this.kernel.devIsDmaCoherent(dev) && !this.kernel.devIsUntrusted(dev)) return;
      for (const sg of sgl.slice(0, nents)) {
        if (this.kernel.devIsUntrusted(dev)) this.syncSingleForCpu(dev, sg.dmaAddress, sg.length, dir);
        else this.kernel.archSyncDmaForCpu(sg.phys, sg.length, dir);
      }
    }

    /** iommu_dma_sync_sg_for_device() */
    override syncSgForDevice(dev: Device, sgl: Scatterlist, nents: number, dir: Direction): void {
      if (this.kernel.devIsDmaCoherent(dev) && !this.kernel.devIsUntrusted(dev)) return;
      for (const sg of sgl.slice(0, nents)) {
        if (this.kernel.devIsUntrusted(dev)) {
          this.syncSingleForDeviceAt(dev, sg.dmaAddress, sg.length, dir, 0);
        } else this.kernel.archSyncDmaForDevice(sg.phys, sg.length, dir);
      }
    }

    /** iommu_dma_map_page() */
    override mapPage(dev: Device, phys: PhysAddr, size: Size, dir: Direction, attrs: Attrs): DmaAddr {
      const adjusted: PhysOut = { phys: 0 };
      const handle = this.mapSwiotlb(dev, phys, size, dir, attrs, adjusted);
      if ((attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0 && handle !== DMA_MAPPING_ERROR) {
        this.syncSingleForDeviceAt(dev, handle, size, dir, adjusted.phys);
      }
      return handle;
    }

    /** iommu_dma_map_sg() */
    override mapSg(dev: Device, sgl: Scatterlist, nents: number, dir: Direction, attrs: Attrs): number {
      let mapped = 0;
      if (this.kernel.devIsUntrusted(dev)) {
        mapped = this.mapSgSwiotlb(dev, sgl, nents, dir, attrs);
        if (mapped === 0) return 0;
      }
      if ((attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0) this.syncSgForDevice(dev, sgl, nents, dir);
      if (this.kernel.devIsUntrusted(dev)) return mapped;
      return this.mapSgTrusted(dev, sgl, nents, dir, attrs);
    }
  };
