// SPDX-License-Identifier: GPL-2.0-only
/** What a machine is made of: the kernel configuration and its devices. */

import { IOMMU_READ, IOMMU_WRITE } from './vocabulary.ts';

/** One slot of the swiotlb pool: IO_TLB_SIZE (include/linux/swiotlb.h), bytes. */
export const SLOT_SIZE = 2048;
/** Slots an allocation never crosses: IO_TLB_SEGSIZE. */
export const SLOTS_PER_SEGMENT = 128;
/** Where the pool starts. */
export const POOL_START = 0x1000000;
/**
 * Where physical memory begins on a hostile machine, as it hardly ever begins at 0 where the CPU cache needs
 * maintenance. Recorded programs have it from 0 on.
 */
export const RAM_START = 0x10000;
/** Where physical memory ends, bytes. */
export const RAM_SIZE = 64 * 1024 * 1024;
/** A CPU cache line, bytes. */
export const LINE_SIZE = 64;

/**
 * Whose page tables the IOMMU has, which says what becomes of a page that is mapped already and whether
 * an entry can be write-only (v5.14, under drivers/iommu/): io-pgtable-arm.c stage 1, amd/io_pgtable.c,
 * intel/iommu.c.
 */
export const IOMMUS = ['amd', 'arm', 'vtd'] as const;
export type IommuKind = (typeof IOMMUS)[number];

/**
 * What a device may do through an entry that was asked for with `prot`. Only AMD's entries have a bit of
 * their own for reading: arm_lpae_prot_to_pte() of stage 1 has none, and __domain_mapping() always sets
 * DMA_FL_PTE_PRESENT, the bit that DMA_PTE_READ is.
 */
export function grantedBy(iommu: IommuKind, prot: number): number {
  return iommu === 'amd' || (prot & IOMMU_WRITE) === 0 ? prot : prot | IOMMU_READ;
}

/** A device and its IOMMU domain. Masks are u64 (see u64.ts). */
export interface DeviceConfig {
  /** struct pci_dev untrusted: behind an external port. */
  readonly untrusted: boolean;
  /** dev_is_dma_coherent(): it snoops the CPU cache. */
  readonly coherent: boolean;
  /** dma_get_min_align_mask(): address bits that a bounce buffer must keep. */
  readonly minAlignMask: number;
  /** dma_get_mask(). */
  readonly dmaMask: number;
  /** dma_get_seg_boundary(), a mask. */
  readonly segBoundary: number;
  /** dma_get_max_seg_size(), bytes. */
  readonly maxSegSize: number;
  /** Lowest bus address, bytes: `base` of iommu_dma_init_domain(). */
  readonly iovaBase: number;
  /** Standing adversary: write everything it may write outside the mapped buffers. */
  readonly scribble: boolean;
}

/** The kernel configuration a scenario runs on. */
export interface MachineConfig {
  /** PAGE_SIZE, bytes: 4096, 16384 or 65536. */
  readonly pageSize: number;
  /** IOVA granule, bytes: a power of two, at most the page size. */
  readonly granule: number;
  /** CONFIG_SWIOTLB. */
  readonly swiotlb: boolean;
  /** Pool size in 2 KiB slots, a multiple of 128; 0: there is none, as with swiotlb=noforce. */
  readonly swiotlbSlots: number;
  /** The IOMMU's driver and page tables. */
  readonly iommu: IommuKind;
  /** iommu.strict=1: unmap invalidates at once; else trusted devices may use the flush queue. */
  readonly strict: boolean;
  /** `worst`: a write-back cache and an IOTLB that take the harmful choice; `off`: neither, no adversary. */
  readonly cache: 'worst' | 'off';
  readonly devices: readonly DeviceConfig[];
}

/** What a device is unless the scenario says otherwise. */
export const DEVICE_DEFAULTS: DeviceConfig = {
  untrusted: false,
  coherent: true,
  minAlignMask: 0,
  dmaMask: 0xffffffff,
  segBoundary: 0xffffffff,
  maxSegSize: 65536,
  iovaBase: 0,
  scribble: false,
};

/** What a machine is unless the scenario says otherwise. */
export const MACHINE_DEFAULTS: Omit<MachineConfig, 'devices'> = {
  pageSize: 4096,
  granule: 4096,
  swiotlb: true,
  swiotlbSlots: 1024,
  iommu: 'amd',
  strict: true,
  cache: 'worst',
};
