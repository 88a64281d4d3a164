// SPDX-License-Identifier: GPL-2.0-only
/** A scenario case: what the API user, the CPU and the device do, fully resolved. Plain data. */
import type { MachineConfig } from '../machine/config.ts';
import type { InterleavePoint } from '../machine/events.ts';
import type { Attrs, BufferIx, Direction, MappingIx, PhysAddr, Size, StepIx } from '../machine/vocabulary.ts';

import type { Layout } from './layout.ts';

/** A buffer of some driver. */
export interface Buffer {
  readonly name: string;
  readonly phys: PhysAddr;
  readonly size: Size;
  /** It holds what memory holds; else the CPU filled it before the first step. */
  readonly untouched?: true;
}

/** Bytes of a buffer. */
export interface BufferRange {
  /** Index into Scenario.buffers. */
  readonly buffer: BufferIx;
  readonly offset: Size;
  readonly size: Size;
}

/** What a `fail_next` step makes fail, once. */
export const FAULTS = ['alloc_iova_fast', 'iommu_map', 'iommu_map_sg'] as const;
export type FaultName = (typeof FAULTS)[number];

/** Accesses that happen inside a DMA operation, right after the nth call of a kernel function. */
export interface During {
  readonly after: InterleavePoint;
  /** Which call of it within the operation, from 1. */
  readonly nth: number;
  readonly steps: readonly AccessStep[];
}

/** What a write is made of: this byte alone, or a pattern of its own. */
export interface Content {
  readonly byte?: number;
}

/** What the CPU or a device does to memory. */
export type AccessStep =
  | ({ readonly op: 'cpu_read' | 'cpu_write' } & BufferRange & Content)
  | ({
      readonly op: 'device_read' | 'device_write';
      readonly map: MappingIx;
      /** Which dma segment `offset` counts from; undefined: over all segments in order. */
      readonly segment: number | undefined;
      /** Bytes; may be negative or past the end when the device misbehaves. */
      readonly offset: Size;
      readonly size: Size;
    } & Content);

/** A call into dma-iommu. */
export type DmaStep = { readonly during: readonly During[] } & (
  | ({
      readonly op: 'map_page';
      /** The mapping's number, from 0 in the order of the map steps. */
      readonly map: MappingIx;
      readonly device: number;
      readonly dir: Direction;
      readonly attrs: Attrs;
    } & BufferRange)
  | {
      readonly op: 'map_sg';
      readonly map: MappingIx;
      readonly device: number;
      readonly sgl: readonly BufferRange[];
      readonly dir: Direction;
      readonly attrs: Attrs;
    }
  | {
      readonly op: 'unmap_page' | 'unmap_sg';
      readonly map: MappingIx;
      readonly attrs: Attrs;
      readonly misuse?: Misuse;
    }
  | {
      readonly op: 'sync_single_for_cpu' | 'sync_single_for_device';
      readonly map: MappingIx;
      readonly offset: Size;
      readonly size: Size;
      readonly misuse?: Misuse;
    }
  | {
      readonly op: 'sync_sg_for_cpu' | 'sync_sg_for_device';
      readonly map: MappingIx;
      readonly misuse?: Misuse;
    }
);

/** The call goes against the API, on purpose; what is left out is as it was mapped. */
export interface Misuse {
  readonly dir?: Direction;
  /** Bytes of an unmap_page. */
  readonly size?: Size;
  /** `nents` of a list. */
  readonly entries?: number;
}

/** One step. `line` is where it stands in its file, 0 when it came from elsewhere. */
export type Step = { readonly line: number } & (
  | AccessStep
  | DmaStep
  | { readonly op: 'fail_next'; readonly device: number; readonly what: FaultName }
  | { readonly op: 'flush_queue'; readonly device: number }
  | {
      /** The driver asks, and maps no more at once from then on; `size`: it was told that instead. */
      readonly op: 'dma_max_mapping_size';
      readonly device: number;
      readonly size?: Size;
    }
);

/** A mapping's name and what it maps, by its number. */
export interface MappingInfo {
  readonly name: string;
  /** Index of the step that maps it. */
  readonly step: StepIx;
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
  /** Path of the file it was loaded from, as messages show it. */
  readonly file?: string;
  readonly name: string;
  readonly why: string;
  readonly refs: readonly string[];
  readonly watch: readonly string[];
  readonly machine: MachineConfig;
  /** What pool and IOVA space have given out before; undefined: nothing. */
  readonly layout?: Layout;
  /** Names of machine.devices. */
  readonly deviceNames: readonly string[];
  readonly buffers: readonly Buffer[];
  readonly mappings: readonly MappingInfo[];
  readonly steps: readonly Step[];
}

/** The scenario says that the API does not allow what the step does. */
export function isMisuse({ steps }: Scenario, index: StepIx): boolean {
  const step = steps[index];
  return step !== undefined && 'misuse' in step && step.misuse !== undefined;
}

/** The mapping that a step is about, if any. */
export function mappingOfStep({ steps }: Scenario, index: StepIx): MappingIx | undefined {
  const step = steps[index];
  return step !== undefined && 'map' in step ? step.map : undefined;
}
