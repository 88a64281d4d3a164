// SPDX-License-Identifier: GPL-2.0-only
import { STATE_EXPRESSIONS } from '../harness/subject/expression.ts';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, sep } from 'node:path';
import { loadExpectations } from '../harness/compare/expectations.ts';
import { DEFAULT_GRID, enumerate, type Enumeration } from '../harness/explore/enumerate.ts';
import { programsOf } from '../harness/explore/from-scenario.ts';
import { explorationJson, findingData } from '../harness/explore/json.ts';
import type { Target } from '../harness/explore/probe.ts';
import { Prober, sourceOf, targetOf, type Assignment, type Programs } from '../harness/explore/prober.ts';
import { Search, type ExploredFinding } from '../harness/explore/search.ts';
import { mergedWorkers } from '../harness/explore/shards.ts';
import { sectionOf, tell, titleOf } from '../harness/explore/section.ts';
import type { ProgramSource } from '../harness/explore/source.ts';
import { tooMuchText } from '../harness/report/head.ts';
import { inThisThread, inThreads, type Workers } from '../harness/explore/workers.ts';
import { toYaml } from '../harness/explore/yaml.ts';
import { Machine } from '../harness/machine/machine.ts';
import type { Scenario } from '../harness/run/scenario.ts';
import { loadCorpus } from '../harness/scenario/load.ts';
import { paragraph, plural, strong, type Block } from '../harness/text/document.ts';
import { visible } from '../harness/text/visible.ts';
import { suggestion, UserError } from '../harness/text/user-error.ts';
import { assertWritable, makeFolder, writeFile } from '../harness/text/files.ts';
import {
  clauseOf,
  commandLineFor,
  EXIT_BAD_NEWS,
  EXIT_INTERRUPTED,
  EXIT_OK,
  output,
  OUTPUT,
  quote,
  SCENARIOS,
  toolVersion,
  wholeNumber,
  type Args,
  type Command,
} from './cli.ts';
import { anyState } from './any-state.ts';
import { compileForAll, whenCompiled } from './builds.ts';
import { exploreShard, mergedShards, missingShards, shardOf, SHARDS } from './explore-shards.ts';
import { corpusFolder, expectationsFile, writableCorpusFolder } from './corpus.ts';
import { Interrupted, unlessInterrupted } from './interrupt.ts';
import { formatOption, outputBlocks, PAGE } from './rendered.ts';
import { endProgress, showProgress } from './terminal.ts';
import { printAside } from './print.ts';
import { WORKSPACE, workspaceFolder } from './workspace.ts';

export const explore: Command = {
  usage: '[from] [to]',
  options: {
    runs: { type: 'string', value: 'N', help: 'programs to run (2000; with --time: as many as it takes)' },
    time: { type: 'string', value: 'TIME', help: 'stop after that time: 500ms, 30s, 2m' },
    seed: { type: 'string', value: 'S', help: 'which programs, a whole number (1)' },
    clause: { type: 'string', value: 'ID', help: 'only findings of this clause of the contract' },
    'clauses-only': {
      type: 'boolean',
      help: 'leave out traces that differ without touching a clause of the contract',
    },
    costs: {
      type: 'boolean',
      help: 'operations that cost more or less in the second state, instead of broken clauses',
    },
    exhaustive: { type: 'boolean', help: 'every program of a small grid, instead of programs by chance' },
    operations: {
      type: 'string',
      value: 'N',
      help: `operations of an exhaustive program (${DEFAULT_GRID.operations})`,
    },
    workers: {
      type: 'string',
      value: 'N',
      help: 'threads (as many as there are cores); the findings stay the same',
    },
    save: { type: 'boolean', help: 'put the shrunk scenarios into found/ of the corpus' },
    corpus: SCENARIOS.corpus,
    'no-corpus': { type: 'boolean', help: 'do not vary the cases of the corpus' },
    'no-learning': {
      type: 'boolean',
      help: 'do not vary programs that have shown something new: each depends on seed and number alone',
    },
    program: { type: 'string', value: 'N', help: 'only program number N' },
    finding: { type: 'string', value: 'ID', help: 'only this finding' },
    ...SHARDS,
    workspace: WORKSPACE,
    json: {
      type: 'boolean',
      help: 'JSON: every finding with program, scenario, evidence, patches and replay',
    },
    format: formatOption(PAGE),
    output: OUTPUT,
  },
  examples: ['v2 v3 --runs 20000 --seed 1', 'v8 --time 30s --clause confinement-read', 'v7 v8 --exhaustive'],
  about: STATE_EXPRESSIONS,
  run,
};

