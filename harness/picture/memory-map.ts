// SPDX-License-Identifier: GPL-2.0-only
/** Physical memory at the moment of a finding, two states side by side, as SVG. */
import { hex } from '../machine/u64.ts';
import { IOMMU_READ, IOMMU_WRITE } from '../machine/vocabulary.ts';
import type { Reach } from './camera.ts';
import { CONTENTS, type Content, type ContentKind } from './contents.ts';
import { rowsOf, windowsOf, type Row, type Side, type Window } from './memory-rows.ts';
import { wrap } from './mermaid.ts';
import { CHARACTER, fitText, rect, svg, text } from './svg.ts';

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
const W = { margin: 14, address: 78, place: 118, bytes: 162, cache: 120, reach: 96, gap: 26 } as const;
const LINE = 15;
/** Most rows that are drawn. */
const MOST_ROWS = 32;

export function memoryMapSvg(map: MemoryMap): string {
  return new Drawing(map).draw();
}

/** Rows grow with the logarithm of what they stand for. */
function heightOf({ size }: Row): number {
  return 18 + Math.min(20, Math.max(0, Math.round(2 * Math.log2(size / 64))));
}

/** Where the columns of a side begin. */
interface Columns {
  readonly place: number;
  readonly bytes: number;
  /** What the CPU cache holds instead; undefined: nothing differs. */
  readonly cache: number | undefined;
  readonly reach: number;
  readonly end: number;
}

class Drawing {
  private readonly map: MemoryMap;
  private readonly rows: readonly Row[];
  private readonly tops: readonly number[];
  private readonly windows: readonly (readonly Window[])[];
  private readonly columns: readonly Columns[];
  private readonly left: number;
  private readonly width: number;
  private readonly body: string[] = [];
  /** Drawn on top of the rest. */
  private readonly marks: string[] = [];
  private readonly used = new Set<ContentKind>();

  constructor(map: MemoryMap) {
    const broken =
      map.sides.find(({ wrong, wrongReach }) => wrong.length + wrongReach.length > 0) ?? map.sides[0];
    this.map = broken !== undefined && isAlike(map) ? { ...map, sides: [broken] } : map;
    const { sides } = this.map;
    const all = rowsOf(sides);
    this.rows = mostTelling(all);
    this.left = all.length - this.rows.length;
    this.windows = sides.map(({ snapshot }) => windowsOf(snapshot));
    this.columns = this.layColumns();
    this.width = (this.columns.at(-1)?.end ?? 0) + W.margin;
    const tops: number[] = [];
    let y = 0;
    for (const [i, row] of this.rows.entries()) {
      const before = this.rows[i - 1];
      if (before !== undefined && before.start + before.size !== row.start) y += LINE;
      tops.push(y);
      y += heightOf(row);
    }
    this.tops = [...tops, y];
  }

  private layColumns(): Columns[] {
    let x = W.margin + W.address;
    return this.map.sides.map((_, side) => {
      const hasCache = this.rows.some(({ cells }) => differs(cells[side]?.memory, cells[side]?.cpu));
      const lanes = Math.max(1, ...(this.windows[side] ?? []).map(({ lane }) => lane + 1));
      const place = x;
      const bytes = place + W.place;
      const cache = hasCache ? bytes + W.bytes : undefined;
      const reach = bytes + W.bytes + (hasCache ? W.cache : 0) + 6;
      const end = reach + lanes * W.reach;
      x = end + W.gap;
      return { place, bytes, cache, reach, end };
    });
  }

  draw(): string {
    const { title, because } = this.map;
    let y = 22;
    this.body.push(text(W.margin, y, fitText(title, (this.width - 2 * W.margin) * 0.84), 'ink big'));
    for (const line of wrap(because, Math.floor((this.width - 2 * W.margin) / CHARACTER))) {
      y += LINE;
      this.body.push(text(W.margin, y, line));
    }
    const top = this.heads(y + 12);
    for (const [i, row] of this.rows.entries()) this.address(row, i, top);
    for (const side of this.map.sides.keys()) this.side(side, top);
    this.body.push(...this.marks);
    const bottom = this.legend(top + (this.tops.at(-1) ?? 0) + 24);
    const fills = Object.fromEntries(Object.entries(CONTENTS).map(([kind, colour]) => [`c-${kind}`, colour]));
    const description = `${because} ${this.map.sides.map(({ run, when }) => `${run.state} ${when}`).join('; ')}.`;
    return svg({ width: this.width, height: bottom, title, description, fills, body: this.body });
  }

