// SPDX-License-Identifier: GPL-2.0-only
/** How fast exploration is, and where its time and memory go. */
import type { State } from '../subject/state.ts';
import { judge } from '../contract/contract.ts';
import { Machine } from '../machine/machine.ts';
import { traceOf } from '../run/trace.ts';
import { behaveAlike } from '../run/alike.ts';
import { lookAt } from '../run/interpreter.ts';
import { toScenario } from './program.ts';
import { Prober, type Assignment } from './prober.ts';
import { seededPrograms } from './source.ts';
import { inThisThread, inThreads } from './workers.ts';

/** Seed of the programs that are measured. */
const SEED = 1;
/** Programs in one piece of work. */
const PIECE = 64;
/** Programs that warm things up before so many are measured. */
function warmUpFor(programs: number): number {
  return Math.min(programs, 1024);
}

/** The programs of a seed on two states, or on one. */
export function assignmentOf(from: State | undefined, to: State): Assignment {
  return {
    from: from?.id,
    to: to.id,
    clause: undefined,
    different: from !== undefined,
    programs: { seed: SEED },
  };
}

/** Programs per second with so many workers, nothing shrunk. */
export async function rate(assignment: Assignment, count: number, programs: number): Promise<number> {
  const workers = count === 1 ? inThisThread(Prober.of(assignment)) : inThreads(assignment, count);
  const probe = async (first: number, end: number): Promise<void> => {
    const pieces: Promise<unknown>[] = [];
    for (let at = first; at < end; at += PIECE) pieces.push(workers.probe(at, Math.min(at + PIECE, end)));
    await Promise.all(pieces);
  };
  const warm = warmUpFor(programs) * count;
  await probe(0, warm);
  const began = performance.now();
  await probe(warm, warm + programs);
  const perSecond = (programs * 1000) / (performance.now() - began);
  await workers.close();
  return perSecond;
}

/** Bytes that a program takes from the heap: the median over small batches in which no collection shows. */
export function allocated(assignment: Assignment, programs: number): number {
  const prober = Prober.of(assignment);
  const warm = warmUpFor(programs);
  prober.probe(0, warm);
  const batch = 4;
  const taken: number[] = [];
  for (let at = warm; at < warm + programs; at += batch) {
    const before = inUse();
    prober.probe(at, at + batch);
    const took = (inUse() - before) / batch;
    if (took > 0) taken.push(took);
  }
  return taken.toSorted((a, b) => a - b)[taken.length >> 1] ?? 0;
}

function inUse(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** The parts of the work on a program. */
const PARTS = ['generate', 'run twice and compare', 'run and observe', 'judge', 'trace'] as const;
export type Part = (typeof PARTS)[number];

/** Microseconds that a program spends in each part, on one state. */
export function partsOf(state: State, programs: number): Record<Part, number> {
  const [machine, another] = [new Machine(), new Machine()];
  const source = seededPrograms(SEED);
  const spent = Object.fromEntries(PARTS.map((part) => [part, 0])) as Record<Part, number>;
  let clock = 0;
  const lap = (part: Part, counts: boolean): void => {
    const now = performance.now();
    if (counts) spent[part] += ((now - clock) * 1000) / programs;
    clock = now;
  };
  const warm = warmUpFor(programs);
  for (let index = 0; index < warm + programs; index++) {
    const counts = index >= warm;
    clock = performance.now();
    const scenario = toScenario(source.at(index));
    lap('generate', counts);
    behaveAlike({ machine, state }, { machine: another, state }, scenario);
    lap('run twice and compare', counts);
    const run = lookAt(machine, state, scenario);
    lap('run and observe', counts);
    judge(run);
    lap('judge', counts);
    traceOf(run);
    lap('trace', counts);
  }
  return spent;
}
