// SPDX-License-Identifier: GPL-2.0-only
/** What one run of one scenario case on one state leaves behind. Plain data, equal for equal inputs. */
import type { CrashKind } from '../machine/crash.ts';
import {
  EVENT_KINDS,
  EXPOSURE_STRIDE,
  F_ARGS,
  F_DEVICE,
  F_EXTRA,
  F_KIND,
  F_PATH,
  F_RESULT,
  F_STEP,
  STRIDE,
  type EventKind,
} from '../machine/event-log.ts';
import type { Scenario } from './scenario.ts';

/** One dma segment that a map returned. */
export interface DmaSegment {
  /** Bus address. */
  readonly address: number;
  /** Bytes. */
  readonly length: number;
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
  /** `skipped`: its mapping had failed. */
  readonly status: 'done' | 'failed' | 'skipped' | 'crashed';
  /** What a map returned. */
  readonly segments: readonly DmaSegment[];
  /** Events [from, to) happened in it. */
  readonly from: number;
  readonly to: number;
  readonly held: Held;
}

/** A translation left over although the mapping that installed it is gone; noted when that ended, and after IOTLB syncs. */
export interface Leftover {
  readonly step: number;
  readonly device: number;
  readonly iova: number;
  readonly phys: number;
  readonly mapping: number;
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
  readonly step: number;
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
  readonly crash: { readonly kind: CrashKind; readonly step: number; readonly event: number } | undefined;
}

/** One event, decoded. */
export interface Event {
  readonly index: number;
  readonly kind: EventKind;
  readonly device: number;
  readonly path: number;
  readonly step: number;
  /** Arguments, in the order that EVENT_KINDS gives them. */
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
  /** NaN when the call never returned or returns nothing. */
  readonly result: number;
  readonly extra: number;
}

/** Number of events. */
function eventCount(run: Recording): number {
  return run.records.length / STRIDE;
}

/** Event number `index`. */
export function eventAt(run: Recording, index: number): Event {
  const at = index * STRIDE;
  const { records } = run;
  return {
    index,
    kind: EVENT_KINDS[records[at + F_KIND] ?? 0] ?? 'warn',
    device: records[at + F_DEVICE] ?? -1,
    path: records[at + F_PATH] ?? 0,
    step: records[at + F_STEP] ?? -1,
    a: records[at + F_ARGS] ?? 0,
    b: records[at + F_ARGS + 1] ?? 0,
    c: records[at + F_ARGS + 2] ?? 0,
    d: records[at + F_ARGS + 3] ?? 0,
    e: records[at + F_ARGS + 4] ?? 0,
    f: records[at + F_ARGS + 5] ?? 0,
    result: records[at + F_RESULT] ?? NaN,
    extra: records[at + F_EXTRA] ?? 0,
  };
}

/** Events [from, to), decoded; only those of `kind` when it is given. */
export function events(run: Recording, kind?: EventKind, from = 0, to = eventCount(run)): Event[] {
  const wanted = kind === undefined ? -1 : EVENT_KINDS.indexOf(kind);
  const found: Event[] = [];
  for (let index = from; index < to; index++) {
    if (wanted < 0 || run.records[index * STRIDE + F_KIND] === wanted) found.push(eventAt(run, index));
  }
  return found;
}

/** Bytes that an untrusted device could read at some moment. */
export interface Exposure {
  /** Events that had happened by then. */
  readonly event: number;
  readonly step: number;
  readonly device: number;
  readonly iova: number;
  readonly phys: number;
  readonly size: number;
  /** Label of the first byte; see EXPOSURE_STRIDE for the others. */
  readonly label: number;
  /** The mapping that installed the translation. */
  readonly mapping: number;
}

/** Every exposure, in order. */
export function exposures(run: Recording): Exposure[] {
  const found: Exposure[] = [];
  const e = run.exposures;
  for (let at = 0; at < e.length; at += EXPOSURE_STRIDE) {
    found.push({
      event: e[at] ?? 0,
      step: e[at + 1] ?? 0,
      device: e[at + 2] ?? 0,
      iova: e[at + 3] ?? 0,
      phys: e[at + 4] ?? 0,
      size: e[at + 5] ?? 0,
      label: e[at + 6] ?? 0,
      mapping: e[at + 7] ?? -1,
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