  /** What stands above the columns; returns where the rows begin. */
  private heads(y: number): number {
    let lowest = y;
    for (const [i, { run, when, crash }] of this.map.sides.entries()) {
      const { place, end } = this.columns[i] ?? NO_COLUMNS;
      const width = end - place;
      let at = y + LINE;
      const state = this.map.sides.length === 1 ? 'in both states' : run.state;
      this.body.push(text(place, at, fitText(state, width * 0.84), 'ink big'));
      for (const line of wrap(when, Math.floor(width / CHARACTER))) {
        this.body.push(text(place, (at += LINE), line, 'dim'));
      }
      for (const line of crash === '' ? [] : wrap(crash, Math.floor(width / CHARACTER))) {
        this.body.push(text(place, (at += LINE), line, 'bad strong'));
      }
      lowest = Math.max(lowest, at);
    }
    const heads = lowest + LINE + 8;
    this.body.push(text(W.margin, heads, 'physical', 'dim'));
    for (const { place, bytes, cache, reach } of this.columns) {
      this.body.push(
        text(place, heads, 'what it is', 'dim'),
        text(bytes, heads, cache === undefined ? 'whose bytes' : 'whose bytes: memory', 'dim'),
        ...(cache === undefined ? [] : [text(cache, heads, 'CPU cache', 'dim')]),
        text(reach, heads, 'device reaches', 'dim'),
      );
    }
    return heads + 8;
  }

  private address({ start, size, cells }: Row, i: number, top: number): void {
    const y = top + (this.tops[i] ?? 0);
    const next = this.rows[i + 1];
    this.body.push(text(W.margin, y + 12, hex(start), 'dim'));
    const [a, b] = cells;
    if (b !== undefined && (differs(a?.memory, b.memory) || differs(a?.cpu, b.cpu))) {
      this.body.push(text((this.columns[1]?.place ?? 0) - 11, y + 13, '≠', 'bad strong', 'middle'));
    }
    if (next !== undefined && next.start !== start + size) {
      this.body.push(text(W.margin + 20, top + (this.tops[i + 1] ?? 0) - 4, '⋮', 'dim'));
    }
  }

  private side(side: number, top: number): void {
    const { place, bytes, cache, reach } = this.columns[side] ?? NO_COLUMNS;
    const at = (i: number): number => top + (this.tops[i] ?? 0);
    for (const { from, to } of this.stretches((row) => row.cells[side]?.place?.key)) {
      const found = this.rows[from]?.cells[side]?.place;
      if (found === undefined) continue;
      const y = at(from);
      const height = this.bottomOf(to, top) - y;
      this.body.push(rect(place, y, W.place - 4, height, `open line${found.isReleased ? ' gone' : ''}`));
      this.lines(
        place + 5,
        y,
        height,
        W.place - 12,
        [found.name, found.more],
        found.isReleased ? 'dim' : 'ink',
      );
    }
    this.contents(side, top, 'memory', bytes, W.bytes);
    if (cache !== undefined) this.contents(side, top, 'cpu', cache, W.cache);
    for (const window of this.windows[side] ?? []) this.window(side, window, reach, top);
  }

  /** The bytes as memory holds them, or where the CPU sees others, those. */
  private contents(side: number, top: number, view: 'memory' | 'cpu', x: number, width: number): void {
    const of = (row: Row | undefined): Content | undefined => {
      const cell = row?.cells[side];
      return view === 'memory' || differs(cell?.memory, cell?.cpu) ? cell?.[view] : undefined;
    };
    const isWrong = (row: Row | undefined): boolean => row?.cells[side]?.wrong === view;
    for (const { from, to } of this.stretches((row) => `${isWrong(row)} ${of(row)?.key ?? ''}`)) {
      const [first, last] = [this.rows[from], this.rows[to]];
      const content = of(first);
      if (content === undefined || first === undefined || last === undefined) continue;
      this.used.add(content.kind);
      const y = top + (this.tops[from] ?? 0);
      const height = this.bottomOf(to, top) - y;
      const size = hex(last.start + last.size - first.start);
      this.body.push(rect(x, y, width - 2, height, `c-${content.kind} line`));
      this.body.push(text(x + 5, y + 13, CONTENTS[content.kind].letter, 'ink strong'));
      const room = width - (isWrong(first) ? 46 : 30);
      const fits = (content.words.length + size.length + 1) * CHARACTER <= room;
      const lines = fits
        ? [content.words, content.when]
        : [content.words, [content.when, size].filter((part) => part !== '').join(', ')];
      this.lines(x + 18, y, height, room, lines, 'ink');
      if (fits) this.body.push(text(x + 18 + room, y + 13, size, 'dim', 'end'));
      if (isWrong(first)) this.mark(x, y, width - 2, height);
    }
  }

