// SPDX-License-Identifier: GPL-2.0-only
/** How fast several states run the same cases, side by side. */
import type { State } from '../subject/state.ts';
import { judge } from '../contract/contract.ts';
import { Machine } from '../machine/machine.ts';
import { traceOf } from '../run/trace.ts';
import { runScenario } from '../run/interpreter.ts';
import { returning } from '../run/returning.ts';
import type { Scenario } from '../run/scenario.ts';

/** How fast a state is. Shares are of the whole of machine, contract and trace. */
export interface StateRate {
  readonly state: string;
  /** Cases run and judged in a second, the median of the rounds. */
  readonly runsPerSecond: number;
  /** The same as a multiple of the first state's in the same round, the median of the rounds. */
  readonly ofFirst: number;
  /** Half of what the middle half of those multiples covers. */
  readonly spread: number;
  readonly machine: number;
  readonly contract: number;
  readonly trace: number;
}

/** Milliseconds that all cases took. */
interface Lap {
  machine: number;
  contract: number;
  trace: number;
}

/** Rounds in which every state runs every case once; the first one warms up, and is forgotten. */
export class Rounds {
  private readonly machine = new Machine();
  private readonly states: readonly State[];
  private readonly cases: readonly Scenario[];
  /** Per state, the first one warming up. */
  private readonly laps: readonly Lap[][];

  constructor(states: readonly State[], cases: readonly Scenario[]) {
    this.states = states;
    this.cases = cases;
    this.laps = states.map(() => []);
  }

  /** Rounds that all states have run and that count; -1 before they are warm. */
  get count(): number {
    return Math.min(...this.laps.map(({ length }) => length)) - 1;
  }

  /** The cases on the state of that index. */
  run(index: number): void {
    const state = this.states[index];
    if (state === undefined) throw new RangeError(`no state ${index}`);
    const lap: Lap = { machine: 0, contract: 0, trace: 0 };
    const isFirst = this.laps[index]?.length === 0;
    for (const scenario of this.cases) {
      // What does not return shows in the round that warms up; from then on its run is known to crash.
      if (isFirst) returning(() => runScenario(this.machine, state, scenario));
      const began = performance.now();
      const run = runScenario(this.machine, state, scenario);
      const ran = performance.now();
      judge(run);
      const judged = performance.now();
      traceOf(run);
      lap.machine += ran - began;
      lap.contract += judged - ran;
      lap.trace += performance.now() - judged;
    }
    this.laps[index]?.push(lap);
  }

  /** What the rounds say of each state; RangeError before the first that counts. */
  results(): StateRate[] {
    return rates(
      this.states.map(({ id }) => id),
      this.laps.map((laps) => laps.slice(1, 1 + this.count)),
      this.cases.length,
    );
  }
}

/** The laps of each state, in the order of the rounds, as rates. */
export function rates(
  states: readonly string[],
  laps: readonly (readonly Lap[])[],
  cases: number,
): StateRate[] {
  const [first = []] = laps;
  return laps.map((own, index) => {
    const multiples = own.map((lap, round) => judgedIn(first[round] ?? lap) / judgedIn(lap));
    const [machine, contract, trace] = (['machine', 'contract', 'trace'] as const).map((part) =>
      quantile(
        own.map((lap) => lap[part]),
        0.5,
      ),
    ) as [number, number, number];
    const total = machine + contract + trace;
    return {
      state: states[index] ?? '',
      runsPerSecond: Math.round((cases * 1000) / quantile(own.map(judgedIn), 0.5)),
      ofFirst: quantile(multiples, 0.5),
      spread: (quantile(multiples, 0.75) - quantile(multiples, 0.25)) / 2,
      machine: machine / total,
      contract: contract / total,
      trace: trace / total,
    };
  });
}

function judgedIn({ machine, contract }: Lap): number {
  return machine + contract;
}

/** The value below which that share of the values lies, between two of them in proportion. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  if (low === undefined || high === undefined) throw new RangeError('no rounds');
  return low + (high - low) * (at - Math.floor(at));
}
