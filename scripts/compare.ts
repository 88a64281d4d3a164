// SPDX-License-Identifier: GPL-2.0-only
import { STATE_EXPRESSIONS } from '../harness/subject/expression.ts';
import { existsSync, readFileSync } from 'node:fs';
import { Prefixes } from '../harness/compare/prefixes.ts';
import { foundCase, isUnchanged, type Comparison, type Finding } from '../harness/compare/comparison.ts';
import { accept, loadExpectations, type Expectation } from '../harness/compare/expectations.ts';
import type { ClauseId } from '../harness/contract/verdict.ts';
import { Machine } from '../harness/machine/machine.ts';
import { toJson } from '../harness/report/json.ts';
import { toJunit } from '../harness/report/junit.ts';
import { toMail } from '../harness/report/mail.ts';
import { makeReport, openOf } from '../harness/report/make-report.ts';
import { toMarkdown } from '../harness/report/markdown.ts';
import { toTerminal } from '../harness/report/terminal.ts';
import type { DocumentOptions } from '../harness/report/report-document.ts';
import { anchorOf, nameOf } from '../harness/report/kinds.ts';
import { FAIL_ON, fails, type FailOn, type Report } from '../harness/report/report.ts';
import type { Scenario } from '../harness/run/scenario.ts';
import type { Corpus } from '../harness/scenario/load.ts';
import { openSources } from '../harness/source/sources.ts';
import { MODEL, type Make, type State } from '../harness/subject/state.ts';
import type { Text } from '../harness/text/document.ts';
import { visible } from '../harness/text/visible.ts';
import { suggestion, UserError } from '../harness/text/user-error.ts';
import { appendFile, assertWritable, writeFile } from '../harness/text/files.ts';
import { findState } from '../variants/registry.ts';
import {
  clauseOf,
  EXIT_BAD_NEWS,
  EXIT_OK,
  oneOf,
  output,
  OUTPUT,
  quote,
  SCENARIOS,
  toolVersion,
  type Args,
  type Command,
  type Option,
} from './cli.ts';
import { anyState } from './any-state.ts';
import { compileFor, whenCompiled } from './builds.ts';
import { casesFor, corpusFolder, corpusOf, expectationsFile, writableCorpusFolder } from './corpus.ts';
import { comparisonHtml } from './comparison-html.ts';
import { EXPLORATION, explorationOf, withExploration, type Exploration } from './compare-explored.ts';
import { compareCases, measureLedger } from './measure.ts';
import { printAside } from './print.ts';
import { powerBetween } from './power.ts';
import { formatOf, screen } from './rendered.ts';
import { progressLine } from './terminal.ts';
import { WORKSPACE } from './workspace.ts';

const FORMATS = {
  markdown: toMarkdown,
  terminal: (report: Report, options: DocumentOptions) => toTerminal(report, { ...options, ...screen() }),
  json: toJson,
  junit: toJunit,
  mail: toMail,
} as const;
/** Beside these a page, which takes more than the report (comparison-html.ts). */
type Format = keyof typeof FORMATS | 'html';
const NAMES = [
  ...(Object.keys(FORMATS) as (keyof typeof FORMATS)[]),
  'html',
] as const satisfies readonly Format[];

/** They are read by programs, or have a list to choose from. */
const WHOLE: ReadonlySet<Format> = new Set(['json', 'junit', 'html']);

