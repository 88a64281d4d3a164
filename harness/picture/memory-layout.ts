// SPDX-License-Identifier: GPL-2.0-only
/** Where everything stands in a memory map. */
import type { Reach } from '../run/camera.ts';
import type { Content } from './contents.ts';
import { rowsOf, windowsOf, type Row, type Side, type Window } from './memory-rows.ts';

/** What a memory map shows. */
export interface MemoryMap {
  readonly title: string;
  /** Why the clause is broken, in a sentence or two. */
  readonly because: string;
  readonly sides: readonly MapSide[];
}

export interface MapSide extends Side {
  /** Translations that are the finding. */
  readonly wrongReach: readonly Reach[];
  /** When it is looked at: `after step 3: map_page …`. */
  readonly when: string;
  /** What the kernel said when it crashed. */
  readonly crash: string;
}

/** Widths of the columns, pixels. */
export const W = {
  margin: 14,
  address: 78,
  place: 118,
  bytes: 162,
  cache: 120,
  reach: 96,
  gap: 26,
} as const;
/** From one line of text to the next, and where memory is left out. */
export const LINE = 15;
/** Most rows that are drawn. */
const MOST_ROWS = 32;

/** Where the columns of a side begin. */
export interface Columns {
  readonly place: number;
  readonly bytes: number;
  /** What the CPU cache holds instead; undefined: nothing differs. */
  readonly cache: number | undefined;
  readonly reach: number;
  readonly end: number;
}

/** A side and what is drawn of it. */
export interface SideLayout {
  readonly side: MapSide;
  readonly columns: Columns;
  readonly windows: readonly Window[];
}

export interface Layout {
  readonly rows: readonly Row[];
  /** Top of each row, from that of the first on; and the end of the last. */
  readonly tops: readonly number[];
  /** Two states, or one when both are alike. */
  readonly sides: readonly SideLayout[];
  /** Rows that are not drawn. */
  readonly left: number;
  readonly width: number;
}

export function layOut(map: MemoryMap): Layout {
  const shown = alikeAsOne(map);
  const all = rowsOf(shown);
  const rows = mostTelling(all);
  const sides: SideLayout[] = [];
  let x: number = W.margin + W.address;
  for (const [index, side] of shown.entries()) {
    const windows = windowsOf(side.snapshot);
    const hasCache = rows.some(({ cells }) => differs(cells[index]?.memory, cells[index]?.cpu));
    const lanes = Math.max(1, ...windows.map(({ lane }) => lane + 1));
    const bytes = x + W.place;
    const cache = hasCache ? bytes + W.bytes : undefined;
    const reach = bytes + W.bytes + (hasCache ? W.cache : 0) + 6;
    const end = reach + lanes * W.reach;
    sides.push({ side, windows, columns: { place: x, bytes, cache, reach, end } });
    x = end + W.gap;
  }
  return { rows, tops: topsOf(rows), sides, left: all.length - rows.length, width: x - W.gap + W.margin };
}

function topsOf(rows: readonly Row[]): number[] {
  const tops: number[] = [];
  let y = 0;
  for (const [i, row] of rows.entries()) {
    if (i > 0 && !follows(rows[i - 1], row)) y += LINE;
    tops.push(y);
    y += heightOf(row);
  }
  return [...tops, y];
}

/** Rows grow with the logarithm of what they stand for. */
export function heightOf({ size }: Row): number {
  return 18 + Math.min(20, Math.max(0, Math.round(2 * Math.log2(size / 64))));
}

/** Nothing of memory is left out between the two. */
export function follows(before: Row | undefined, row: Row | undefined): boolean {
  return before !== undefined && before.start + before.size === row?.start;
}

export function differs(a: Content | undefined, b: Content | undefined): boolean {
  return a?.key !== b?.key;
}

/** Rows [from, to] one after the other in memory that have a key in common. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export function stretchesOf(rows: readonly Row[], key: (row: Row) => string | undefined): Stretch[] {
  const found: { from: number; to: number }[] = [];
  for (const [i, row] of rows.entries()) {
    const before = rows[i - 1];
    const last = found.at(-1);
    const joins = before !== undefined && follows(before, row) && key(before) === key(row);
    if (joins && last !== undefined) last.to = i;
    else found.push({ from: i, to: i });
  }
  return found;
}

/** Just the broken side when nothing is drawn differently for the other one. */
function alikeAsOne({ sides }: MemoryMap): readonly MapSide[] {
  const rows = rowsOf(sides);
  const seen = sides.map(({ snapshot, when, crash }, side) => {
    const cells = rows.map((row) => ({ ...row.cells[side], wrong: undefined }));
    return JSON.stringify([cells, windowsOf(snapshot), when, crash]);
  });
  const broken = sides.find(({ wrong, wrongReach }) => wrong.length + wrongReach.length > 0) ?? sides[0];
  return new Set(seen).size === 1 && broken !== undefined ? [broken] : sides;
}

/** The rows around what is wrong, or around the first that differ; all of them when they are few. */
function mostTelling(rows: readonly Row[]): readonly Row[] {
  if (rows.length <= MOST_ROWS) return rows;
  const wrong = rows.findIndex(({ cells }) => cells.some((cell) => cell.wrong !== undefined));
  const differing = rows.findIndex(({ cells: [a, b] }) => b !== undefined && differs(a?.memory, b.memory));
  const middle = Math.max(wrong < 0 ? differing : wrong, 0);
  const from = Math.min(Math.max(0, middle - MOST_ROWS / 2), rows.length - MOST_ROWS);
  return rows.slice(from, from + MOST_ROWS);
}
