// SPDX-License-Identifier: GPL-2.0-only
/** The ownership walk over one mapping of a small buffer, step by step, with views and accesses written by hand. */
import { EV, type EventLog } from '../../machine/event-log.ts';
import type { View } from '../../run/recording.ts';
import { Facts } from '../facts.ts';
import { ownershipOf } from '../ownership.ts';
import type { Ownership } from '../wrong-byte.ts';
import { caseOf } from './judging.ts';
import { logged, outcome } from './recordings.ts';

/** The CPU wrote a, twelve bytes, before the first step. The device writes labels from 100 on. */
export const A = 16;
export const DEVICE = 100;
export const AGAIN = 200;
const PHYS = 0x200000;
const IOVA = 0xf000;
export const count = (first: number, size: number): number[] =>
  Array.from({ length: size }, (_, i) => first + i);
/** a, with other labels from byte `at` on. */
export const a = (at = 0, ...labels: readonly number[]): number[] => {
  const all = count(A, 12);
  all.splice(at, labels.length, ...labels);
  return all;
};

export interface Happened {
  readonly status?: 'done' | 'failed' | 'skipped' | 'crashed';
  /** What the CPU finds in a, and the device in mapping m, after the step. */
  readonly a?: readonly number[];
  readonly m?: readonly number[];
  readonly events?: (log: EventLog) => void;
}

function put(log: EventLog, labels: readonly number[]): number {
  const at = log.reserve(labels.length);
  log.labels.set(labels, at);
  return at;
}
/** A CPU write to a of labels from `label` on. */
export const cpuWrites =
  (offset: number, size: number, label: number) =>
  (log: EventLog): void => {
    log.push(EV.cpu_write, -1, 0, offset, size, put(log, count(label, size)), PHYS + offset);
  };
export const cpuReads =
  (offset: number, labels: readonly number[], again = labels) =>
  (log: EventLog): void => {
    const [first, second] = [put(log, labels), put(log, again)];
    log.push(EV.cpu_read, -1, 0, offset, labels.length, first, second, PHYS + offset);
  };
/** Through mapping m, unless another is said, whose memory is the buffer's own, unless it is said where it is. */
export const deviceWrites =
  (at: number, size: number, label = DEVICE, mapping = 0, memory = PHYS + 4) =>
  (log: EventLog): void => {
    log.push(EV.device_write, 0, IOVA + at, size, put(log, count(label, size)), mapping, at);
    log.push(EV.device_write_run, 0, IOVA + at, memory + at, size, label);
  };
export const deviceReads =
  (at: number, labels: readonly number[]) =>
  (log: EventLog): void => {
    log.push(EV.device_read, 0, IOVA + at, labels.length, put(log, labels), 0, at);
  };

/** The walk over these steps; the step that maps bytes 4 to 7 of a as m comes first. */
export function walk(
  dir: string,
  steps: readonly string[],
  happened: readonly Happened[],
  device = '',
): Ownership {
  const scenario = caseOf(`
device: { ${device} }
buffers: { a: { size: 12, at: ${PHYS} } }
steps:
  - map_page: { id: m, buffer: a, offset: 4, size: 4, dir: ${dir} }
${steps.map((step) => `  - ${step}\n`).join('')}
`);
  const views: View[] = [];
  const viewLabels: number[] = [];
  const see = (step: number, of: 'buffer' | 'mapping', labels?: readonly number[]): void => {
    if (labels === undefined) return;
    views.push({ step, of, index: 0, start: viewLabels.length, size: labels.length });
    viewLabels.push(...labels);
  };
  see(-1, 'buffer', a());
  const ends = [1];
  const run = logged(
    (log) => {
      log.step = -1;
      cpuWrites(0, 12, A)(log);
      for (const [step, { events }] of happened.entries()) {
        log.step = step;
        events?.(log);
        ends.push(log.length);
      }
    },
    scenario,
    { views, steps: [] },
  );
  for (const [step, each] of happened.entries()) {
    see(step, 'buffer', each.a);
    see(step, 'mapping', each.m);
  }
  const outcomes = happened.map(({ status = 'done' }, step) =>
    outcome(status, ends[step] ?? 0, ends[step + 1] ?? 0, step === 0 ? [{ address: IOVA, length: 4 }] : []),
  );
  Object.assign(run, { steps: outcomes, viewLabels: new Uint32Array(viewLabels) });
  return ownershipOf(new Facts(run));
}
export const wrong = (found: Ownership): unknown[] =>
  found.wrong.map(({ clause, step, event, mapping, offset, size, expected, observed }) => [
    clause,
    step,
    event,
    mapping,
    offset,
    size,
    expected,
    observed,
  ]);
export const leftOut = (found: Ownership): unknown[] =>
  found.leftOut.all.map(({ why, step, mapping, size }) => [why, step, mapping, size]);
/** What the device finds when all is well: bytes 4 to 7 of a. */
export const RIGHT = count(A + 4, 4);
