// SPDX-License-Identifier: GPL-2.0-only
/** What one operation costs in each of some states: measured over a corpus, kept apart by situation. */
import { Machine } from '../machine/machine.ts';
import { COSTS, costsOf, type CostName, type Costs, type StepCosts } from '../run/costs.ts';
import { lookAt } from '../run/interpreter.ts';
import { eachReturning } from '../run/returning.ts';
import type { Scenario } from '../run/scenario.ts';
import { bouncedEntries, OPERATIONS, situationOf, type Situation } from '../run/situation.ts';
import type { State } from '../subject/state.ts';
import type { StepIx } from '../machine/vocabulary.ts';
import { bySize } from './size.ts';

/** A cost of a side over the operations of a situation. */
export interface Spread {
  readonly least: number;
  readonly most: number;
  /** Per operation. */
  readonly mean: number;
}

/** An operation that shows a difference. */
export interface CostWitness {
  readonly scenario: Scenario;
  readonly step: StepIx;
  /** What it cost on each side. */
  readonly there: readonly number[];
}

export interface OperationCost {
  readonly name: CostName;
  /** In the order of the states. */
  readonly sides: readonly Spread[];
  /** Operations that do not cost the same on all sides, and the smallest case with one. */
  readonly differing: number;
  readonly shownBy: CostWitness | undefined;
}

/** A whole call; or one entry of a list, as far as what is done for it can be told from the rest. */
export type CostOf = 'call' | 'entry';

/** The costs of one operation in a situation. */
export interface OperationCosts {
  readonly of: CostOf;
  /** Of an entry: `entries` is 1, and `bounced` 1 or 0. */
  readonly situation: Situation;
  /** Operations, or entries, that it is measured over: all that were done on every side. */
  readonly operations: number;
  /** Those that are not 0 everywhere, in the order of COSTS. */
  readonly costs: readonly OperationCost[];
}

export interface MeasuredCosts {
  readonly states: readonly State[];
  /** Operations that were done in every state, and those that were in some only. */
  readonly operations: number;
  readonly onSomeSides: number;
  readonly rows: readonly OperationCosts[];
}

/** What operations cost in each of the states. */
export function measureCosts(
  states: readonly State[],
  scenarios: readonly Scenario[],
  progress: (done: number, total: number) => void,
): MeasuredCosts {
  const machine = new Machine();
  const tally = new OperationCostTally(states.length);
  const measured = eachReturning(scenarios, (scenario) => ({
    scenario,
    sides: states.map((state) => costsOf(lookAt(machine, state, scenario))),
  }));
  let done = 0;
  for (const { scenario, sides } of measured) {
    progress(done++, scenarios.length);
    tally.add(scenario, sides);
  }
  progress(scenarios.length, scenarios.length);
  return { states, ...tally.result() };
}

interface Sum {
  least: number;
  most: number;
  sum: number;
}

interface Cell {
  readonly sides: readonly Sum[];
  differing: number;
  shownBy: CostWitness | undefined;
}

interface Group {
  readonly of: CostOf;
  readonly situation: Situation;
  operations: number;
  readonly cells: ReadonlyMap<CostName, Cell>;
}

/** Adds up cases. */
export class OperationCostTally {
  private operations = 0;
  private onSomeSides = 0;
  private readonly sides: number;
  private readonly groups = new Map<string, Group>();

  /** `sides`: how many states. */
  constructor(sides: number) {
    this.sides = sides;
  }

  /** `sides`: what the case's operations cost in each state (costsOf()). */
  add(scenario: Scenario, sides: readonly (readonly StepCosts[])[]): void {
    const [first = [], ...others] = sides;
    const steps = new Set(sides.flatMap((side) => side.map(({ step }) => step)));
    let common = 0;
    for (const mine of first) {
      const theirs = others.map((side) => side.find(({ step }) => step === mine.step));
      const situation = situationOf(scenario, mine.step);
      if (situation === undefined || theirs.includes(undefined)) continue;
      common++;
      const all = [mine, ...theirs.filter((other) => other !== undefined)];
      this.count(
        'call',
        situation,
        scenario,
        mine.step,
        all.map(({ costs }) => costs),
      );
      for (const [entry, isBounced] of bouncedEntries(scenario, mine.step).entries()) {
        const costs = all.flatMap(({ entries }) => entries[entry] ?? []);
        if (costs.length < all.length) continue;
        const ofEntry = { ...situation, entries: 1, bounced: Number(isBounced) };
        this.count('entry', ofEntry, scenario, mine.step, costs);
      }
    }
    this.operations += common;
    this.onSomeSides += steps.size - common;
  }

  /** Rows by operation, then situation. */
  result(): Omit<MeasuredCosts, 'states'> {
    const { operations, onSomeSides } = this;
    return { operations, onSomeSides, rows: this.rows() };
  }

  private rows(): OperationCosts[] {
    const rank = ({ of, situation: s }: Group): (number | string)[] => [
      OPERATIONS.indexOf(s.operation),
      of,
      s.device,
      s.entries,
      s.bounced,
      Number(s.minAlignMask),
      Number(s.coherent),
      s.direction,
      Number(s.skip),
    ];
    return [...this.groups.values()]
      .map((group) => ({ group, rank: rank(group) }))
      .toSorted((a, b) => inOrder(a.rank, b.rank))
      .map(({ group }) => rowOf(group));
  }

  private count(
    of: CostOf,
    situation: Situation,
    scenario: Scenario,
    step: StepIx,
    sides: readonly Costs[],
  ): void {
    const key = `${of} ${Object.values(situation).join(' ')}`;
    let group = this.groups.get(key);
    if (group === undefined) {
      group = { of, situation, operations: 0, cells: this.cells() };
      this.groups.set(key, group);
    }
    group.operations++;
    for (const [name, cell] of group.cells) {
      const there = sides.map((costs) => costs[name]);
      for (const [side, amount] of there.entries()) {
        const sum = cell.sides[side];
        if (sum === undefined) continue;
        sum.sum += amount;
        sum.least = Math.min(sum.least, amount);
        sum.most = Math.max(sum.most, amount);
      }
      if (there.every((amount) => amount === there[0])) continue;
      cell.differing++;
      if (cell.shownBy === undefined || bySize(scenario, cell.shownBy.scenario) < 0) {
        cell.shownBy = { scenario, step, there };
      }
    }
  }

  private cells(): Map<CostName, Cell> {
    const sum = (): Sum => ({ least: Infinity, most: 0, sum: 0 });
    return new Map(
      COSTS.map(({ name }) => [
        name,
        { sides: Array.from({ length: this.sides }, sum), differing: 0, shownBy: undefined },
      ]),
    );
  }
}

function rowOf({ of, situation, operations, cells }: Group): OperationCosts {
  const costs = [...cells].flatMap(([name, { sides, differing, shownBy }]): OperationCost[] => {
    if (sides.every(({ most }) => most === 0)) return [];
    const spreads = sides.map(({ least, most, sum }) => ({ least, most, mean: sum / operations }));
    return [{ name, sides: spreads, differing, shownBy }];
  });
  return { of, situation, operations, costs };
}

function inOrder(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  for (const [i, x] of a.entries()) {
    const y = b[i] ?? '';
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}
