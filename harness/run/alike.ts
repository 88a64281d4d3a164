// SPDX-License-Identifier: GPL-2.0-only
/** Whether two runs behave alike, without recordings of them: the logs are compared in place. */
import type { State } from '../subject/state.ts';
import { EXPOSURE_STRIDE, STRIDE } from '../machine/event-log.ts';
import { sameBytes } from '../machine/labels.ts';
import type { Machine } from '../machine/machine.ts';
import { sameLog } from './same.ts';
import type { Recording } from './recording.ts';
import { execute } from './interpreter.ts';
import type { Scenario } from './scenario.ts';

/** Runs the scenario again, unobserved: true when every event, byte and exposure is as recorded. */
export function repeats(machine: Machine, state: State, run: Recording): boolean {
  execute(machine, state, run.scenario, undefined);
  const { log } = machine;
  return (
    sameBytes(run.records, log.records.subarray(0, log.length * STRIDE)) &&
    sameBytes(run.bytes, log.bytes.subarray(0, log.byteLength)) &&
    sameBytes(run.labels, log.labels.subarray(0, log.byteLength)) &&
    sameBytes(run.exposures, log.exposures.subarray(0, log.exposureCount * EXPOSURE_STRIDE))
  );
}

/** A state, and the machine that it lives on. */
export interface Life {
  readonly machine: Machine;
  readonly state: State;
}

/**
 * Runs the scenario in two lives, unobserved: true when no call, byte, exposure or result differs.
 * Whatever else an observer could note follows from those.
 */
export function behaveAlike(x: Life, y: Life, scenario: Scenario): boolean {
  const a = execute(x.machine, x.state, scenario, undefined);
  const b = execute(y.machine, y.state, scenario, undefined);
  return sameLog(x.machine.log, y.machine.log) && a.endedLike(b);
}