/** What every comparison can be asked. */
export const COMPARISON = {
  json: { type: 'boolean', help: 'short for --format json (docs/json.md)' },
  format: {
    type: 'string',
    value: 'NAME',
    choices: NAMES,
    help: 'default markdown, on a terminal terminal; html: one page to click through (docs/page.md); mail: a reply',
  },
  full: { type: 'boolean', help: 'every finding in full, with its code; without it, a page' },
  finding: {
    type: 'string',
    value: 'ID',
    help: 'only that finding in full, or those that have it in their name: isolation',
  },
  output: OUTPUT,
  summary: {
    type: 'string',
    value: 'FILE',
    writes: true,
    help: 'append the Markdown there too, as to $GITHUB_STEP_SUMMARY',
  },
  ...SCENARIOS,
  workspace: WORKSPACE,
  clause: { type: 'string', value: 'ID', help: 'only findings of this clause of the contract' },
  code: { type: 'boolean', help: 'the code of the functions involved, with each finding' },
  claims: { type: 'boolean', help: 'measure what the patches promise on every case' },
  traces: { type: 'boolean', help: 'in JSON, both traces of each finding whole, call by call' },
  'fail-on': {
    type: 'string',
    value: 'WHAT',
    choices: FAIL_ON,
    help: 'what to exit with 1 on; default regressed',
  },
  expectations: {
    type: 'string',
    value: 'FILE',
    help: "accepted findings, instead of the corpus's expectations.yaml",
  },
  accept: { type: 'string', value: 'REASON', help: 'add the regressions to the accepted findings' },
  ...EXPLORATION,
} as const satisfies Readonly<Record<string, Option>>;

export const compare: Command = {
  usage: '<from> <to>',
  options: {
    ...COMPARISON,
    power: { type: 'boolean', help: 'say how many small mistakes on the changed lines would be noticed' },
  },
  examples: [
    'v2 v3',
    'baseline v3 --clause confinement-read',
    "v3.4 v3.5 --scenario 'min-align-mask/*' --json",
  ],
  about: STATE_EXPRESSIONS,
  run,
};

async function run(args: Args): Promise<number> {
  const [from = '', to = ''] = args.positionals;
  const states = { from: await anyState(from, args), to: await anyState(to, args) };
  if (args.text('accept') !== undefined && args.text('expectations') === undefined) {
    if (findState(states.to.id) === undefined) {
      throw new UserError(`--accept is for states with a name of their own, not for ${visible(to)}`);
    }
  }
  const { notes = [], ...more } = beside(states);
  const question = readQuestion(args);
  const power = args.flag('power')
    ? await powerBetween(states.from, states.to, question.scenarios)
    : undefined;
  return reportOn(args, question, {
    ...states,
    ...more,
    ...(power === undefined ? {} : { power }),
    notes: [...notes, ...notesOf(states)],
  });
}

/** What is to be known of two states, each thing once. */
export function notesOf({ from, to }: { from: State; to: State }): string[] {
  return [...new Set([from, to].flatMap(({ id, notes = [] }) => notes.map((note) => `${id}: ${note}`)))];
}

/** What two states differ in beside their patches, where one was compiled. */
function beside({ from, to }: { from: State; to: State }): Pick<Compared, 'notes' | 'bases'> {
  if (from.root === to.root || (from.c === undefined && to.c === undefined)) return {};
  // Of a state without a patch, the report says so anyway.
  const compiled = [from, to].filter(({ c, chain }) => c !== undefined && chain.length > 0);
  const notes = compiled.map(({ id, origin }) => `${id} is compiled from ${origin}`);
  const [one, other] = [from.make ?? MODEL, to.make ?? MODEL];
  if (one.below === other.below && one.archSync === other.archSync) return { notes };
  const [a, b] = [to.madeAs?.(one), from.madeAs?.(other)];
  const bases = a === undefined ? b && { from, to: b } : { from: a, to };
  const differ = `made otherwise: ${from.id} ${made(one)}, ${to.id} ${made(other)}`;
  if (bases === undefined) {
    return { notes: [...notes, `${differ}; what follows from that alone is not told apart`] };
  }
  const what = 'that the make alone brings about';
  return {
    notes: [...notes, `${differ}; what follows from that alone is listed apart`],
    bases: { ...bases, what },
  };
}

function made({ below, archSync }: Make): string {
  const pool = below === 'tree' ? 'stands on its own swiotlb.c and iova.c' : 'on the model of those of 5.14';
  const cache = archSync === 'clean' ? 'cleans' : 'invalidates, as in 5.14,';
  return `${pool} and ${cache} what is mapped from-device`;
}

