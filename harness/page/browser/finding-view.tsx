// SPDX-License-Identifier: GPL-2.0-only
/** A finding: what is said of it, both traces, memory at each step, the code, and how to go on. */
import type { VNode } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { KIND_WORDS } from '../kinds.ts';
import type { PageData, PageFinding } from '../page-data.ts';
import { Below } from './below.tsx';
import { Detail, Legend } from './detail.tsx';
import { nextDifference, onKey, within } from './keyboard.ts';
import { MemoryMap, type Place } from './memory-map.tsx';
import { Model, SIDES } from './model.ts';
import { findingHash, routeOf, type Route } from './route.ts';
import { Jumps, showRow, textOf, Trace, Via } from './trace.tsx';
import { PatchLink, Sentence } from './words.tsx';

interface Props {
  readonly data: PageData;
  readonly finding: PageFinding;
  readonly route: Extract<Route, { view: 'finding' }>;
  /** The findings of the list that it was opened from. */
  readonly listed: readonly PageFinding[];
  readonly raw: boolean;
  readonly setRaw: (raw: boolean) => void;
  readonly back: () => void;
}

export function FindingView(props: Props): VNode {
  const { data, finding, listed } = props;
  const shown = data.cases[finding.at];
  const index = listed.indexOf(finding);
  const neighbour = (step: number): PageFinding | undefined => listed[index + step];
  const { id, kind, clause, cause, because, notes, patches, count } = finding;
  const { promise = '', exercised = 0 } = data.clauses.find((one) => one.id === clause) ?? {};
  return (
    <section aria-label="Finding">
      <div class="fh">
        <span class={`kind ${kind}`}>{KIND_WORDS[kind]}</span>
        <h1>
          {clause}: {cause}
        </h1>
        <span class="meta">
          {patches.length === 0
            ? 'no single patch turns it'
            : patches.map((patch, at) => (
                <>
                  {at > 0 && ', '}
                  <PatchLink id={patch.id} posted={data.patches} /> {patch.effect} it
                  {patch.together.length > 0 ? ` with ${patch.together.join(' and ')}` : ''}
                </>
              ))}{' '}
          · {count} of {exercised} cases
        </span>
        <span class="grow" />
        <span class="meta">
          <code>{id}</code> · {index + 1} of {listed.length}{' '}
          <Neighbour finding={neighbour(-1)} label="previous finding" sign="[" />{' '}
          <Neighbour finding={neighbour(1)} label="next finding" sign="]" />
        </span>
      </div>
      <p class="said">
        <Sentence words={because} />
      </p>
      {notes.map((note) => (
        <p class="said">
          <Sentence words={note} />
        </p>
      ))}
      {shown === undefined ? (
        <p class="said">
          Promised: {promise}. Its traces are not on this page. Smallest case: <code>{finding.cases[0]}</code>
        </p>
      ) : (
        <>
          <p class="scn">
            <b>{shown.why}</b> {shown.machine}
          </p>
          <Stepper {...props} key={id} />
        </>
      )}
      <Below data={data} finding={finding} />
    </section>
  );
}

function Neighbour({
  finding,
  label,
  sign,
}: {
  readonly finding: PageFinding | undefined;
  readonly label: string;
  readonly sign: string;
}): VNode {
  return (
    <button
      type="button"
      aria-label={label}
      disabled={finding === undefined}
      onClick={() => {
        if (finding !== undefined) location.hash = findingHash(finding.id);
      }}
    >
      {sign}
    </button>
  );
}

/** Milliseconds without a step after which the address says where the reader is. */
const REST = 150;

