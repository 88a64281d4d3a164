// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Comparison } from '../harness/compare/comparison.ts';
import { accept, loadExpectations } from '../harness/compare/expectations.ts';
import { CLAUSE_IDS, type ClauseId } from '../harness/contract/clause.ts';
import { Machine } from '../harness/machine/machine.ts';
import { toJson } from '../harness/report/json.ts';
import { toJunit } from '../harness/report/junit.ts';
import { makeReport } from '../harness/report/make-report.ts';
import { toMarkdown } from '../harness/report/markdown.ts';
import { toTerminal } from '../harness/report/terminal.ts';
import { FAIL_ON, fails, type Report } from '../harness/report/report.ts';
import { openSources } from '../harness/source/sources.ts';
import { suggestion, UserError } from '../harness/text/user-error.ts';
import { appendFile, writeFile } from '../harness/text/files.ts';
import { packageRoot } from '../harness/text/package-root.ts';
import {
  casesFor,
  EXIT_BAD_NEWS,
  EXIT_OK,
  oneOf,
  output,
  projectCorpus,
  quote,
  runAsScript,
  stateNamed,
  toolVersion,
  type Args,
  type Command,
} from './cli.ts';
import { progressLine, wantsColour } from './terminal.ts';

/** Columns of a terminal that does not tell. */
const COLUMNS = 100;
const FORMATS = {
  markdown: (report: Report, full: boolean) => toMarkdown(report, { full }),
  terminal: (report: Report, full: boolean) => {
    const { isTTY, columns } = process.stdout;
    const width = isTTY && columns > 0 ? columns : COLUMNS;
    return toTerminal(report, { full, columns: width, colour: wantsColour(process.stdout) });
  },
  json: toJson,
  junit: toJunit,
} as const;

export const compare: Command = {
  name: 'compare',
  usage: '<from> <to>',
  summary: 'What changed in observable behaviour and cost between two states of the series.',
  positionals: { min: 2, max: 2 },
  options: {
    json: { type: 'boolean', help: 'short for --format json (docs/json.md)' },
    format: {
      type: 'string',
      value: 'NAME',
      help: `${Object.keys(FORMATS).join(', ')}; default markdown, on a terminal terminal`,
    },
    full: { type: 'boolean', help: 'no limit on the length; without it, as much as a GitHub comment takes' },
    output: { type: 'string', value: 'FILE', help: 'write there instead of standard output' },
    summary: {
      type: 'string',
      value: 'FILE',
      help: 'append the Markdown there too, as to $GITHUB_STEP_SUMMARY',
    },
    scenario: { type: 'string', value: 'GLOB', help: 'only scenarios or cases that match, like sync/*' },
    clause: { type: 'string', value: 'ID', help: 'only findings of this clause of the contract' },
    code: { type: 'boolean', help: 'the code of the functions involved, folded under each finding' },
    ledger: { type: 'boolean', help: 'measure the ledger of the patches on every case' },
    'fail-on': { type: 'string', value: 'WHAT', help: `exit 1 on: ${FAIL_ON.join(', ')}; default regressed` },
    accept: { type: 'string', value: 'REASON', help: 'write the regressions to corpus/expectations.yaml' },
  },
  examples: [
    'npm run compare v2 v3',
    'npm run compare -- baseline v3 --clause confinement-read',
    "npx bouncediff compare v3.4 v3.5 --scenario 'min-align-mask/*' --json",
  ],
  exits: {
    0: 'nothing regressed',
    1: 'something regressed',
    2: 'trouble: bad input, or the tool contradicts itself',
  },
  run,
};

async function run(args: Args): Promise<number> {
  const [from = '', to = ''] = args.positionals;
  const states = [stateNamed(from), stateNamed(to)] as const;
  const clause = clauseNamed(args.text('clause'));
  const render = formatNamed(args);
  const failOn = oneOf(args.text('fail-on') ?? 'regressed', 'fail-on', FAIL_ON);
  const reason = args.text('accept');
  if (reason?.trim() === '') {
    throw new UserError('--accept takes the reason why the regressions are accepted');
  }
  const corpus = projectCorpus();
  const expectationsFile = join(packageRoot(), 'corpus', 'expectations.yaml');
  const scenarios = casesFor(corpus, args);
  const { report, stale } = makeReport(new Machine(), ...states, {
    scenarios,
    expectations: loadExpectations(expectationsFile),
    wholeLedger: args.flag('ledger'),
    sources: args.flag('code') ? await openSources() : undefined,
    clause,
    progress: progressLine('cases'),
    patchProgress: progressLine('patches'),
    context: { corpusHash: corpus.hash, version: toolVersion() },
  });
  const [gone] = stale;
  // Only a whole comparison can say that an expectation matches nothing.
  if (gone !== undefined && clause === undefined && scenarios.length === corpus.scenarios.length) {
    throw new UserError(
      `${expectationsFile}:${gone.line}: matches nothing in ${from} and ${to} any more; delete it`,
    );
  }
  const summary = args.text('summary');
  if (summary !== undefined) appendFile(summary, toMarkdown(report, { full: false }));
  output(args, render(report, args.flag('full')));
  if (reason !== undefined) {
    acceptRegressions(expectationsFile, report.comparison, reason);
    return EXIT_OK;
  }
  return fails(report, failOn) ? EXIT_BAD_NEWS : EXIT_OK;
}

function formatNamed(args: Args): (report: Report, full: boolean) => string {
  if (args.flag('json')) return toJson;
  const names = Object.keys(FORMATS) as (keyof typeof FORMATS)[];
  const isRead = process.stdout.isTTY && args.text('output') === undefined;
  return FORMATS[oneOf(args.text('format') ?? (isRead ? 'terminal' : 'markdown'), 'format', names)];
}

function acceptRegressions(file: string, comparison: Comparison, reason: string): void {
  const { text, added } = accept(existsSync(file) ? readFileSync(file, 'utf8') : '', comparison, reason);
  if (added > 0) writeFile(file, text);
  process.stderr.write(`${added} ${added === 1 ? 'expectation' : 'expectations'} added to ${file}\n`);
}

function clauseNamed(id: string | undefined): ClauseId | undefined {
  if (id === undefined) return undefined;
  const clause = CLAUSE_IDS.find((known) => known === id);
  if (clause !== undefined) return clause;
  throw new UserError(`unknown clause ${quote(id)}; ${suggestion(id, CLAUSE_IDS)}`);
}

await runAsScript(import.meta.url, compare);
