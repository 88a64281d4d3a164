// SPDX-License-Identifier: GPL-2.0-only
/** drivers/iommu/dma-iommu.c of 5.14-rc, before the series. */
import {
  DMA_ATTR_PRIVILEGED,
  DMA_ATTR_SKIP_CPU_SYNC,
  DMA_BIDIRECTIONAL,
  DMA_BIT_MASK_32,
  DMA_FROM_DEVICE,
  DMA_MAPPING_ERROR,
  DMA_TO_DEVICE,
  IOMMU_CACHE,
  IOMMU_PRIV,
  IOMMU_READ,
  IOMMU_WRITE,
  IOVA_RANGE_CACHE_MAX_SIZE,
  below,
  lowBits,
  minU64,
  shiftRight,
  type Attrs,
  type Device,
  type Direction,
  type DmaAddr,
  type DmaOps,
  type Kernel,
  type PhysAddr,
  type Scatterlist,
  type ScatterlistEntry,
  type Size,
} from './dma-ops.ts';

export class Baseline implements DmaOps {
  static readonly module: string = import.meta.url;
  readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** iommu_dma_init_domain(): untrusted devices always use strict invalidation. */
  initDomain(dev: Device): void {
    if (!this.kernel.devIsUntrusted(dev) && !this.kernel.dmaStrict) this.kernel.initIovaFlushQueue(dev);
  }

  /** dma_info_to_prot(). */
  infoToProt(dir: Direction, coherent: boolean, attrs: Attrs): number {
    let prot = coherent ? IOMMU_CACHE : 0;
    if ((attrs & DMA_ATTR_PRIVILEGED) !== 0) prot |= IOMMU_PRIV;
    if (dir !== DMA_FROM_DEVICE) prot |= IOMMU_READ;
    if (dir !== DMA_TO_DEVICE) prot |= IOMMU_WRITE;
    return prot;
  }

  /** iommu_dma_alloc_iova(): a bus address for `size` bytes (whole granules); 0: none. */
  allocIova(dev: Device, size: Size, mask: number): DmaAddr {
    const shift = this.kernel.iovaShift(dev);
    let pages = Math.floor(size / 2 ** shift);
    // Freeing lengths that are no power of two into the IOVA caches would bite later.
    if (pages < 2 ** (IOVA_RANGE_CACHE_MAX_SIZE - 1)) pages = 2 ** Math.ceil(Math.log2(pages));

    const limit = minU64(mask, this.kernel.apertureEnd(dev));
    let pfn = 0;
    // Try to get PCI devices a SAC address.
    if (limit > DMA_BIT_MASK_32) {
      pfn = this.kernel.allocIovaFast(dev, pages, Math.floor(DMA_BIT_MASK_32 / 2 ** shift), false);
    }
    if (pfn === 0) pfn = this.kernel.allocIovaFast(dev, pages, Math.floor(limit / 2 ** shift), true);
    return pfn * 2 ** shift;
  }

  /** iommu_dma_free_iova(). */
  freeIova(dev: Device, iova: DmaAddr, size: Size): void {
    const shift = this.kernel.iovaShift(dev);
    const pfn = shiftRight(iova, shift);
    const pages = shiftRight(size, shift);
    if (this.kernel.fqDomain(dev)) this.kernel.queueIova(dev, pfn, pages);
    else this.kernel.freeIovaFast(dev, pfn, pages);
  }

  /** __iommu_dma_map(). */
  mapIova(dev: Device, phys: PhysAddr, size: Size, prot: number): DmaAddr {
    const offset = this.kernel.iovaOffset(dev, phys);
    const length = this.kernel.iovaAlign(dev, size + offset);
    const iova = this.allocIova(dev, length, this.kernel.dmaGetMask(dev));
    if (iova === 0) return DMA_MAPPING_ERROR;
    if (this.kernel.iommuMap(dev, iova, phys - offset, length, prot) !== 0) {
      this.freeIova(dev, iova, length);
      return DMA_MAPPING_ERROR;
    }
    return iova + offset;
  }

