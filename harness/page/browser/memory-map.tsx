// SPDX-License-Identifier: GPL-2.0-only
/** Physical memory after the current line, both sides in one table: its rows stay where they are. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { Mark, PageContent, PageData, PageReach } from '../page-data.ts';
import { hex, lineName, SIDES, slotOf, type Model, type SideIx } from './model.ts';

/** A stretch on a side. */
export interface Place {
  readonly side: SideIx;
  readonly stretch: number;
}

interface Props {
  readonly data: PageData;
  readonly model: Model;
  readonly row: number;
  readonly selected: Place | undefined;
  readonly point: (place: Place | undefined) => void;
  readonly select: (place: Place) => void;
}

export function MemoryMap(props: Props): VNode {
  const { model } = props;
  const [all, setAll] = useState(false);
  const { shown } = model;
  const telling = all ? [...shown.stretches.keys()] : model.telling;
  const hidden = shown.stretches.length - telling.length;
  const columns = 3 + shown.devices.length;
  if (shown.noMap !== '') return <p class="none in">No map: {shown.noMap}.</p>;
  if (shown.stretches.length === 0) return <p class="none in">This case touches no memory.</p>;
  return (
    <>
      <table class="map">
        <caption class="sr">Physical memory after the current line, both states</caption>
        <Columns devices={shown.devices.length} />
        <thead>
          <tr>
            <th class="ph" />
            <Heading {...props} side={0} columns={columns} />
            <th class="ne" />
            <Heading {...props} side={1} columns={columns} />
          </tr>
          <tr>
            <th class="ph">physical</th>
            {SIDES.map((side) => (
              <>
                {side === 1 && <th class="ne" />}
                <th>what it is</th>
                <th>
                  <span class="sr">touched by the call</span>
                </th>
                <th>whose bytes</th>
                {shown.devices.map((device) => (
                  <th title={`bus address at which ${device} reaches it`}>{device}</th>
                ))}
              </>
            ))}
          </tr>
        </thead>
        <tbody>
          {telling.map((stretch, index) => (
            <>
              {index > 0 && !touches(model, telling[index - 1] ?? -1, stretch) && (
                <tr class="gap" aria-hidden="true">
                  <td class="ph">⋮</td>
                  <td colSpan={2 * columns + 1} />
                </tr>
              )}
              <Stretch {...props} stretch={stretch} before={telling[index - 1]} isFirst={index === 0} />
            </>
          ))}
        </tbody>
      </table>
      {(hidden > 0 || all) && (
        <p class="fold">
          <button type="button" class="link" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? 'Fewer stretches' : `${hidden} more stretches, which matter less here`}
          </button>
        </p>
      )}
    </>
  );
}

function Columns({ devices }: { readonly devices: number }): VNode {
  const lanes = Array.from({ length: devices }, () => <col class="la" />);
  return (
    <colgroup>
      <col class="ph" />
      {SIDES.map((side) => (
        <>
          {side === 1 && <col class="ne" />}
          <col class="pl" />
          <col class="to" />
          <col />
          {lanes}
        </>
      ))}
    </colgroup>
  );
}

/** Nothing of memory lies between the two. */
function touches({ shown }: Model, before: number, stretch: number): boolean {
  const [start = 0, size = 0] = shown.stretches[before] ?? [];
  return start + size === shown.stretches[stretch]?.[0];
}

function Heading({
  data,
  model,
  row,
  side,
  columns,
}: Props & { readonly side: SideIx; readonly columns: number }): VNode {
  const own = model.sides[side];
  const line = own.data.lines[own.lineAt[row] ?? -1];
  const isOver = own.data.crashStep >= 0 && own.lineAt[row] === own.data.lines.length - 1;
  const when =
    line === undefined ? 'before step 1' : `${own.acts(row) ? 'after' : 'still after'} ${lineName(line)}`;
  return (
    <th colSpan={columns}>
      <b>{side === 0 ? data.from.id : data.to.id}</b>{' '}
      {isOver ? <b class="bad">crashed in step {own.data.crashStep + 1}</b> : when}
    </th>
  );
}

interface StretchProps extends Props {
  readonly stretch: number;
  readonly before: number | undefined;
  readonly isFirst: boolean;
}