const DEFAULT_RUNS = 2000;
/** Milliseconds between two progress lines. */
const TICK = 100;
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

const INTERRUPTED = 'interrupted';

interface Limits {
  readonly first: number;
  /** Exclusive. */
  readonly end: number;
  readonly deadline: number;
}

async function run(args: Args): Promise<number> {
  const corpus = args.flag('save') ? writableFolder(args) : corpusFolder(args);
  const merged = mergedShards(args);
  const assignment = merged?.assignment ?? (await assignmentOf(args));
  await compileForAll([
    await anyState(assignment.from ?? assignment.to, args),
    await anyState(assignment.to, args),
  ]);
  const limits = merged === undefined ? limitsOf(args, sourceOf(assignment)) : { ...WHOLE, end: merged.end };
  const shard = shardOf(args);
  if (shard !== undefined) {
    if (!Number.isFinite(limits.end)) throw new UserError('--shard needs --runs');
    return exploreShard(args, shard, assignment, workersFor(args, assignment, limits), limits.end);
  }
  const { programs } = assignment;
  const grid =
    'operations' in programs ? enumerate({ ...DEFAULT_GRID, operations: programs.operations }) : undefined;
  const expectations = loadExpectations(expectationsFile(corpus));
  const workers = merged === undefined ? workersFor(args, assignment, limits) : mergedWorkers(merged);
  const search = new Search(workers, {
    expectations,
    only: args.text('finding'),
    learns: 'start' in programs && programs.learns,
  });
  const ended = await searching(search, limits, 'seed' in programs ? programs.seed : 1);
  await workers.close();
  refuseUnknown(args.text('finding'), search, ended);
  const target = targetOf(assignment);
  const how = 'seed' in programs ? `seed ${programs.seed}` : 'exhaustive';
  const early = ended.early === '' && merged !== undefined ? missingShards(merged) : ended.early;
  const head = args.text('finding') === undefined ? header(target, grid, search, how, early) : [];
  const machine = new Machine();
  const inOrder = ownFirst(search.findings);
  const eachTold = async <T>(telling: (finding: ExploredFinding, replay: string) => T): Promise<T[]> => {
    const told: T[] = [];
    for (const finding of inOrder) {
      const replay = replayOf(args, assignment, finding);
      told.push(await whenCompiled(() => telling(finding, replay)));
    }
    return told;
  };
  if (args.flag('json')) {
    const seed = 'seed' in programs ? programs.seed : undefined;
    const about = {
      version: toolVersion(),
      seed,
      programs: search.programs,
      tooMuch: search.tooMuch,
      stopped: early,
    };
    const told = await eachTold((finding, replay) => findingData(machine, target, finding, replay));
    output(args, explorationJson(target, about, told, search.expected));
  } else {
    const told = await eachTold((finding, replay) => sectionOf(machine, target, finding, replay));
    outputBlocks(args, PAGE, [...head, ...told.flat()]);
  }
  if (args.flag('save')) save(corpus, target, search.findings);
  if (ended.failure !== undefined) throw ended.failure;
  if (ended.early === INTERRUPTED) return EXIT_INTERRUPTED;
  return search.findings.length > 0 ? EXIT_BAD_NEWS : EXIT_OK;
}

/** All programs of a search, however long it takes. */
const WHOLE: Limits = { first: 0, end: 0, deadline: Infinity };

async function assignmentOf(args: Args): Promise<Assignment> {
  const [first, second] = args.positionals;
  if (first === undefined) throw new UserError('explore takes one state or two, or --merge FILE');
  const seed = wholeNumber(args, 'seed', 1, 0, 0xffffffff);
  const operations = wholeNumber(args, 'operations', DEFAULT_GRID.operations, 1, 4);
  const from = await anyState(first, args);
  const to = second === undefined ? from : await anyState(second, args);
  const costs = args.flag('costs');
  if (costs) refuseForCosts(args);
  const isImported = [from, to].some(({ c }) => c !== undefined);
  return {
    from: second === undefined ? undefined : from.id,
    to: to.id,
    ...(isImported ? { workspace: workspaceFolder(args) } : {}),
    clause: clauseOf(args),
    different: second !== undefined && !costs && !args.flag('clauses-only'),
    ...(costs && { costs }),
    programs: args.flag('exhaustive') ? { operations } : programsFor(args, seed),
  };
}

