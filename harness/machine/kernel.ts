// SPDX-License-Identifier: GPL-2.0-only
/**
 * The kernel functions that a state of dma-iommu may call, under their own names and with their own
 * units (bytes, bus addresses, granules). Scalars in, scalars out, so that a state compiled from C
 * could call the same functions. Every call is recorded.
 */
import type { Attrs, Device, Direction, DmaAddr, Pfn, PhysAddr, Scatterlist, Size } from './vocabulary.ts';

export interface Kernel {
  /** IS_ENABLED(CONFIG_SWIOTLB). */
  readonly configSwiotlb: boolean;
  /** iommu_get_dma_strict(): the machine wants every unmap invalidated at once. */
  readonly dmaStrict: boolean;

  /** dev_is_dma_coherent(). */
  devIsDmaCoherent(dev: Device): boolean;
  /** dev_is_untrusted() of drivers/iommu/dma-iommu.c: a PCI device behind an external port. */
  devIsUntrusted(dev: Device): boolean;
  /** dma_get_mask(). */
  dmaGetMask(dev: Device): number;
  /** dma_get_seg_boundary(), a mask. */
  dmaGetSegBoundary(dev: Device): number;
  /** dma_get_max_seg_size(), bytes. */
  dmaGetMaxSegSize(dev: Device): Size;
  /** dma_get_min_align_mask(). */
  dmaGetMinAlignMask(dev: Device): number;

  /** iova_offset(): an address modulo the granule. */
  iovaOffset(dev: Device, address: number): Size;
  /** iova_align(): a size rounded up to whole granules. */
  iovaAlign(dev: Device, size: Size): Size;
  /** iova_mask(): the granule less one. */
  iovaMask(dev: Device): number;
  /** iova_shift(): log2 of the granule. */
  iovaShift(dev: Device): number;
  /** alloc_iova_fast(): `pages` granules at or below `limitPfn`; 0: none. */
  allocIovaFast(dev: Device, pages: number, limitPfn: Pfn, flushRcache: boolean): Pfn;
  /** free_iova_fast(). */
  freeIovaFast(dev: Device, pfn: Pfn, pages: number): void;
  /** queue_iova(): free after the next flush. */
  queueIova(dev: Device, pfn: Pfn, pages: number): void;
  /** init_iova_flush_queue(): from now on the domain has a flush queue. */
  initIovaFlushQueue(dev: Device): void;
  /** cookie->fq_domain: the domain has a flush queue. */
  fqDomain(dev: Device): boolean;
  /** domain->geometry.aperture_end: the highest bus address. */
  apertureEnd(dev: Device): DmaAddr;

  /** iommu_map_atomic(): 0 or -errno. */
  iommuMap(dev: Device, iova: DmaAddr, phys: PhysAddr, size: Size, prot: number): number;
  /** iommu_map_sg_atomic(): bytes mapped, 0 when it failed. */
  iommuMapSg(dev: Device, iova: DmaAddr, sgl: Scatterlist, nents: number, prot: number): Size;
  /** iommu_unmap_fast(): bytes unmapped; stops at the first hole. */
  iommuUnmap(dev: Device, iova: DmaAddr, size: Size): Size;
  /** iommu_iotlb_sync(). */
  iommuIotlbSync(dev: Device): void;
  /** domain->ops->flush_iotlb_all(): the flush queue's, before it frees. */
  iommuFlushIotlbAll(dev: Device): void;
  /** iommu_iova_to_phys(): 0 when unmapped. */
  iommuIovaToPhys(dev: Device, iova: DmaAddr): PhysAddr;

  /** arch_sync_dma_for_device(). */
  archSyncDmaForDevice(phys: PhysAddr, size: Size, dir: Direction): void;
  /** arch_sync_dma_for_cpu(). */
  archSyncDmaForCpu(phys: PhysAddr, size: Size, dir: Direction): void;

  /** is_swiotlb_buffer(). */
  isSwiotlbBuffer(phys: PhysAddr): boolean;
  /** swiotlb_tbl_map_single(): the bounce address, DMA_MAPPING_ERROR when there is none. */
  swiotlbTblMapSingle(
    dev: Device,
    phys: PhysAddr,
    mappingSize: Size,
    allocSize: Size,
    allocAlignMask: number,
    dir: Direction,
    attrs: Attrs,
  ): PhysAddr;
  /** swiotlb_tbl_unmap_single(). */
  swiotlbTblUnmapSingle(dev: Device, tlb: PhysAddr, size: Size, dir: Direction, attrs: Attrs): void;
  /** swiotlb_sync_single_for_device(). */
  swiotlbSyncSingleForDevice(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void;
  /** swiotlb_sync_single_for_cpu(). */
  swiotlbSyncSingleForCpu(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void;

  /** memset(phys_to_virt(phys), 0, size). */
  memset(phys: PhysAddr, size: Size): void;
  /** WARN_ON(unmapped != asked) of __iommu_dma_unmap(). */
  warnUnmapped(dev: Device, unmapped: Size, asked: Size): void;
  /** WARN_ON(!phys) of an unmap whose handle is not mapped. */
  warnNotMapped(dev: Device, handle: DmaAddr): void;

  /** Any other WARN() or kernel message of level warning and above, `text` in the kernel's words. */
  warnText(text: string): void;

  /** A state's method begins; `frame` is its index in the state's frame table. */
  enter(frame: number): void;
  /** It returns. */
  leave(): void;
}
