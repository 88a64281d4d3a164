// SPDX-License-Identifier: GPL-2.0-only
/** Physical memory in rows: stretches in which nothing changes for whom it belongs to and who reaches it. */
import { POOL_START, SLOT_SIZE } from '../machine/config.ts';
import type { Run } from '../run/run.ts';
import type { BounceBuffer } from '../run/bounce-buffers.ts';
import type { Reach, Snapshot } from '../run/camera.ts';
import type { Content, Contents } from './contents.ts';
import { elementAt } from '../text/element.ts';

/** One of the two states at the moment of the finding. */
export interface Side {
  readonly run: Run;
  readonly snapshot: Snapshot;
  readonly contents: Contents;
  /** Physical addresses of what is wrong here; empty: nothing is. */
  readonly wrong: readonly number[];
  /** Label that was found there instead of another; undefined: it is not about a byte. */
  readonly observed: number | undefined;
}

/** What a stretch of memory is. */
export interface Place {
  /** Equal for rows that belong together. */
  readonly key: string;
  readonly name: string;
  readonly more: string;
  /** Nobody holds it any more. */
  readonly isReleased: boolean;
  /** A buffer, or the bounce buffer of the mapping in question. */
  readonly matters: boolean;
}

/** Granules in a row that one device reaches at bus addresses in a row. */
export interface Window extends Reach {
  /** Column among those that overlap. */
  readonly lane: number;
}

/** What one side has in a row. */
export interface Cell {
  readonly place: Place | undefined;
  readonly memory: Content;
  readonly cpu: Content;
  /** Which of the two is the finding. */
  readonly wrong: 'memory' | 'cpu' | undefined;
}

export interface Row {
  readonly start: number;
  readonly size: number;
  /** One per side. */
  readonly cells: readonly Cell[];
}

/** Windows of a side, in the order of memory. */
export function windowsOf({ reach }: Snapshot): Window[] {
  const sorted = reach.toSorted((a, b) => a.phys - b.phys || a.device - b.device || a.iova - b.iova);
  const merged: Reach[] = [];
  for (const next of sorted) {
    const i = merged.findIndex(
      (w) =>
        w.device === next.device &&
        w.prot === next.prot &&
        w.inPageTable === next.inPageTable &&
        w.phys + w.size === next.phys &&
        w.iova + w.size === next.iova,
    );
    const before = merged[i];
    if (before === undefined) merged.push(next);
    else merged[i] = { ...before, size: before.size + next.size };
  }
  const ends: number[] = [];
  return merged.map((window) => {
    const free = ends.findIndex((end) => end <= window.phys);
    const lane = free < 0 ? ends.length : free;
    ends[lane] = window.phys + window.size;
    return { ...window, lane };
  });
}

/** The rows of everything that somebody holds or reaches, or that tells the sides apart, in the order of memory. */
export function rowsOf(sides: readonly Side[]): Row[] {
  const lookers = sides.map((side) => new Looker(side));
  const areas = sides[0]?.snapshot.areas ?? [];
  return areas.flatMap(({ start, end }, area) => {
    const cuts = new Set([start, end, ...lookers.flatMap((looker) => looker.cuts(area))]);
    const sorted = [...cuts].filter((cut) => cut >= start && cut <= end).toSorted((a, b) => a - b);
    const rows = sorted.slice(0, -1).flatMap((at, i): Row[] => {
      const size = (sorted[i + 1] ?? end) - at;
      if (!lookers.some((looker) => looker.cares(at))) return [];
      return [{ start: at, size, cells: lookers.map((looker) => looker.cell(area, at, size)) }];
    });
    const reached = ({ start: at }: Row): boolean => lookers.some((looker) => looker.reaches(at));
    return rows.some((row) => matters(row) || reached(row)) ? rows : [];
  });
}

/** Somebody holds it, something is wrong there, or the sides differ. */
function matters({ cells }: Row): boolean {
  const [first] = cells;
  return cells.some(
    ({ wrong, place, memory, cpu }) =>
      wrong !== undefined ||
      place?.matters === true ||
      memory.key !== first?.memory.key ||
      cpu.key !== first.cpu.key,
  );
}

