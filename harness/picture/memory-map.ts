// SPDX-License-Identifier: GPL-2.0-only
/** Physical memory at the moment of a finding, two states side by side, as SVG. */
import { hex } from '../machine/u64.ts';
import { IOMMU_READ, IOMMU_WRITE } from '../machine/vocabulary.ts';
import { CONTENTS, type Content, type ContentKind } from './contents.ts';
import {
  differs,
  follows,
  heightOf,
  layOut,
  LINE,
  stretchesOf,
  W,
  type Layout,
  type MemoryMap,
  type SideLayout,
  type Stretch,
} from './memory-layout.ts';
import type { Row, Window } from './memory-rows.ts';
import { wrap } from './wrap.ts';
import { CHARACTER, fitText, rect, svg, text } from './svg.ts';
import { visible } from '../text/visible.ts';

export function memoryMapSvg(map: MemoryMap): string {
  return new Drawing(map).draw();
}

class Drawing {
  private readonly map: MemoryMap;
  private readonly layout: Layout;
  private readonly body: string[] = [];
  /** Drawn on top of the rest. */
  private readonly marks: string[] = [];
  private readonly used = new Set<ContentKind>();
  /** Where the rows begin. */
  private top = 0;

  constructor(map: MemoryMap) {
    this.map = map;
    this.layout = layOut(map);
  }

  draw(): string {
    const { title, because } = this.map;
    const { width, sides, rows, tops } = this.layout;
    const room = width - 2 * W.margin;
    let y = 22;
    this.body.push(text(W.margin, y, fitText(title, room * 0.84), 'ink big'));
    for (const line of lines(because, room)) this.body.push(text(W.margin, (y += LINE), line));
    this.top = this.heads(y + 12);
    for (const [i, row] of rows.entries()) this.address(row, i);
    for (const [side, laid] of sides.entries()) this.side(laid, side);
    this.body.push(...this.marks);
    const height = this.legend(this.top + (tops.at(-1) ?? 0) + 24, room);
    const fills = Object.fromEntries(Object.entries(CONTENTS).map(([kind, colour]) => [`c-${kind}`, colour]));
    const states = this.map.sides.map(({ run, when }) => `${run.state} ${when}`);
    return svg({
      width,
      height,
      title,
      description: `${because} ${states.join('; ')}.`,
      fills,
      body: this.body,
    });
  }

  /** What stands above the columns; returns where the rows begin. */
  private heads(y: number): number {
    const { sides } = this.layout;
    let lowest = y;
    for (const { side, columns } of sides) {
      const { run, when, crash } = side;
      const width = columns.end - columns.place;
      let at = y + LINE;
      const state = sides.length === 1 ? 'in both states' : run.state;
      this.body.push(text(columns.place, at, fitText(state, width * 0.84), 'ink big'));
      for (const line of lines(when, width)) {
        this.body.push(text(columns.place, (at += LINE), line, 'dim'));
      }
      for (const line of crash === '' ? [] : lines(crash, width)) {
        this.body.push(text(columns.place, (at += LINE), line, 'bad strong'));
      }
      lowest = Math.max(lowest, at);
    }
    const heads = lowest + LINE + 8;
    this.body.push(text(W.margin, heads, 'physical', 'dim'));
    for (const { columns } of sides) {
      const { place, bytes, cache, reach } = columns;
      this.body.push(text(place, heads, 'what it is', 'dim'));
      this.body.push(text(bytes, heads, cache === undefined ? 'whose bytes' : 'whose bytes: memory', 'dim'));
      if (cache !== undefined) this.body.push(text(cache, heads, 'CPU cache', 'dim'));
      this.body.push(text(reach, heads, 'device reaches', 'dim'));
    }
    return heads + 8;
  }

  private address(row: Row, i: number): void {
    const { rows, sides } = this.layout;
    const { y } = this.box({ from: i, to: i });
    this.body.push(text(W.margin, y + 12, hex(row.start), 'dim'));
    const [a, b] = row.cells;
    if (b !== undefined && (differs(a?.memory, b.memory) || differs(a?.cpu, b.cpu))) {
      this.body.push(text((sides[1]?.columns.place ?? 0) - 11, y + 13, '≠', 'bad strong', 'middle'));
    }
    if (i > 0 && !follows(rows[i - 1], row)) this.body.push(text(W.margin + 20, y - 4, '⋮', 'dim'));
  }

  private side(laid: SideLayout, side: number): void {
    const { columns, windows } = laid;
    const { rows } = this.layout;
    for (const stretch of stretchesOf(rows, (row) => row.cells[side]?.place?.key)) {
      const place = rows[stretch.from]?.cells[side]?.place;
      if (place === undefined) continue;
      const { y, height } = this.box(stretch);
      const ink = place.isReleased ? 'dim' : 'ink';
      this.body.push(
        rect(columns.place, y, W.place - 4, height, `open line${place.isReleased ? ' gone' : ''}`),
      );
      this.words(columns.place + 5, y, height, W.place - 12, [place.name, place.more], ink);
    }
    this.contents(side, 'memory', columns.bytes, W.bytes);
    if (columns.cache !== undefined) this.contents(side, 'cpu', columns.cache, W.cache);
    for (const window of windows) this.window(laid, window);
  }

