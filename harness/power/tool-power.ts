// SPDX-License-Identifier: GPL-2.0-only
/** How much the tests would notice: small mistakes in the machine and in the contract, the tool's own code. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Node } from 'ts-morph';
import { loadVectors } from '../fidelity/vectors.ts';
import { globOf } from '../scenario/glob.ts';
import { packageRoot } from '../text/package-root.ts';
import { UserError } from '../text/user-error.ts';
import { drawn } from './drawn.ts';
import { whyModuleEquivalent } from './module-equivalent.ts';
import { moduleText, mutationsOfModule, parameterTypes } from './module-mutations.ts';
import { filesOf, ModuleTests } from './module-tests.ts';
import type { Change } from './mutation.ts';
import { TestRuns, type Outcome, type Tests } from './test-runs.ts';
import { checkedProject, TypeCheck } from './type-check.ts';

/** The rooms in which mistakes are made: what a run stands on, and what judges it. */
const ROOMS = ['harness/machine', 'harness/contract'] as const;
export type Room = (typeof ROOMS)[number];

/** A small mistake in the tool, as text. */
export interface ToolMistake {
  readonly room: Room;
  /** Relative to the package. */
  readonly file: string;
  readonly line: number;
  /** The function or method around it; '' where there is none. */
  readonly function: string;
  readonly operator: string;
  /** The code, and with the mistake in it; '' where a statement is gone. */
  readonly before: string;
  readonly after: string;
}

/** A mistake that was made, and the first test that fails with it; undefined: none does. */
export interface ToolMade extends ToolMistake {
  readonly failed: string | undefined;
}

/** A mistake that was not made, and why. */
export interface ToolLeftOut extends ToolMistake {
  readonly reason: string;
}

export interface ToolPower {
  readonly possible: number;
  readonly made: readonly ToolMade[];
  /** The code does the same with them. */
  readonly equivalent: readonly ToolLeftOut[];
  /** TypeScript does not accept them; as it says. */
  readonly refused: readonly ToolLeftOut[];
  /** The states whose recordings were replayed with a mistake in the machine that no unit test noticed. */
  readonly replayed: readonly string[];
}

export interface ToolPowerOptions {
  readonly seed: number;
  /** How many are drawn. */
  readonly count: number;
  /** Only modules whose path matches the glob. */
  readonly module?: string;
  /** How many are tried at a time. */
  readonly workers: number;
  readonly progress: (done: number, total: number) => void;
}

/** How many states replay the recordings: of a mistake in what all of them stand on, some say as much as all. */
const REPLAYS = 4;
/** Test files that are run by themselves, before the others of the room. */
const NEAREST = 5;
/** Milliseconds in which no test ends: some, and a multiple of what one takes without a mistake. */
const LIMIT = { atLeast: 10_000, times: 3 };

/** Makes mistakes in the machine and the contract and runs their tests. UserError without sources, tests or jest. */
export async function measureTool(options: ToolPowerOptions): Promise<ToolPower> {
  const root = packageRoot();
  if (!existsSync(join(root, '.jest'))) {
    throw new UserError('power --machine needs a checkout of the repository, with its tests');
  }
  if (!existsSync(join(root, 'node_modules', 'jest'))) {
    throw new UserError('jest, which runs the tests, is missing: npm ci');
  }
  const mistakes = mistakesIn(root, options.module);
  const chosen = drawn(mistakes, options);
  const types = new TypeCheck(root);
  const [equivalent, refused, rest] = [[] as ToolLeftOut[], [] as ToolLeftOut[], [] as Mistake[]];
  for (const mistake of chosen) {
    const same = whyModuleEquivalent(mistake.change);
    const error = same === undefined ? types.refusal(mistake.file, moduleText(mistake.change)) : undefined;
    if (same !== undefined) equivalent.push({ ...told(mistake), reason: same });
    else if (error !== undefined) refused.push({ ...told(mistake), reason: error });
    else rest.push(mistake);
  }
  const { states } = loadVectors(join(root, 'harness', 'fidelity', 'data'));
  const replayed = states.filter((_, index) => index % Math.ceil(states.length / REPLAYS) === 0);
  const runs = await TestRuns.in(root);
  try {
    const measure = await Measure.prepare(root, runs, new Set(rest.map(({ room }) => room)), replayed);
    const work = async (mistake: Mistake): Promise<ToolMade> => measure.of(mistake);
    const made = await inParallel(rest, options.workers, work, options.progress);
    return { possible: mistakes.length, made, equivalent, refused, replayed };
  } finally {
    runs.close();
  }
}