  /** __iommu_dma_unmap(). */
  unmapIova(dev: Device, handle: DmaAddr, size: Size): void {
    const offset = this.kernel.iovaOffset(dev, handle);
    const base = handle - offset;
    const length = this.kernel.iovaAlign(dev, size + offset);
    const unmapped = this.kernel.iommuUnmap(dev, base, length);
    if (unmapped !== length) this.kernel.warnUnmapped(dev, unmapped, length);
    if (!this.kernel.fqDomain(dev)) this.kernel.iommuIotlbSync(dev);
    this.freeIova(dev, base, length);
  }

  /** __iommu_dma_map_swiotlb(). */
  mapSwiotlb(dev: Device, phys: PhysAddr, size: Size, dir: Direction, attrs: Attrs): DmaAddr {
    const prot = this.infoToProt(dir, this.kernel.devIsDmaCoherent(dev), attrs);
    let length = size;
    // If both the physical buffer start and length are granule-aligned, no bouncing is needed.
    if (this.kernel.configSwiotlb && this.kernel.devIsUntrusted(dev) && this.isUnaligned(dev, phys, size)) {
      length = this.kernel.iovaAlign(dev, size);
      phys = this.kernel.swiotlbTblMapSingle(dev, phys, size, length, 0, dir, attrs);
      if (phys === DMA_MAPPING_ERROR) return DMA_MAPPING_ERROR;
      this.clearPadding(phys, size, length, dir, attrs);
    }
    const iova = this.mapIova(dev, phys, length, prot);
    if (iova === DMA_MAPPING_ERROR && this.kernel.isSwiotlbBuffer(phys)) {
      this.kernel.swiotlbTblUnmapSingle(dev, phys, size, dir, attrs);
    }
    return iova;
  }

  /** iova_offset(iovad, phys | size). */
  isUnaligned(dev: Device, phys: PhysAddr, size: Size): boolean {
    return this.kernel.iovaOffset(dev, phys) !== 0 || this.kernel.iovaOffset(dev, size) !== 0;
  }

