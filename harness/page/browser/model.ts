// SPDX-License-Identifier: GPL-2.0-only
/** A finding's case, unrolled: what each side shows in each row of the traces. */
import type {
  PageCase,
  PageContent,
  PageFinding,
  PageLine,
  PageReach,
  PageRow,
  PageSide,
} from '../page-data.ts';

export type SideIx = 0 | 1;
export const SIDES: readonly SideIx[] = [0, 1];

/** What a stretch holds in a moment: indexes of contents, the cache's NONE where it is as memory; the line that put it there. */
export interface Cell {
  readonly memory: number;
  readonly cache: number;
  readonly by: number;
}

/** Most stretches that a map shows at once. */
const MOST_STRETCHES = 24;
const POOL_START = 0x1000000;
const SLOT_SIZE = 2048;

export class Model {
  readonly finding: PageFinding;
  readonly shown: PageCase;
  /** Rows after the other side crashed. */
  readonly dead: readonly boolean[];
  /** Rows in which the sides differ. */
  readonly differing: readonly number[];
  readonly sides: readonly [SideModel, SideModel];

  constructor(finding: PageFinding, shown: PageCase) {
    this.finding = finding;
    this.shown = shown;
    const side = (index: SideIx): SideModel => new SideModel(shown.sides[index], shown.rows, index);
    this.sides = [side(0), side(1)];
    this.dead = shown.rows.map((row, at) =>
      this.sides.some(({ data, lineAt }, index) => {
        const isOver = lineAt[at] === data.lines.length - 1 && (row[index === 0 ? 0 : 1] ?? -1) < 0;
        return data.crashStep >= 0 && isOver;
      }),
    );
    this.differing = [...shown.rows.keys()].filter(
      (row) => shown.rows[row]?.[2] === 1 && this.dead[row] !== true,
    );
  }

  /** The line of the row on that side, or else on the other. */
  lineOf(row: number, side?: SideIx): PageLine | undefined {
    const [a = -1, b = -1] = this.shown.rows[row] ?? [];
    const [old, now] = this.shown.sides;
    if (side !== undefined) return this.shown.sides[side].lines[side === 0 ? a : b];
    return old.lines[a] ?? now.lines[b];
  }

  /** Stretches that a map shows, in the order of memory: what is broken first, then what is touched, reached or differs. */
  get telling(): readonly number[] {
    const all = [...this.shown.stretches.keys()];
    const weight = all.map((stretch) => this.weightOf(stretch));
    const kept = all.filter((stretch) => (weight[stretch] ?? 0) > 0);
    if (all.length <= MOST_STRETCHES) return kept.length > 0 ? kept : all;
    return kept
      .toSorted((a, b) => (weight[b] ?? 0) - (weight[a] ?? 0) || a - b)
      .slice(0, MOST_STRETCHES)
      .toSorted((a, b) => a - b);
  }

  private weightOf(stretch: number): number {
    const { row, stretches, side } = this.finding;
    if (stretches.includes(stretch)) return 1000;
    const [start = 0, size = 0] = this.shown.stretches[stretch] ?? [];
    const touching = SIDES.filter((index) =>
      this.lineOf(row, index)?.touches.some(
        ([, phys, length]) => phys < start + size && phys + length > start,
      ),
    ).length;
    const [a, b] = SIDES.map((index) => this.sides[index].contentAt(row, stretch));
    const differs = a?.short === b?.short ? 0 : 1;
    const changes = SIDES.filter((index) => this.sides[index].changesOf(stretch).length > 1).length;
    const reached = SIDES.filter((index) => this.sides[index].isEverReached(start)).length;
    const isBuffer = this.shown.buffers.some(
      ({ phys, size: bytes }) => start >= phys && start < phys + bytes,
    );
    const near = this.sides[side].data.bounces.some((bounce) => start >= bounce.start && start < bounce.end);
    return touching * 100 + differs * 80 + changes * 40 + reached * 10 + Number(isBuffer) * 5 + Number(near);
  }
}

/** What one side shows in each row. */
export class SideModel {
  readonly data: PageSide;
  /** The last line up to each row, NONE: none yet. */
  readonly lineAt: readonly number[];
  /** The moment that each row shows. */
  readonly momentAt: readonly number[];
  private readonly cells: readonly (readonly Cell[])[];
  private readonly rows: readonly PageRow[];
  private readonly index: SideIx;