  /** The bytes as memory holds them; or where the CPU sees others, those. */
  private contents(side: number, view: 'memory' | 'cpu', x: number, width: number): void {
    const { rows } = this.layout;
    const of = (row: Row | undefined): Content | undefined => {
      const cell = row?.cells[side];
      return view === 'memory' || differs(cell?.memory, cell?.cpu) ? cell?.[view] : undefined;
    };
    const isWrong = (row: Row): boolean => row.cells[side]?.wrong === view;
    for (const stretch of stretchesOf(rows, (row) => `${isWrong(row)} ${of(row)?.key ?? ''}`)) {
      const [first, last] = [rows[stretch.from], rows[stretch.to]];
      const content = of(first);
      if (content === undefined || first === undefined || last === undefined) continue;
      this.used.add(content.kind);
      const { y, height } = this.box(stretch);
      const { kind, words, when } = content;
      const size = hex(last.start + last.size - first.start);
      this.body.push(rect(x, y, width - 2, height, `c-${kind} line`));
      this.body.push(text(x + 5, y + 13, CONTENTS[kind].letter, 'ink strong'));
      const room = width - (isWrong(first) ? 46 : 30);
      // The size stands behind the words where it has room, else below.
      const fits = (words.length + size.length + 1) * CHARACTER <= room;
      const below = fits ? when : [when, size].filter((part) => part !== '').join(', ');
      this.words(x + 18, y, height, room, [words, below], 'ink');
      if (fits) this.body.push(text(x + 18 + room, y + 13, size, 'dim', 'end'));
      if (isWrong(first)) this.mark(x, y, width - 2, height);
    }
  }

  private window({ side, columns }: SideLayout, window: Window): void {
    const { phys, size, iova, prot, device, inPageTable, lane } = window;
    const { rows } = this.layout;
    const inside = ({ start }: Row): boolean => start >= phys && start < phys + size;
    const from = rows.findIndex(inside);
    const first = rows[from];
    if (first === undefined) return;
    const { y, height } = this.box({ from, to: rows.findLastIndex(inside) });
    const x = columns.reach + lane * W.reach;
    this.body.push(rect(x, y, W.reach - 4, height, `open line${inPageTable ? '' : ' gone'}`));
    const rights = `${(prot & IOMMU_READ) === 0 ? '' : 'R'}${(prot & IOMMU_WRITE) === 0 ? '' : 'W'}`;
    const name = side.run.scenario.deviceNames[device] ?? '?';
    const address = `${hex(iova + first.start - phys)} ${rights}`;
    this.words(
      x + 4,
      y,
      height,
      W.reach - 6,
      [address, name, inPageTable ? '' : 'IOTLB only', hex(size)],
      'ink',
    );
    const isWrong = side.wrongReach.some(
      (reach) => reach.device === device && reach.iova >= iova && reach.iova < iova + size,
    );
    if (isWrong) this.mark(x, y, W.reach - 4, height);
  }

  /** Where a stretch of rows is. */
  private box({ from, to }: Stretch): { y: number; height: number } {
    const { rows, tops } = this.layout;
    const last = rows[to];
    const y = this.top + (tops[from] ?? 0);
    return { y, height: this.top + (tops[to] ?? 0) + (last === undefined ? 0 : heightOf(last)) - y };
  }

  private mark(x: number, y: number, width: number, height: number): void {
    this.marks.push(rect(x, y + 1, width, height - 2, 'mark'));
    this.marks.push(text(x + width - 6, y + height - 6, '✗', 'bad strong', 'end'));
  }

  /** As many of the lines as the height has room for. */
  private words(
    x: number,
    y: number,
    height: number,
    width: number,
    said: readonly string[],
    ink: 'ink' | 'dim',
  ): void {
    const room = Math.max(1, Math.floor((height - 4) / 14));
    const shown = said.filter((line) => line !== '').slice(0, room);
    for (const [i, line] of shown.entries()) {
      this.body.push(text(x, y + 13 + i * 14, fitText(line, width), i === 0 ? ink : 'dim'));
    }
  }

  /** Letters, and how to read the rest; returns the height of the picture. */
  private legend(y: number, room: number): number {
    const { left, width } = this.layout;
    let x: number = W.margin;
    let at = y;
    for (const kind of Object.keys(CONTENTS) as ContentKind[]) {
      if (!this.used.has(kind)) continue;
      const { letter, words } = CONTENTS[kind];
      const needed = 42 + Math.ceil(words.length * CHARACTER);
      if (x + needed > width) [x, at] = [W.margin, at + 20];
      this.body.push(rect(x, at - 12, 18, 16, `c-${kind} line`), text(x + 6, at, letter, 'ink strong'));
      this.body.push(text(x + 24, at, words));
      x += needed;
    }
    const notes = [
      '✗: where the finding is. ≠: other bytes in the two states. R: the device may read, W: write. Dashed: given back, or left in the IOTLB only.',
      `Sizes in bytes. Rows are not to scale.${left > 0 ? ` ${left} rows further away are not drawn.` : ''}`,
    ];
    for (const line of notes.flatMap((note) => lines(note, room))) {
      this.body.push(text(W.margin, (at += 18), line, 'dim'));
    }
    return at + 14;
  }
}

/** Broken into lines of at most `width` pixels. */
function lines(value: string, width: number): string[] {
  return wrap(visible(value), Math.floor(width / CHARACTER));
}
