// SPDX-License-Identifier: GPL-2.0-only
/** The smallest case of a finding, run again and put side by side. */
import { diffLines, structuredPatch } from 'diff';
import type { Comparison, Finding } from '../compare/comparison.ts';
import type { Prefixes } from '../compare/prefixes.ts';
import type { Broken, StateRun } from '../picture/memory-picture.ts';
import type { Touch } from '../machine/events.ts';
import type { StepIx } from '../machine/vocabulary.ts';
import { lineOfEvents, traceOf, type TraceLine } from '../run/trace.ts';
import { touchesIn } from '../run/touches.ts';
import type { Run } from '../run/run.ts';
import { eachReturning } from '../run/returning.ts';
import type { Scenario } from '../run/scenario.ts';
import { plain, type Text } from '../text/document.ts';
import { notJudged } from '../contract/not-judged.ts';
import { sentence, stepNamed } from '../contract/sentence.ts';
import { elementAt } from '../text/element.ts';
import { breakLines, type LineRef } from './break-lines.ts';

/** What a report shows of a finding. */
export interface Illustration {
  readonly finding: Finding;
  readonly scenario: Scenario;
  readonly because: Text;
  /** What no clause looked at in that run. */
  readonly notJudged: readonly Text[];
  /** Where it shows. */
  readonly breaksAt: ({ readonly side: 'from' | 'to' } & LineRef) | null;
  /** What changed its byte last before, or let a device reach it. */
  readonly changedAt: LineRef | null;
  /** Both traces, whole; undefined: nobody asked. */
  readonly traces: { readonly from: readonly TouchLine[]; readonly to: readonly TouchLine[] } | undefined;
  /** The two traces, around their first divergence and around what the evidence names; empty when they do not differ. */
  readonly diff: readonly string[];
  /** The step that shows it, with real addresses: ' ', '-' or '+' and the call. */
  readonly calls: readonly string[];
  /** Memory at the moment of the finding, SVG; empty: nobody asked. */
  readonly map: string;
}

/** A line of a trace, and what happens to memory in it, in order. */
export interface TouchLine extends TraceLine {
  readonly touches: readonly Touch[];
}

/** What an illustration is made with. */
export interface IllustrateOptions {
  /** With memory maps. */
  readonly drawMap?: MapDrawer | undefined;
  /** With both traces whole. */
  readonly traces?: boolean | undefined;
}

/** Lines of context around a difference. */
const CONTEXT = 4;
/** Longest excerpt of one place, lines. */
const LONGEST = 40;

/** Draws a memory map, SVG (picture/memory-picture.ts). */
export type MapDrawer = (from: StateRun, to: StateRun, broken: Broken, because: string) => string;

/** Illustrates every finding of a comparison. */
export function illustrate(
  prefixes: Prefixes,
  { from, to, findings }: Comparison,
  { drawMap, traces = false }: IllustrateOptions = {},
): Illustration[] {
  const illustrations = eachReturning(findings, (finding): Illustration[] => {
    const [smallest] = finding.cases;
    if (smallest === undefined) return [];
    const { run: x } = prefixes.of(from, smallest.scenario);
    const { run: y } = prefixes.of(to, smallest.scenario);
    const [run, evidence] = smallest.to === undefined ? [x, smallest.from] : [y, smallest.to];
    const because =
      evidence === undefined ? '' : sentence(run, finding.clause, finding.cause, evidence, smallest.victims);
    const side: 'from' | 'to' = run === x ? 'from' : 'to';
    const broke = { state: side === 'from' ? from : to, run };
    const shownBy = evidence === undefined ? undefined : breakLines(broke, { ...finding, evidence });
    const diff = traceDiff(x, y, run, shownBy?.lines ?? []);
    const shown = {
      finding,
      scenario: smallest.scenario,
      because,
      diff,
      calls: evidence === undefined ? [] : callsOf(x, y, stepNamed(run, evidence)),
      notJudged: notJudged(run),
      breaksAt: shownBy === undefined ? null : { side, ...shownBy.breaksAt },
      changedAt: shownBy?.changedAt ?? null,
      traces: traces ? { from: touchLines(x), to: touchLines(y) } : undefined,
    };
    if (evidence === undefined) return [{ ...shown, map: '' }];
    const { clause, cause } = finding;
    const broken = { clause, cause, evidence, side };
    const map = drawMap?.({ state: from, run: x }, { state: to, run: y }, broken, plain(because)) ?? '';
    return [{ ...shown, map }];
  });
  return [...illustrations].flat();
}