  constructor(data: PageSide, rows: readonly PageRow[], index: SideIx) {
    this.data = data;
    this.rows = rows;
    this.index = index;
    let line = -1;
    this.lineAt = rows.map((row) => (line = row[index] >= 0 ? row[index] : line));
    this.momentAt = this.lineAt.map((at) => data.lines[at]?.at ?? 0);
    let cells: readonly Cell[] = [];
    this.cells = data.moments.map(({ changes }) => {
      const next = [...cells];
      for (const [stretch, memory, cache, by] of changes) next[stretch] = { memory, cache, by };
      return (cells = next);
    });
  }

  cell(row: number, stretch: number): Cell | undefined {
    return this.cells[this.momentAt[row] ?? 0]?.[stretch];
  }

  /** What memory holds. */
  contentAt(row: number, stretch: number): PageContent | undefined {
    return this.data.contents[this.cell(row, stretch)?.memory ?? -1];
  }

  reach(row: number): readonly PageReach[] {
    return this.data.reaches[this.data.moments[this.momentAt[row] ?? 0]?.reach ?? -1] ?? [];
  }

  isEverReached(phys: number): boolean {
    return this.data.reaches.some((reach) =>
      reach.some(([, , from, size]) => phys >= from && phys < from + size),
    );
  }

  /** This side has a line in the row. */
  acts(row: number): boolean {
    return (this.rows[row]?.[this.index] ?? -1) >= 0;
  }

  /** The call of the row put bytes there, or changed what is there. */
  isChanged(row: number, stretch: number): boolean {
    if (row === 0 || !this.acts(row)) return false;
    const [before, now] = [this.cell(row - 1, stretch), this.cell(row, stretch)];
    return before?.memory !== now?.memory || before?.cache !== now?.cache || before?.by !== now?.by;
  }

  /** Rows in which something was put there, and what it then was; the first is what was there before. */
  changesOf(stretch: number): readonly { readonly row: number; readonly cell: Cell }[] {
    const found: { row: number; cell: Cell }[] = [];
    for (const row of this.rows.keys()) {
      const cell = this.cell(row, stretch);
      const last = found.at(-1)?.cell;
      if (cell === undefined || (row > 0 && !this.acts(row))) continue;
      const isSame = last?.memory === cell.memory && last.cache === cell.cache && last.by === cell.by;
      if (!isSame) found.push({ row: found.length === 0 && cell.by < 0 ? -1 : row, cell });
    }
    return found;
  }

  /** What an address is in that row: a buffer, a part of a mapping's slots, a free slot. */
  placeOf(
    phys: number,
    row: number,
    buffers: PageCase['buffers'],
  ): { readonly name: string; readonly state: 'buffer' | 'live' | 'gone' | 'free' } {
    const buffer = buffers.find((one) => phys >= one.phys && phys < one.phys + one.size);
    if (buffer !== undefined) return { name: buffer.name, state: 'buffer' };
    const moment = this.momentAt[row] ?? 0;
    const holding = this.data.bounces.filter(
      ({ start, end, taken }) => phys >= start && phys < end && taken <= moment,
    );
    const live = holding.findLast(({ released }) => released < 0 || released > moment);
    const bounce = live ?? holding.at(-1);
    if (bounce === undefined) {
      const slot = slotOf(phys);
      return { name: slot === '' ? 'memory' : `${slot}, free`, state: 'free' };
    }
    const { mapping, tlb, size } = bounce;
    const part = phys < tlb ? 'offset' : phys < tlb + size ? 'data' : 'padding';
    return { name: `${mapping}: ${part}`, state: live === undefined ? 'gone' : 'live' };
  }
}

/** `slot 5`, empty: it is not in the pool. */
export function slotOf(phys: number): string {
  return phys < POOL_START ? '' : `slot ${Math.floor((phys - POOL_START) / SLOT_SIZE)}`;
}

export function hex(value: number): string {
  return value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `1. memset` */
export function lineName({ step, name }: PageLine): string {
  return `${step + 1}. ${name}`;
}
