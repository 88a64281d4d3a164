// SPDX-License-Identifier: GPL-2.0-only
/** What one run of one scenario case on one state leaves behind. Plain data, equal for equal inputs. */
import type { CrashKind } from '../machine/crash.ts';
import { EXPOSURE_STRIDE } from '../machine/event-log.ts';
import type { DmaAddr, EventIx, Label, MappingIx, PhysAddr, Size, StepIx } from '../machine/vocabulary.ts';
import type { Scenario } from './scenario.ts';

/** One dma segment that a map returned. */
export interface DmaSegment {
  /** Bus address. */
  readonly address: DmaAddr;
  /** Bytes. */
  readonly length: Size;
}

/** What is taken at a point in time. */
export interface Held {
  /** Slots of the pool. */
  readonly slots: number;
  /** Per device: granules in the page table. */
  readonly granules: readonly number[];
  /** Per device: IOVA ranges, those that wait in the flush queue included. */
  readonly iovas: readonly number[];
  /** Per device: ranges that wait in the flush queue. */
  readonly queued: readonly number[];
}

/** What came of a step. */
export interface StepOutcome {
  /** `skipped`: its mapping had failed, or a map was larger than what the driver was told. */
  readonly status: 'done' | 'failed' | 'skipped' | 'crashed';
  /** What a map returned. */
  readonly segments: readonly DmaSegment[];
  /** Events [from, to) happened in it. */
  readonly from: EventIx;
  readonly to: EventIx;
  readonly held: Held;
  /** What a driver that asked for the largest mapping was told, bytes; Infinity: no limit. */
  readonly told?: Size;
  /** Of a map that failed: what its driver would have been told, had it asked. */
  readonly limit?: Size;
}

/** A translation left over although the mapping that installed it is gone; noted when that ended, and after IOTLB syncs. */
export interface Leftover {
  readonly step: StepIx;
  readonly device: number;
  readonly iova: DmaAddr;
  readonly phys: PhysAddr;
  readonly mapping: MappingIx;
  /** False: only the IOTLB still holds it. */
  readonly inPageTable: boolean;
}

/** A call path, innermost method last known by its parent. */
export interface CallPath {
  /** Index of the caller's path, 0: the driver. */
  readonly parent: number;
  readonly method: string;
  /** The patch that wrote the method last. */
  readonly patch: string;
}

/** Labels of a buffer as the CPU would read them, or of a mapping as its device sees them, after a step. */
export interface View {
  /** -1: before the first step. */
  readonly step: StepIx;
  readonly of: 'buffer' | 'mapping';
  readonly index: number;
  /** Labels [start, start + size) of Recording.viewLabels. */
  readonly start: number;
  readonly size: number;
}

export interface Recording {
  readonly state: string;
  readonly scenario: Scenario;
  /** Event records (see event-log.ts). */
  readonly records: Float64Array;
  /** Bytes that reads saw and writes wrote, with their labels. */
  readonly bytes: Uint8Array;
  readonly labels: Uint32Array;
  /** What untrusted devices could read (see EXPOSURE_STRIDE). */
  readonly exposures: Float64Array;
  readonly paths: readonly CallPath[];
  readonly steps: readonly StepOutcome[];
  /** In the order they were taken; a view that did not change is not repeated. */
  readonly views: readonly View[];
  readonly viewLabels: Uint32Array;
  readonly leftovers: readonly Leftover[];
  /** Whether each device had a flush queue. */
  readonly flushQueue: readonly boolean[];
  readonly crash: { readonly kind: CrashKind; readonly step: StepIx; readonly event: EventIx } | undefined;
}

/** Bytes that an untrusted device could read at some moment. */
export interface Exposure {
  /** Events that had happened by then. */
  readonly event: EventIx;
  readonly step: StepIx;
  readonly device: number;
  readonly iova: DmaAddr;
  readonly phys: PhysAddr;
  readonly size: number;
  /** Label of the first byte; see EXPOSURE_STRIDE for the others. */
  readonly label: Label;
  /** The mapping that installed the translation; undefined: none did. */
  readonly mapping: MappingIx | undefined;
  /** What it was asked for with: without IOMMU_READ, the hardware alone lets the device read. */
  readonly prot: number;
}

/** Every exposure, in order. */
export function exposures(run: Recording): Exposure[] {
  const found: Exposure[] = [];
  const e = run.exposures;
  for (let at = 0; at < e.length; at += EXPOSURE_STRIDE) {
    const mapping = e[at + 7] ?? NaN;
    found.push({
      event: e[at] ?? 0,
      step: e[at + 1] ?? 0,
      device: e[at + 2] ?? 0,
      iova: e[at + 3] ?? 0,
      phys: e[at + 4] ?? 0,
      size: e[at + 5] ?? 0,
      label: e[at + 6] ?? 0,
      mapping: mapping >= 0 ? mapping : undefined,
      prot: e[at + 8] ?? 0,
    });
  }
  return found;
}

/** The methods on a call path, outermost first. */
export function callPath(run: Recording, path: number): CallPath[] {
  const methods: CallPath[] = [];
  for (let p = path; p > 0;) {
    const entry = run.paths[p];
    if (entry === undefined) break;
    methods.unshift(entry);
    p = entry.parent;
  }
  return methods;
}
