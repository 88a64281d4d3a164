// SPDX-License-Identifier: GPL-2.0-only
/** What a comparison looks at of one state's run of a case. */
import { refusalOf, type Refusal } from '../contract/refusal.ts';
import type { Verdict } from '../contract/verdict.ts';
import { dataOf, type Stretch } from '../contract/victim.ts';
import type { Run } from '../run/run.ts';

/** What a map returned, and why, if it failed with an excuse. */
export interface MapOutcome {
  /** `unknown`: it did not run, or crashed. */
  readonly returned: 'done' | 'failed' | 'unknown';
  readonly refusal: Refusal | undefined;
}

/** A side of the comparison. */
export interface Side {
  readonly verdicts: readonly Verdict[];
  /** The step in which it crashed, Infinity: it did not. */
  readonly crashStep: number;
  /** What came of the map of each mapping. */
  readonly maps: readonly MapOutcome[];
  /** Where the data of untrusted devices' mappings is, in its granules. */
  readonly data: readonly Stretch[];
}

/** The run as a side. */
export function sideOf(run: Run, verdicts: readonly Verdict[]): Side {
  return { verdicts, crashStep: run.crash?.step ?? Infinity, maps: mapsOf(run), data: dataOf(run) };
}

function mapsOf(run: Run): MapOutcome[] {
  return run.scenario.mappings.map(({ step }, mapping): MapOutcome => {
    const status = run.steps[step]?.status;
    if (status === 'failed') return { returned: 'failed', refusal: refusalOf(run, mapping) };
    return { returned: status === 'done' ? 'done' : 'unknown', refusal: undefined };
  });
}

/** Some map failed on this side and worked on the other. */
export function failsAlone({ maps }: Side, other: Side): boolean {
  return maps.some(
    ({ returned }, mapping) => returned === 'failed' && other.maps[mapping]?.returned === 'done',
  );
}

/** One worked and the other failed. */
export function wentBothWays(a: MapOutcome['returned'], b: MapOutcome['returned'] | undefined): boolean {
  return (a === 'done' && b === 'failed') || (a === 'failed' && b === 'done');
}
