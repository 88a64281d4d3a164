// SPDX-License-Identifier: GPL-2.0-only
/** A case on both sides, moment by moment. */
import type { MachineConfig } from '../machine/config.ts';
import { hex } from '../machine/u64.ts';
import { areasOf, merged } from '../picture/memory-picture.ts';
import type { Area } from '../run/camera.ts';
import type { Run } from '../run/run.ts';
import type { Scenario } from '../run/scenario.ts';
import type { State } from '../subject/state.ts';
import { align } from './alignment.ts';
import { ContentTable } from './contents.ts';
import { Lines } from './lines.ts';
import { NONE, type PageBounce, type PageCase, type PageSide } from './page-data.ts';
import { cutsOf, timelineOf, type Timeline } from './timeline.ts';
import { elementAt } from '../text/element.ts';

/** Most labels that are looked at for one case: bytes of its areas, times its events. */
const MOST_LOOKS = 2 ** 28;

/** A state and what it made of the case. */
export interface StateRun {
  readonly state: State;
  readonly run: Run;
}

/** A case for the page, and what is needed to find a finding in it. */
export interface CaseOnPage {
  readonly data: PageCase;
  readonly sides: readonly [SideOnPage, SideOnPage];
}

interface SideOnPage {
  readonly run: Run;
  readonly lines: Lines;
  readonly timeline: Timeline;
}

export function caseOnPage(old: StateRun, now: StateRun): CaseOnPage {
  const { scenario } = now.run;
  const areas = merged([old, now].flatMap(({ run }) => areasOf(run, run.events.count)));
  const noMap = tooLarge([old.run, now.run], areas);
  const watched = noMap === '' ? areas : [];
  const cuts = new Set([old, now].flatMap(({ state, run }) => [...cutsOf(state, run, watched)]));
  const stretches = stretchesOf(watched, cuts);
  const [a, b] = [sideOf(old, watched, stretches), sideOf(now, watched, stretches)];
  return {
    data: {
      id: scenario.id,
      why: scenario.why,
      machine: describeMachine(scenario),
      refs: scenario.refs,
      devices: scenario.deviceNames,
      buffers: scenario.buffers.map(({ name, phys, size }) => ({ name, phys, size })),
      rows: align(a.data.lines, b.data.lines),
      stretches,
      noMap,
      sides: [a.data, b.data],
    },
    sides: [a, b],
  };
}

function tooLarge(runs: readonly Run[], areas: readonly Area[]): string {
  const bytes = areas.reduce((sum, { start, end }) => sum + end - start, 0);
  const events = runs.reduce((sum, run) => sum + run.events.count, 0);
  if (bytes * events <= MOST_LOOKS) return '';
  return `${hex(bytes)} bytes over ${events} events are too much for a map`;
}

function stretchesOf(areas: readonly Area[], cuts: ReadonlySet<number>): [number, number][] {
  const sorted = [...cuts].toSorted((a, b) => a - b);
  return areas.flatMap(({ start, end }) => {
    const inside = [start, ...sorted.filter((cut) => cut > start && cut < end), end];
    return inside.slice(0, -1).map((at, i): [number, number] => [at, (inside[i + 1] ?? end) - at]);
  });
}

function sideOf(
  { state, run }: StateRun,
  areas: readonly Area[],
  stretches: readonly (readonly [number, number])[],
): SideOnPage & { readonly data: PageSide } {
  const lines = new Lines(run);
  const contents = new ContentTable(run);
  const timeline = timelineOf(state, run, areas, stretches, contents, (event) => lines.lineOf(event));
  const { moments, reaches } = timeline;
  const momentOf = (events: number): number => timeline.momentOf(events);
  const bounces = run.bounceBuffers.map(({ mapping, event, released, start, tlb, size, end }): PageBounce => {
    const name = elementAt(run.scenario.mappings, mapping)?.name ?? '?';
    const until = Number.isFinite(released) ? momentOf(released + 1) : NONE;
    return { mapping: name, taken: momentOf(event + 1), released: until, start, tlb, size, end };
  });
  const crashStep = run.crash?.step ?? NONE;
  return {
    run,
    lines,
    timeline,
    data: { ...lines.forPage(momentOf), contents: contents.all, reaches, moments, bounces, crashStep },
  };
}

/** What stands around a case, in a sentence: what is as usual is left out. */
function describeMachine({ machine, deviceNames }: Scenario): string {
  const devices = machine.devices.map((device, index) => {
    const { untrusted, coherent, minAlignMask, scribble } = device;
    const words = [
      untrusted ? 'untrusted' : 'trusted',
      coherent ? 'coherent' : 'non-coherent',
      ...(minAlignMask > 0 ? [`min_align_mask ${hex(minAlignMask)}`] : []),
      ...(scribble ? ['hostile'] : []),
    ];
    return `${deviceNames[index] ?? '?'}: ${words.join(', ')}`;
  });
  return `${[...configWords(machine), ...devices].join('; ')}.`;
}

function configWords({ pageSize, granule, swiotlb, strict, iommu }: MachineConfig): string[] {
  const usual = [`PAGE_SIZE ${hex(pageSize)}, granule ${hex(granule)}`];
  const others = [
    ...(swiotlb ? [] : ['CONFIG_SWIOTLB=n']),
    ...(strict ? [] : ['iommu.strict=0']),
    ...(iommu === 'amd' ? [] : [`an IOMMU like ${iommu}`]),
  ];
  return [[...usual, ...others].join(', ')];
}
