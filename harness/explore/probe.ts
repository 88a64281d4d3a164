// SPDX-License-Identifier: GPL-2.0-only
/** What a program shows of one state, or of two. */
import type { State } from '../subject/state.ts';
import { classify, type CaseFinding, type FindingKind } from '../compare/classify.ts';
import { isUnchanged } from '../compare/comparison.ts';
import { lookAtBoth } from '../compare/evaluate.ts';
import type { Expectation } from '../compare/expectations.ts';
import { layoutDependent } from '../compare/layouts.ts';
import { sideOf, type Side } from '../compare/side.ts';
import { judge } from '../contract/contract.ts';
import { CLAUSE_IDS, type ClauseId, type Evidence } from '../contract/verdict.ts';
import { Machine } from '../machine/machine.ts';
import { sameBehaviour } from '../run/same.ts';
import type { Run } from '../run/run.ts';
import { behaveAlike, type Life } from '../run/alike.ts';
import { lookAt } from '../run/interpreter.ts';
import type { Scenario } from '../run/scenario.ts';
import { costDifferences, shownByCost } from './cost-difference.ts';
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
  /** What operations cost is looked at, and no clause; only between two states. */
  readonly costs?: true;
}

/** Machines to run programs on: two states side by side need one each. */
export class Machines {
  readonly one = new Machine();
  readonly other = new Machine();
  /** Programs run on two states, and those on which these differed. */
  private ran = 0;
  private differed = 0;

  /** Both runs of a program, looked at where they differ; undefined: the states behave alike. */
  runBoth(from: Life, to: Life, scenario: Scenario): readonly [Run, Run] | undefined {
    this.ran++;
    // Where many differ, it costs less to look at all of them than to run those again.
    const isLookedAt = this.differed * 3 > this.ran;
    if (!isLookedAt && behaveAlike(from, to, scenario)) return undefined;
    const runs = [
      lookAt(from.machine, from.state, scenario),
      lookAt(to.machine, to.state, scenario),
    ] as const;
    if (isLookedAt && sameBehaviour(...runs)) return undefined;
    this.differed++;
    return runs;
  }
}

/** Told of both states' runs, or of one's, right after them: `side` 1 is the first of two. */
export type Watch = (life: Life, scenario: Scenario, side: number) => void;

/**
 * Whether it is worth the time to try other layouts: `plain` is the mechanism's key as fixed or regressed,
 * `lucky` as layout-dependent. Where it is not, the plain one is shown.
 */
export type IsOpen = (plain: string, lucky: string) => boolean;

/** Everything that the program shows, each mechanism once. */
export function probe(
  machines: Machines,
  target: Target,
  program: Program,
  isOpen: IsOpen = () => true,
  watch?: Watch,
): Shown[] {
  const scenario = toScenario(program);
  const shown =
    target.from === undefined
      ? alone(machines, target, scenario, isOpen, watch)
      : between(machines, target.from, target, scenario, isOpen, watch);
  const wanted = target.clause === undefined ? shown : shown.filter(({ clause }) => clause === target.clause);
  return wanted.filter(({ key }, index) => wanted.findIndex((other) => other.key === key) === index);
}

/** Breaks of one state, held against its root. */
function alone(
  { one, other }: Machines,
  { to, clause: only }: Target,
  scenario: Scenario,
  isOpen: IsOpen,
  watch: Watch | undefined,
): Shown[] {
  const run = lookAt(one, to, scenario);
  watch?.({ machine: one, state: to }, scenario, 0);
  const side = judged(run, only);
  if (side.verdicts.every(({ breaks }) => breaks.length === 0)) return [];
  if (to.root === to) {
    return side.verdicts.flatMap(({ clause, breaks }) =>
      breaks.map(({ cause, evidence }) => brokenBy(run, 'broken', { clause, cause }, evidence)),
    );
  }
  const before = lookAt(other, to.root, scenario);
  // What the root alone breaks is nobody's question here; a map may fail with an excuse.
  const asked = side.verdicts.filter(({ clause, breaks }) => breaks.length > 0 || clause === 'map-succeeds');
  const clauses = asked.map(({ clause }) => clause);
  const was = sideOf(before, sameBehaviour(before, run) ? asked : judge(before, clauses));
  const findings = classify(was, { ...side, verdicts: asked });
  const candidates = findings.flatMap((finding): Candidate[] => {
    const { kind, to: evidence } = finding;
    return evidence === undefined ? [] : [candidate(finding, run, ALONE[kind], evidence)];
  });
  const lives = [
    { machine: other, state: to.root },
    { machine: one, state: to },
  ] as const;
  return settled(candidates, [was, side], lives, scenario, isOpen);
}

