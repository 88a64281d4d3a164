// SPDX-License-Identifier: GPL-2.0-only
/** The kernel's own words: addresses, directions, attributes, scatterlists, the device. */

declare const kind: unique symbol;
/** A number with a meaning: plain numbers fit in, another meaning does not. */
type Meaning<K extends string> = number & { readonly [kind]?: K };

/** Physical address in bytes: of an original buffer or of a bounce buffer alike. */
export type PhysAddr = Meaning<'phys'>;
/** Bus address in bytes: what the device puts on the wire, an IOVA. */
export type DmaAddr = Meaning<'dma'>;
/** `size_t`, in bytes; negative when it underflowed (see u64.ts). */
export type Size = Meaning<'size'>;
/** An IOVA in granules. */
export type Pfn = Meaning<'pfn'>;

/** Number of a step of the scenario, -1: before the first. */
export type StepIx = Meaning<'step'>;
/** Number of an event in the log. */
export type EventIx = Meaning<'event'>;
/** Number of a mapping of the scenario, -1: none. */
export type MappingIx = Meaning<'mapping'>;
/** Number of a buffer of the scenario. */
export type BufferIx = Meaning<'buffer'>;
/** Which byte of which write, or what kind of memory (labels.ts). */
export type Label = Meaning<'label'>;

/** enum dma_data_direction (include/linux/dma-direction.h). */
export type Direction = 0 | 1 | 2;
export const DMA_BIDIRECTIONAL = 0 satisfies Direction;
export const DMA_TO_DEVICE = 1 satisfies Direction;
export const DMA_FROM_DEVICE = 2 satisfies Direction;
export const DIRECTION_NAMES = ['BIDIRECTIONAL', 'TO_DEVICE', 'FROM_DEVICE'] as const;
export type DirectionName = (typeof DIRECTION_NAMES)[number];

/** Attribute bits of dma_map/dma_unmap (include/linux/dma-mapping.h). */
export type Attrs = number;
export const DMA_ATTR_SKIP_CPU_SYNC = 1 << 5;
export const DMA_ATTR_NO_WARN = 1 << 8;
export const DMA_ATTR_PRIVILEGED = 1 << 9;
export const ATTR_BITS = {
  SKIP_CPU_SYNC: DMA_ATTR_SKIP_CPU_SYNC,
  NO_WARN: DMA_ATTR_NO_WARN,
  PRIVILEGED: DMA_ATTR_PRIVILEGED,
} as const satisfies Record<string, Attrs>;
export type AttrName = keyof typeof ATTR_BITS;

/** IOMMU protection bits (include/linux/iommu.h). */
export const IOMMU_READ = 1;
export const IOMMU_WRITE = 2;
export const IOMMU_CACHE = 4;
export const IOMMU_PRIV = 32;

/** What a failed map returns, as a bus or a physical address: all-ones. */
export const DMA_MAPPING_ERROR: number = -1;

/** DMA_BIT_MASK(32): the highest bus address a PCI SAC cycle reaches. */
export const DMA_BIT_MASK_32 = 0xffffffff;

/** IOVA_RANGE_CACHE_MAX_SIZE (include/linux/iova.h): lengths 2^0 to 2^5 granules are cached. */
export const IOVA_RANGE_CACHE_MAX_SIZE = 6;

/** One entry of a struct scatterlist: the CPU side and, once mapped, the device side. */
export interface ScatterlistEntry {
  /** sg_phys(): where the CPU's buffer starts. */
  phys: PhysAddr;
  /** sg->length in bytes. */
  length: Size;
  /** sg_dma_address(). */
  dmaAddress: DmaAddr;
  /** sg_dma_len() in bytes. */
  dmaLength: Size;
}

/** A scatterlist: as long as the caller made it; `nents` says how much of it counts. */
export type Scatterlist = ScatterlistEntry[];

/** struct device, as far as dma-iommu looks at it. Made by the machine. */
export interface Device {
  /** Its number on this machine, from 0. */
  readonly index: number;
}
