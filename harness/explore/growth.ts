// SPDX-License-Identifier: GPL-2.0-only
/** How the time and memory of the work grow with how much there is of it. */
import { compare } from '../compare/comparison.ts';
import { buildMatrix } from '../compare/matrix.ts';
import { Pair } from '../compare/pair.ts';
import { eachReturning } from '../run/returning.ts';
import type { Scenario } from '../run/scenario.ts';
import type { State } from '../subject/state.ts';
import { assignmentOf } from './measure.ts';
import { Prober } from './prober.ts';

/** What there is more and more of. */
export type Amount = 'case' | 'state' | 'program';

/** So much of it, and what the work on it took. */
export interface GrowthRow {
  readonly of: Amount;
  readonly amount: number;
  readonly seconds: number;
  /** Resident memory of the process when it was done, MiB. */
  readonly residentMiB: number;
}

/** Work that can be done and measured. */
export interface Growing {
  readonly of: Amount;
  readonly amount: number;
  readonly work: () => void;
}

const TIMES = [1, 4, 16];
const FEW_STATES = [2, 8];
const PROGRAMS = [1e3, 1e4, 1e5, 1e6];
/** Programs in one piece of work. */
const PIECE = 1000;

/**
 * The cases 1, 4 and 16 times, compared between the first state and the last; the matrix of 2, 8 and all states;
 * programs by chance on the last two ends, 1000 to `most` of them.
 */
export function growing(
  states: readonly State[],
  [before, last]: readonly [State, State],
  cases: readonly Scenario[],
  most: number,
): Growing[] {
  const first = states[0] ?? before;
  return [
    ...TIMES.map((times): Growing => {
      const scenarios = Array.from({ length: times }, (_, n) => copies(cases, n)).flat();
      return { of: 'case', amount: scenarios.length, work: () => compareAll(first, last, scenarios) };
    }),
    ...[...FEW_STATES.filter((count) => count < states.length), states.length].map((count): Growing => ({
      of: 'state',
      amount: count,
      work: () => buildMatrix(states.slice(0, count), cases, () => undefined),
    })),
    ...PROGRAMS.filter((count) => count <= most).map((count): Growing => ({
      of: 'program',
      amount: count,
      work: () => explore(before, last, count),
    })),
  ];
}

/** Does the work, and says what it took. */
export function measureGrowth({ of, amount, work }: Growing): GrowthRow {
  const began = performance.now();
  work();
  const seconds = (performance.now() - began) / 1000;
  return { of, amount, seconds, residentMiB: Math.round(process.memoryUsage.rss() / 2 ** 20) };
}

/** The cases under names of their own. */
function copies(cases: readonly Scenario[], number: number): readonly Scenario[] {
  return number === 0 ? cases : cases.map((scenario) => ({ ...scenario, id: `${scenario.id} (${number})` }));
}

function compareAll(from: State, to: State, scenarios: readonly Scenario[]): void {
  const pair = new Pair(from, to);
  const results = [...eachReturning(scenarios, (scenario) => pair.compare(scenario))];
  compare(from, to, scenarios, { results });
}

function explore(from: State, to: State, count: number): void {
  const prober = Prober.of(assignmentOf(from, to));
  for (let at = 0; at < count; at += PIECE) prober.probe(at, Math.min(at + PIECE, count));
}
