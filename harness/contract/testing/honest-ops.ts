// SPDX-License-Identifier: GPL-2.0-only
/**
 * A small dma-iommu that keeps every promise: maps each buffer on its own, bounces what the contract
 * wants bounced, and gives the device nothing before it is cleared, copied and written back. Every
 * decision is a method of its own, so that a fake breaks one promise by overriding one method.
 */
import {
  DMA_ATTR_PRIVILEGED,
  DMA_ATTR_SKIP_CPU_SYNC,
  DMA_BIDIRECTIONAL,
  DMA_FROM_DEVICE,
  DMA_MAPPING_ERROR,
  DMA_TO_DEVICE,
  IOMMU_CACHE,
  IOMMU_PRIV,
  IOMMU_READ,
  IOMMU_WRITE,
  minU64,
  type Attrs,
  type Device,
  type Direction,
  type DmaAddr,
  type DmaOps,
  type Kernel,
  type PhysAddr,
  type Scatterlist,
  type Size,
} from '../../../variants/dma-ops.ts';

/** True when SKIP_CPU_SYNC is not asked for. */
function handsOver(attrs: Attrs): boolean {
  return (attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0;
}

export class HonestOps implements DmaOps {
  protected readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  initDomain(dev: Device): void {
    if (this.mayFlushLater(dev)) this.kernel.initIovaFlushQueue(dev);
  }

  mapPage(dev: Device, phys: PhysAddr, size: Size, dir: Direction, attrs: Attrs): DmaAddr {
    const offset = this.kernel.iovaOffset(dev, phys);
    const length = this.kernel.iovaAlign(dev, offset + size);
    const bounced = this.bounces(dev, phys, size);
    let home = phys - offset;
    if (bounced) {
      home = this.takeSlots(dev, phys - offset, length, dir);
      if (home === DMA_MAPPING_ERROR) return DMA_MAPPING_ERROR;
      this.fillSlots(dev, home, length);
      if (handsOver(attrs)) this.copyOut(dev, home + offset, size, dir);
      if (!this.kernel.devIsDmaCoherent(dev)) this.writeBack(home, length);
    } else if (!this.kernel.devIsDmaCoherent(dev)) this.writeBack(phys, size);
    const iova = this.install(dev, home, length, this.protection(dev, dir, attrs));
    if (iova !== DMA_MAPPING_ERROR) return iova + offset;
    if (bounced) this.releaseSlots(dev, home, length, dir);
    return DMA_MAPPING_ERROR;
  }

  unmapPage(dev: Device, handle: DmaAddr, size: Size, dir: Direction, attrs: Attrs): void {
    const phys = this.kernel.iommuIovaToPhys(dev, handle);
    const offset = this.kernel.iovaOffset(dev, handle);
    const length = this.kernel.iovaAlign(dev, offset + size);
    this.revoke(dev, handle - offset, length);
    if (handsOver(attrs)) this.giveToCpu(dev, phys, size, dir);
    if (this.kernel.isSwiotlbBuffer(phys)) this.releaseSlots(dev, phys - offset, length, dir);
  }

  mapSg(dev: Device, sgl: Scatterlist, nents: number, dir: Direction, attrs: Attrs): number {
    for (const [index, sg] of sgl.slice(0, nents).entries()) {
      sg.dmaAddress = this.mapPage(dev, sg.phys, sg.length, dir, attrs);
      sg.dmaLength = sg.length;
      if (sg.dmaAddress === DMA_MAPPING_ERROR) {
        this.unmapSg(dev, sgl, index, dir, attrs | DMA_ATTR_SKIP_CPU_SYNC);
        return 0;
      }
    }
    return nents;
  }

  unmapSg(dev: Device, sgl: Scatterlist, nents: number, dir: Direction, attrs: Attrs): void {
    for (const sg of sgl.slice(0, nents)) this.unmapPage(dev, sg.dmaAddress, sg.length, dir, attrs);
  }

  syncSingleForCpu(dev: Device, handle: DmaAddr, size: Size, dir: Direction): void {
    this.giveToCpu(dev, this.kernel.iommuIovaToPhys(dev, handle), size, dir);
  }

  syncSingleForDevice(dev: Device, handle: DmaAddr, size: Size, dir: Direction): void {
    this.giveToDevice(dev, this.kernel.iommuIovaToPhys(dev, handle), size, dir);
  }

  syncSgForCpu(dev: Device, sgl: Scatterlist, nents: number, dir: Direction): void {
    for (const sg of sgl.slice(0, nents)) this.syncSingleForCpu(dev, sg.dmaAddress, sg.length, dir);
  }

  syncSgForDevice(dev: Device, sgl: Scatterlist, nents: number, dir: Direction): void {
    for (const sg of sgl.slice(0, nents)) this.syncSingleForDevice(dev, sg.dmaAddress, sg.length, dir);
  }

  /** Revocation may wait for the flush queue. */
  protected mayFlushLater(dev: Device): boolean {
    return !this.kernel.dmaStrict && !this.kernel.devIsUntrusted(dev);
  }

  protected bounces(dev: Device, phys: PhysAddr, size: Size): boolean {
    const aligned = this.kernel.iovaOffset(dev, phys) === 0 && this.kernel.iovaOffset(dev, size) === 0;
    return this.kernel.configSwiotlb && this.kernel.devIsUntrusted(dev) && !aligned;
  }

  protected protection(dev: Device, dir: Direction, attrs: Attrs = 0): number {
    let rights = (dir === DMA_FROM_DEVICE ? 0 : IOMMU_READ) | (dir === DMA_TO_DEVICE ? 0 : IOMMU_WRITE);
    if ((attrs & DMA_ATTR_PRIVILEGED) !== 0) rights |= IOMMU_PRIV;
    return this.kernel.devIsDmaCoherent(dev) ? rights | IOMMU_CACHE : rights;
  }

  /** Whole granules of the pool for the granules at `phys`; nothing is copied yet. */
  protected takeSlots(dev: Device, phys: PhysAddr, length: Size, dir: Direction): PhysAddr {
    const granule = 2 ** this.kernel.iovaShift(dev);
    const attrs = DMA_ATTR_SKIP_CPU_SYNC;
    return this.kernel.swiotlbTblMapSingle(dev, phys, length, length, granule - 1, dir, attrs);
  }

  protected releaseSlots(dev: Device, tlb: PhysAddr, length: Size, dir: Direction): void {
    this.kernel.swiotlbTblUnmapSingle(dev, tlb, length, dir, DMA_ATTR_SKIP_CPU_SYNC);
  }

  /** What the slots held before is nobody's business. */
  protected fillSlots(_dev: Device, tlb: PhysAddr, length: Size): void {
    this.kernel.memset(tlb, length);
  }

  protected copyOut(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void {
    if (dir !== DMA_FROM_DEVICE) this.kernel.swiotlbSyncSingleForDevice(dev, tlb, size, dir);
  }

  protected copyBack(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void {
    if (dir !== DMA_TO_DEVICE) this.kernel.swiotlbSyncSingleForCpu(dev, tlb, size, dir);
  }

  /** Clean: never drops what the CPU wrote, whatever the direction. */
  protected writeBack(phys: PhysAddr, size: Size): void {
    this.kernel.archSyncDmaForDevice(phys, size, DMA_BIDIRECTIONAL);
  }

  protected invalidate(phys: PhysAddr, size: Size): void {
    this.kernel.archSyncDmaForCpu(phys, size, DMA_FROM_DEVICE);
  }

  protected giveToCpu(dev: Device, phys: PhysAddr, size: Size, dir: Direction): void {
    if (!this.kernel.devIsDmaCoherent(dev) && dir !== DMA_TO_DEVICE) this.invalidate(phys, size);
    if (this.kernel.isSwiotlbBuffer(phys)) this.copyBack(dev, phys, size, dir);
  }

  protected giveToDevice(dev: Device, phys: PhysAddr, size: Size, dir: Direction): void {
    const coherent = this.kernel.devIsDmaCoherent(dev);
    if (this.kernel.isSwiotlbBuffer(phys)) {
      // A copy into a line that the device wrote to must not begin with what the cache has of it.
      if (!coherent) this.invalidate(phys, size);
      this.copyOut(dev, phys, size, dir);
    }
    if (!coherent) this.writeBack(phys, size);
  }

  /** Bus addresses for whole granules, mapped; DMA_MAPPING_ERROR when there are none. */
  protected install(dev: Device, phys: PhysAddr, length: Size, prot: number): DmaAddr {
    const granule = 2 ** this.kernel.iovaShift(dev);
    const limit = minU64(this.kernel.dmaGetMask(dev), this.kernel.apertureEnd(dev));
    const pages = this.iovaPages(length / granule);
    const pfn = this.kernel.allocIovaFast(dev, pages, Math.floor(limit / granule), true);
    if (pfn === 0) return DMA_MAPPING_ERROR;
    if (this.kernel.iommuMap(dev, pfn * granule, phys, length, prot) === 0) return pfn * granule;
    this.freeIova(dev, pfn, pages);
    return DMA_MAPPING_ERROR;
  }

  protected revoke(dev: Device, iova: DmaAddr, length: Size): void {
    const granule = 2 ** this.kernel.iovaShift(dev);
    this.kernel.iommuUnmap(dev, iova, length);
    this.syncIotlb(dev);
    this.freeIova(dev, iova / granule, this.iovaPages(length / granule));
  }

  protected syncIotlb(dev: Device): void {
    if (!this.kernel.fqDomain(dev)) this.kernel.iommuIotlbSync(dev);
  }

  protected freeIova(dev: Device, pfn: number, pages: number): void {
    if (this.kernel.fqDomain(dev)) this.kernel.queueIova(dev, pfn, pages);
    else this.kernel.freeIovaFast(dev, pfn, pages);
  }

  /** The caches take lengths that are powers of two. */
  protected iovaPages(granules: number): number {
    return granules < 32 ? 2 ** Math.ceil(Math.log2(granules)) : granules;
  }
}
