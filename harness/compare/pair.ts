// SPDX-License-Identifier: GPL-2.0-only
/** Two states, case by case. */
import type { State } from '../subject/state.ts';
import type { LeftOut } from '../contract/left-out.ts';
import { CLAUSE_IDS, type ClauseId } from '../contract/verdict.ts';
import { Machine } from '../machine/machine.ts';
import type { StepCosts } from '../run/costs.ts';
import { readsTheSame } from '../run/trace.ts';
import type { Scenario } from '../run/scenario.ts';
import { classify, type CaseFinding } from './classify.ts';
import { inheritedInCaches, ownClauses, partingBy } from './inherited.ts';
import { inCaches, tryLayouts, type InCache } from './layouts.ts';
import { failsAlone, sideOf, type Side } from './side.ts';
import { evaluate, lookAtBoth, lookOnce, ofClauses, type Evaluation } from './evaluate.ts';

/** What came of one case. Plain data. */
export interface CaseResult {
  readonly findings: readonly CaseFinding[];
  /** Clauses that the case puts to the test on both sides. */
  readonly exercised: readonly ClauseId[];
  /** The side that crashed alone. */
  readonly crashed: 'from' | 'to' | undefined;
  /** Maps that worked on the other side failed on this one. */
  readonly failed: { readonly from: boolean; readonly to: boolean };
  /** What its operations cost. */
  readonly costs: { readonly from: readonly StepCosts[]; readonly to: readonly StepCosts[] };
  /** What no clause looked at on either side. */
  readonly notJudged: readonly LeftOut[];
  /** The traces read the same, but for where things were allocated. */
  readonly sameTrace: boolean;
}

/** Compares two states on cases. */
export class Pair {
  private readonly from: State;
  private readonly to: State;
  // A machine for each state's run, and one for whatever runs besides.
  private readonly one = new Machine();
  private readonly other = new Machine();
  private readonly third = new Machine();

  constructor(from: State, to: State) {
    this.from = from;
    this.to = to;
  }

  private readonly sidesOf = (scenario: Scenario, clauses: readonly ClauseId[]): readonly [Side, Side] =>
    lookAtBoth(
      { machine: this.one, state: this.from },
      { machine: this.other, state: this.to },
      scenario,
      clauses,
    );

  compare(scenario: Scenario): CaseResult {
    const x = evaluate(this.one, this.third, this.from, scenario);
    const y = evaluate(this.other, this.third, this.to, scenario, x);
    const [a, b] = [x.run.crash, y.run.crash];
    const [from, to] = [sideOf(x.run, x.verdicts), sideOf(y.run, y.verdicts)];
    const result = {
      findings: findingsOf(from, to, (clauses) => this.sinceRoot(scenario, clauses, x, y)),
      exercised: CLAUSE_IDS.filter((_, index) => isJudged(x, index) && isJudged(y, index)),
      crashed:
        a !== undefined && b === undefined ? 'from' : a === undefined && b !== undefined ? 'to' : undefined,
      failed: { from: failsAlone(from, to), to: failsAlone(to, from) },
      costs: { from: x.costs, to: y.costs },
      notJudged: onEitherSide(x.leftOut, y.leftOut),
      // evaluate() takes the verdicts over where all that was observed is equal.
      sameTrace: x.verdicts === y.verdicts || readsTheSame(x.run, y.run),
    } as const;
    // From here on the runs x and y are gone.
    const findings = tryLayouts([from, to], scenario, result.findings, this.sidesOf);
    return { ...result, findings: inheritedInCaches(findings, () => this.rootInCaches(scenario, findings)) };
  }

  /** The findings between the second state's root, often one of the two states itself, and that state. */
  private sinceRoot(
    scenario: Scenario,
    clauses: readonly ClauseId[],
    x: Evaluation,
    y: Evaluation,
  ): readonly CaseFinding[] {
    const { root } = this.to;
    const own = root === this.from ? x : root === this.to ? y : undefined;
    const side = ({ run, verdicts }: Evaluation): Side => sideOf(run, ofClauses(verdicts, clauses));
    const before = own === undefined ? lookOnce(this.third, root, scenario, clauses, [x, y]) : side(own);
    return classify(before, side(y));
  }

  /** The same where lines stay in the cache for a shorter or a longer time; between the two, it has been tried. */
  private rootInCaches(scenario: Scenario, findings: readonly CaseFinding[]): readonly InCache[] {
    const { root } = this.to;
    if (root === this.from || root === this.to) return [];
    const own = ownClauses(findings);
    const clauses = CLAUSE_IDS.filter((id) => own.has(id));
    const lives = [
      { machine: this.third, state: root },
      { machine: this.other, state: this.to },
    ] as const;
    return inCaches(scenario, clauses, (elsewhere) => lookAtBoth(...lives, elsewhere, clauses));
  }
}

/** In the order of the steps; what both sides leave out is said once, of the side that leaves out more of it. */
function onEitherSide(from: readonly LeftOut[], to: readonly LeftOut[]): readonly LeftOut[] {
  if (from === to || to.length === 0) return from;
  const isSame = (a: LeftOut, b: LeftOut): boolean =>
    a.why === b.why && a.step === b.step && a.buffer === b.buffer && a.mapping === b.mapping;
  const isLess = (a: LeftOut, others: readonly LeftOut[], ties: boolean): boolean =>
    others.some((b) => isSame(a, b) && (a.size < b.size || (ties && a.size === b.size)));
  return [
    ...from.filter((one) => !isLess(one, to, false)),
    ...to.filter((one) => !isLess(one, from, true)),
  ].toSorted((a, b) => a.step - b.step);
}

function isJudged({ verdicts }: Evaluation, index: number): boolean {
  const verdict = verdicts[index];
  return verdict !== undefined && verdict.status !== 'not-exercised';
}

/** What changed in the clauses that are broken on either side, and in what the maps returned. */
function findingsOf(
  from: Side,
  to: Side,
  sinceRoot: (clauses: readonly ClauseId[]) => readonly CaseFinding[],
): CaseFinding[] {
  const broken = new Set<ClauseId>();
  for (const { verdicts } of [from, to]) {
    for (const { clause, breaks } of verdicts) if (breaks.length > 0) broken.add(clause);
  }
  if (broken.size === 0 && !failsAlone(from, to) && !failsAlone(to, from)) return [];
  const clauses = CLAUSE_IDS.filter((id) => broken.has(id));
  return classify(
    from,
    to,
    partingBy(() => sinceRoot(clauses)),
  );
}