function Stretch(props: StretchProps): VNode {
  const { model, row, stretch } = props;
  const [a, b] = SIDES.map((side) => contentsOf(model, side, row, stretch));
  const differs = keyOf(a) !== keyOf(b);
  return (
    <tr>
      <td class="ph">{hex(model.shown.stretches[stretch]?.[0] ?? 0)}</td>
      {SIDES.map((side) => (
        <>
          {side === 1 && <td class="ne">{differs ? '≠' : ''}</td>}
          <SideCells {...props} side={side} />
        </>
      ))}
    </tr>
  );
}

/** What memory holds, and the CPU cache where that is something else. */
function contentsOf(model: Model, side: SideIx, row: number, stretch: number): (PageContent | undefined)[] {
  const { data } = model.sides[side];
  const cell = model.sides[side].cell(row, stretch);
  return [data.contents[cell?.memory ?? -1], data.contents[cell?.cache ?? -1]];
}

function keyOf(contents: readonly (PageContent | undefined)[] | undefined): string {
  return (contents ?? [])
    .map((one) => (one === undefined ? '' : `${one.letter}${one.short} ${one.step}`))
    .join('|');
}

function SideCells({
  data,
  model,
  row,
  stretch,
  before,
  isFirst,
  selected,
  point,
  select,
  side,
}: StretchProps & { readonly side: SideIx }): VNode {
  const own = model.sides[side];
  const { shown } = model;
  const [start = 0, size = 0] = shown.stretches[stretch] ?? [];
  const place = own.placeOf(start, row, shown.buffers);
  const above =
    before === undefined ? undefined : own.placeOf(shown.stretches[before]?.[0] ?? 0, row, shown.buffers);
  const repeats = above?.name === place.name && touches(model, before ?? -1, stretch);
  const [memory, cache] = contentsOf(model, side, row, stretch);
  const changed = own.isChanged(row, stretch);
  const wrong = isWrong(model, side, row, stretch);
  const isSelected = selected?.side === side && selected.stretch === stretch;
  const classes = [
    'by',
    classOf(memory),
    changed ? 'chg' : '',
    wrong ? 'wrong' : '',
    isSelected ? 'sel' : '',
  ];
  const here = { side, stretch };
  const state = side === 0 ? data.from.id : data.to.id;
  const spoken = `${state} ${hex(start)}, ${hex(size)} bytes, ${place.name}: ${memory?.long ?? ''}${wrong ? ', the finding' : ''}${changed ? ', put there by this call' : ''}`;
  const key = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' || event.key === ' ') select(here);
    else if (!moveFocus(event)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <>
      <td class={`pl ${place.state}${repeats ? ' rep' : ''}`} title={slotOf(start)}>
        {repeats ? '″' : place.name}
      </td>
      <Touched model={model} side={side} row={row} start={start} size={size} />
      <td
        class={classes.filter((name) => name !== '').join(' ')}
        tabIndex={isSelected || (isFirst && side === 0) ? 0 : -1}
        aria-label={spoken}
        data-stretch={`${side}:${stretch}`}
        onMouseEnter={() => point(here)}
        onMouseLeave={() => point(undefined)}
        onFocus={() => point(here)}
        onBlur={() => point(undefined)}
        onClick={() => select(here)}
        onKeyDown={key}
      >
        <span class="w">
          <span class="lt">{letterOf(memory)}</span>
          <span class="tt">{memory?.short}</span>
          {cache !== undefined && <span class={`st ca ${classOf(cache)}`}>cache: {letterOf(cache)}</span>}
          {cache === undefined && (memory?.step ?? 0) > 0 && <span class="st">step {memory?.step}</span>}
          <span class="sz">
            {wrong ? '✗ ' : ''}
            {hex(size)}
          </span>
        </span>
      </td>
      {shown.devices.map((name, device) => (
        <Lane model={model} side={side} row={row} start={start} device={device} name={name} />
      ))}
    </>
  );
}

