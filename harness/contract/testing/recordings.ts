// SPDX-License-Identifier: GPL-2.0-only
/** Recordings written by hand. */
import { EventLog, STRIDE } from '../../machine/event-log.ts';
import type { EventIx } from '../../machine/vocabulary.ts';
import type { DmaSegment, Recording, StepOutcome } from '../../run/recording.ts';
import { Run } from '../../run/run.ts';
import type { Scenario } from '../../run/scenario.ts';
import { HonestOps } from './honest-ops.ts';
import { caseOf, runOn } from './judging.ts';

/**
 * The recording of `scenario`, but with what `write` puts into its log instead of what happened, and with what is
 * given `instead`.
 */
export function logged(
  write: (log: EventLog) => void,
  scenario: Scenario = somewhere(),
  instead: Partial<Recording> = {},
): Run {
  const log = new EventLog();
  write(log);
  return new Run(runOn(HonestOps, scenario), {
    records: log.records.slice(0, log.length * STRIDE),
    bytes: log.bytes.slice(0, log.byteLength),
    labels: log.labels.slice(0, log.byteLength),
    ...instead,
  });
}

/** What came of a step: events [from, to) happened in it, and nothing is taken. */
export function outcome(
  status: StepOutcome['status'],
  from: EventIx,
  to: EventIx,
  segments: readonly DmaSegment[] = [],
): StepOutcome {
  return { status, segments, from, to, held: { slots: 0, granules: [], iovas: [], queued: [] } };
}

/** A scenario in which nothing happens. */
function somewhere(): Scenario {
  return caseOf('buffers: { a: { size: 64 } }\nsteps: [{ cpu_read: a }]');
}
