// SPDX-License-Identifier: GPL-2.0-only
/** A stretch of memory: whose bytes it holds, each call that put something there, who reaches it; and the legend. */
import type { VNode } from 'preact';
import type { PageData } from '../page-data.ts';
import { classOf, letterOf, rightsOf, type Place } from './memory-map.tsx';
import { hex, lineName, plural, SIDES, slotOf, type Cell, type Model } from './model.ts';
import { rangeText } from './trace.tsx';

interface Props {
  readonly data: PageData;
  readonly model: Model;
  readonly row: number;
  readonly place: Place | undefined;
  /** Goes to a row, and stays with the stretch. */
  readonly go: (row: number, place: Place) => void;
}

export function Detail({ data, model, row, place, go }: Props): VNode {
  const [start, size] = model.shown.stretches[place?.stretch ?? -1] ?? [];
  if (place === undefined || start === undefined || size === undefined) {
    return (
      <div class="det">
        <span class="dm">Point at a stretch of memory: whose bytes, who put them there, when.</span>
      </div>
    );
  }
  const own = model.sides[place.side];
  const { data: side } = own;
  const { name, state } = own.placeOf(start, row, model.shown.buffers);
  const cell = own.cell(row, place.stretch);
  const cache = side.contents[cell?.cache ?? -1];
  const reach = own.reach(row).filter(([, , phys, length]) => start >= phys && start < phys + length);
  const slot = slotOf(start);
  return (
    <div class="det">
      <div>
        <b>
          {place.side === 0 ? data.from.id : data.to.id} {rangeText(start, size)}
        </b>{' '}
        ({hex(size)}), {name}
        {slot !== '' && state !== 'free' ? `, ${slot}` : ''}
        {state === 'gone' ? ' (given back)' : ''} <span class="dm">holds</span>{' '}
        {side.contents[cell?.memory ?? -1]?.long}
        {cache !== undefined && (
          <>
            <span class="dm">; the CPU cache holds</span> {cache.long}
          </>
        )}
      </div>
      <div>
        <span class="dm">put there by:</span> <History model={model} row={row} place={place} go={go} />
      </div>
      <div>
        <span class="dm">reached by</span>{' '}
        {reach.length === 0
          ? 'no device'
          : reach
              .map(
                ([device, iova, phys, , rights, inPageTable]) =>
                  `${model.shown.devices[device] ?? '?'} ${rightsOf(rights)} at ${hex(iova + start - phys)}${inPageTable === 1 ? '' : ' (IOTLB only)'}`,
              )
              .join(', ')}
      </div>
    </div>
  );
}

/** What was there in turn; the calls lead to their rows. */
function History({
  model,
  row,
  place,
  go,
}: Omit<Props, 'data' | 'place'> & { readonly place: Place }): VNode {
  const own = model.sides[place.side];
  const said = ({ memory, cache }: Cell): string => {
    const [now, held] = [own.data.contents[memory], own.data.contents[cache]];
    return `${letterOf(now)} ${now?.short ?? ''}${held === undefined ? '' : `, cache ${letterOf(held)}`}`;
  };
  const history = folded(
    own.changesOf(place.stretch).map((one) => ({ ...one, said: said(one.cell) })),
    own.data.lines,
  );
  const current = history.findLast((one) => one.row <= row);
  return (
    <>
      {history.map((one, index) => {
        const line = own.data.lines[one.by];
        const arrow = index > 0 && <span class="dm"> → </span>;
        if (one.row < 0) {
          return (
            <>
              {arrow}
              <span class="dm">at first {one.said}</span>
            </>
          );
        }
        const breaks =
          one.row === model.finding.row &&
          place.side === model.finding.side &&
          model.finding.stretches.includes(place.stretch);
        return (
          <>
            {arrow}
            <button
              type="button"
              class={`link step${one === current ? ' now' : ''}${breaks ? ' bad' : ''}`}
              onClick={() => go(one.row, place)}
            >
              {line === undefined ? '' : `${lineName(line)}: `}
              {one.said}
              {one.times > 1 ? ` ×${one.times}` : ''}
              {breaks ? ' ✗' : ''}
            </button>
          </>
        );
      })}
      {history.length < 2 && <span class="dm">, and no call of this case changes it</span>}
    </>
  );
}

interface Change {
  readonly row: number;
  readonly cell: Cell;
  readonly said: string;
}

/** The same call that puts the same there again is one. */
function folded(
  changes: readonly Change[],
  lines: readonly { readonly name: string; readonly step: number }[],
): (Change & { readonly by: number; readonly times: number })[] {
  const found: (Change & { by: number; times: number })[] = [];
  for (const change of changes) {
    const { by } = change.cell;
    const last = found.at(-1);
    const isSame =
      last !== undefined &&
      last.said === change.said &&
      lines[last.by]?.name === lines[by]?.name &&
      lines[last.by]?.step === lines[by]?.step;
    if (isSame) last.times++;
    else found.push({ ...change, by, times: 1 });
  }
  return found;
}

export function Legend({ model }: { readonly model: Model }): VNode {
  const used = new Map(
    SIDES.flatMap((side) => model.shown.sides[side].contents).map((content) => [classOf(content), content]),
  );
  const { buffers } = model.shown;
  const sorted = [...used].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return (
    <div class="legend">
      {sorted.map(([name, content]) => (
        <span>
          <i class={name}>{letterOf(content)}</i>
          {wordsOf(content.letter, buffers[content.buffer]?.name ?? '')}
        </span>
      ))}
      <span>
        <b>▏</b>device reaches it: R reads, W writes; dashed: only the IOTLB still has it
      </span>
      <span>
        <b class="bad">≠</b> other bytes in the two states
      </span>
      <span>outlined: the call put bytes there; red: what the finding is about</span>
      <span>
        <b class="tg">0</b> the call clears, ▸ reads, ◂ writes, m maps, $ cleans or invalidates, + takes, −
        gives back
      </span>
      {buffers.length > 4 && (
        <span>{plural(buffers.length, 'buffer')}: the hues begin again after the fourth</span>
      )}
    </div>
  );
}

function wordsOf(letter: string, buffer: string): string {
  switch (letter) {
    case 'C':
      return `the CPU’s data of ${buffer}`;
    case 'D':
      return `written by a device into ${buffer}`;
    case 'X':
      return 'written by a device out of turn';
    case '0':
      return 'cleared';
    case 's':
      return 'a slot’s earlier use';
    default:
      return 'nobody’s';
  }
}