/** What a command line asks of a comparison. */
export interface Question {
  readonly clause: ClauseId | undefined;
  readonly failOn: FailOn;
  /** Why the regressions are accepted; undefined: they are not. */
  readonly reason: string | undefined;
  /** The file with accepted findings; undefined: none. */
  readonly expectationsFile: string | undefined;
  readonly expectations: readonly Expectation[];
  readonly corpus: Corpus;
  readonly scenarios: readonly Scenario[];
  readonly format: Format;
  readonly exploration: Exploration;
}

/** The question; UserError for what is no good, before any work is done. `own`: only what --expectations names counts. */
export function readQuestion(args: Args, { own = false } = {}): Question {
  const clause = clauseOf(args);
  const format = args.flag('json') ? 'json' : formatOf(args, NAMES);
  const failOn = oneOf(args.text('fail-on') ?? 'regressed', 'fail-on', FAIL_ON);
  const reason = args.text('accept');
  if (reason?.trim() === '') {
    throw new UserError('--accept takes the reason why the regressions are accepted');
  }
  if (reason !== undefined && visible(reason) !== reason) {
    throw new UserError(`--accept takes one line of text, without what nobody sees; not ${quote(reason)}`);
  }
  if (args.text('finding') !== undefined && WHOLE.has(format)) {
    throw new UserError(`--finding is for markdown, terminal and mail; ${format} has all findings`);
  }
  if (args.flag('traces') && format !== 'json') {
    throw new UserError(`--traces is for json; ${format} shows what differs, and the command trace the rest`);
  }
  const named = args.text('expectations');
  if (own && reason !== undefined && named === undefined) {
    throw new UserError('--accept needs --expectations FILE, the file that it adds to');
  }
  const file = named ?? (own ? undefined : corpusExpectations(args, reason !== undefined));
  if (reason !== undefined && file !== undefined) assertWritable(file);
  const exploration = explorationOf(args, { usual: own && args.text('scenario') === undefined });
  const corpus = corpusOf(args);
  return {
    clause,
    failOn,
    reason,
    expectationsFile: file,
    expectations: file === undefined ? [] : loadExpectations(file, { anyState: named !== undefined }),
    corpus,
    scenarios: casesFor(corpus, args),
    format,
    exploration,
  };
}

function corpusExpectations(args: Args, isWritten: boolean): string {
  return expectationsFile(isWritten ? writableCorpusFolder(args, 'accept') : corpusFolder(args));
}

/** What is compared, and what its reader should know. */
export interface Compared {
  readonly from: State;
  readonly to: State;
  /** Two states that differ in nothing but what no patch has done: findings that these differ in are listed apart. */
  readonly bases?: { readonly from: State; readonly to: State; readonly what: string } | undefined;
  /** Said in the first lines. */
  readonly notes?: readonly Text[];
  /** What prints the report again. */
  readonly command?: string;
  /** How many small mistakes on the changed lines would be noticed, in a sentence. */
  readonly power?: string;
}

/** What prints the report again, where that is not the two states alone. */
export function commandFor(
  { from, to, command }: Pick<Compared, 'from' | 'to' | 'command'>,
  { explored }: Comparison,
): { command?: string } {
  if (explored === undefined) return command === undefined ? {} : { command };
  const usual = command ?? `npx bouncediff compare ${from.id} ${to.id}`;
  return { command: `${usual} --explore ${explored.programs}` };
}

