// SPDX-License-Identifier: GPL-2.0-only
/** The smallest case of a finding, run again and put side by side. */
import { structuredPatch } from 'diff';
import type { Comparison, Finding } from '../compare/comparison.ts';
import type { Machine } from '../machine/machine.ts';
import type { StateRun } from '../picture/memory-picture.ts';
import { sequenceDiagram, type Broken } from '../picture/sequence.ts';
import { traceOf } from '../run/trace.ts';
import type { Run } from '../run/run.ts';
import { runScenario } from '../run/interpreter.ts';
import { returning } from '../run/returning.ts';
import type { Scenario } from '../run/scenario.ts';
import { plain, type Text } from '../text/document.ts';
import { sentence } from '../contract/sentence.ts';

/** What a report shows of a finding. */
export interface Illustration {
  readonly finding: Finding;
  readonly scenario: Scenario;
  readonly because: Text;
  /** Unified diff of the two traces around their first divergence; empty when they do not differ. */
  readonly diff: readonly string[];
  /** The calls as a Mermaid sequence diagram. */
  readonly sequence: readonly string[];
  /** Memory at the moment of the finding, SVG; empty: nobody asked. */
  readonly map: string;
}

/** Lines of context around a difference. */
const CONTEXT = 4;
/** Longest excerpt of one place, lines. */
const LONGEST = 40;

/** Draws a memory map, SVG (picture/memory-picture.ts). */
export type MapDrawer = (from: StateRun, to: StateRun, broken: Broken, because: string) => string;

/** Illustrates every finding of a comparison; `drawMap`: with memory maps. */
export function illustrate(
  machine: Machine,
  { from, to, findings }: Comparison,
  drawMap?: MapDrawer,
): Illustration[] {
  return findings.flatMap((finding): Illustration[] => {
    const [smallest] = finding.cases;
    if (smallest === undefined) return [];
    const x = returning(() => runScenario(machine, from, smallest.scenario));
    const y = returning(() => runScenario(machine, to, smallest.scenario));
    const [run, evidence] = smallest.to === undefined ? [x, smallest.from] : [y, smallest.to];
    const because = evidence === undefined ? '' : sentence(run, finding.clause, finding.cause, evidence);
    const diff = traceDiff(x, y, evidence?.step ?? 0);
    const shown = { finding, scenario: smallest.scenario, because, diff };
    if (evidence === undefined) return [{ ...shown, sequence: [], map: '' }];
    const { clause, cause } = finding;
    const broken = { clause, cause, evidence, side: run === x ? 'from' : 'to' } as const;
    const sequence = sequenceDiagram(x, y, broken);
    const map = drawMap?.({ state: from, run: x }, { state: to, run: y }, broken, plain(because)) ?? '';
    return [{ ...shown, sequence, map }];
  });
}

/** The two traces around the first place where they differ, and around step `shown`. */
function traceDiff(x: Run, y: Run, shown: number): string[] {
  const { hunks } = structuredPatch(x.state, y.state, text(x), text(y), '', '', { context: CONTEXT });
  const [first] = hunks;
  if (first === undefined) return [];
  const ofStep = hunks.findLast((hunk) => stepOf(y, hunk.newStart) <= shown) ?? first;
  const second = ofStep === first ? [] : ['  …', ...excerpt(ofStep.lines)];
  const left = hunks.length - (ofStep === first ? 1 : 2);
  return [
    `--- ${x.state}`,
    `+++ ${y.state}`,
    ...excerpt(first.lines),
    ...second,
    ...(left > 0 ? [`  … ${left} more ${left === 1 ? 'place differs' : 'places differ'}`] : []),
  ];
}

/** The step that line number `line` (from 1) of the trace belongs to. */
function stepOf(run: Run, line: number): number {
  return traceOf(run)[line - 1]?.step ?? Infinity;
}

function excerpt(lines: readonly string[]): string[] {
  const real = lines.filter((line) => !line.startsWith('\\'));
  const cut = real.length - LONGEST;
  return cut > 0 ? [...real.slice(0, LONGEST), `  … ${cut} more lines here`] : real;
}

function text(run: Run): string {
  const lines = traceOf(run).map(({ step, event, text: line }) =>
    event < 0 && !line.startsWith('=') ? `${step + 1}. ${line}` : `    ${line}`,
  );
  return `${lines.join('\n')}\n`;
}