/** Costs are compared between two states, and no clause is judged. UserError for what that leaves without sense. */
function refuseForCosts(args: Args): void {
  if (args.positionals.length < 2) {
    throw new UserError('--costs takes two states: what costs more, and than what');
  }
  const only = args.flag('clauses-only') ? 'clauses-only' : undefined;
  const pointless = args.text('clause') === undefined ? only : 'clause';
  if (pointless === undefined) return;
  throw new UserError(`--costs looks at no clause; --${pointless} has no effect`);
}

/** By chance alone where programs are probed in several places, or nobody wants more. */
function programsFor(args: Args, seed: number): Programs {
  const isApart = args.text('shard') !== undefined;
  if (isApart || (args.flag('no-learning') && args.flag('no-corpus'))) return { seed };
  const start = args.flag('no-corpus') ? [] : programsOf(casesToVary(corpusFolder(args)));
  return { seed, start, learns: !args.flag('no-learning') };
}

/** The cases of a corpus, but for what exploration has put there: to save a finding must not change the search. */
function casesToVary(folder: string): Scenario[] {
  const isNew = existsSync(folder) && !readdirSync(folder, { recursive: true }).some(isScenarioFile);
  return isNew ? [] : loadCorpus(folder).scenarios.filter(({ id }) => !id.startsWith('found/'));
}

function isScenarioFile(name: string | Buffer): boolean {
  return name.includes(sep) && name.toString().endsWith('.yaml');
}

/** The finding that was asked for has to be there; UserError that names those that are. */
function refuseUnknown(id: string | undefined, { findings, expected, others }: Search, { early }: End): void {
  if (id === undefined || early !== '' || findings.length + expected.length > 0) return;
  const known = others.size === 0 ? 'they have no findings' : suggestion(id, [...others]);
  throw new UserError(`no finding ${quote(id)} in these programs; ${known}`);
}

/** Below so many programs, threads take longer to start than they save. */
const WORTH_THREADS = 1000;

function workersFor(args: Args, assignment: Assignment, { first, end }: Limits): Workers {
  const otherwise = end - first < WORTH_THREADS ? 1 : availableParallelism();
  const count = wholeNumber(args, 'workers', otherwise, 1, 64);
  return count === 1 ? inThisThread(Prober.of(assignment)) : inThreads(assignment, count);
}

/** The options that make the same programs again. */
function learningWords(args: Args, programs: Programs): string {
  if (!('start' in programs)) return ' --no-corpus --no-learning';
  const corpus = args.text('corpus');
  return [
    args.flag('no-corpus') ? ' --no-corpus' : corpus === undefined ? '' : ` --corpus ${quote(corpus)}`,
    programs.learns ? '' : ' --no-learning',
  ].join('');
}

function replayOf(
  args: Args,
  { from, to, different, costs, programs }: Assignment,
  { index, id }: ExploredFinding,
): string {
  const options =
    'seed' in programs
      ? `--seed ${programs.seed}${learningWords(args, programs)}`
      : `--exhaustive${programs.operations === DEFAULT_GRID.operations ? '' : ` --operations ${programs.operations}`}`;
  const looksAt = costs ? ' --costs' : different ? '' : ' --clauses-only';
  const also = from === undefined ? '' : looksAt;
  const states =
    args.positionals.length > 0 ? args.positionals : [from, to].filter((one) => one !== undefined);
  const words = `${states.join(' ')} ${options}${also} --program ${index} --finding ${id}`;
  return commandLineFor(args, 'explore', words);
}

function limitsOf(args: Args, source: ProgramSource): Limits {
  const time = args.text('time');
  const most = time === undefined && source.size === Infinity ? DEFAULT_RUNS : source.size;
  const runs = args.text('runs') === undefined ? most : wholeNumber(args, 'runs', 0, 1, 1e9);
  const deadline = time === undefined ? Infinity : performance.now() + milliseconds(time);
  if (args.text('program') === undefined) return { first: 0, end: Math.min(runs, source.size), deadline };
  const first = wholeNumber(args, 'program', 0, 0, Math.min(source.size - 1, 1e9));
  return { first, end: first + 1, deadline };
}

