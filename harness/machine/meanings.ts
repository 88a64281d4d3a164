// SPDX-License-Identifier: GPL-2.0-only
/** What the numbers of the event log mean. */
import type {
  Attrs,
  BufferIx,
  Direction,
  DmaAddr,
  Label,
  MappingIx,
  Pfn,
  PhysAddr,
  Size,
} from './vocabulary.ts';

/** What a number in the log means, and the type that goes with it. */
export interface Meanings {
  phys: PhysAddr;
  dma: DmaAddr;
  /** First granule of an IOVA range, 0: none. */
  pfn: Pfn;
  /** Highest granule that will do. */
  limit: Pfn;
  /** Granules. */
  pages: number;
  /** Bytes as a driver counts them, told in decimal. */
  bytes: Size;
  /** Bytes of the IOMMU, told in hex. */
  span: Size;
  prot: number;
  dir: Direction;
  attrs: Attrs;
  mask: number;
  count: number;
  /** 0 or -errno. */
  errno: number;
  /** A bounce address; negative: there is none; NaN: the call never returned. */
  tlb: PhysAddr;
  buffer: BufferIx;
  /** -1: none. */
  mapping: MappingIx;
  /** Bytes from the start of a buffer or a mapping. */
  offset: Size;
  /** Where bytes and their labels stand in the byte log. */
  place: number;
  label: Label;
  /** Index into WARNINGS, CRASHES, FAULT_REASONS, and what these say beside. */
  warning: number;
  crash: number;
  reason: number;
  detail: number;
  /** 1: yes, 0: no. */
  flag: number;
  /** 1: arch_sync_dma_for_device() cleans for a from-device mapping, too. */
  cleans: number;
}
export type Meaning = keyof Meanings;
