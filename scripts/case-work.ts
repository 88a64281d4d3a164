// SPDX-License-Identifier: GPL-2.0-only
/** What a comparison does with each case, in this thread or in others. */
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import type { Stage } from '../harness/compare/chain.ts';
import { measuresOf, type Measure } from '../harness/compare/ledger.ts';
import { Pair, type CaseResult } from '../harness/compare/pair.ts';
import type { Prefixes } from '../harness/compare/prefixes.ts';
import { eachReturning } from '../harness/run/returning.ts';
import type { Scenario } from '../harness/run/scenario.ts';
import { Together } from '../harness/subject/not-ready.ts';
import type { State } from '../harness/subject/state.ts';
import { startThread, Threads } from '../harness/threads/threads.ts';
import { findState } from '../variants/registry.ts';

/** Below so many cases, threads take longer to start than they save. */
const WORTH_THREADS = 256;
/** Beside this one. Each has to be warmed up, so that many are worth little. */
const MOST_THREADS = 7;

/** What comes of each case, in their order; `tell` hears how many are done before the next. */
export type CaseWork<R> = (cases: readonly Scenario[], tell?: (done: number) => void) => readonly R[];

/** Two states compared on cases. */
export function comparing(from: State, to: State): CaseWork<CaseResult> {
  const pair = new Pair(from, to);
  return (cases, tell) => each(cases, (one) => pair.compare(one), tell);
}

/** What each patch of the way does in cases; NotReady when a state on it is not compiled. */
export function measuring(prefixes: Prefixes, stages: readonly Stage[]): CaseWork<readonly Measure[]> {
  return (cases, tell) => {
    const together = new Together();
    const measured = each(cases, (one) => measuresOf(prefixes, stages, one, together), tell);
    together.done();
    return measured.map((measures) => measures.filter((one) => one !== undefined));
  };
}

function each<R>(
  cases: readonly Scenario[],
  work: (scenario: Scenario) => R,
  tell: ((done: number) => void) | undefined,
): R[] {
  const found: R[] = [];
  for (const result of eachReturning(cases, work)) {
    tell?.(found.length);
    found.push(result);
  }
  return found;
}

/** The states of a comparison, by their ids. */
export interface Named {
  readonly from: string;
  readonly to: string;
}

/** Work on cases, as it goes to a thread (case-thread.ts). */
export interface CaseTask {
  readonly do: 'compare' | 'measure';
  readonly cases: readonly Scenario[];
}

export type CaseThreads = Threads<CaseTask>;

/** Threads for two states; undefined where they are not worth it, or where one of the states is known to this thread alone. */
export function caseThreads(
  from: State,
  to: State,
  cases: readonly Scenario[],
  { count = Math.min(availableParallelism() - 1, MOST_THREADS), start = startThread } = {},
): CaseThreads | undefined {
  const isOwn = [from, to].every((state) => findState(state.id) === state);
  if (!isOwn || cases.length < WORTH_THREADS || count === 0) return undefined;
  const named: Named = { from: from.id, to: to.id };
  const thread = (): Worker => start(import.meta.url, 'case-thread', named);
  return new Threads(count, thread, (why) => new Error(`a thread died (${why})`));
}

/** In a thread: the state of that id. */
export function ownState(id: string): State {
  const state = findState(id);
  if (state === undefined) throw new RangeError(`no state ${id}`);
  return state;
}
