// SPDX-License-Identifier: GPL-2.0-only
/** Memory and page tables of a run, moment by moment, in stretches. */
import type { Treatment } from '../machine/events.ts';
import type { State } from '../subject/state.ts';
import { windowsOf } from '../picture/memory-rows.ts';
import type { Area, Snapshot } from '../run/camera.ts';
import { film } from '../run/film.ts';
import type { Run } from '../run/run.ts';
import { touchesIn } from '../run/touches.ts';
import { sameBytes } from '../machine/labels.ts';
import type { ContentTable } from './contents.ts';
import { NONE, type PageChange, type PageMoment, type PageReach } from './page-data.ts';

/** What puts bytes somewhere. */
const PUTS: ReadonlySet<Treatment> = new Set(['cleared', 'written', 'copied', 'stored']);

/** Addresses inside the areas at which anything changes in any moment of the run. */
export function cutsOf(state: State, run: Run, areas: readonly Area[]): Set<number> {
  const cuts = new Set<number>();
  const cut = (...at: number[]): void => {
    for (const one of at) cuts.add(one);
  };
  for (const { phys, size } of run.scenario.buffers) cut(phys, phys + size);
  for (const { start, tlb, size, end } of run.bounceBuffers) cut(start, tlb, tlb + size, end);
  for (const { phys, size } of putsOf(run)) cut(phys, phys + size);
  let before: Snapshot | undefined;
  film(state, run.scenario, areas, (now) => {
    for (const { phys, size } of windowsOf(now)) cut(phys, phys + size);
    for (const [index, area] of now.areas.entries()) {
      const old = before?.areas[index];
      for (const view of ['memory', 'cpu'] as const) {
        const isSame = old !== undefined && sameBytes(area[view], old[view]);
        if (!isSame) cut(...labelCuts(run, area.start, area[view]));
      }
    }
    before = now;
  });
  return cuts;
}

/** Where one write ends and another begins. */
function labelCuts(run: Run, start: number, labels: Uint32Array): number[] {
  const cuts: number[] = [];
  for (let i = 0; i < labels.length;) {
    cuts.push(start + i);
    i += run.provenance.together(labels, i, labels.length - i);
  }
  return cuts;
}

/** Where the run puts bytes; without a memset that ended it. */
function putsOf(run: Run): { event: number; phys: number; size: number }[] {
  return run.events.all.flatMap((event) =>
    touchesIn(run, event)
      .filter(({ how }) => PUTS.has(how))
      .map(({ phys, size }) => ({ event: event.index, phys, size })),
  );
}

/** Moments of a run: those in which something in the stretches changed. */
export interface Timeline {
  readonly moments: readonly PageMoment[];
  readonly reaches: readonly (readonly PageReach[])[];
  /** The moment in which so many events have happened. */
  momentOf(events: number): number;
  /** Label of the first byte of a stretch in a moment: in memory, or as the CPU sees it. */
  label(moment: number, stretch: number, view: 'memory' | 'cpu'): number;
  /** Index of what a byte with this label holds. */
  contentOf(label: number): number;
}

type Stretch = readonly [start: number, size: number];

/** `lineOf`: the line of the trace that an event belongs to. */
export function timelineOf(
  state: State,
  run: Run,
  areas: readonly Area[],
  stretches: readonly Stretch[],
  contents: ContentTable,
  lineOf: (event: number) => number | undefined,
): Timeline {
  const first = run.steps[0]?.from ?? 0;
  const events: number[] = [];
  const moments: PageMoment[] = [];
  const labels: { memory: number[]; cpu: number[] }[] = [];
  const reaches = new Map<string, number>();
  const who = writers(run, stretches, lineOf);
  const marks = new Set(run.bounceBuffers.flatMap(({ event, released }) => [event + 1, released + 1]));
  let before: PageChange[] = [];
  let reachBefore: number | undefined;
  film(state, run.scenario, areas, (now) => {
    // The buffers are filled in front of the first step.
    if (now.events < first) return;
    const taken = { memory: sample(now, stretches, 'memory'), cpu: sample(now, stretches, 'cpu') };
    const by = who(now.events);
    const cells = stretches.map((_, row): PageChange => {
      const memory = contents.indexOf(taken.memory[row] ?? 0);
      const cpu = contents.indexOf(taken.cpu[row] ?? 0);
      return [row, memory, cpu === memory ? NONE : cpu, by[row] ?? NONE];
    });
    const key = JSON.stringify(windowsOf(now).map(reachOf));
    const reach = reaches.get(key) ?? reaches.size;
    reaches.set(key, reach);
    const changes = cells.filter((cell, row) => cell.some((value, at) => value !== before[row]?.[at]));
    if (changes.length === 0 && reach === reachBefore && !marks.has(now.events) && moments.length > 0) return;
    events.push(now.events);
    moments.push({ reach, changes });
    labels.push(taken);
    [before, reachBefore] = [cells, reach];
  });
  return {
    moments,
    reaches: [...reaches.keys()].map((key) => JSON.parse(key) as PageReach[]),
    momentOf: (count) =>
      Math.max(
        0,
        events.findLastIndex((happened) => happened <= count),
      ),
    label: (moment, stretch, view) => labels[moment]?.[view][stretch] ?? 0,
    contentOf: (label) => contents.indexOf(label),
  };
}

function reachOf({
  device,
  iova,
  phys,
  size,
  prot,
  inPageTable,
}: ReturnType<typeof windowsOf>[number]): PageReach {
  return [device, iova, phys, size, prot & RIGHTS, inPageTable ? 1 : 0];
}

/** IOMMU_READ | IOMMU_WRITE */
const RIGHTS = 3;

function sample({ areas }: Snapshot, stretches: readonly Stretch[], view: 'memory' | 'cpu'): number[] {
  let at = 0;
  return stretches.map(([phys]) => {
    while (phys >= (areas[at]?.end ?? Infinity)) at++;
    const area = areas[at];
    return area?.[view][phys - area.start] ?? 0;
  });
}

/** Which line put the bytes of each stretch there, by how many events have happened; asked in order. */
function writers(
  run: Run,
  stretches: readonly Stretch[],
  lineOf: (event: number) => number | undefined,
): (events: number) => readonly (number | undefined)[] {
  const by = stretches.map((): number | undefined => undefined);
  const puts = putsOf(run);
  let next = 0;
  return (events) => {
    for (let put = puts[next]; put !== undefined && put.event < events; put = puts[++next]) {
      const line = lineOf(put.event);
      const [from, to] = [put.phys, put.phys + put.size];
      for (const [row, [start, size]] of stretches.entries()) {
        if (start >= from && start + size <= to) by[row] = line;
      }
    }
    return by;
  };
}