  private window(side: number, window: Window, x: number, top: number): void {
    const { phys, size, iova, prot, device, inPageTable, lane } = window;
    const inside = this.rows.flatMap(({ start }, i) => (start >= phys && start < phys + size ? [i] : []));
    const [first] = inside;
    const last = inside.at(-1);
    if (first === undefined || last === undefined) return;
    const y = top + (this.tops[first] ?? 0);
    const height = this.bottomOf(last, top) - y;
    const left = x + lane * W.reach;
    this.body.push(rect(left, y, W.reach - 4, height, `open line${inPageTable ? '' : ' gone'}`));
    const rights = `${(prot & IOMMU_READ) === 0 ? '' : 'R'}${(prot & IOMMU_WRITE) === 0 ? '' : 'W'}`;
    const { scenario } = this.map.sides[side]?.run ?? {};
    const words = [
      `${hex(iova + (this.rows[first]?.start ?? phys) - phys)} ${rights}`,
      scenario?.deviceNames[device] ?? '?',
      inPageTable ? '' : 'IOTLB only',
      hex(size),
    ];
    this.lines(left + 4, y, height, W.reach - 6, words, 'ink');
    const isWrong = this.map.sides[side]?.wrongReach.some(
      (reach) => reach.device === device && reach.iova >= iova && reach.iova < iova + size,
    );
    if (isWrong === true) this.mark(left, y, W.reach - 4, height);
  }

  private mark(x: number, y: number, width: number, height: number): void {
    this.marks.push(rect(x, y + 1, width, height - 2, 'mark'));
    this.marks.push(text(x + width - 6, y + height - 6, '✗', 'bad strong', 'end'));
  }

  /** As many of the lines as the height has room for. */
  private lines(
    x: number,
    y: number,
    height: number,
    width: number,
    lines: readonly string[],
    kind: string,
  ): void {
    const room = Math.max(1, Math.floor((height - 4) / 14));
    for (const [i, line] of lines
      .filter((l) => l !== '')
      .slice(0, room)
      .entries()) {
      this.body.push(text(x, y + 13 + i * 14, fitText(line, width), i === 0 ? kind : 'dim'));
    }
  }

  /** Rows in a row, without a gap in memory, that have a key in common. */
  private stretches(key: (row: Row) => string | undefined): { from: number; to: number }[] {
    const found: { from: number; to: number }[] = [];
    for (const [i, row] of this.rows.entries()) {
      const before = this.rows[i - 1];
      const last = found.at(-1);
      const joins =
        before !== undefined && before.start + before.size === row.start && key(before) === key(row);
      if (joins && last !== undefined) last.to = i;
      else found.push({ from: i, to: i });
    }
    return found;
  }

  private bottomOf(i: number, top: number): number {
    const row = this.rows[i];
    return top + (this.tops[i] ?? 0) + (row === undefined ? 0 : heightOf(row));
  }

  /** Letters, and how to read the rest; returns the height of the picture. */
  private legend(y: number): number {
    let [x, at] = [W.margin, y];
    for (const [kind, { letter, words }] of Object.entries(CONTENTS)) {
      if (!this.used.has(kind as ContentKind)) continue;
      const width = 26 + Math.ceil(words.length * CHARACTER) + 16;
      if (x + width > this.width) [x, at] = [W.margin, at + 20];
      this.body.push(rect(x, at - 12, 18, 16, `c-${kind} line`), text(x + 6, at, letter, 'ink strong'));
      this.body.push(text(x + 24, at, words));
      x += width;
    }
    const notes = [
      '✗: where the finding is. ≠: other bytes in the two states. R: the device may read, W: write. Dashed: given back, or left in the IOTLB only.',
      `Sizes in bytes. Rows are not to scale.${this.left > 0 ? ` ${this.left} rows further away are not drawn.` : ''}`,
    ];
    for (const line of notes.flatMap((note) =>
      wrap(note, Math.floor((this.width - 2 * W.margin) / CHARACTER)),
    )) {
      this.body.push(text(W.margin, (at += 18), line, 'dim'));
    }
    return at + 14;
  }
}

const NO_COLUMNS: Columns = { place: 0, bytes: 0, cache: undefined, reach: 0, end: 0 };

function differs(a: Content | undefined, b: Content | undefined): boolean {
  return a?.key !== b?.key;
}

/** Nothing is drawn differently for the second side than for the first. */
function isAlike({ sides }: MemoryMap): boolean {
  const seen = sides.map(({ snapshot, when, crash }, side) => {
    const cells = rowsOf(sides).map((row) => row.cells[side]);
    return JSON.stringify([cells.map((cell) => ({ ...cell, wrong: '' })), windowsOf(snapshot), when, crash]);
  });
  return new Set(seen).size === 1;
}

/** The rows around what is wrong, or around the first that differ; all of them when they are few. */
function mostTelling(rows: readonly Row[]): readonly Row[] {
  if (rows.length <= MOST_ROWS) return rows;
  const wrong = rows.findIndex(({ cells }) => cells.some((cell) => cell.wrong !== undefined));
  const differing = rows.findIndex(({ cells: [a, b] }) => b !== undefined && differs(a?.memory, b.memory));
  const middle = Math.max(wrong, wrong < 0 ? differing : 0, 0);
  const from = Math.min(Math.max(0, middle - MOST_ROWS / 2), rows.length - MOST_ROWS);
  return rows.slice(from, from + MOST_ROWS);
}
