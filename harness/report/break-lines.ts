// SPDX-License-Identifier: GPL-2.0-only
/** Which lines of a trace show a finding. */
import { stepNamed } from '../contract/sentence.ts';
import type { EventIx, StepIx } from '../machine/vocabulary.ts';
import { lastChange } from '../picture/last-change.ts';
import type { Broken, StateRun } from '../picture/memory-picture.ts';
import { lineOfEvents, traceOf } from '../run/trace.ts';
import { elementAt } from '../text/element.ts';

/** A line of a trace: a step, and an event of it; without one, the step itself. */
export interface LineRef {
  readonly step: StepIx;
  readonly event?: EventIx | undefined;
}

export interface BreakLines {
  /** Where it shows: in the step that the sentence names, the call that the evidence names, else the last that changed the byte. */
  readonly breaksAt: LineRef;
  /** What changed the finding's byte last before (picture/last-change.ts); undefined: nothing since the first step began. */
  readonly changedAt: LineRef | undefined;
  /** These, and the step of the evidence: lines of the trace, from 0. */
  readonly lines: readonly number[];
}

/** The lines that show the finding in the run that breaks. */
export function breakLines(broke: StateRun, broken: Omit<Broken, 'side'>): BreakLines {
  const { run } = broke;
  const { evidence } = broken;
  const trace = traceOf(run);
  const lineOf = lineOfEvents(run, trace);
  const refOf = (event: EventIx | undefined): LineRef | undefined => {
    const line = elementAt(trace, elementAt(lineOf, event));
    return line === undefined ? undefined : { step: line.step, event: line.event };
  };
  const step = stepNamed(run, evidence);
  const changedAt = refOf(lastChange(broke, broken));
  const named = refOf(evidence.event ?? evidence.took) ?? changedAt;
  const breaksAt = { step, event: named?.step === step ? named.event : undefined };
  const lines = [{ step: evidence.step }, { step }, breaksAt, ...(changedAt === undefined ? [] : [changedAt])]
    .map((ref: LineRef) => trace.findIndex((line) => line.step === ref.step && line.event === ref.event))
    .filter((line) => line >= 0);
  return { breaksAt, changedAt, lines };
}
