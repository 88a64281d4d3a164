// SPDX-License-Identifier: GPL-2.0-only
/** Many states on one corpus: what each clause and each scenario says of each of them. */
import type { State } from '../subject/state.ts';
import { CLAUSE_IDS, type Cause, type ClauseId } from '../contract/verdict.ts';
import { keyOf } from '../contract/defect.ts';
import { Machine } from '../machine/machine.ts';
import { eachReturning } from '../run/returning.ts';
import type { Scenario } from '../run/scenario.ts';
import { evaluate, type Evaluation, type WholeEvaluation } from './evaluate.ts';
import { Hiding } from './hiding.ts';
import { OperationCostTally, type OperationCosts } from './operation-costs.ts';

/** What the corpus says of a clause in a state. */
export interface ClauseCell {
  /** Cases that put it to the test. */
  readonly exercised: number;
  /** Cases in which it is broken, whatever the cause. */
  readonly brokenCases: number;
  /** The same per cause. */
  readonly broken: ReadonlyMap<Cause, number>;
  /** Cases in which the state crashes before what it stands on breaks the clause. */
  readonly hiddenCases: number;
  /** The same per cause. */
  readonly hidden: ReadonlyMap<Cause, number>;
}

export interface Matrix {
  readonly states: readonly State[];
  readonly cases: number;
  /** Per clause, in order: a cell per state. */
  readonly clauses: ReadonlyMap<ClauseId, readonly ClauseCell[]>;
  /**
   * Per scenario whose states differ: what is broken in each state, `clause (cause)`, and in how many cases;
   * what a crash hides has `, hidden by the crash of step n` behind it.
   */
  readonly scenarios: ReadonlyMap<string, readonly ReadonlyMap<string, number>[]>;
  /** What an operation costs in each state, by situation. */
  readonly costs: readonly OperationCosts[];
  /** Operations that were done in every state. */
  readonly comparedOperations: number;
  /** Clauses that no case puts to the test in any state. */
  readonly notExercised: readonly ClauseId[];
}

/** Evaluates every state on every case. */
export function buildMatrix(
  states: readonly State[],
  scenarios: readonly Scenario[],
  progress: (done: number, total: number) => void,
): Matrix {
  const tally = new Tally(states);
  // The state before is held against this one, so its run must still stand.
  let [machine, before] = [new Machine(), new Machine()];
  const third = new Machine();
  const rows = eachReturning(scenarios, (scenario) => {
    const row: WholeEvaluation[] = [];
    for (const state of states) {
      row.push(evaluate(machine, third, state, scenario, row.at(-1)));
      [machine, before] = [before, machine];
    }
    return { scenario, row };
  });
  let done = 0;
  for (const { scenario, row } of rows) {
    progress(done++, scenarios.length);
    tally.add(scenario, row);
  }
  progress(scenarios.length, scenarios.length);
  return { states, cases: scenarios.length, ...tally.result() };
}

interface Cell {
  exercised: number;
  brokenCases: number;
  readonly broken: Map<Cause, number>;
  hiddenCases: number;
  readonly hidden: Map<Cause, number>;
}

class Tally {
  private readonly clauses: Map<ClauseId, Cell[]>;
  private readonly scenarios = new Map<string, Map<string, number>[]>();
  private readonly costs: OperationCostTally;

  private readonly hiding: Hiding;

  constructor(states: readonly State[]) {
    const cell = (): Cell => ({
      exercised: 0,
      brokenCases: 0,
      broken: new Map(),
      hiddenCases: 0,
      hidden: new Map(),
    });
    this.clauses = new Map(CLAUSE_IDS.map((id) => [id, states.map(cell)]));
    this.costs = new OperationCostTally(states.length);
    this.hiding = new Hiding(states);
  }

  add(scenario: Scenario, row: readonly Evaluation[]): void {
    const broken = this.scenarios.get(scenario.scenario) ?? row.map(() => new Map<string, number>());
    this.scenarios.set(scenario.scenario, broken);
    for (const [state, { verdicts }] of row.entries()) {
      for (const { clause, status, breaks } of verdicts) {
        const cell = this.clauses.get(clause)?.[state];
        if (cell === undefined || status === 'not-exercised') continue;
        cell.exercised++;
        if (status === 'broken') cell.brokenCases++;
        for (const { cause } of breaks) {
          count(cell.broken, cause);
          count(broken[state], keyOf({ clause, cause }));
        }
      }
    }
    for (const [state, all] of this.hiding.of(row).entries()) {
      const step = row[state]?.run.crash?.step ?? 0;
      for (const { clause, causes } of all) {
        const cell = this.clauses.get(clause)?.[state];
        if (cell === undefined) continue;
        cell.hiddenCases++;
        for (const cause of causes) {
          count(cell.hidden, cause);
          count(broken[state], `${keyOf({ clause, cause })}, hidden by the crash of step ${step + 1}`);
        }
      }
    }
    this.costs.add(
      scenario,
      row.map(({ costs }) => costs),
    );
  }

  result(): Omit<Matrix, 'states' | 'cases'> {
    const { rows, operations } = this.costs.result();
    const differing = [...this.scenarios].filter(
      ([, row]) => new Set(row.map((cell) => cellKey(cell))).size > 1,
    );
    return {
      clauses: this.clauses,
      scenarios: new Map(differing),
      costs: rows,
      comparedOperations: operations,
      notExercised: CLAUSE_IDS.filter((id) =>
        this.clauses.get(id)?.every(({ exercised }) => exercised === 0),
      ),
    };
  }
}

function count<K>(counts: Map<K, number> | undefined, key: K): void {
  counts?.set(key, (counts.get(key) ?? 0) + 1);
}

function cellKey(broken: ReadonlyMap<string, number>): string {
  return JSON.stringify([...broken].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