/** Traces and map; the row is in the address, without an entry of the history for each step. */
function Stepper({ data, finding, route, listed, raw, setRaw, back }: Props): VNode | null {
  const shown = data.cases[finding.at];
  const model = useMemo(
    () => (shown === undefined ? undefined : new Model(finding, shown)),
    [finding, shown],
  );
  const [row, setRow] = useState(() => startOf(route, finding, shown?.rows.length ?? 1));
  const [selected, setSelected] = useState<Place | undefined>(() => model && placeOf(model, data, route));
  const [pointed, setPointed] = useState<Place | undefined>(undefined);
  const box = useRef<HTMLDivElement>(null);
  const current = useRef(row);
  current.current = row;
  useLayoutEffect(() => {
    const fit = (): void => fitTrace(box.current, current.current);
    fit();
    addEventListener('resize', fit);
    return () => removeEventListener('resize', fit);
  }, [model]);
  useLayoutEffect(
    () => document.querySelector<HTMLElement>('#trace')?.focus({ preventScroll: true }),
    [model],
  );
  useEffect(() => {
    // An address that somebody typed, or a link to another row of this finding.
    setRow(startOf(route, finding, shown?.rows.length ?? 1));
  }, [route]);
  useEffect(() => {
    const start = selected === undefined ? undefined : model?.shown.stretches[selected.stretch]?.[0];
    const state = selected?.side === 0 ? data.from.id : data.to.id;
    const at = start === undefined ? undefined : { state, phys: start };
    // Browsers refuse more than a few of these a second: the address follows when the reader rests.
    const hash = findingHash(finding.id, row + 1, at);
    const timer = setTimeout(() => {
      // The reader may be on the way to another view.
      const there = routeOf(location.hash);
      const isHere = there.view === 'finding' && there.id === finding.id;
      if (isHere) history.replaceState(null, '', hash);
    }, REST);
    return () => clearTimeout(timer);
  }, [row, selected, finding]);
  useEffect(() => {
    const key = (event: KeyboardEvent): void => {
      const isDone = model !== undefined && onKey(event, { model, listed, raw, setRaw, back, go: setRow });
      if (isDone) event.preventDefault();
    };
    addEventListener('keydown', key);
    return () => removeEventListener('keydown', key);
  });
  if (model === undefined) return null;
  const go = (to: number): void => setRow(within(to, model));
  return (
    <>
      <Jumps model={model} row={row} go={go} />
      <div class="stepbox" ref={box}>
        <div class="thead">
          <span />
          {[data.from, data.to].map(({ id, about }) => (
            <span class="s">
              <b>{id}</b> {about}
            </span>
          ))}
        </div>
        <Trace data={data} model={model} row={row} raw={raw} go={go} />
        <div class="ctl">
          <button
            type="button"
            aria-label="previous line"
            onClick={() => setRow((at) => within(at - 1, model))}
          >
            ←
          </button>
          <button type="button" aria-label="next line" onClick={() => setRow((at) => within(at + 1, model))}>
            →
          </button>
          <button type="button" onClick={() => setRow((at) => nextDifference(model, at, 1))}>
            next ≠
          </button>
          <button type="button" aria-label="where the clause breaks" onClick={() => go(finding.row)}>
            ✗
          </button>
          <span class="pos">
            {row + 1} of {model.shown.rows.length}, step {(model.lineOf(row)?.step ?? 0) + 1}
          </span>
          <span class="via">
            <Via data={data} model={model} row={row} />
          </span>
          <button type="button" aria-pressed={raw} onClick={() => setRaw(!raw)}>
            raw addresses
          </button>
        </div>
        <MemoryMap
          data={data}
          model={model}
          row={row}
          selected={selected}
          point={setPointed}
          select={setSelected}
        />
        <Detail
          data={data}
          model={model}
          row={row}
          place={pointed ?? selected}
          go={(to, place) => {
            setSelected(place);
            go(to);
          }}
        />
        <Legend model={model} />
      </div>
      <Live model={model} data={data} row={row} raw={raw} />
    </>
  );
}

/** Says the current line to who cannot see it. */
function Live({
  model,
  data,
  row,
  raw,
}: {
  readonly model: Model;
  readonly data: PageData;
  readonly row: number;
  readonly raw: boolean;
}): VNode {
  const [a, b] = SIDES.map((side) => model.lineOf(row, side)).map((line) => line && textOf(line, raw));
  const said =
    a === b ? a : [a && `${data.from.id}: ${a}`, b && `${data.to.id}: ${b}`].filter(Boolean).join('. ');
  const changed = SIDES.reduce<number>(
    (sum, side) =>
      sum + [...model.shown.stretches.keys()].filter((one) => model.sides[side].isChanged(row, one)).length,
    0,
  );
  return (
    <div class="sr" aria-live="polite">
      {row + 1} of {model.shown.rows.length}. {said}. {changed} stretches changed.
    </div>
  );
}

function startOf({ step }: Props['route'], { row }: PageFinding, rows: number): number {
  return step === undefined ? row : Math.min(step - 1, rows - 1);
}

/** The stretch of the address, else the last that is broken. */
function placeOf(
  { shown, finding }: Model,
  { from, to }: PageData,
  { at }: Props['route'],
): Place | undefined {
  const side = at?.state === from.id ? 0 : at?.state === to.id ? 1 : undefined;
  const stretch = shown.stretches.findIndex(
    ([start, size]) => at !== undefined && at.phys >= start && at.phys < start + size,
  );
  if (side !== undefined && stretch >= 0) return { side, stretch };
  const broken = finding.stretches.at(-1);
  return broken === undefined ? undefined : { side: finding.side, stretch: broken };
}

/** The trace takes the height that is left, once per finding and size of the window; the row stays in sight. */
function fitTrace(box: HTMLElement | null, row: number): void {
  const trace = box?.querySelector<HTMLElement>('.trace');
  const legend = box?.querySelector<HTMLElement>('.legend');
  if (box === null || trace === null || trace === undefined) return;
  trace.style.maxHeight = 'none';
  const whole = trace.scrollHeight + 2;
  const others = box.offsetHeight - trace.offsetHeight - (legend?.offsetHeight ?? 0);
  const top = box.getBoundingClientRect().top + scrollY;
  trace.style.maxHeight = `${Math.min(whole, Math.max(190, innerHeight - top - others - 6))}px`;
  showRow(trace, row);
}