interface Mistake {
  readonly room: Room;
  readonly file: string;
  readonly change: Change;
}

function mistakesIn(root: string, glob: string | undefined): Mistake[] {
  const paths = ROOMS.flatMap((room) =>
    filesOf(root, room)
      .filter((path) => !path.endsWith('.test.ts') && !path.includes('/testing/'))
      .map((path) => ({ room, path })),
  );
  const project = checkedProject(root);
  const files = paths.map(({ path }) => project.addSourceFileAtPath(join(root, path)));
  // What one calls may stand anywhere.
  project.resolveSourceFileDependencies();
  const types = parameterTypes(files);
  const matches = globOf(glob ?? '**');
  const wanted = paths.filter(({ path }) => matches(path));
  if (wanted.length === 0) {
    throw new UserError(`--module ${JSON.stringify(glob)}: no file of ${ROOMS.join(' or ')} matches`);
  }
  return wanted.flatMap(({ room, path }) =>
    mutationsOfModule(project.getSourceFileOrThrow(join(root, path)), types).map((change) => ({
      room,
      file: path,
      change,
    })),
  );
}

function told({ room, file, change: { node, operator, line, before, after } }: Mistake): ToolMistake {
  const around = node
    .getAncestors()
    .find((up) => Node.isFunctionDeclaration(up) || Node.isMethodDeclaration(up));
  const name = Node.isFunctionDeclaration(around) || Node.isMethodDeclaration(around) ? around.getName() : '';
  return { room, file, line, function: name ?? '', operator, before, after };
}

/** The tests of each room, and what they take without a mistake. */
class Measure {
  readonly #runs: TestRuns;
  readonly #tests: ReadonlyMap<Room, ModuleTests>;
  readonly #fidelity: Tests;
  readonly #limits = new Map<Room | 'fidelity', number>();

  private constructor(runs: TestRuns, tests: ReadonlyMap<Room, ModuleTests>, fidelity: Tests) {
    this.#runs = runs;
    this.#tests = tests;
    this.#fidelity = fidelity;
  }

  /** UserError when a test fails where no mistake is. */
  static async prepare(
    root: string,
    runs: TestRuns,
    rooms: ReadonlySet<Room>,
    states: readonly string[],
  ): Promise<Measure> {
    const tests = new Map([...rooms].map((room) => [room, new ModuleTests(root, room)]));
    const names = states.map((state) => state.replaceAll('.', String.raw`\.`)).join('|');
    const fidelity = { files: ['harness/fidelity/fidelity.test.ts'], names: `recorded (${names}): ` };
    const measure = new Measure(runs, tests, fidelity);
    for (const [room, { all }] of tests) await measure.#control(room, { files: all });
    if (rooms.has('harness/machine')) await measure.#control('fidelity', fidelity);
    return measure;
  }

  async of(mistake: Mistake): Promise<ToolMade> {
    const { room, file, change } = mistake;
    const mistaken = { file, text: moduleText(change) };
    const files = this.#tests.get(room)?.of(file) ?? [];
    const run = async (what: Room | 'fidelity', tests: Tests): Promise<Outcome | undefined> =>
      tests.files.length === 0 ? undefined : this.#runs.run(tests, mistaken, this.#limits.get(what) ?? 0);
    // Most are noticed by the nearest tests, and those of a few files are loaded soon.
    let outcome = await run(room, { files: files.slice(0, NEAREST) });
    if (outcome?.failed === undefined) outcome = await run(room, { files: files.slice(NEAREST) });
    // The recordings are replayed on the machine; nobody judges them.
    if (outcome?.failed === undefined && room === 'harness/machine') {
      outcome = await run('fidelity', this.#fidelity);
    }
    return { ...told(mistake), failed: outcome?.failed };
  }

  async #control(what: Room | 'fidelity', tests: Tests): Promise<void> {
    const { failed, silent } = await this.#runs.run(tests, undefined, 3_600_000);
    if (failed !== undefined) throw new UserError(`a test fails where no mistake is: ${failed}`);
    this.#limits.set(what, LIMIT.atLeast + LIMIT.times * silent);
  }
}

/** What `work` makes of each, so many at a time, in the order of the items. */
async function inParallel<T, R>(
  items: readonly T[],
  workers: number,
  work: (item: T) => Promise<R>,
  progress: (done: number, total: number) => void,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  let done = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) {
      const item = items[at];
      if (item === undefined) return;
      progress(done, items.length);
      results[at] = await work(item);
      done++;
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  progress(items.length, items.length);
  return results;
}