  /** "Cleanup the padding area": what the copy to the bounce buffer does not fill. */
  clearPadding(tlb: PhysAddr, size: Size, length: Size, dir: Direction, attrs: Attrs): void {
    let start = tlb;
    let count = length;
    if ((attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0 && (dir === DMA_TO_DEVICE || dir === DMA_BIDIRECTIONAL)) {
      start += size;
      count -= size;
    }
    this.kernel.memset(start, count);
  }

  /** __iommu_dma_unmap_swiotlb(). */
  unmapSwiotlb(dev: Device, handle: DmaAddr, size: Size, dir: Direction, attrs: Attrs): void {
    const phys = this.kernel.iommuIovaToPhys(dev, handle);
    if (phys === 0) {
      this.kernel.warnNotMapped(dev, handle);
      return;
    }
    this.unmapIova(dev, handle, size);
    if (this.kernel.isSwiotlbBuffer(phys)) this.kernel.swiotlbTblUnmapSingle(dev, phys, size, dir, attrs);
  }

  /** iommu_dma_sync_single_for_cpu(). */
  syncSingleForCpu(dev: Device, handle: DmaAddr, size: Size, dir: Direction): void {
    const coherent = this.kernel.devIsDmaCoherent(dev);
    if (coherent && !this.kernel.devIsUntrusted(dev)) return;
    const phys = this.kernel.iommuIovaToPhys(dev, handle);
    if (!coherent) this.kernel.archSyncDmaForCpu(phys, size, dir);
    if (this.kernel.isSwiotlbBuffer(phys)) this.kernel.swiotlbSyncSingleForCpu(dev, phys, size, dir);
  }

  /** iommu_dma_sync_single_for_device(). */
  syncSingleForDevice(dev: Device, handle: DmaAddr, size: Size, dir: Direction): void {
    const coherent = this.kernel.devIsDmaCoherent(dev);
    if (coherent && !this.kernel.devIsUntrusted(dev)) return;
    const phys = this.kernel.iommuIovaToPhys(dev, handle);
    if (this.kernel.isSwiotlbBuffer(phys)) this.kernel.swiotlbSyncSingleForDevice(dev, phys, size, dir);
    if (!coherent) this.kernel.archSyncDmaForDevice(phys, size, dir);
  }

  /** iommu_dma_sync_sg_for_cpu(). */
  syncSgForCpu(dev: Device, sgl: Scatterlist, nents: number, dir: Direction): void {
    const coherent = this.kernel.devIsDmaCoherent(dev);
    if (coherent && !this.kernel.devIsUntrusted(dev)) return;
    for (const sg of sgl.slice(0, nents)) {
      if (!coherent) this.kernel.archSyncDmaForCpu(sg.phys, sg.length, dir);
      if (this.kernel.isSwiotlbBuffer(sg.phys)) {
        this.kernel.swiotlbSyncSingleForCpu(dev, sg.phys, sg.length, dir);
      }
    }
  }

  /** iommu_dma_sync_sg_for_device(). */
  syncSgForDevice(dev: Device, sgl: Scatterlist, nents: number, dir: Direction): void {
    const coherent = this.kernel.devIsDmaCoherent(dev);
    if (coherent && !this.kernel.devIsUntrusted(dev)) return;
    for (const sg of sgl.slice(0, nents)) {
      if (this.kernel.isSwiotlbBuffer(sg.phys)) {
        this.kernel.swiotlbSyncSingleForDevice(dev, sg.phys, sg.length, dir);
      }
      if (!coherent) this.kernel.archSyncDmaForDevice(sg.phys, sg.length, dir);
    }
  }

  /** iommu_dma_map_page(). */
  mapPage(dev: Device, phys: PhysAddr, size: Size, dir: Direction, attrs: Attrs): DmaAddr {
    const handle = this.mapSwiotlb(dev, phys, size, dir, attrs);
    if (
      !this.kernel.devIsDmaCoherent(dev) &&
      (attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0 &&
      handle !== DMA_MAPPING_ERROR
    ) {
      this.kernel.archSyncDmaForDevice(phys, size, dir);
    }
    return handle;
  }

  /** iommu_dma_unmap_page(). */
  unmapPage(dev: Device, handle: DmaAddr, size: Size, dir: Direction, attrs: Attrs): void {
    if ((attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0) this.syncSingleForCpu(dev, handle, size, dir);
    this.unmapSwiotlb(dev, handle, size, dir, attrs);
  }

  /** iommu_dma_map_sg_swiotlb(). */
  mapSgSwiotlb(dev: Device, sgl: Scatterlist, nents: number, dir: Direction, attrs: Attrs): number {
    for (const [i, sg] of sgl.slice(0, nents).entries()) {
      sg.dmaAddress = this.mapSwiotlb(dev, sg.phys, sg.length, dir, attrs);
      if (sg.dmaAddress === DMA_MAPPING_ERROR) {
        this.unmapSgSwiotlb(dev, sgl, i, dir, attrs | DMA_ATTR_SKIP_CPU_SYNC);
        return 0;
      }
      sg.dmaLength = sg.length;
    }
    return nents;
  }

  /** iommu_dma_unmap_sg_swiotlb(). */
  unmapSgSwiotlb(dev: Device, sgl: Scatterlist, nents: number, dir: Direction, attrs: Attrs): void {
    for (const sg of sgl.slice(0, nents)) this.unmapSwiotlb(dev, sg.dmaAddress, sg.dmaLength, dir, attrs);
  }

  /** iommu_dma_map_sg(). */
  mapSg(dev: Device, sgl: Scatterlist, nents: number, dir: Direction, attrs: Attrs): number {
    if ((attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0) this.syncSgForDevice(dev, sgl, nents, dir);
    if (this.kernel.devIsUntrusted(dev)) return this.mapSgSwiotlb(dev, sgl, nents, dir, attrs);
    return this.mapSgTrusted(dev, sgl, nents, dir, attrs);
  }

  /** iommu_dma_map_sg() from "Work out how much IOVA space we need" on: one range for the whole list. */
  mapSgTrusted(dev: Device, sgl: Scatterlist, nents: number, dir: Direction, attrs: Attrs): number {
    const prot = this.infoToProt(dir, this.kernel.devIsDmaCoherent(dev), attrs);
    const boundary = this.kernel.dmaGetSegBoundary(dev);
    let total = 0;
    let previous: ScatterlistEntry | undefined;
    for (const sg of sgl.slice(0, nents)) {
      const offset = this.kernel.iovaOffset(dev, sg.phys);
      const padding = this.toBoundary(total, boundary);
      sg.dmaAddress = offset as number;
      sg.dmaLength = sg.length;
      sg.phys -= offset;
      sg.length = this.kernel.iovaAlign(dev, sg.length + offset);
      // Lengthen the segment before this one so that this one does not cross the boundary.
      if (padding !== 0 && below(padding, sg.length - 1) && previous !== undefined) {
        previous.length += padding;
        total += padding;
      }
      total += sg.length;
      previous = sg;
    }
    const iova = this.allocIova(dev, total, this.kernel.dmaGetMask(dev));
    if (iova === 0) {
      this.invalidateSg(sgl, nents);
      return 0;
    }
    if (this.kernel.iommuMapSg(dev, iova, sgl, nents, prot) < total) {
      this.freeIova(dev, iova, total);
      this.invalidateSg(sgl, nents);
      return 0;
    }
    return this.finaliseSg(dev, sgl, nents, iova);
  }

  /** (mask - total + 1) & mask: bytes from `total` to the next segment boundary. */
  toBoundary(total: number, mask: number): Size {
    return mask === -1 ? -total : lowBits(-total, mask + 1);
  }

  /** __finalise_sg(): restore the CPU side, join what may be joined; the number of dma segments. */
  finaliseSg(dev: Device, sgl: Scatterlist, nents: number, iova: DmaAddr): number {
    const boundary = this.kernel.dmaGetSegBoundary(dev);
    const maxLength = this.kernel.dmaGetMaxSegSize(dev);
    let address: DmaAddr = iova;
    let currentLength = 0;
    let count = 0;
    for (const sg of sgl.slice(0, nents)) {
      const offset = sg.dmaAddress as number;
      const length = sg.dmaLength;
      const padded = sg.length;
      sg.phys += offset;
      sg.length = length;
      sg.dmaAddress = DMA_MAPPING_ERROR;
      sg.dmaLength = 0;
      const room = (maxLength - currentLength) >>> 0;
      const atBoundary = this.toBoundary(address, boundary) === 0;
      if (currentLength !== 0 && offset === 0 && !atBoundary && room >= length) {
        currentLength += length;
      } else {
        currentLength = length;
        count++;
        const start = sgl[count - 1];
        if (start !== undefined) start.dmaAddress = address + offset;
      }
      const current = sgl[count - 1];
      if (current !== undefined) current.dmaLength = currentLength;
      address += padded;
      if (length + offset < padded) currentLength = 0;
    }
    return count;
  }

  /** __invalidate_sg(): restore the CPU side after a failure. */
  invalidateSg(sgl: Scatterlist, nents: number): void {
    for (const sg of sgl.slice(0, nents)) {
      if (sg.dmaAddress !== DMA_MAPPING_ERROR) sg.phys += sg.dmaAddress as number;
      if (sg.dmaLength !== 0) sg.length = sg.dmaLength;
      sg.dmaAddress = DMA_MAPPING_ERROR;
      sg.dmaLength = 0;
    }
  }

  /** iommu_dma_unmap_sg(). */
  unmapSg(dev: Device, sgl: Scatterlist, nents: number, dir: Direction, attrs: Attrs): void {
    if ((attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0) this.syncSgForCpu(dev, sgl, nents, dir);
    if (this.kernel.devIsUntrusted(dev)) {
      this.unmapSgSwiotlb(dev, sgl, nents, dir, attrs);
      return;
    }
    this.unmapSgTrusted(dev, sgl, nents);
  }

  /** iommu_dma_unmap_sg() from "a single contiguous IOVA allocation" on. */
  unmapSgTrusted(dev: Device, sgl: Scatterlist, nents: number): void {
    const [first] = sgl;
    if (first === undefined) return;
    let last = first;
    for (const sg of sgl.slice(1, nents)) {
      if (sg.dmaLength === 0) break;
      last = sg;
    }
    const end = last.dmaAddress + last.dmaLength;
    const start = first.dmaAddress;
    this.unmapIova(dev, start, end - start);
  }
}
