// SPDX-License-Identifier: GPL-2.0-only
/**
 * What a run leaves behind, in flat arrays: one fixed-size record an event, bytes read beside it.
 * Written on the hot path without allocating; decoded only when someone reads it.
 */

import { Budget, MOST_KEPT } from './budget.ts';
import { KernelCrash } from './crash.ts';
import { numberOfText } from './texts.ts';
import type { EventIx } from './vocabulary.ts';
import { argumentsOf, EVENT_KINDS, EVENTS, type Event, type EventKind, type Given } from './events.ts';

declare const numbered: unique symbol;
/** The number of a kind, as it stands in the log. */
type KindNumber<K extends EventKind> = number & { readonly [numbered]?: K };

/** Numbers of the kinds, as they stand in the log. */
export const EV = Object.fromEntries(EVENT_KINDS.map((name, index) => [name, index])) as {
  readonly [K in EventKind]: KindNumber<K>;
};

/** Fields of a record. */
export const F_KIND = 0;
/** Device index, -1 when the call names none. */
export const F_DEVICE = 1;
/** Call path: index into the run's paths, 0 outside of any state method. */
export const F_PATH = 2;
/** Index of the scenario step. */
export const F_STEP = 3;
/** First of six arguments. */
export const F_ARGS = 4;
export const F_RESULT = 10;
/** 1: the failure was injected. */
export const F_INJECTED = 11;
/** Doubles per record. */
export const STRIDE = 12;

/** Events before a run looks for the first time whether its step goes on for ever; then at twice as many. */
const FIRST_LOOK = 256;
/** Room at first for logged bytes, exposures and labels of views. */
const FIRST_BYTES = 4096;
const FIRST_EXPOSURES = 64;
const FIRST_LABELS = 16_384;

/**
 * Kernel calls that a state may make in one step before it counts as one that does not return. The longest
 * scatterlist of a scenario, 256 entries, takes less than 2,000.
 */
const MAX_CALLS = 4096;

/**
 * Doubles per exposure: events so far, step, device, iova, phys, size, first label, owner mapping,
 * what the translation was asked for with.
 * Labels count up with the bytes, or stay the same when they are below FIRST_LABEL.
 */
export const EXPOSURE_STRIDE = 9;

/** The log of one run. `records` grows; the first `length * STRIDE` doubles count. */
export class EventLog {
  readonly budget = new Budget();
  records = new Float64Array(FIRST_LOOK * STRIDE);
  length = 0;
  /** Bytes that reads saw and writes wrote, in order. */
  bytes = new Uint8Array(FIRST_BYTES);
  /** Their provenance labels. */
  labels = new Uint32Array(FIRST_BYTES);
  byteLength = 0;
  /** What the next records carry. */
  path = 0;
  step = 0;

  /** What non-zero bytes the standing adversary could read; see EXPOSURE_STRIDE. */
  exposures = new Float64Array(FIRST_EXPOSURES * EXPOSURE_STRIDE);
  exposureCount = 0;

  /** Labels that an observer saw between the steps. */
  viewLabels = new Uint32Array(FIRST_LABELS);
  viewLength = 0;
  /** Doubles of `records` at which it is looked at next; the same in every run, however large the array is. */
  private limit = FIRST_LOOK * STRIDE;

  reset(): void {
    this.budget.reset();
    this.limit = FIRST_LOOK * STRIDE;
    this.length = 0;
    this.exposureCount = 0;
    this.viewLength = 0;
    this.byteLength = 0;
    this.path = 0;
    this.step = 0;
    if (this.records.length > MOST_KEPT) this.records = new Float64Array(FIRST_LOOK * STRIDE);
    if (this.exposures.length > MOST_KEPT) {
      this.exposures = new Float64Array(FIRST_EXPOSURES * EXPOSURE_STRIDE);
    }
    if (this.viewLabels.length > MOST_KEPT) this.viewLabels = new Uint32Array(FIRST_LABELS);
    if (this.bytes.length > MOST_KEPT) this.resizeBytes(FIRST_BYTES);
  }

  /** Append a record: device, -1 for none, and what its row of the table asks for; returns its index, for `result`. A step that never stops calling ends as a KernelCrash. */
  push<K extends EventKind>(kind: KindNumber<K>, device: number, ...args: Given<K>): EventIx;
  push(kind: number, device: number, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0): number {
    const at = this.length * STRIDE;
    if (at === this.limit) this.grow();
    const r = this.records;
    r[at] = kind;
    r[at + F_DEVICE] = device;
    r[at + F_PATH] = this.path;
    r[at + F_STEP] = this.step;
    r[at + F_ARGS] = a;
    r[at + F_ARGS + 1] = b;
    r[at + F_ARGS + 2] = c;
    r[at + F_ARGS + 3] = d;
    r[at + F_ARGS + 4] = e;
    r[at + F_ARGS + 5] = f;
    r[at + F_RESULT] = NaN;
    r[at + F_INJECTED] = 0;
    return this.length++;
  }

