// SPDX-License-Identifier: GPL-2.0-only
/** When two recordings are of the same behaviour. */
import { EXPOSURE_STRIDE, F_PATH, STRIDE, type EventLog } from '../machine/event-log.ts';
import { sameBytes } from '../machine/labels.ts';
import type { DmaSegment, Held, Leftover, Recording, StepOutcome } from './recording.ts';

/** Equal in everything that was observed; which methods made the calls may differ. */
export function sameBehaviour(a: Recording, b: Recording): boolean {
  return (
    sameEvents(a.records, b.records) &&
    sameBytes(a.bytes, b.bytes) &&
    sameBytes(a.labels, b.labels) &&
    sameBytes(a.exposures, b.exposures) &&
    sameBytes(a.viewLabels, b.viewLabels) &&
    a.views.length === b.views.length &&
    a.views.every(({ step, of, index }, i) => {
      const other = b.views[i];
      return other !== undefined && other.step === step && other.of === of && other.index === index;
    }) &&
    a.leftovers.length === b.leftovers.length &&
    a.leftovers.every((left, i) => sameLeftover(left, b.leftovers[i])) &&
    a.steps.length === b.steps.length &&
    a.steps.every((step, i) => sameStep(step, b.steps[i])) &&
    a.flushQueue.every((queue, i) => queue === b.flushQueue[i])
  );
}

/** The logs of two runs that just ended hold the same, but for the call paths. */
export function sameLog(a: EventLog, b: EventLog): boolean {
  const [records, bytes, exposures] = [a.length * STRIDE, a.byteLength, a.exposureCount * EXPOSURE_STRIDE];
  return (
    a.length === b.length &&
    bytes === b.byteLength &&
    a.exposureCount === b.exposureCount &&
    sameEvents(a.records.subarray(0, records), b.records.subarray(0, records)) &&
    sameBytes(a.exposures.subarray(0, exposures), b.exposures.subarray(0, exposures)) &&
    sameBytes(a.bytes.subarray(0, bytes), b.bytes.subarray(0, bytes)) &&
    sameBytes(a.labels.subarray(0, bytes), b.labels.subarray(0, bytes))
  );
}

/** Equal but for the call paths. */
function sameEvents(a: Float64Array, b: Float64Array): boolean {
  if (sameBytes(a, b)) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i] && i % STRIDE !== F_PATH && !Object.is(a[i], b[i])) return false;
  }
  return true;
}

function sameLeftover(a: Leftover, b: Leftover | undefined): boolean {
  return (
    b !== undefined &&
    a.step === b.step &&
    a.device === b.device &&
    a.iova === b.iova &&
    a.phys === b.phys &&
    a.mapping === b.mapping &&
    a.inPageTable === b.inPageTable
  );
}

function sameStep(a: StepOutcome, b: StepOutcome | undefined): boolean {
  return (
    b !== undefined &&
    a.status === b.status &&
    a.from === b.from &&
    a.to === b.to &&
    a.told === b.told &&
    a.limit === b.limit &&
    sameSegments(a.segments, b.segments) &&
    sameHeld(a.held, b.held)
  );
}

/** What two maps returned is the same. */
export function sameSegments(a: readonly DmaSegment[], b: readonly DmaSegment[]): boolean {
  if (a.length !== b.length) return false;
  return a.every(({ address, length }, i) => address === b[i]?.address && length === b[i].length);
}

function sameHeld(a: Held, b: Held): boolean {
  const lists = ['granules', 'iovas', 'queued'] as const;
  return a.slots === b.slots && lists.every((list) => a[list].every((n, i) => n === b[list][i]));
}
