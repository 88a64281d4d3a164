// SPDX-License-Identifier: GPL-2.0-only
/** What every state of the series implements: the dma_map_ops of drivers/iommu/dma-iommu.c. */
import type { Kernel } from '../machine/kernel.ts';
import type {
  Attrs,
  Device,
  Direction,
  DmaAddr,
  PhysAddr,
  Scatterlist,
  Size,
} from '../machine/vocabulary.ts';

/** Sizes and offsets in bytes; a failed map_page returns DMA_MAPPING_ERROR, a failed map_sg 0. */
export interface DmaOps {
  /** iommu_dma_init_domain(): a device is attached; decides whether it gets a flush queue. */
  initDomain(dev: Device): void;
  /** iommu_dma_map_page(); `phys` is page_to_phys(page) + offset. */
  mapPage(dev: Device, phys: PhysAddr, size: Size, dir: Direction, attrs: Attrs): DmaAddr;
  /** iommu_dma_unmap_page(). */
  unmapPage(dev: Device, handle: DmaAddr, size: Size, dir: Direction, attrs: Attrs): void;
  /** iommu_dma_map_sg(): the number of dma segments. */
  mapSg(dev: Device, sgl: Scatterlist, nents: number, dir: Direction, attrs: Attrs): number;
  /** iommu_dma_unmap_sg(); `nents` as given to mapSg. */
  unmapSg(dev: Device, sgl: Scatterlist, nents: number, dir: Direction, attrs: Attrs): void;
  /** iommu_dma_sync_single_for_cpu(). */
  syncSingleForCpu(dev: Device, handle: DmaAddr, size: Size, dir: Direction): void;
  /** iommu_dma_sync_single_for_device(). */
  syncSingleForDevice(dev: Device, handle: DmaAddr, size: Size, dir: Direction): void;
  /** iommu_dma_sync_sg_for_cpu(). */
  syncSgForCpu(dev: Device, sgl: Scatterlist, nents: number, dir: Direction): void;
  /** iommu_dma_sync_sg_for_device(). */
  syncSgForDevice(dev: Device, sgl: Scatterlist, nents: number, dir: Direction): void;
  /** The max_mapping_size of dma_map_ops, bytes; without it, there is no limit (v5.14 has none). */
  maxMappingSize?(dev: Device): Size;
  /** fq_flush_timeout(), of a state that has a flush queue of its own; without it, the machine's is flushed. */
  flushQueue?(dev: Device): void;
}

/** A state, ready to run on a kernel. */
export type DmaOpsClass = new (kernel: Kernel) => DmaOps;
