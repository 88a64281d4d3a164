// SPDX-License-Identifier: GPL-2.0-only
/** One case on one state: run, judged, measured. */
import type { State } from '../subject/state.ts';
import { judge, judgeWhole } from '../contract/contract.ts';
import type { LeftOut } from '../contract/left-out.ts';
import type { ClauseId, Verdict } from '../contract/verdict.ts';
import type { Machine } from '../machine/machine.ts';
import { costsOf, type StepCosts } from '../run/costs.ts';
import type { Run } from '../run/run.ts';
import { sameBehaviour } from '../run/same.ts';
import { repeats, type Life } from '../run/alike.ts';
import { lookAt } from '../run/interpreter.ts';
import type { Scenario } from '../run/scenario.ts';
import { sideOf, type Side } from './side.ts';

/** What a state made of a case. */
export interface Evaluation {
  /** Gone with the next run of the machine that it stands in (lookAt()). */
  readonly run: Run;
  /** In the order of CLAUSE_IDS. */
  readonly verdicts: readonly Verdict[];
  readonly costs: readonly StepCosts[];
}

/** And what no clause looked at. */
export interface WholeEvaluation extends Evaluation {
  readonly leftOut: readonly LeftOut[];
}

/** Thrown when the tool contradicts itself; never the user's fault. */
class ToolError extends Error {
  override readonly name = 'ToolError';
}

/** One more state's side, verdicts of these clauses only; taken from `others` where all that was observed is equal. */
export function lookOnce(
  machine: Machine,
  state: State,
  scenario: Scenario,
  clauses: readonly ClauseId[],
  others: readonly Evaluation[],
): Side {
  const run = lookAt(machine, state, scenario);
  const same = others.find((other) => sameBehaviour(run, other.run));
  return sideOf(run, same === undefined ? judge(run, clauses) : ofClauses(same.verdicts, clauses));
}

/** The verdicts on these clauses. */
export function ofClauses(verdicts: readonly Verdict[], clauses: readonly ClauseId[]): readonly Verdict[] {
  return verdicts.filter(({ clause }) => clauses.includes(clause));
}

/** Both lives' sides of a case, run once and judged by these clauses. */
export function lookAtBoth(
  from: Life,
  to: Life,
  scenario: Scenario,
  clauses: readonly ClauseId[],
): readonly [Side, Side] {
  const x = lookAt(from.machine, from.state, scenario);
  const y = lookAt(to.machine, to.state, scenario);
  const verdicts = judge(x, clauses);
  return [sideOf(x, verdicts), sideOf(y, sameBehaviour(x, y) ? verdicts : judge(y, clauses))];
}

/**
 * Runs the case on one machine and again on another; ToolError when the two runs differ. `other` is
 * another state's evaluation of the case, good for this one too when all that was observed is equal.
 */
export function evaluate(
  machine: Machine,
  another: Machine,
  state: State,
  scenario: Scenario,
  other?: WholeEvaluation,
): WholeEvaluation {
  const run = lookAt(machine, state, scenario);
  if (!repeats(another, state, run)) {
    throw new ToolError(`${state.id} on ${scenario.id}: two runs of the same case differ`);
  }
  // Verdicts, costs and what is left out follow from what was observed alone.
  if (other !== undefined && sameBehaviour(run, other.run)) return { ...other, run };
  return { run, ...judgeWhole(run), costs: costsOf(run) };
}
