// SPDX-License-Identifier: GPL-2.0-only
/** What a comparison looks at of one state's run of a case. */
import { refusalOf, type Refusal } from '../contract/refusal.ts';
import type { Verdict } from '../contract/verdict.ts';
import { dataOf, type Placed } from '../contract/victim.ts';
import { canFail, type EventKind } from '../machine/events.ts';
import type { MappingIx, StepIx } from '../machine/vocabulary.ts';
import type { Run } from '../run/run.ts';
import { triggeredIn, type Triggered } from '../run/triggers.ts';
import { elementAt } from '../text/element.ts';

/** How a map went. */
export interface MapCourse {
  /** `unknown`: it did not run, or crashed. */
  readonly returned: 'done' | 'failed' | 'unknown';
  /** Of one that is not done: the calls that it made of those that can fail, the last one ended it. */
  readonly calls: readonly EventKind[];
}

/** The same, and why it failed, if with an excuse. */
export interface MapOutcome extends MapCourse {
  readonly refusal: Refusal | undefined;
  /** The steps of the map and of the unmap, Infinity: there is none. */
  readonly steps: readonly [StepIx, StepIx];
}

/** A side of the comparison. */
export interface Side {
  readonly verdicts: readonly Verdict[];
  /** The step in which it crashed, Infinity: it did not. */
  readonly crashStep: number;
  /** What came of the map of each mapping. */
  readonly maps: readonly MapOutcome[];
  /** Where the data of untrusted devices' mappings is, in its granules. */
  readonly data: readonly Placed[];
  /** Slots that are held after each step. */
  readonly slots: readonly number[];
  /** What came about of what the scenario lets happen at kernel calls. */
  readonly triggered: readonly Triggered[];
}

/** The run as a side. */
export function sideOf(run: Run, verdicts: readonly Verdict[]): Side {
  const crashStep = run.crash?.step ?? Infinity;
  const [slots, triggered] = [slotsHeld(run), triggeredIn(run)];
  return { verdicts, crashStep, maps: mapsOf(run), data: dataOf(run), slots, triggered };
}

function mapsOf(run: Run): MapOutcome[] {
  const { mappings, steps } = run.scenario;
  return mappings.map(({ step }, mapping) => {
    const unmapped = steps.findIndex(
      (other) => (other.op === 'unmap_page' || other.op === 'unmap_sg') && other.map === mapping,
    );
    return {
      ...courseOf(run, mapping),
      refusal: refusalOf(run, mapping),
      steps: [step, unmapped < 0 ? Infinity : unmapped],
    };
  });
}

/** How the map of that mapping went. */
export function courseOf({ scenario, steps, events }: Run, mapping: MappingIx): MapCourse {
  const outcome = elementAt(steps, scenario.mappings[mapping]?.step);
  if (outcome?.status === 'done') return { returned: 'done', calls: [] };
  const made = outcome === undefined ? [] : events.between(outcome.from, outcome.to);
  return {
    returned: outcome?.status === 'failed' ? 'failed' : 'unknown',
    calls: made.flatMap(({ kind }) => (canFail(kind) ? [kind] : [])),
  };
}

/**
 * What the map of a mapping did on its own side until it ended, it did on the other as well, or had the chance
 * to: there it worked, or made that last call as often.
 */
export function wentAsFar(other: MapCourse, own: MapCourse): boolean {
  if (other.returned === 'done') return true;
  const last = own.calls.at(-1);
  const made = (calls: readonly EventKind[]): number => calls.filter((kind) => kind === last).length;
  return own.returned !== 'done' && made(other.calls) >= made(own.calls);
}

/** Some map failed on this side and worked on the other. */
export function failsAlone({ maps }: Side, other: Side): boolean {
  return maps.some(
    ({ returned }, mapping) => returned === 'failed' && other.maps[mapping]?.returned === 'done',
  );
}

/**
 * A search for slots that never ends on one side in that step is put to the test on the other: the pool is as full
 * when the step begins. `own`, `other`: slots held after each step.
 */
export function isAsFull(other: readonly number[], own: readonly number[], step: StepIx): boolean {
  return (other[step - 1] ?? 0) >= (own[step - 1] ?? 0);
}

/** Slots that are held after each step. */
export function slotsHeld({ steps }: Pick<Run, 'steps'>): number[] {
  return steps.map(({ held }) => held.slots);
}

/** In that step the side holds a mapping whose map had failed on the other. */
export function holdsMore({ maps }: Side, other: Side, step: StepIx): boolean {
  return maps.some(
    ({ returned, steps: [from, until] }, mapping) =>
      returned === 'done' && other.maps[mapping]?.returned === 'failed' && from < step && step <= until,
  );
}

/** One worked and the other failed. */
export function wentBothWays(a: MapOutcome['returned'], b: MapOutcome['returned'] | undefined): boolean {
  return (a === 'done' && b === 'failed') || (a === 'failed' && b === 'done');
}
