// SPDX-License-Identifier: GPL-2.0-only
/** What a program shows of one state, or of two. */
import type { State } from '../subject/state.ts';
import { classify, type FindingKind } from '../compare/classify.ts';
import { isUnchanged } from '../compare/comparison.ts';
import type { Expectation } from '../compare/expectations.ts';
import { sideOf, type Side } from '../compare/side.ts';
import { judge } from '../contract/contract.ts';
import type { ClauseId } from '../contract/verdict.ts';
import type { Machine } from '../machine/machine.ts';
import { sameBehaviour } from '../run/same.ts';
import type { Run } from '../run/run.ts';
import { behaveAlike } from '../run/alike.ts';
import { lookAt } from '../run/interpreter.ts';
import type { Scenario } from '../run/scenario.ts';
import { brokenBy, differenceOf, type Shown, type ShownKind } from './mechanism.ts';
import { toScenario, type Program } from './program.ts';

/** What exploration looks at. */
export interface Target {
  /** undefined: `to` alone. */
  readonly from: State | undefined;
  readonly to: State;
  /** Only this clause. */
  readonly clause: ClauseId | undefined;
  /** Trace differences that touch no clause count too. */
  readonly different: boolean;
}

/** Machines to run programs on: two states side by side need one each. */
export interface Machines {
  readonly one: Machine;
  readonly other: Machine;
}

/** Everything that the program shows, each mechanism once. */
export function probe(machines: Machines, target: Target, program: Program): Shown[] {
  const scenario = toScenario(program);
  const shown =
    target.from === undefined
      ? alone(machines, target, scenario)
      : between(machines, target.from, target, scenario);
  const wanted = target.clause === undefined ? shown : shown.filter(({ clause }) => clause === target.clause);
  return wanted.filter(({ key }, index) => wanted.findIndex((other) => other.key === key) === index);
}

/** Breaks of one state, held against its root. */
function alone({ one, other }: Machines, { to }: Target, scenario: Scenario): Shown[] {
  const run = lookAt(one, to, scenario);
  const side = judged(run);
  if (side.verdicts.every(({ breaks }) => breaks.length === 0)) return [];
  if (to.root === to) {
    return side.verdicts.flatMap(({ clause, breaks }) =>
      breaks.map(({ cause, evidence }) => brokenBy(run, 'broken', { clause, cause }, evidence)),
    );
  }
  const before = lookAt(other, to.root, scenario);
  const was = sameBehaviour(before, run) ? side : judged(before);
  return classify(was, side, () => []).flatMap(({ kind, clause, cause, to: evidence }): Shown[] => {
    if (evidence === undefined) return [];
    return [brokenBy(run, ALONE[kind], { clause, cause }, evidence)];
  });
}

/** What a break of a state alone is called, by what became of it since its root. */
const ALONE = {
  regressed: 'broken',
  unmasked: 'broken',
  'still-broken': 'inherited',
  fixed: 'broken',
  masked: 'broken',
  'layout-dependent': 'broken',
} as const satisfies Record<FindingKind, ShownKind>;

function judged(run: Run): Side {
  return sideOf(run, judge(run));
}

function between(
  { one, other }: Machines,
  from: State,
  { to, different }: Target,
  scenario: Scenario,
): Shown[] {
  if (behaveAlike({ machine: one, state: from }, { machine: other, state: to }, scenario)) return [];
  const x = lookAt(one, from, scenario);
  const y = lookAt(other, to, scenario);
  const changed = classify(judged(x), judged(y), () => []).filter((found) => !isUnchanged(found));
  const crash = changed.some(({ clause }) => clause === 'no-crash');
  const shown = changed.flatMap(({ kind, clause, cause, from: a, to: b }): Shown[] => {
    // What a crash alone hides or uncovers is told by the crash.
    const isHidden = kind === 'masked' || kind === 'unmasked';
    if (crash && isHidden && clause !== 'no-crash') return [];
    const [run, evidence] = b === undefined ? [x, a] : [y, b];
    return evidence === undefined ? [] : [brokenBy(run, kind, { clause, cause }, evidence)];
  });
  if (changed.length > 0 || !different) return shown;
  const difference = differenceOf(x, y);
  return difference === undefined ? [] : [difference];
}

/** The accepted outcome that covers what a state looked at alone has inherited. */
export function expectedAs(
  expectations: readonly Expectation[],
  { clause, cause, kind }: Shown,
): Expectation | undefined {
  if (kind !== 'inherited') return undefined;
  return expectations.find(
    (entry) =>
      entry.states === 'all' &&
      entry.clause === clause &&
      (entry.cause === undefined || entry.cause === cause),
  );
}
