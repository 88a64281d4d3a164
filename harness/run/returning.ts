// SPDX-License-Identifier: GPL-2.0-only
/**
 * States whose functions never return. What loops and calls the kernel is ended by the machine
 * (MAX_CALLS). What loops without a call is ended from outside: work goes on under node:vm's time limit,
 * which a thread of Node's own watches. The run that was under way is then tried alone. If it is stuck
 * again, the number of kernel calls that it had made by then is kept, and from then on every run of the
 * case on that state crashes right after that call, as `did-not-return`. So the clock decides only whether
 * a case returns; what is recorded of it is the same every time.
 */
import { createContext, Script, type Context } from 'node:vm';
import type { Machine } from '../machine/machine.ts';
import type { State } from '../subject/state.ts';
import { UserError } from '../text/user-error.ts';
import type { Scenario } from './scenario.ts';

/** Milliseconds that a piece of work may take before the run that is under way is suspected; a run takes less than one. */
const PATIENCE = 2000;
/** How a suspected run is tried: milliseconds a try, and of processor time before it counts as stuck. */
const FIRST_TRIAL = { limit: 250, processor: 500 };
/** The same once something is known to be stuck: then every case of every state is tried before it counts. */
const LATER_TRIAL = { limit: 25, processor: 50 };
/** Calls in one step, those that are not recorded included, of a run that is tried alone. */
const MAX_QUESTIONS = 65_536;
/** Factor for the next try when nothing turned out to be stuck: the machine is slow. */
const MORE = 4;
/** From here on, milliseconds, work that no run holds up is given up. */
const LAST_LIMIT = 100_000;
/** Milliseconds of work that are watched together: to watch costs a tenth of one. */
const BATCH = 100;
/** Items that are made before any of them is worked on. */
const WATCHED_TOGETHER = 16;

/** Where a run is stuck: calls of the kernel that it had made, and that had returned; undefined: it returns. */
type Verdict = { readonly made: number; readonly returned: number } | undefined;

/** The run under way. */
const now: { machine: Machine | undefined; state: State | undefined; scenario: Scenario | undefined } = {
  machine: undefined,
  state: undefined,
  scenario: undefined,
};
/** Per state that is slow now, or all once one is stuck: what is known of its cases, by what they are made of. */
const suspects = new Map<State, Map<string, Verdict>>();
let isOneStuck = false;

/** Runs a scenario on a state that calls this kernel. */
type Run = (kernel: Machine) => void;

/** What `state` shall call in this run: the machine itself, unless it is known or suspected not to return. */
export function kernelFor(machine: Machine, state: State, scenario: Scenario, run: Run): Machine {
  now.machine = machine;
  now.state = state;
  now.scenario = scenario;
  if (suspects.size === 0) return machine;
  if (isOneStuck) suspect(state);
  const verdicts = suspects.get(state);
  if (verdicts === undefined) return machine;
  const { machine: config, layout, buffers, steps } = scenario;
  const key = JSON.stringify([config, layout, buffers, steps]);
  if (!verdicts.has(key)) verdicts.set(key, examine(machine, run));
  const verdict = verdicts.get(key);
  isOneStuck ||= verdict !== undefined;
  return verdict === undefined ? machine : new CountingKernel(machine, verdict).kernel;
}

/** The run that kernelFor() was asked about is over. */
export function runEnded(): void {
  now.machine = undefined;
  now.state = undefined;
  now.scenario = undefined;
}

/** Does the work, and again from its start when a run in it does not return; so it must be fit for that. */
export function returning<T>(work: () => T): T {
  // Who watches the whole begins that again.
  if (isWatched) return work();
  for (let limit = PATIENCE; ; limit *= MORE) {
    const outcome = within(limit, work);
    if (outcome !== undefined) {
      acquit();
      return outcome.value;
    }
    if (now.state !== undefined) suspectTheRunUnderWay();
    else if (limit > LAST_LIMIT) throw new UserError('the work does not come to an end');
    runEnded();
  }
}

/** What `work` makes of each item, each begun again when a run in it does not return. */
export function* eachReturning<T, R>(items: readonly T[], work: (item: T, index: number) => R): Generator<R> {
  let limit = PATIENCE;
  for (let at = 0; at < items.length;) {
    const results: R[] = [];
    const end = performance.now() + BATCH;
    const outcome = within(limit, () => {
      for (let index = at; index < items.length && performance.now() < end; index++) {
        results.push(work(items[index] as T, index));
      }
    });
    if (outcome === undefined) suspectTheRunUnderWay();
    else acquit();
    limit = results.length === 0 ? limit * MORE : PATIENCE;
    at += results.length;
    yield* results;
  }
}