  /** Fill in what the call returned; NaN stays when it never did. */
  result(index: EventIx, value: number, injected = false): void {
    this.records[index * STRIDE + F_RESULT] = value;
    this.records[index * STRIDE + F_INJECTED] = injected ? 1 : 0;
  }

  /** Room for `size` bytes in the byte log; returns where they start. */
  reserve(size: number): number {
    this.budget.take(size * 5);
    const start = this.byteLength;
    this.byteLength += size;
    while (this.byteLength > this.bytes.length) this.resizeBytes(this.bytes.length * 2);
    return start;
  }

  /** Room for `size` labels of a view; returns where they start. */
  reserveView(size: number): number {
    this.budget.take(size * 4);
    const start = this.viewLength;
    this.viewLength += size;
    if (this.viewLength > this.viewLabels.length) {
      const bigger = new Uint32Array(Math.max(this.viewLength, this.viewLabels.length * 2));
      bigger.set(this.viewLabels);
      this.viewLabels = bigger;
    }
    return start;
  }

  /** `size` bytes into the byte log from `start` on: those of `pattern`, again and again. */
  repeat(pattern: Uint8Array, start: number, size: number): void {
    for (let done = 0, n; done < size; done += n) {
      n = Math.min(size - done, pattern.length);
      this.bytes.set(pattern.subarray(0, n), start + done);
    }
  }

  /** Append an exposure: bytes that device could read, right now, with labels from `label` on. */
  expose(
    device: number,
    iova: number,
    phys: number,
    size: number,
    label: number,
    owner: number,
    prot: number,
  ): void {
    this.budget.take(EXPOSURE_STRIDE * 8);
    let at = this.exposureCount++ * EXPOSURE_STRIDE;
    if (at === this.exposures.length) {
      const bigger = new Float64Array(at * 2);
      bigger.set(this.exposures);
      this.exposures = bigger;
    }
    const e = this.exposures;
    e[at++] = this.length;
    e[at++] = this.step;
    e[at++] = device;
    e[at++] = iova;
    e[at++] = phys;
    e[at++] = size;
    e[at++] = label;
    e[at++] = owner;
    e[at] = prot;
  }

  /** Kernel functions that the state called in this step so far. */
  callsInStep(): number {
    let calls = 0;
    for (
      let at = (this.length - 1) * STRIDE;
      at >= 0 && this.records[at + F_STEP] === this.step;
      at -= STRIDE
    ) {
      if (IS_CALL[this.records[at] ?? EV.crash] === true) calls++;
    }
    return calls;
  }

  /** The crash of a step that goes on for ever. */
  endless(): KernelCrash {
    return new KernelCrash('did-not-return', numberOfText('a function of the state'));
  }

  private grow(): void {
    this.budget.take(this.limit * 8);
    this.limit *= 2;
    if (this.limit > this.records.length) {
      const bigger = new Float64Array(this.limit);
      bigger.set(this.records);
      this.records = bigger;
    }
    if (this.callsInStep() > MAX_CALLS) throw this.endless();
  }

  /** Both or neither: a run may be ended from outside at any moment (run/returning.ts). */
  private resizeBytes(size: number): void {
    const bytes = new Uint8Array(size);
    const labels = new Uint32Array(size);
    bytes.set(this.bytes.subarray(0, size));
    labels.set(this.labels.subarray(0, size));
    this.bytes = bytes;
    this.labels = labels;
  }
}

const ARG_NAMES: readonly (readonly string[])[] = EVENT_KINDS.map((kind) =>
  argumentsOf(kind).map(({ name }) => name),
);

/** The kind of record number `index`. */
export function kindAt(records: Float64Array, index: EventIx): EventKind {
  const kind = EVENT_KINDS[records[index * STRIDE + F_KIND] ?? -1];
  if (kind === undefined) throw new RangeError(`no event ${index}`);
  return kind;
}

/** Record number `index`, decoded. */
export function decode(records: Float64Array, index: EventIx): Event {
  const at = index * STRIDE;
  const event: Record<string, unknown> = {
    index,
    kind: kindAt(records, index),
    device: records[at + F_DEVICE],
    path: records[at + F_PATH],
    step: records[at + F_STEP],
    result: records[at + F_RESULT],
    injected: records[at + F_INJECTED] === 1,
  };
  const names = ARG_NAMES[records[at + F_KIND] ?? -1] ?? [];
  for (let i = 0; i < names.length; i++) event[names[i] ?? ''] = records[at + F_ARGS + i];
  return event as unknown as Event;
}

/** By number of a kind: a kernel function that states call. */
const IS_CALL = EVENT_KINDS.map((kind) => {
  const row: { readonly between: readonly string[]; readonly as?: string | undefined } = EVENTS[kind];
  // An entry is part of its list's call.
  return row.between[0] === 'dma-iommu' && row.as === undefined && kind !== 'sg_entry';
});
