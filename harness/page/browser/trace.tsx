// SPDX-License-Identifier: GPL-2.0-only
/** Both traces side by side: equal calls once, across both columns, differing ones split. */
import type { VNode } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { PageData, PageLine } from '../page-data.ts';
import { hex, type Model } from './model.ts';
import { differingTokens, type Token } from './tokens.ts';

/** Rows that stay in sight above and below the current one, pixels. */
const AROUND = 60;

interface Props {
  readonly data: PageData;
  readonly model: Model;
  readonly row: number;
  readonly raw: boolean;
  readonly go: (row: number) => void;
}

export function Trace({ data, model, row, raw, go }: Props): VNode {
  const box = useRef<HTMLDivElement>(null);
  // Laid out once per finding: a step changes attributes only.
  const rows = useMemo(
    () => model.shown.rows.map((_, at) => <Row model={model} at={at} raw={raw} data={data} />),
    [model, raw, data],
  );
  useLayoutEffect(() => {
    const { current } = box;
    if (current !== null) showRow(current, row);
  }, [model, raw, row]);
  const click = (event: MouseEvent): void => {
    const target = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-row]') : null;
    if (target !== null && String(getSelection()) === '') go(Number(target.dataset['row']));
  };
  return (
    <div
      class="trace"
      id="trace"
      ref={box}
      role="listbox"
      tabIndex={0}
      aria-label={`Calls of ${data.from.id} and ${data.to.id}, aligned`}
      aria-activedescendant={`row${row}`}
      onClick={click}
    >
      {rows}
    </div>
  );
}

/** Marks the row, and brings it into sight. */
export function showRow(box: HTMLElement, row: number): void {
  for (const old of box.querySelectorAll('[aria-current]')) {
    old.removeAttribute('aria-current');
    old.setAttribute('aria-selected', 'false');
  }
  const current = box.querySelector<HTMLElement>(`#row${row}`);
  if (current === null) return;
  current.setAttribute('aria-current', 'step');
  current.setAttribute('aria-selected', 'true');
  const top = current.offsetTop;
  const bottom = top + current.offsetHeight;
  if (top < box.scrollTop + AROUND) box.scrollTop = top - AROUND;
  else box.scrollTop = Math.max(box.scrollTop, bottom - box.clientHeight + AROUND);
}

function Row({
  model,
  at,
  raw,
  data,
}: {
  model: Model;
  at: number;
  raw: boolean;
  data: PageData;
}): VNode | null {
  const [a = -1, b = -1, differs] = model.shown.rows[at] ?? [];
  const [old, now] = [model.shown.sides[0].lines[a], model.shown.sides[1].lines[b]];
  const one = old ?? now;
  if (one === undefined) return null;
  const isDead = model.dead[at] === true;
  const breaks = model.finding.row === at;
  const texts = [old, now].map((line) => line && textOf(line, raw));
  const isSplit = differs === 1 || texts[0] !== texts[1];
  const sign = old === undefined ? '+' : now === undefined ? '−' : '≠';
  const mark = breaks ? '✗' : isDead || differs !== 1 ? '' : sign;
  const only =
    old === undefined ? `only in ${data.to.id}` : now === undefined ? `only in ${data.from.id}` : 'differs';
  const said = breaks ? 'breaks here' : mark === '' ? '' : only;
  const classes = [
    'trow',
    isDead ? 'dead' : '',
    one.kind === 'step' ? 'hd' : '',
    isInner(one) ? 'cp' : '',
    breaks ? 'brk' : '',
  ];
  return (
    <div
      class={classes.filter((name) => name !== '').join(' ')}
      role="option"
      aria-selected="false"
      id={`row${at}`}
      data-row={at}
    >
      <span class="g" aria-hidden="true">
        {mark}
      </span>
      {said !== '' && <span class="sr">{said}: </span>}
      {isSplit ? (
        <Halves model={model} at={at} lines={[old, now]} texts={[texts[0], texts[1]]} />
      ) : (
        <span class="one">
          <span class="tx">{texts[0]}</span>
        </span>
      )}
    </div>
  );
}

interface HalvesProps {
  readonly model: Model;
  readonly at: number;
  readonly lines: readonly [PageLine | undefined, PageLine | undefined];
  readonly texts: readonly [string | undefined, string | undefined];
}

function Halves({ model, at, lines, texts: [a, b] }: HalvesProps): VNode {
  const [left, right] =
    a === undefined || b === undefined ? [plainTokens(a), plainTokens(b)] : differingTokens(a, b);
  return (
    <>
      <Half model={model} at={at} side={0} line={lines[0]} tokens={left} />
      <Half model={model} at={at} side={1} line={lines[1]} tokens={right} />
    </>
  );
}

interface HalfProps {
  readonly model: Model;
  readonly at: number;
  readonly side: 0 | 1;
  readonly line: PageLine | undefined;
  readonly tokens: readonly Token[];
}

