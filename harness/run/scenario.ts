// SPDX-License-Identifier: GPL-2.0-only
/** A scenario case: what the API user, the CPU and the device do, fully resolved. Plain data. */
import type { MachineConfig } from '../machine/config.ts';
import type { Attrs, Direction, PhysAddr, Size } from '../machine/vocabulary.ts';

/** A buffer of some driver; the CPU filled it before the first step. */
export interface Buffer {
  readonly name: string;
  readonly phys: PhysAddr;
  readonly size: Size;
}

/** Bytes of a buffer. */
export interface BufferRange {
  /** Index into Scenario.buffers. */
  readonly buffer: number;
  readonly offset: Size;
  readonly size: Size;
}

/** What a `fail_next` step makes fail, once. */
export const FAULTS = ['alloc_iova_fast', 'iommu_map', 'iommu_map_sg'] as const;
export type FaultName = (typeof FAULTS)[number];

/** The kernel functions after which something may happen inside an operation. */
export const INTERLEAVE_POINTS = [
  'swiotlb_tbl_map_single',
  'swiotlb_tbl_unmap_single',
  'swiotlb_sync_single_for_device',
  'swiotlb_sync_single_for_cpu',
  'memset',
  'arch_sync_dma_for_device',
  'arch_sync_dma_for_cpu',
  'alloc_iova_fast',
  'iommu_map',
  'iommu_map_sg',
  'iommu_unmap',
  'iommu_iotlb_sync',
  'iommu_iova_to_phys',
] as const;
export type InterleavePoint = (typeof INTERLEAVE_POINTS)[number];

/** Accesses that happen inside a DMA operation, right after the nth call of a kernel function. */
export interface During {
  readonly after: InterleavePoint;
  /** Which call of it within the operation, from 1. */
  readonly nth: number;
  readonly steps: readonly AccessStep[];
}

/** What the CPU or a device does to memory. */
export type AccessStep =
  | ({ readonly op: 'cpu_read' | 'cpu_write' } & BufferRange)
  | {
      readonly op: 'device_read' | 'device_write';
      readonly map: number;
      /** Which dma segment `offset` counts from; undefined: over all segments in order. */
      readonly segment: number | undefined;
      /** Bytes; may be negative or past the end when the device misbehaves. */
      readonly offset: Size;
      readonly size: Size;
    };

/** A call into dma-iommu. */
export type DmaStep = { readonly during: readonly During[] } & (
  | ({
      readonly op: 'map_page';
      /** The mapping's number, from 0 in the order of the map steps. */
      readonly map: number;
      readonly device: number;
      readonly dir: Direction;
      readonly attrs: Attrs;
    } & BufferRange)
  | {
      readonly op: 'map_sg';
      readonly map: number;
      readonly device: number;
      readonly sgl: readonly BufferRange[];
      readonly dir: Direction;
      readonly attrs: Attrs;
    }
  | { readonly op: 'unmap_page' | 'unmap_sg'; readonly map: number; readonly attrs: Attrs }
  | {
      readonly op: 'sync_single_for_cpu' | 'sync_single_for_device';
      readonly map: number;
      readonly offset: Size;
      readonly size: Size;
    }
  | { readonly op: 'sync_sg_for_cpu' | 'sync_sg_for_device'; readonly map: number }
);

/** One step. `line` is where it stands in its file, 0 when it came from elsewhere. */
export type Step = { readonly line: number } & (
  | AccessStep
  | DmaStep
  | { readonly op: 'fail_next'; readonly device: number; readonly what: FaultName }
  | { readonly op: 'flush_queue'; readonly device: number }
);

/** A mapping's name and what it maps, by its number. */
export interface MappingInfo {
  readonly name: string;
  /** Index of the step that maps it. */
  readonly step: number;
  readonly device: number;
  readonly dir: Direction;
  readonly sg: boolean;
  readonly ranges: readonly BufferRange[];
}

/** One case of a scenario: one point of its matrix. */
export interface Scenario {
  /** `topic/file-name` and, when the scenario has a matrix, `[key=value,…]`. */
  readonly id: string;
  /** `topic/file-name`. */
  readonly scenario: string;
  readonly name: string;
  readonly why: string;
  readonly refs: readonly string[];
  readonly watch: readonly string[];
  readonly machine: MachineConfig;
  /** Names of machine.devices. */
  readonly deviceNames: readonly string[];
  readonly buffers: readonly Buffer[];
  readonly mappings: readonly MappingInfo[];
  readonly steps: readonly Step[];
}
