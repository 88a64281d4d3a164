// SPDX-License-Identifier: GPL-2.0-only
/** A state against its recorded vectors. */
import type { State } from '../subject/state.ts';
import type { Machine } from '../machine/machine.ts';
import { lookAt } from '../run/interpreter.ts';
import { eventsMatch } from './events.ts';
import { resultOf } from './result.ts';
import { scenarioOf } from './scenario.ts';
import type { Program, Result, VectorEvent } from './vectors.ts';

/** Where the first difference of a program is, and both sides of it. */
export interface Mismatch {
  readonly program: string;
  /** Index of the operation, -1 when the difference is in the end state. */
  readonly op: number;
  /** `event 3`, `ret`, `segs`, `end`, `mem`, … */
  readonly what: string;
  readonly recorded: string;
  readonly modelled: string;
}

/** How well a state matches. */
export interface Fidelity {
  readonly state: string;
  readonly matched: number;
  readonly total: number;
  readonly first: Mismatch | undefined;
}

/** Runs every program on `state`. */
export function compareWithVectors(
  machine: Machine,
  state: State,
  programs: readonly Program[],
  recorded: ReadonlyMap<string, Result>,
): Fidelity {
  let matched = 0;
  let first: Mismatch | undefined;
  for (const program of programs) {
    const expected = recorded.get(program.id);
    if (expected === undefined) continue;
    const run = lookAt(machine, state, scenarioOf(program));
    const found = firstMismatch(expected, resultOf(machine, program, run));
    if (found === undefined) matched++;
    first ??= found;
  }
  return { state: state.id, matched, total: programs.length, first };
}

/** The first difference between two results of the same program. */
function firstMismatch(recorded: Result, modelled: Result): Mismatch | undefined {
  const differ = (op: number, what: string, a: unknown, b: unknown): Mismatch | undefined =>
    JSON.stringify(a) === JSON.stringify(b) ? undefined : mismatch(recorded.id, op, what, a, b);

  for (const [index, a] of recorded.ops.entries()) {
    const b = modelled.ops[index];
    if (b === undefined) return mismatch(recorded.id, index, 'operation', a.op, undefined);
    const found =
      firstEvent(recorded.id, index, a.events, b.events) ??
      differ(index, 'ret', a.ret, b.ret) ??
      differ(index, 'segs', a.segs, b.segs) ??
      differ(index, 'skipped', a.skipped, b.skipped);
    if (found !== undefined) return found;
  }
  return (
    differ(-1, 'operations', recorded.ops.length, modelled.ops.length) ??
    differ(-1, 'fq', recorded.fq, modelled.fq) ??
    differ(-1, 'crashed', recorded.crashed, modelled.crashed) ??
    differ(-1, 'end', recorded.end, modelled.end) ??
    differ(-1, 'mem', recorded.mem, modelled.mem)
  );
}

function firstEvent(
  program: string,
  op: number,
  recorded: readonly VectorEvent[],
  modelled: readonly VectorEvent[],
): Mismatch | undefined {
  for (let i = 0; i < Math.max(recorded.length, modelled.length); i++) {
    const a = recorded[i];
    const b = modelled[i];
    if (a === undefined || b === undefined || !eventsMatch(a, b)) {
      return mismatch(program, op, `event ${i}`, a, b);
    }
  }
  return undefined;
}

function mismatch(program: string, op: number, what: string, a: unknown, b: unknown): Mismatch {
  const show = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));
  return { program, op, what, recorded: show(a), modelled: show(b) };
}