function Half({ model, at, side, line, tokens }: HalfProps): VNode {
  const column = side === 0 ? 'l' : 'r2';
  if (line === undefined) {
    const isFirst = model.dead[at] === true && model.dead[at - 1] !== true;
    return (
      <span class={`${column} none2`}>
        <span class="tx">{isFirst ? 'not reached' : ''}</span>
      </span>
    );
  }
  const breaks = model.finding.row === at && model.finding.side === side;
  return (
    <span class={`${column}${breaks ? ' bk' : ''}${line.kind === 'crash' ? ' crash' : ''}`}>
      <span class="tx">{tokens.map(({ text, differs }) => (differs ? <b class="d">{text}</b> : text))}</span>
    </span>
  );
}

function plainTokens(text: string | undefined): Token[] {
  return text === undefined ? [] : [{ text, differs: false }];
}

/** Happens inside of the call above it. */
function isInner({ text }: PageLine): boolean {
  return text.startsWith(' ');
}

export function textOf(line: PageLine, raw: boolean): string {
  const text = (raw ? (line.raw ?? line.text) : line.text).trim();
  return line.kind === 'step' ? `${line.step + 1}. ${text}` : text;
}

/** A run of rows that one button leads to. */
interface Jump {
  readonly row: number;
  readonly label: string;
  readonly count: number;
  readonly breaks: boolean;
}

/** Most buttons: those around the one where the clause breaks; the rest is stepped to. */
const MOST_JUMPS = 14;

/** The rows in which the sides differ, and the one where the clause breaks; what a hostile device repeats is one. */
function jumpsOf(model: Model): Jump[] {
  const rows = [...new Set([...model.differing, model.finding.row])].toSorted((a, b) => a - b);
  const jumps: Jump[] = [];
  for (const row of rows) {
    const line = model.lineOf(row, model.finding.side) ?? model.lineOf(row);
    const [a = -1, b = -1] = model.shown.rows[row] ?? [];
    const breaks = row === model.finding.row;
    const sign = breaks ? '✗ ' : a < 0 ? '+' : b < 0 ? '−' : '≠';
    const label = `${(line?.step ?? 0) + 1} ${sign}${line?.name ?? ''}`;
    const last = jumps.at(-1);
    const repeats = !breaks && last?.label === label && line?.kind === 'device';
    if (repeats) jumps.splice(-1, 1, { ...last, count: last.count + 1 });
    else jumps.push({ row, label, count: 1, breaks });
  }
  return jumps;
}

export function Jumps({
  model,
  row,
  go,
}: {
  readonly model: Model;
  readonly row: number;
  readonly go: (row: number) => void;
}): VNode {
  const jumps = useMemo(() => jumpsOf(model), [model]);
  const breaking = jumps.findIndex(({ breaks }) => breaks);
  const first = Math.max(0, Math.min(breaking - MOST_JUMPS / 2, jumps.length - MOST_JUMPS));
  const crashed = model.shown.sides.some(({ crashStep }) => crashStep >= 0);
  const count = model.differing.length;
  return (
    <div class="jumps" role="group" aria-label="Lines that differ">
      <span class="lab">
        {count} {count === 1 ? 'line differs' : 'lines differ'}
        {crashed ? ', one side crashes' : ''}; ✗ breaks:
      </span>
      {jumps.slice(first, first + MOST_JUMPS).map((jump) => (
        <button
          type="button"
          class={jump.breaks ? 'x' : ''}
          aria-current={jump.row === row ? 'true' : undefined}
          onClick={() => go(jump.row)}
        >
          {jump.label}
          {jump.count > 1 ? ` ×${jump.count}` : ''}
        </button>
      ))}
      {jumps.length > MOST_JUMPS && <span class="lab">and {jumps.length - MOST_JUMPS} more (n, p)</span>}
    </div>
  );
}

/** Who called: the methods on the way, with the patches that wrote them. */
export function Via({
  data,
  model,
  row,
}: {
  readonly data: PageData;
  readonly model: Model;
  readonly row: number;
}): VNode {
  const paths = ([0, 1] as const).map((side) => {
    const line = model.lineOf(row, side);
    return line === undefined ? undefined : (model.shown.sides[side].paths[line.path] ?? []);
  });
  const [a, b] = paths;
  const isSame = JSON.stringify(a) === JSON.stringify(b);
  const kind = model.lineOf(row)?.kind;
  const isOutside = (a ?? []).length + (b ?? []).length === 0;
  if (isOutside) return <>{kind === 'device' ? 'the device' : 'the driver'}</>;
  return (
    <>
      {a !== undefined && a.length > 0 && <Path name={isSame ? '' : `${data.from.id}: `} path={a} />}
      {!isSame && a !== undefined && a.length > 0 && b !== undefined && b.length > 0 && '  │  '}
      {!isSame && b !== undefined && b.length > 0 && <Path name={`${data.to.id}: `} path={b} />}
    </>
  );
}

function Path({
  name,
  path,
}: {
  readonly name: string;
  readonly path: readonly (readonly [string, string])[];
}): VNode {
  return (
    <>
      {name}
      {path.map(([method, patch], index) => (
        <>
          {index > 0 && ' → '}
          {method} <b>{patch}</b>
        </>
      ))}
    </>
  );
}

export function rangeText(start: number, size: number): string {
  return `${hex(start)} … ${hex(start + size - 1)}`;
}
