// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { loadExpectations } from '../harness/compare/expectations.ts';
import { CLAUSE_IDS, type ClauseId } from '../harness/contract/clause.ts';
import { DEFAULT_GRID, enumerate, type Enumeration } from '../harness/explore/enumerate.ts';
import type { Subject } from '../harness/explore/probe.ts';
import { Search, type ExploredFinding } from '../harness/explore/search.ts';
import { sectionOf, tell, titleOf } from '../harness/explore/section.ts';
import { seededPrograms, type ProgramSource } from '../harness/explore/source.ts';
import { toYaml } from '../harness/explore/yaml.ts';
import { Machine } from '../harness/machine/machine.ts';
import { plural } from '../harness/report/escape.ts';
import { UserError } from '../harness/scenario/user-error.ts';
import {
  EXIT_BAD_NEWS,
  EXIT_OK,
  output,
  packageRoot,
  quote,
  runAsScript,
  stateNamed,
  suggestion,
  writeFile,
  type Args,
  type Command,
} from './cli.ts';

export const explore: Command = {
  name: 'explore',
  usage: '<from> [<to>]',
  summary: 'Generated programs on which two states differ, or on which one state breaks the contract.',
  positionals: { min: 1, max: 2 },
  options: {
    runs: { type: 'string', value: 'N', help: 'programs to run (2000; with --time: as many as it takes)' },
    time: { type: 'string', value: 'TIME', help: 'stop after that time: 500ms, 30s, 2m' },
    seed: { type: 'string', value: 'S', help: 'which programs, a whole number (1)' },
    clause: { type: 'string', value: 'ID', help: 'only findings of this clause of the contract' },
    'clauses-only': {
      type: 'boolean',
      help: 'leave out traces that differ without touching a clause of the contract',
    },
    exhaustive: { type: 'boolean', help: 'every program of a small grid, instead of programs by chance' },
    operations: {
      type: 'string',
      value: 'N',
      help: `operations of an exhaustive program (${DEFAULT_GRID.operations})`,
    },
    save: { type: 'boolean', help: 'put the shrunk scenarios into corpus/found/' },
    program: { type: 'string', value: 'N', help: 'only program number N' },
    finding: { type: 'string', value: 'ID', help: 'only this finding' },
    output: { type: 'string', value: 'FILE', help: 'write there instead of standard output' },
  },
  examples: [
    'npm run explore -- v2 v3 --runs 20000 --seed 1',
    'npm run explore -- v8 --time 30s --clause confinement-read',
    'npm run explore -- v7 v8 --exhaustive',
  ],
  exits: { 0: 'nothing found', 1: 'something found', 2: 'trouble: bad input, or a finding cannot be saved' },
  run,
};

const DEFAULT_RUNS = 2000;
/** Milliseconds between two looks at the clock, the progress line and Ctrl-C. */
const SLICE = 50;
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

interface Limits {
  readonly first: number;
  /** Exclusive. */
  readonly end: number;
  readonly deadline: number;
}

