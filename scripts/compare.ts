// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, readFileSync } from 'node:fs';
import type { Comparison } from '../harness/compare/comparison.ts';
import { accept, loadExpectations } from '../harness/compare/expectations.ts';
import { Machine } from '../harness/machine/machine.ts';
import { toJson } from '../harness/report/json.ts';
import { toJunit } from '../harness/report/junit.ts';
import { makeReport } from '../harness/report/make-report.ts';
import { toMarkdown } from '../harness/report/markdown.ts';
import { toTerminal } from '../harness/report/terminal.ts';
import { FAIL_ON, fails, type Report } from '../harness/report/report.ts';
import { openSources } from '../harness/source/sources.ts';
import { visible } from '../harness/text/visible.ts';
import { UserError } from '../harness/text/user-error.ts';
import { appendFile, assertWritable, writeFile } from '../harness/text/files.ts';
import {
  clauseOf,
  EXIT_BAD_NEWS,
  EXIT_OK,
  isRead,
  oneOf,
  output,
  OUTPUT,
  quote,
  SCENARIOS,
  stateNamed,
  toolVersion,
  type Args,
  type Command,
} from './cli.ts';
import { casesFor, corpusFolder, corpusOf, expectationsFile, writableCorpusFolder } from './corpus.ts';
import { interruptible } from './interrupt.ts';
import { printAside } from './print.ts';
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
  usage: '<from> <to>',
  options: {
    json: { type: 'boolean', help: 'short for --format json (docs/json.md)' },
    format: {
      type: 'string',
      value: 'NAME',
      choices: Object.keys(FORMATS),
      help: 'default markdown, on a terminal terminal',
    },
    full: { type: 'boolean', help: 'no limit on the length; without it, as much as a GitHub comment takes' },
    output: OUTPUT,
    summary: {
      type: 'string',
      value: 'FILE',
      writes: true,
      help: 'append the Markdown there too, as to $GITHUB_STEP_SUMMARY',
    },
    ...SCENARIOS,
    clause: { type: 'string', value: 'ID', help: 'only findings of this clause of the contract' },
    code: { type: 'boolean', help: 'the code of the functions involved, folded under each finding' },
    ledger: { type: 'boolean', help: 'measure the ledger of the patches on every case' },
    'fail-on': {
      type: 'string',
      value: 'WHAT',
      choices: FAIL_ON,
      help: 'what to exit with 1 on; default regressed',
    },
    accept: {
      type: 'string',
      value: 'REASON',
      help: "add the regressions to the corpus's expectations.yaml",
    },
  },
  examples: [
    'v2 v3',
    'baseline v3 --clause confinement-read',
    "v3.4 v3.5 --scenario 'min-align-mask/*' --json",
  ],
  run,
};

async function run(args: Args): Promise<number> {
  const [from = '', to = ''] = args.positionals;
  const states = [stateNamed(from), stateNamed(to)] as const;
  const clause = clauseOf(args);
  const render = formatNamed(args);
  const failOn = oneOf(args.text('fail-on') ?? 'regressed', 'fail-on', FAIL_ON);
  const reason = args.text('accept');
  if (reason?.trim() === '') {
    throw new UserError('--accept takes the reason why the regressions are accepted');
  }
  if (reason !== undefined && visible(reason) !== reason) {
    throw new UserError(`--accept takes one line of text, without what nobody sees; not ${quote(reason)}`);
  }
  const expectations = expectationsFile(
    reason === undefined ? corpusFolder(args) : writableCorpusFolder(args, 'accept'),
  );
  if (reason !== undefined) assertWritable(expectations);
  const corpus = corpusOf(args);
  const scenarios = casesFor(corpus, args);
  const options = {
    scenarios,
    expectations: loadExpectations(expectations),
    wholeLedger: args.flag('ledger'),
    sources: args.flag('code') ? await openSources() : undefined,
    clause,
    progress: progressLine('cases'),
    patchProgress: progressLine('patches'),
    context: { corpusHash: corpus.hash, version: toolVersion() },
  };
  const { report, stale } = await interruptible(() => makeReport(new Machine(), ...states, options));
  const [gone] = stale;
  // Only a whole comparison can say that an expectation matches nothing.
  if (gone !== undefined && clause === undefined && scenarios.length === corpus.scenarios.length) {
    throw new UserError(
      `${expectations}:${gone.line}: matches nothing in ${from} and ${to} any more; delete it`,
    );
  }
  const summary = args.text('summary');
  if (summary !== undefined) appendFile(summary, toMarkdown(report, { full: false }));
  output(args, render(report, args.flag('full')));
  if (reason !== undefined) {
    acceptRegressions(expectations, report.comparison, reason);
    return EXIT_OK;
  }
  return fails(report, failOn) ? EXIT_BAD_NEWS : EXIT_OK;
}

function formatNamed(args: Args): (report: Report, full: boolean) => string {
  if (args.flag('json')) return toJson;
  const names = Object.keys(FORMATS) as (keyof typeof FORMATS)[];
  return FORMATS[oneOf(args.text('format') ?? (isRead(args) ? 'terminal' : 'markdown'), 'format', names)];
}

function acceptRegressions(file: string, comparison: Comparison, reason: string): void {
  const { text, added } = accept(existsSync(file) ? readFileSync(file, 'utf8') : '', comparison, reason);
  if (added > 0) writeFile(file, text);
  printAside(`${added} ${added === 1 ? 'expectation' : 'expectations'} added to ${visible(file)}\n`);
}