/** Compares, writes the report, and returns the exit code. */
export async function reportOn(args: Args, question: Question, compared: Compared): Promise<number> {
  const { clause, reason, format, scenarios, corpus, expectations, expectationsFile: file } = question;
  const { from, to, notes, bases } = compared;
  await compileFor([from, to, ...(bases === undefined ? [] : [bases.from, bases.to])], scenarios);
  const onCorpus = await compareCases(from, to, scenarios, { clause });
  const measured = await withExploration(onCorpus, question);
  const found = measured.explored?.found.map(({ scenario }) => scenario) ?? [];
  const all = [...scenarios, ...found];
  const ofBases = bases && (await compareCases(bases.from, bases.to, all, { clause }));
  const machine = new Machine();
  const prefixes = new Prefixes(machine);
  const known = { expectations, bases: ofBases && { comparison: ofBases, what: bases?.what ?? '' } };
  const { comparison } = openOf(measured, known);
  const ledger = await measureLedger(prefixes, comparison, scenarios, args.flag('claims'));
  const needsCode = args.flag('code') || args.flag('full') || format === 'html' || format === 'mail';
  const sources = needsCode || measured.findings.every(isUnchanged) ? await openSources() : undefined;
  const { report, stale } = await whenCompiled(() =>
    makeReport(machine, from, to, {
      ...known,
      scenarios,
      ledger,
      allClaims: args.flag('claims'),
      traces: args.flag('traces'),
      sources,
      clause,
      patchProgress: progressLine('patches'),
      context: {
        corpusHash: corpus.hash,
        version: toolVersion(),
        ...(notes === undefined ? {} : { notes }),
        ...commandFor(compared, measured),
        ...(compared.power === undefined ? {} : { power: compared.power }),
      },
      measured,
      prefixes,
    }),
  );
  const [gone] = stale;
  const isWhole = clause === undefined && args.text('scenario') === undefined;
  const isOwn = [from, to].every((state) => state.prepare === undefined);
  // Only a whole comparison can say that an expectation matches nothing, and only of what was written for it.
  if (gone !== undefined && isWhole && isOwn && args.text('expectations') === undefined) {
    throw new UserError(
      `${file}:${gone.line}: matches nothing in ${from.id} and ${to.id} any more; delete it`,
    );
  }
  const summary = args.text('summary');
  if (summary !== undefined) appendFile(summary, toMarkdown(report));
  const shown = {
    full: args.flag('full'),
    code: args.flag('code') || args.flag('full'),
    only: findingsNamed(report, args.text('finding')),
    failOn: question.failOn,
  };
  output(
    args,
    format === 'html' ? await comparisonHtml(report, prefixes, scenarios) : FORMATS[format](report, shown),
  );
  if (reason !== undefined && file !== undefined) {
    const isLeft = acceptRegressions(file, report.comparison, reason);
    return isLeft ? EXIT_BAD_NEWS : EXIT_OK;
  }
  return fails(report, question.failOn) ? EXIT_BAD_NEWS : EXIT_OK;
}

/**
 * The findings of that id or of that end of it, or that have it in their name; undefined: all. UserError that names
 * those that there are.
 */
function findingsNamed(report: Report, name: string | undefined): ReadonlySet<Finding> | undefined {
  if (name === undefined) return undefined;
  const { findings } = report.comparison;
  const id = (finding: Finding): string => anchorOf(report, finding);
  const same = findings.filter((finding) => id(finding) === name || id(finding).endsWith(`-${name}`));
  const found = same.length > 0 ? same : findings.filter((finding) => nameOf(finding).includes(name));
  if (found.length > 0) return new Set(found);
  const { from, to } = report.comparison;
  throw new UserError(
    findings.length === 0
      ? `${from.id} → ${to.id} has no findings at all`
      : `no finding ${quote(name)}; ${suggestion(name, [...new Set(findings.map(nameOf))], findings.map(id))}`,
  );
}

/** Accepts what the corpus shows; whether there is more: what has no file yet cannot be named. */
function acceptRegressions(file: string, comparison: Comparison, reason: string): boolean {
  const findings = comparison.findings.filter((finding) => foundCase(comparison, finding) === undefined);
  const isLeft = comparison.findings.some(
    (finding) => finding.kind === 'regressed' && foundCase(comparison, finding) !== undefined,
  );
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const { text, added } = accept(before, { ...comparison, findings }, reason);
  if (added > 0) writeFile(file, text);
  printAside(`${added} ${added === 1 ? 'expectation' : 'expectations'} added to ${visible(file)}\n`);
  if (isLeft) {
    printAside('what exploration has found is not accepted: put its scenario into a corpus first\n');
  }
  return isLeft;
}