/** Moves the focus between stretches with the arrow keys. */
function moveFocus(event: KeyboardEvent): boolean {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  const cell = event.currentTarget;
  if (step === 0 || !(cell instanceof HTMLElement)) return false;
  const side = cell.dataset['stretch']?.split(':')[0] ?? '';
  const cells = [...document.querySelectorAll<HTMLElement>(`[data-stretch^="${side}:"]`)];
  cells[cells.indexOf(cell) + step]?.focus();
  return true;
}

/** From the row where it breaks on, as long as the stretch holds what it then held. */
function isWrong(model: Model, side: SideIx, row: number, stretch: number): boolean {
  const { finding } = model;
  if (finding.side !== side || row < finding.row || !finding.stretches.includes(stretch)) return false;
  const [then, now] = [model.sides[side].cell(finding.row, stretch), model.sides[side].cell(row, stretch)];
  return then?.memory === now?.memory && then?.cache === now?.cache;
}

const SYMBOLS: Readonly<Record<Mark, string>> = {
  '0': '0',
  '>': '▸',
  '<': '◂',
  m: 'm',
  $: '$',
  '+': '+',
  '-': '−',
};

interface TouchedProps {
  readonly model: Model;
  readonly side: SideIx;
  readonly row: number;
  readonly start: number;
  readonly size: number;
}

function Touched({ model, side, row, start, size }: TouchedProps): VNode {
  const touched = (model.lineOf(row, side)?.touches ?? []).findLast(
    // A size that underflowed reaches from there to the end of memory.
    ([, phys, length]) => start + size > phys && (length < 0 || start < phys + length),
  );
  if (touched === undefined) return <td class="to" />;
  const [mark, , length] = touched;
  return <td class={`to ${length < 0 ? 'oob' : 'on'}`}>{SYMBOLS[mark]}</td>;
}

interface LaneProps {
  readonly model: Model;
  readonly side: SideIx;
  readonly row: number;
  readonly start: number;
  readonly device: number;
  readonly name: string;
}

function Lane({ model, side, row, start, device, name }: LaneProps): VNode {
  const own = model.sides[side];
  const { finding } = model;
  const window = reaching(own.reach(row), device, start);
  const before = row > 0 ? reaching(own.reach(row - 1), device, start) : undefined;
  const changed = own.acts(row) && (window === undefined) !== (before === undefined);
  if (window === undefined) return <td class={`la${changed ? ' chg' : ''}`} />;
  const [, iova, phys, size, rights, inPageTable] = window;
  const wrong =
    finding.side === side &&
    row >= finding.row &&
    finding.reach.some(
      (one) => one.device === device && one.iova < iova + size && one.iova + one.size > iova,
    );
  const words = rightsOf(rights);
  const address = hex(iova + start - phys);
  const title = `${name} ${words} at ${address}${inPageTable === 1 ? '' : ', IOTLB only'}`;
  return (
    <td
      class={`la ${inPageTable === 1 ? 'on' : 'tlb'}${wrong ? ' wr' : ''}${changed ? ' chg' : ''}`}
      title={title}
    >
      {words} <span class="lanea">{address}</span>
      {wrong ? ' ✗' : ''}
    </td>
  );
}

/** What lets the device reach the byte: its page table before what only the IOTLB still has. */
function reaching(reach: readonly PageReach[], device: number, at: number): PageReach | undefined {
  const found = reach.filter(([who, , phys, size]) => who === device && at >= phys && at < phys + size);
  return found.find(([, , , , , inPageTable]) => inPageTable === 1) ?? found[0];
}

export function rightsOf(rights: number): string {
  return `${(rights & 1) === 0 ? '' : 'R'}${(rights & 2) === 0 ? '' : 'W'}`;
}

export function letterOf(content: PageContent | undefined): string {
  return content === undefined || content.letter === '-' ? '–' : content.letter;
}

/** Hues of buffers: they begin again after the fourth. */
const HUES = 4;

export function classOf(content: PageContent | undefined): string {
  switch (content?.letter) {
    case 'C':
    case 'D':
      return `${content.letter}${Math.max(0, content.buffer) % HUES}`;
    case 'X':
      return 'Kx';
    case '0':
      return 'K0';
    case 's':
      return 'Ks';
    case '-':
    case undefined:
      return 'Kn';
  }
}