/** Whether `accepts` takes one of the items, which is the last that it is asked about; begun again as above. */
export function someReturning<T>(items: Iterable<T>, accepts: (item: T) => boolean): boolean {
  const rest = items[Symbol.iterator]();
  const isOne = { accepted: false };
  for (let isEnd = false; !isEnd && !isOne.accepted;) {
    // They are made out here: what is ended in the middle of its work makes no more of them.
    const some: T[] = [];
    while (!isEnd && some.length < WATCHED_TOGETHER) {
      const next = rest.next();
      if (next.done === true) isEnd = true;
      else some.push(next.value);
    }
    for (const _ of eachReturning(some, (item) => (isOne.accepted ||= accepts(item)))) continue;
  }
  return isOne.accepted;
}

function suspectTheRunUnderWay(): void {
  if (now.machine !== undefined) breakOff(now.machine);
  if (now.state !== undefined) suspect(now.state);
  runEnded();
}

/** Work under suspicion has come to its end: the machine was slow. Else each later case would be tried alone, and kept. */
function acquit(): void {
  if (!isOneStuck) suspects.clear();
}

/** The next life of a machine whose run was ended somewhere: its devices recycle parts, these are gone. */
function breakOff(machine: Machine): void {
  machine.built.length = 0;
}

function suspect(state: State): void {
  if (!suspects.has(state)) suspects.set(state, new Map());
}

/**
 * Whether the run is stuck, and where: it stands still at the same call twice at least, and not for want of
 * a processor, or it asks the kernel for ever.
 */
function examine(machine: Machine, run: Run): Verdict {
  const { state, scenario } = now;
  const { limit: first, processor } = isOneStuck ? LATER_TRIAL : FIRST_TRIAL;
  const began = process.cpuUsage();
  let before: Verdict;
  for (let limit = first; ;) {
    const counting = new CountingKernel(machine);
    const outcome = within(limit, () => run(counting.kernel));
    now.machine = machine;
    now.state = state;
    now.scenario = scenario;
    if (outcome === undefined) breakOff(machine);
    else return counting.asksForEver ? counting.sofar : undefined;
    const { user, system } = process.cpuUsage(began);
    const standsStill = isSame(before, counting.sofar);
    if (standsStill && user + system >= processor * 1000) return counting.sofar;
    if (!standsStill) limit *= 2;
    before = counting.sofar;
  }
}

function isSame(a: Verdict, b: Verdict): boolean {
  return a?.made === b?.made && a?.returned === b?.returned;
}

/** The machine's kernel functions, counted; when `stop` is given, it crashes where the run was stuck. */
class CountingKernel {
  readonly kernel: Machine;
  /** More than MAX_QUESTIONS calls in one step. */
  asksForEver = false;
  private made = 0;
  private returned = 0;
  private step = -1;
  private inStep = 0;
  private readonly machine: Machine;
  private readonly stop: Verdict;

  constructor(machine: Machine, stop?: Verdict) {
    this.machine = machine;
    this.stop = stop;
    this.kernel = new Proxy(machine, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...args: readonly unknown[]) => this.call(() => Reflect.apply(value, target, args));
      },
    });
  }

  get sofar(): NonNullable<Verdict> {
    return { made: this.made, returned: this.returned };
  }

  private call(call: () => unknown): unknown {
    const { log } = this.machine;
    this.inStep = this.step === log.step ? this.inStep + 1 : 1;
    this.step = log.step;
    this.made++;
    if (isSame(this.stop, this.sofar)) throw log.endless();
    const result = call();
    this.returned++;
    this.asksForEver = this.inStep > MAX_QUESTIONS;
    if (this.asksForEver || isSame(this.stop, this.sofar)) throw log.endless();
    return result;
  }
}

/** A time limit is running. */
let isWatched = false;
const slot = { work: (): void => undefined };
let watched: { readonly script: Script; readonly context: Context } | undefined;

/** What the work returns; undefined: it takes longer than that many milliseconds, and was ended. */
export function within<T>(limit: number, work: () => T): { readonly value: T } | undefined {
  watched ??= { script: new Script('slot.work()'), context: createContext({ slot }) };
  let result: { readonly value: T } | undefined;
  slot.work = () => {
    result = { value: work() };
  };
  const before = isWatched;
  isWatched = true;
  try {
    watched.script.runInContext(watched.context, { timeout: limit, displayErrors: false });
  } catch (error) {
    if (!isTimeout(error)) throw error;
  } finally {
    isWatched = before;
  }
  return result;
}

function isTimeout(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  );
}