/** Looks at the memory of one side. */
class Looker {
  private readonly side: Side;
  private readonly bounced: readonly BounceBuffer[];

  constructor(side: Side) {
    this.side = side;
    this.bounced = side.run.bounceBuffers.filter(({ event }) => event < side.snapshot.events);
  }

  /** Addresses at which something changes. */
  cuts(area: number): number[] {
    const { run, snapshot } = this.side;
    return [
      ...run.scenario.buffers.flatMap(({ phys, size }) => [phys, phys + size]),
      ...this.bounced.flatMap(({ start, tlb, size, end }) => [start, tlb, tlb + size, end]),
      ...windowsOf(snapshot).flatMap(({ phys, size }) => [phys, phys + size]),
      ...this.labelCuts(area),
    ];
  }

  private labelCuts(area: number): number[] {
    const { snapshot, contents } = this.side;
    const { start, memory, cpu } = snapshot.areas[area] ?? NOTHING;
    return [memory, cpu].flatMap((labels) => {
      const cuts: number[] = [];
      for (let i = 0; i < labels.length; i += contents.runLength(labels, i)) cuts.push(start + i);
      return cuts;
    });
  }

  /** Somebody holds the byte, reaches it, or found it wrong. */
  cares(phys: number): boolean {
    const { run, wrong } = this.side;
    const isIn = (start: number, size: number): boolean => phys >= start && phys < start + size;
    return (
      run.scenario.buffers.some((buffer) => isIn(buffer.phys, buffer.size)) ||
      this.bounced.some(({ start, end }) => isIn(start, end - start)) ||
      this.reaches(phys) ||
      wrong.includes(phys)
    );
  }

  /** Some device reaches the byte. */
  reaches(at: number): boolean {
    return this.side.snapshot.reach.some(({ phys, size }) => at >= phys && at < phys + size);
  }

  cell(area: number, phys: number, size: number): Cell {
    const { snapshot, contents, wrong, observed } = this.side;
    const { start, memory, cpu } = snapshot.areas[area] ?? NOTHING;
    const found = wrong.find((at) => at >= phys && at < phys + size);
    const inCache =
      found !== undefined && memory[found - start] !== observed && cpu[found - start] === observed;
    return {
      place: this.place(phys),
      memory: contents.of(memory[phys - start] ?? 0, phys),
      cpu: contents.of(cpu[phys - start] ?? 0, phys),
      wrong: found === undefined ? undefined : inCache ? 'cpu' : 'memory',
    };
  }

  private place(phys: number): Place | undefined {
    const { run, snapshot, contents } = this.side;
    const { scenario } = run;
    const buffer = scenario.buffers.findIndex((b) => phys >= b.phys && phys < b.phys + b.size);
    if (buffer >= 0) {
      const name = `buffer ${scenario.buffers[buffer]?.name ?? '?'}`;
      return { key: name, name, more: '', isReleased: false, matters: true };
    }
    const holding = this.bounced.filter(({ start, end }) => phys >= start && phys < end);
    const last = holding.findLast(({ released }) => released >= snapshot.events) ?? holding.at(-1);
    if (last === undefined) return undefined;
    const { start, tlb, size, end, mapping, released, event } = last;
    const part = phys < tlb ? 'offset' : phys < tlb + size ? 'data' : 'padding';
    const isReleased = released < snapshot.events;
    const name = `${elementAt(scenario.mappings, mapping)?.name ?? '?'}: ${part}`;
    const first = (start - POOL_START) / SLOT_SIZE;
    const count = (end - start) / SLOT_SIZE;
    const slots = count === 1 ? `slot ${first}` : `slots ${first}–${first + count - 1}`;
    return {
      key: `${event} ${part}`,
      name,
      more: slots,
      isReleased,
      matters: !isReleased || mapping === contents.mapping,
    };
  }
}

const NOTHING = { start: 0, end: 0, memory: new Uint32Array(0), cpu: new Uint32Array(0) };