async function run(args: Args): Promise<number> {
  const [first = '', second] = args.positionals;
  const subject: Subject = {
    from: second === undefined ? undefined : stateNamed(first),
    to: stateNamed(second ?? first),
    baseline: stateNamed('baseline'),
    clause: clauseNamed(args.text('clause')),
    different: second !== undefined && !args.flag('clauses-only'),
  };
  const seed = wholeNumber(args, 'seed', 1, 0, 0xffffffff);
  const operations = wholeNumber(args, 'operations', DEFAULT_GRID.operations, 1, 4);
  const grid = args.flag('exhaustive') ? enumerate({ ...DEFAULT_GRID, operations }) : undefined;
  const source: ProgramSource = grid ?? seededPrograms(seed);
  const limits = limitsOf(args, source);
  const expectations = loadExpectations(join(packageRoot(), 'corpus', 'expectations.yaml'));
  const machine = new Machine();
  const search = new Search(machine, subject, source, expectations, args.text('finding'));
  const stopped = await searching(search, limits, seed);
  const options =
    grid === undefined
      ? `--seed ${seed}`
      : `--exhaustive${operations === DEFAULT_GRID.operations ? '' : ` --operations ${operations}`}`;
  const replay = (finding: ExploredFinding): string => {
    const also = args.flag('clauses-only') ? ' --clauses-only' : '';
    return `npm run explore -- ${args.positionals.join(' ')} ${options}${also} --program ${finding.index} --finding ${finding.id}`;
  };
  const sections = ownFirst(search.findings).map((finding) =>
    sectionOf(machine, subject, finding, replay(finding)),
  );
  const single = args.text('finding') !== undefined;
  const head = single
    ? []
    : header(subject, grid, search, grid === undefined ? `seed ${seed}` : 'exhaustive', stopped);
  output(args, `${[...head, ...sections].join('\n\n')}\n`);
  if (args.flag('save')) save(subject, search.findings);
  return search.findings.length > 0 ? EXIT_BAD_NEWS : EXIT_OK;
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

/** Runs programs until the limits or Ctrl-C; says what ended it early. */
async function searching(search: Search, { first, end, deadline }: Limits, seed: number): Promise<string> {
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort();
  process.once('SIGINT', interrupt);
  const began = performance.now();
  let looked = began;
  let index = first;
  try {
    for (; index < end; index++) {
      search.run(index);
      const now = performance.now();
      if (now > deadline) break;
      if (now - looked < SLICE) continue;
      looked = now;
      progress(search, end - first, now - began, seed);
      await setImmediate();
      if (interruption.signal.aborted) return 'interrupted';
    }
  } finally {
    process.removeListener('SIGINT', interrupt);
    if (process.stderr.isTTY) process.stderr.write('\r\u001B[K');
  }
  return index < end && Number.isFinite(end) ? 'out of time' : '';
}

function progress({ programs, findings }: Search, total: number, elapsed: number, seed: number): void {
  if (!process.stderr.isTTY) return;
  const rate = Math.round((programs / elapsed) * 1000);
  const of = Number.isFinite(total) ? `/${total}` : '';
  process.stderr.write(
    `\r\u001B[Kprograms ${programs}${of}, ${rate}/s, ${plural(findings.length, 'finding')}, seed ${seed}`,
  );
}

function header(
  { from, to }: Subject,
  grid: Enumeration | undefined,
  { programs, findings, expected }: Search,
  how: string,
  stopped: string,
): string[] {
  const title = from === undefined ? to.id : `${from.id} → ${to.id}`;
  const early = stopped === '' ? '' : ` (${stopped})`;
  const list = ownFirst(findings).map(({ id, shown, index, program }) => {
    const steps = plural(program.steps.length, 'step');
    return `- ${id} after ${plural(index + 1, 'program')}: ${titleOf(shown)}, ${steps}`;
  });
  const known = expected.map(
    ({ entry, shown, index }) =>
      `- expected, after ${plural(index + 1, 'program')}: ${titleOf(shown)} — ${entry.reason}`,
  );
  return [
    `**explore ${title}**, ${how}: ${plural(programs, 'program')}${early}, ${plural(findings.length, 'finding')}`,
    ...(grid === undefined ? [] : [grid.covers.map((line) => `- ${line}`).join('\n')]),
    ...(findings.length === 0
      ? [from === undefined ? 'Nothing new broken.' : 'No difference.']
      : [list.join('\n')]),
    ...(known.length === 0 ? [] : [known.join('\n')]),
  ];
}

/** What a state has from the baseline, and what touches no clause, comes last. */
function ownFirst(findings: readonly ExploredFinding[]): ExploredFinding[] {
  const rank = ({ shown: { kind } }: ExploredFinding): number =>
    kind === 'inherited' || kind === 'different' ? 1 : 0;
  return findings.toSorted((a, b) => rank(a) - rank(b));
}

/** Each finding in a file of its own; what is there already stays. */
function save(subject: Subject, findings: readonly ExploredFinding[]): void {
  const folder = join(packageRoot(), 'corpus', 'found');
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new UserError(
      `cannot make ${quote(folder)}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  for (const finding of findings) {
    const telling = tell(subject, finding);
    const file = join(packageRoot(), 'corpus', `${telling.id}.yaml`);
    const text = toYaml(finding.program, telling);
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
    writeFile(file, text);
    process.stderr.write(`saved ${file}\n`);
  }
}

function wholeNumber(args: Args, name: string, otherwise: number, min: number, max: number): number {
  const given = args.text(name);
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (/^\d+$/.test(given) && value >= min && value <= max) return value;
  throw new UserError(`--${name} ${quote(given)} is not a whole number from ${min} to ${max}`);
}

function milliseconds(given: string): number {
  const [, count = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(given) ?? [];
  const factor = UNITS[unit];
  if (factor !== undefined && Number(count) > 0) return Number(count) * factor;
  throw new UserError(`--time ${quote(given)} is not a time; expected a number and ms, s or m, like 30s`);
}

function clauseNamed(id: string | undefined): ClauseId | undefined {
  if (id === undefined) return undefined;
  const clause = CLAUSE_IDS.find((known) => known === id);
  if (clause !== undefined) return clause;
  throw new UserError(`unknown clause ${quote(id)}; ${suggestion(id, CLAUSE_IDS)}`);
}

await runAsScript(import.meta.url, explore);