/** How a search ended. */
interface End {
  /** What ended it before its time; empty: nothing. */
  readonly early: string;
  readonly failure?: UserError;
}

/** Runs programs until the limits or Ctrl-C. */
async function searching(search: Search, { first, end, deadline }: Limits, seed: number): Promise<End> {
  const began = performance.now();
  const ticker = setInterval(() => progress(search, end - first, performance.now() - began, seed), TICK);
  try {
    await unlessInterrupted(search.run(first, end, () => performance.now() < deadline));
  } catch (error) {
    if (error instanceof Interrupted) return { early: INTERRUPTED };
    if (!(error instanceof UserError)) throw error;
    return { early: 'cut short', failure: error };
  } finally {
    clearInterval(ticker);
    endProgress();
  }
  const isShort = Number.isFinite(end) && search.programs < end - first;
  return { early: isShort ? 'out of time' : '' };
}

function progress({ programs, findings }: Search, total: number, elapsed: number, seed: number): void {
  const rate = Math.round((programs / elapsed) * 1000);
  const of = Number.isFinite(total) ? `/${total}` : '';
  showProgress(
    () => `programs ${programs}${of}, ${rate}/s, ${plural(findings.length, 'finding')}, seed ${seed}`,
  );
}

export function header(
  { from, to }: Target,
  grid: Enumeration | undefined,
  { programs, findings, expected, tooMuch }: Search,
  how: string,
  stopped: string,
): Block[] {
  const title = from === undefined ? to.id : `${from.id} → ${to.id}`;
  const early = stopped === '' ? '' : ` (${stopped})`;
  const nothing = from === undefined ? 'Nothing new broken.' : 'No difference.';
  const list = ownFirst(findings).map(({ id, shown, index, program }) => {
    const steps = plural(program.steps.length, 'step');
    return `${id} after ${plural(index + 1, 'program')}: ${titleOf(shown)}, ${steps}`;
  });
  const known = expected.map(
    ({ entry, shown, index }) =>
      `expected, after ${plural(index + 1, 'program')}: ${titleOf(shown)} — ${entry.reason}`,
  );
  return [
    paragraph(
      strong(`explore ${title}`),
      `, ${how}: ${plural(programs, 'program')}${early}, ${plural(findings.length, 'finding')}`,
    ),
    ...(tooMuch.length === 0 ? [] : [paragraph(tooMuchText(tooMuch))]),
    ...itemsOf(grid?.covers ?? []),
    ...(findings.length > 0 ? itemsOf(list) : [paragraph(nothing)]),
    ...itemsOf(known),
  ];
}

function itemsOf(items: readonly string[]): Block[] {
  return items.length === 0 ? [] : [{ kind: 'list', items }];
}

/** What a state has from the baseline, and what touches no clause, comes last. */
function ownFirst(findings: readonly ExploredFinding[]): ExploredFinding[] {
  const rank = ({ shown: { kind } }: ExploredFinding): number =>
    kind === 'inherited' || kind === 'different' ? 1 : 0;
  return findings.toSorted((a, b) => rank(a) - rank(b));
}

/** The folder of the corpus, in which findings can be saved. */
function writableFolder(args: Args): string {
  const corpus = writableCorpusFolder(args, 'save');
  if (!existsSync(corpus)) throw new UserError(`no folder ${quote(corpus)}`);
  makeFolder(join(corpus, 'found'));
  assertWritable(join(corpus, 'found', 'x.yaml'));
  return corpus;
}

/** Each finding in a file of its own; what is there already stays. */
function save(corpus: string, target: Target, findings: readonly ExploredFinding[]): void {
  for (const finding of findings) {
    const telling = tell(target, finding);
    const file = join(corpus, `${telling.id}.yaml`);
    const yaml = toYaml(finding.program, telling);
    if (existsSync(file) && readFileSync(file, 'utf8') === yaml) continue;
    writeFile(file, yaml);
    printAside(`${visible(`saved ${file}`)}\n`);
  }
}

function milliseconds(given: string): number {
  const [, count = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(given) ?? [];
  const factor = UNITS[unit];
  if (factor !== undefined && Number(count) > 0) return Number(count) * factor;
  throw new UserError(`--time ${quote(given)} is not a time; expected a number and ms, s or m, like 30s`);
}
