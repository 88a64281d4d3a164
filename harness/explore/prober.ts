// SPDX-License-Identifier: GPL-2.0-only
/** The work of exploration that can be done anywhere: programs probed, a finding shrunk. */
import { Workspace } from '../c-states/workspace.ts';
import { ALL_BUILDS, type State } from '../subject/state.ts';
import { findExpressed, findState } from '../../variants/registry.ts';
import type { ClauseId } from '../contract/verdict.ts';
import { unlessTooMuch } from '../run/over-budget.ts';
import { eachReturning, returning } from '../run/returning.ts';
import { DEFAULT_GRID, enumerate } from './enumerate.ts';
import { clauseOf, type Shown } from './mechanism.ts';
import { Machines, probe, type IsOpen, type Target, type Watch } from './probe.ts';
import type { Program } from './program.ts';
import { addSignature } from './signature.ts';
import { shrink } from './shrink.ts';
import { LearningPrograms, seededPrograms, type Lesson, type ProgramSource } from './source.ts';

/** What is explored, as plain data: a Target and a ProgramSource by name. */
export interface Assignment {
  /** Id of a state; undefined: `to` alone. */
  readonly from: string | undefined;
  readonly to: string;
  /** Where imported states are looked up. */
  readonly workspace?: string;
  readonly clause: ClauseId | undefined;
  readonly different: boolean;
  /** What operations cost is looked at, and no clause. */
  readonly costs?: true;
  readonly programs: Programs;
}

/** By chance; learning, and from the programs of `start`; or every one of a grid. */
export type Programs =
  | { readonly seed: number }
  | { readonly seed: number; readonly start: readonly Program[]; readonly learns: boolean }
  | { readonly operations: number };

/** What came of some programs. */
export interface Probed {
  readonly hits: readonly Hit[];
  /** Those that show something which their prober has not seen before. */
  readonly novel: readonly Novel[];
  /** Numbers of those that say nothing: some run takes more than one may. */
  readonly tooMuch: readonly number[];
}

/** A program, and what is new about it. */
export interface Novel {
  readonly program: Program;
  /** What it shows, whatever kind of difference it is. */
  readonly shown: readonly string[];
  /** In what ways it ran (addSignature()). */
  readonly ways: readonly number[];
}

/** A mechanism that a program shows. */
export interface Hit {
  /** Number of the program. */
  readonly index: number;
  /** Steps of the program. */
  readonly steps: number;
  readonly shown: Shown;
}

/** A program shrunk for one mechanism. */
export interface ShrunkProgram {
  readonly program: Program;
  /** Programs that were tried on the way. */
  readonly tries: number;
  /** What the shrunk program shows as well. */
  readonly also: readonly Shown[];
}

/** The states of an assignment. */
export function targetOf({ from, to, clause, different, costs, workspace }: Assignment): Target {
  return {
    from: from === undefined ? undefined : known(from, workspace),
    to: known(to, workspace),
    clause,
    different,
    ...(costs && { costs }),
  };
}

/** The programs of an assignment. */
export function sourceOf({ programs }: Assignment): ProgramSource {
  if ('start' in programs) return new LearningPrograms(programs.seed, programs.start);
  return 'seed' in programs
    ? seededPrograms(programs.seed)
    : enumerate({ ...DEFAULT_GRID, operations: programs.operations });
}

const NONE: readonly number[] = [];

/** What one program shows. */
interface One {
  readonly index: number;
  readonly program: Program;
  /** undefined: some run takes more than one may. */
  readonly all: readonly Shown[] | undefined;
  readonly ways: readonly number[];
}

/** Does the work, one piece after the other. */
export class Prober {
  private readonly machines = new Machines();
  private readonly target: Target;
  private readonly source: ProgramSource;
  private readonly told = new Set<string>();
  /** What the programs so far have shown, and in what ways they ran. */
  private readonly shown = new Set<string>();
  private readonly ways = new Set<number>();
  /** The last one's. */
  private readonly last = new Set<number>();
  private readonly watch: Watch | undefined;

  constructor(target: Target, source: ProgramSource) {
    this.target = target;
    this.source = source;
    this.watch = source.learn && ((life, scenario, side) => addSignature(this.last, life, scenario, side));
  }

  /** For what an assignment names. */
  static of(assignment: Assignment): Prober {
    return new Prober(targetOf(assignment), sourceOf(assignment));
  }

  /** Runs programs [first, end); each mechanism, and all that is new, is told once in this prober's life. */
  probe(first: number, end: number): Probed {
    const hits: Hit[] = [];
    const novel: Novel[] = [];
    const tooMuch: number[] = [];
    const numbers = Array.from({ length: end - first }, (_, i) => first + i);
    for (const { program, index, all, ways } of eachReturning(numbers, (number) => this.one(number))) {
      if (all === undefined) {
        tooMuch.push(index);
        continue;
      }
      for (const shown of all) {
        if (this.told.has(shown.key)) continue;
        this.told.add(shown.key);
        hits.push({ index, steps: program.steps.length, shown });
      }
      if (this.watch === undefined) continue;
      const fresh = { program, shown: newTo(this.shown, all.map(textOf)), ways: newTo(this.ways, ways) };
      if (fresh.shown.length + fresh.ways.length > 0) novel.push(fresh);
    }
    return { hits, novel, tooMuch };
  }

  private one(index: number): One {
    const program = this.source.at(index);
    this.last.clear();
    // What is known to hold in every layout needs no further trial.
    const isOpen: IsOpen = (plain) => !this.told.has(plain);
    const all = unlessTooMuch(() => probe(this.machines, this.target, program, isOpen, this.watch));
    return { index, program, all, ways: this.last.size === 0 ? NONE : [...this.last] };
  }

  /** What later programs may be made of. */
  learn(lesson: Lesson): void {
    this.source.learn?.(lesson);
  }

  /** Makes program number `index` small while it shows the mechanism `key`. */
  shrink(index: number, key: string): ShrunkProgram {
    const { machines, target, source } = this;
    const aim = { ...target, clause: clauseOf(key) ?? target.clause };
    const isThis: IsOpen = (plain, lucky) => plain === key || lucky === key;
    const { program, tries } = shrink(source.at(index), (candidate) => {
      const all = unlessTooMuch(() => probe(machines, aim, candidate, isThis));
      return all?.some((shown) => shown.key === key) ?? false;
    });
    const all = returning(() => unlessTooMuch(() => probe(machines, target, program)));
    return { program, tries, also: all?.filter((shown) => shown.key !== key) ?? [] };
  }
}

/** Not of which kind: whether a difference depends on the layout is tried only until it is told. */
function textOf({ clause, cause, through }: Shown): string {
  return `${clause} ${cause} ${through}`;
}

/** Those that are not in `seen`, which has them from now on. */
export function newTo<T>(seen: Set<T>, found: readonly T[]): readonly T[] {
  const fresh = found.filter((one) => !seen.has(one));
  for (const one of fresh) seen.add(one);
  return fresh;
}

function known(id: string, workspace: string | undefined): State {
  const state = findState(id) ?? imported(id, workspace) ?? findExpressed(id);
  if (state === undefined) throw new RangeError(`no state ${id}`);
  // A run must not wait for a compiler.
  for (const build of ALL_BUILDS) state.prepare?.(build);
  return state;
}

const workspaces = new Map<string, Workspace>();

function imported(id: string, folder: string | undefined): State | undefined {
  if (folder === undefined) return undefined;
  let workspace = workspaces.get(folder);
  if (workspace === undefined) workspaces.set(folder, (workspace = new Workspace(folder)));
  return workspace.find(id);
}
