// SPDX-License-Identifier: GPL-2.0-only
/** From a finding's smallest case to its memory map: both states, at the moment that shows it. */
import type { Defect } from '../contract/defect.ts';
import type { Evidence } from '../contract/verdict.ts';
import type { State } from '../subject/state.ts';
import type { Run } from '../run/run.ts';
import { touchesOf, type Event } from '../machine/events.ts';
import type { StepIx } from '../machine/vocabulary.ts';
import { describeEvent } from '../run/event-text.ts';
import { describeStep } from '../run/trace.ts';
import { snapshotAt, type Area, type Moment, type Reach, type Snapshot } from '../run/camera.ts';
import { Contents } from './contents.ts';
import type { MapSide, MemoryMap } from './memory-layout.ts';
import { memoryMapSvg } from './memory-map.ts';
import { placesOf } from './places.ts';
import { elementAt } from '../text/element.ts';

/** Most bytes of one call that are looked at. */
const LONGEST = 256 * 1024;

/** The memory map of a finding, SVG: memory on both sides at its moment. */
export function drawMemoryMap(from: StateRun, to: StateRun, broken: Broken, because: string): string {
  return memoryMapSvg(memoryMapOf(from, to, broken, because));
}

/** A finding in one case. */
export interface Broken extends Defect {
  /** Which of the two runs shows it. */
  readonly side: 'from' | 'to';
  readonly evidence: Evidence;
}

/** A state and what it made of the case. */
export interface StateRun {
  readonly state: State;
  readonly run: Run;
}

export function memoryMapOf(from: StateRun, to: StateRun, broken: Broken, because: string): MemoryMap {
  const { scenario } = from.run;
  const both = [from, to];
  const broke = broken.side === 'from' ? from : to;
  const moments = both.map((one) =>
    one === broke ? broken.evidence : momentLike(broke.run, broken.evidence, one.run),
  );
  const areas = merged(both.flatMap(({ run }, i) => areasOf(run, untilOf(run, moments[i]))));
  const sides = both.map((one, i): MapSide => {
    const moment = moments[i] ?? broken.evidence;
    const snapshot = snapshotAt(one.state, scenario, moment, areas);
    return {
      run: one.run,
      snapshot,
      contents: new Contents(one.run, mappingOf(one.run, broken), broken.evidence.buffer),
      wrong: one === broke && !isAboutReach(broken) ? wrongPlaces(one.run, snapshot, broken) : [],
      wrongReach: one === broke && isAboutReach(broken) ? wrongReach(snapshot, broken) : [],
      observed: broken.evidence.observed,
      when: whenOf(one.run, moment.step, snapshot),
      crash: crashOf(one.run, moment.step),
    };
  });
  const title = `${from.run.state} → ${to.run.state}: ${broken.clause} (${broken.cause}), ${scenario.id}`;
  return { title, because: because.replaceAll('`', ''), sides };
}

/** The same call of the same step in the other run, else the end of the step. */
function momentLike(run: Run, { step, event }: Moment, other: Run): Moment {
  if (event === undefined) return { step };
  const { kind } = run.events.at(event);
  const nth = inStep(run, step).filter((e) => e.kind === kind && e.index <= event).length;
  const same = inStep(other, step).filter((e) => e.kind === kind)[nth - 1];
  return { step, event: same?.index };
}

function inStep(run: Run, step: StepIx): readonly Event[] {
  const outcome = run.steps[step];
  return outcome === undefined ? [] : run.events.between(outcome.from, outcome.to);
}

function untilOf(run: Run, moment: Moment | undefined): number {
  return elementAt(run.steps, moment?.step)?.to ?? run.steps.at(-1)?.to ?? 0;
}

/** Memory that had to do with the run up to event `until`: buffers, slots, what devices could reach. */
export function areasOf(run: Run, until: number): Area[] {
  const areas = run.scenario.buffers.map(({ phys, size }) => ({ start: phys, end: phys + size }));
  for (const { event, start, end } of run.bounceBuffers) if (event < until) areas.push({ start, end });
  for (const event of run.events.between(0, until)) {
    for (const { how, phys, size } of touchesOf(event)) {
      if (how === 'reached') areas.push({ start: phys, end: phys + size });
      if (how === 'cleared' && phys > 0) areas.push({ start: phys, end: phys + Math.min(size, LONGEST) });
    }
  }
  return areas;
}

/** In order, those that touch as one. */
export function merged(areas: readonly Area[]): Area[] {
  const found: { start: number; end: number }[] = [];
  for (const { start, end } of areas.toSorted((a, b) => a.start - b.start)) {
    const last = found.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else found.push({ start, end });
  }
  return found.filter(({ start, end }) => end > start);
}

/** The finding's mapping, else the step's, else the first. */
function mappingOf(run: Run, { evidence }: Broken): number {
  const step = run.scenario.steps[evidence.step];
  return evidence.mapping ?? (step !== undefined && 'map' in step ? step.map : 0);
}

/** Where the finding's byte is; of several places those that hold what was observed. */
function wrongPlaces(run: Run, { areas }: Snapshot, { evidence }: Broken): readonly number[] {
  const places = placesOf(run, evidence);
  const holding = places.filter((place) =>
    areas.some(
      ({ start, memory, cpu }) =>
        memory[place - start] === evidence.observed || cpu[place - start] === evidence.observed,
    ),
  );
  return evidence.observed === undefined || holding.length === 0 ? places : holding;
}

/** What is wrong is a translation, not what is behind it. */
export function isAboutReach({
  cause,
  evidence: { iova, observed },
}: Pick<Broken, 'cause' | 'evidence'>): boolean {
  return (
    cause === 'iommu-pages-left' || cause === 'pages-kept' || (iova !== undefined && observed === undefined)
  );
}

/** The translation that the finding names, else every one that is left. */
function wrongReach({ reach }: Snapshot, { evidence: { iova, device } }: Broken): Reach[] {
  return reach.filter(
    (one) =>
      (device === undefined || one.device === device) &&
      (iova === undefined || (iova >= one.iova && iova < one.iova + one.size)),
  );
}

function whenOf(run: Run, step: number, { events: happened }: Snapshot): string {
  const { scenario, steps } = run;
  const what = scenario.steps[step];
  const said = what === undefined ? '' : `: ${describeStep(scenario, what)}`;
  const outcome = steps[step];
  if (outcome === undefined) return `never came to step ${step + 1}${said}`;
  if (outcome.status === 'crashed') return `crashed in step ${step + 1}${said}`;
  const isOver = happened >= outcome.to;
  return isOver
    ? `after step ${step + 1}${said}`
    : `in step ${step + 1}, after ${run.events.at(happened - 1).kind}${said}`;
}

function crashOf(run: Run, step: StepIx): string {
  const { crash } = run;
  if (crash === undefined || crash.step > step) return '';
  return describeEvent(run, crash.event, run.names.at(crash.event)) ?? '';
}