/**
 * The two traces around the first place where they differ, and around lines `wanted` of the run that is shown;
 * empty when they do not differ.
 */
function traceDiff(x: Run, y: Run, shown: Run, wanted: readonly number[]): string[] {
  const whole = { context: Number.MAX_SAFE_INTEGER };
  const { hunks } = structuredPatch(x.state, y.state, text(x), text(y), '', '', whole);
  const lines = hunks.flatMap((hunk) => hunk.lines).filter((line) => !line.startsWith('\\'));
  const places = differences(lines);
  const [first] = places;
  if (first === undefined) return [];
  const isShown = new Set<number>();
  const show = (from: number, to: number): void => {
    for (let at = Math.max(0, from - CONTEXT); at <= to + CONTEXT && at < lines.length; at++) isShown.add(at);
  };
  show(first.from, Math.min(first.to, first.from + LONGEST));
  const sign = shown === x ? '-' : '+';
  // Which line of the diff is line number n of the trace that the evidence is about.
  const at = [...lines.keys()].filter(
    (index) => lines[index]?.startsWith(sign) === true || lines[index]?.startsWith(' '),
  );
  for (const n of wanted) show(at[n] ?? 0, at[n] ?? 0);
  const left = places.filter(
    ({ from, to }) => ![...isShown].some((index) => index >= from && index <= to),
  ).length;
  const excerpt = [...isShown]
    .toSorted((a, b) => a - b)
    .flatMap((index) => [...(index === 0 || isShown.has(index - 1) ? [] : ['  …']), lines[index] ?? '']);
  return [
    `--- ${x.state}`,
    `+++ ${y.state}`,
    ...excerpt,
    ...(left > 0 ? [`  … ${left} more ${left === 1 ? 'place differs' : 'places differ'}`] : []),
  ];
}

/** What both runs do in a step, with real addresses: in this one, or in the last before it that differs. */
function callsOf(x: Run, y: Run, step: StepIx): string[] {
  const [one, other] = [traceOf(x), traceOf(y)];
  const said = (lines: readonly TraceLine[], at: StepIx, as: 'text' | 'raw' = 'raw'): string =>
    lines
      .filter((line) => line.step === at)
      .map((line) => `${line[as]}\n`)
      .join('');
  const differs = (at: StepIx): boolean => said(one, at, 'text') !== said(other, at, 'text');
  let at = step;
  while (at > 0 && !differs(at)) at--;
  if (!differs(at)) at = step;
  return diffLines(said(one, at), said(other, at)).flatMap(({ value, added, removed }) => {
    const sign = added ? '+' : removed ? '-' : ' ';
    return value
      .split('\n')
      .slice(0, -1)
      .map((line) => sign + line);
  });
}

/** Stretches of lines that differ, those that share their context together. */
function differences(lines: readonly string[]): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.startsWith(' ')) continue;
    const last = found.at(-1);
    if (last !== undefined && index - last.to <= 2 * CONTEXT) last.to = index;
    else found.push({ from: index, to: index });
  }
  return found;
}

function touchLines(run: Run): TouchLine[] {
  const trace = traceOf(run);
  const touches = trace.map((): Touch[] => []);
  const lineOf = lineOfEvents(run, trace);
  for (const event of run.events.all) {
    elementAt(touches, lineOf[event.index])?.push(...touchesIn(run, event));
  }
  return trace.map((line, index) => ({ ...line, touches: touches[index] ?? [] }));
}

function text(run: Run): string {
  const lines = traceOf(run).map(({ step, event, text: line }) =>
    event === undefined && !line.startsWith('=') ? `${step + 1}. ${line}` : `    ${line}`,
  );
  return `${lines.join('\n')}\n`;
}
