// SPDX-License-Identifier: GPL-2.0-only
import { join } from 'node:path';
import { loadExpectations } from '../harness/compare/expectations.ts';
import { Machine } from '../harness/machine/machine.ts';
import { toComment } from '../harness/report/comment.ts';
import { toJson } from '../harness/report/json.ts';
import { makeReport } from '../harness/report/make-report.ts';
import { toMarkdown } from '../harness/report/markdown.ts';
import { FAIL_ON, fails, type Report } from '../harness/report/report.ts';
import { openSources } from '../harness/source/sources.ts';
import { visible } from '../harness/text/visible.ts';
import { UserError } from '../harness/text/user-error.ts';
import type { State } from '../harness/subject/state.ts';
import { appendFile, assertWritable, makeFolder, writeFile } from '../harness/text/files.ts';
import { readText } from '../harness/text/read-file.ts';
import { packageRoot } from '../harness/text/package-root.ts';
import {
  EXIT_BAD_NEWS,
  EXIT_OK,
  oneOf,
  quote,
  stateNamed,
  toolVersion,
  type Args,
  type Command,
} from './cli.ts';
import { projectCorpus } from './corpus.ts';
import { interruptible } from './interrupt.ts';
import { print, printError } from './print.ts';
import { progressLine } from './terminal.ts';
import { REPORT_ONLY } from './touched.ts';

export const pullRequest: Command = {
  usage: '<pairs> <folder>',
  options: {
    summary: {
      type: 'string',
      value: 'FILE',
      writes: true,
      help: 'append the comment there too: $GITHUB_STEP_SUMMARY',
    },
    artefacts: { type: 'string', value: 'URL', help: 'where the folder can be found later' },
    'fail-on': {
      type: 'string',
      value: 'WHAT',
      choices: FAIL_ON,
      help: 'what to exit with 1 on; default unexplained',
    },
  },
  examples: ['touched.txt report/'],
  run,
};

async function run(args: Args): Promise<number> {
  const [pairs = '', folder = ''] = args.positionals;
  const failOn = oneOf(args.text('fail-on') ?? 'unexplained', 'fail-on', FAIL_ON);
  const wanted = readPairs(pairs);
  makeFolder(folder);
  assertWritable(join(folder, 'comment.md'));
  const reports = await reportsOn(wanted);
  for (const report of reports) {
    const { from, to } = report.comparison;
    const name = `${from.id}-${to.id}`.replaceAll('/', '-');
    writeFile(join(folder, `${name}.md`), toMarkdown(report, { full: true }));
    writeFile(join(folder, `${name}.json`), toJson(report));
  }
  const comment = toComment(reports, args.text('artefacts'));
  writeFile(join(folder, 'comment.md'), comment);
  const summary = args.text('summary');
  if (summary !== undefined) appendFile(summary, comment);
  const bad = reports.filter((report, index) => wanted[index]?.counts === true && fails(report, failOn));
  for (const { comparison } of bad) {
    printError(visible(`${comparison.from.id} → ${comparison.to.id} fails on: ${failOn}`));
  }
  print(`${reports.length} compared; ${visible(join(folder, 'comment.md'))}\n`);
  return bad.length > 0 ? EXIT_BAD_NEWS : EXIT_OK;
}

/** A line of the file. */
interface Pair {
  readonly from: State;
  readonly to: State;
  /** What is wrong with it is news. */
  readonly counts: boolean;
}

/** Largest file of pairs, bytes. */
const MAX_PAIRS_SIZE = 64 * 1024;

function readPairs(file: string): Pair[] {
  const lines = readText(file, MAX_PAIRS_SIZE)
    .split('\n')
    .filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [from, to, mark, ...more] = line.trim().split(/\s+/);
    if (from === undefined || to === undefined || more.length > 0 || (mark ?? REPORT_ONLY) !== REPORT_ONLY) {
      throw new UserError(`${file}: ${quote(line)} is no pair of states`);
    }
    return { from: stateNamed(from), to: stateNamed(to), counts: mark === undefined };
  });
}

async function reportsOn(pairs: readonly Pair[]): Promise<Report[]> {
  if (pairs.length === 0) return [];
  const corpus = projectCorpus();
  const options = {
    scenarios: corpus.scenarios,
    expectations: loadExpectations(join(packageRoot(), 'corpus', 'expectations.yaml')),
    wholeLedger: false,
    sources: await openSources(),
    context: { corpusHash: corpus.hash, version: toolVersion() },
  };
  const machine = new Machine();
  const reports: Report[] = [];
  for (const { from, to } of pairs) {
    const progress = progressLine(`${from.id} → ${to.id}`);
    const made = await interruptible(() => makeReport(machine, from, to, { ...options, progress }));
    reports.push(made.report);
  }
  return reports;
}