/** What a break of a state alone is called, by what became of it since its root. */
const ALONE = {
  regressed: 'broken',
  uncovered: 'broken',
  'still-broken': 'inherited',
  fixed: 'broken',
  hidden: 'broken',
  'layout-dependent': 'layout-dependent',
} as const satisfies Record<FindingKind, ShownKind>;

/** `only`: that clause, and whether the run crashes, which may hide it. */
function judged(run: Run, only: ClauseId | undefined): Side {
  const clauses =
    only === undefined ? CLAUSE_IDS : CLAUSE_IDS.filter((id) => id === only || id === 'no-crash');
  return sideOf(run, judge(run, clauses));
}

function between(
  machines: Machines,
  from: State,
  { to, different, costs, clause: only }: Target,
  scenario: Scenario,
  isOpen: IsOpen,
  watch: Watch | undefined,
): Shown[] {
  const lives = [
    { machine: machines.one, state: from },
    { machine: machines.other, state: to },
  ] as const;
  const runs = machines.runBoth(...lives, scenario);
  for (const [side, life] of lives.entries()) watch?.(life, scenario, 1 - side);
  if (runs === undefined) return [];
  const [x, y] = runs;
  if (costs) return costDifferences(x, y).map(shownByCost);
  const sides = [judged(x, only), judged(y, only)] as const;
  const changed = classify(...sides).filter((found) => !isUnchanged(found));
  const crash = changed.some(({ clause }) => clause === 'no-crash');
  const candidates = changed.flatMap((finding): Candidate[] => {
    const { kind, clause, from: a, to: b } = finding;
    // What a crash alone hides or uncovers is told by the crash.
    const isHidden = kind === 'hidden' || kind === 'uncovered';
    if (crash && isHidden && clause !== 'no-crash') return [];
    // Here the program did something to one side alone.
    if (finding.partedBy !== undefined) return [];
    const [run, evidence] = b === undefined ? [x, a] : [y, b];
    return evidence === undefined ? [] : [candidate(finding, run, kind, evidence)];
  });
  const difference = changed.length > 0 || !different ? undefined : differenceOf(x, y);
  if (difference !== undefined) return [difference];
  return settled(candidates, sides, lives, scenario, isOpen);
}

/** What is shown of a finding as it stands, and if it turns out to be the layout's. */
interface Candidate {
  readonly finding: CaseFinding;
  readonly plain: Shown;
  readonly lucky: Shown;
}

function candidate(finding: CaseFinding, run: Run, kind: ShownKind, evidence: Evidence): Candidate {
  return {
    finding,
    plain: brokenBy(run, kind, finding, evidence),
    lucky: brokenBy(run, 'layout-dependent', finding, evidence),
  };
}

/** Each candidate as what it is; the runs that it was seen in are gone afterwards. */
function settled(
  candidates: readonly Candidate[],
  sides: readonly [Side, Side],
  [from, to]: readonly [Life, Life],
  scenario: Scenario,
  isOpen: IsOpen,
): Shown[] {
  const open = candidates.filter(({ plain, lucky }) => isOpen(plain.key, lucky.key));
  const ofLayout = layoutDependent(
    sides,
    scenario,
    open.map(({ finding }) => finding),
    (elsewhere, clauses) => lookAtBoth(from, to, elsewhere, clauses),
  );
  return candidates.map(({ finding, plain, lucky }) => (ofLayout.has(finding) ? lucky : plain));
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
