// SPDX-License-Identifier: GPL-2.0-only
/** What a state may use: the operations it implements, the kernel's functions, and its vocabulary. */
export { below, lowBits, minU64, shiftRight } from '../harness/machine/u64.ts';
export type { DmaOps, DmaOpsClass } from '../harness/subject/dma-ops.ts';
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
