// SPDX-License-Identifier: GPL-2.0-only
/** What every state of the series implements: the dma_map_ops of drivers/iommu/dma-iommu.c. */
import type { Kernel } from '../harness/machine/kernel.ts';
import type {
  Attrs,
  Device,
  Direction,
  DmaAddr,
  PhysAddr,
  Scatterlist,
  Size,
} from '../harness/machine/vocabulary.ts';

export { below, lowBits, minU64 } from '../harness/machine/u64.ts';
export type { Kernel } from '../harness/machine/kernel.ts';
export {
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
  type Attrs,
  type Device,
  type Direction,
  type DmaAddr,
  type PhysAddr,
  type Scatterlist,
  type ScatterlistEntry,
  type Size,
} from '../harness/machine/vocabulary.ts';

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
}

/** A state, ready to run on a kernel. */
export type DmaOpsClass = new (kernel: Kernel) => DmaOps;
