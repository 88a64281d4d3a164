// SPDX-License-Identifier: GPL-2.0-only
import { join } from 'node:path';
import { loadExpectations } from '../harness/compare/expectations.ts';
import { Prefixes } from '../harness/compare/prefixes.ts';
import { Machine } from '../harness/machine/machine.ts';
import { toComment } from '../harness/report/comment.ts';
import { toJson } from '../harness/report/json.ts';
import { toJunit } from '../harness/report/junit.ts';
import { makeReport } from '../harness/report/make-report.ts';
import { toMarkdown } from '../harness/report/markdown.ts';
import { FAIL_ON, fails, type Report } from '../harness/report/report.ts';
import type { Sources } from '../harness/source/effective-source.ts';
import { openSources } from '../harness/source/sources.ts';
import { visible } from '../harness/text/visible.ts';
import { UserError } from '../harness/text/user-error.ts';
import type { State } from '../harness/subject/state.ts';
import { appendFile, assertWritable, makeFolder, writeFile } from '../harness/text/files.ts';
import { readText } from '../harness/text/read-file.ts';
import { packageRoot } from '../harness/text/package-root.ts';
import { annotationsOf, type Judged } from './annotations.ts';
import { anyState } from './any-state.ts';
import { compileFor, whenCompiled } from './builds.ts';
import { changedLines } from './changed.ts';
import { EXIT_BAD_NEWS, EXIT_OK, oneOf, quote, toolVersion, type Args, type Command } from './cli.ts';
import { comparisonHtml } from './comparison-html.ts';
import { projectCorpus } from './corpus.ts';
import { print, printAnnotation } from './print.ts';
import { progressLine } from './terminal.ts';
import { REPORT_ONLY } from './touched.ts';
import { WORKSPACE } from './workspace.ts';

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
    annotate: {
      type: 'string',
      value: 'REF',
      help: 'regressions beside the lines that have changed since the branch left REF',
    },
    workspace: WORKSPACE,
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
  const wanted = await readPairs(pairs, args);
  const base = args.text('annotate');
  const changed = base === undefined ? undefined : await changedLines(base);
  makeFolder(folder);
  assertWritable(join(folder, 'comment.md'));
  const sources = await openSources();
  const compared = await compareAll(wanted, sources, (report, name, html) => {
    writeFile(join(folder, `${name}.md`), toMarkdown(report, { full: true }));
    writeFile(join(folder, `${name}.json`), toJson(report));
    writeFile(join(folder, `${name}.html`), html);
  });
  const own = compared.filter(({ counts }) => counts);
  const junit = join(folder, 'junit');
  if (own.length > 0) makeFolder(junit);
  for (const { report } of own) writeFile(join(junit, `${nameOf(report)}.xml`), toJunit(report, { failOn }));
  const reports = compared.map(({ report }) => report);
  const comment = toComment(reports, args.text('artefacts'));
  writeFile(join(folder, 'comment.md'), comment);
  const summary = args.text('summary');
  if (summary !== undefined) appendFile(summary, comment);
  if (changed !== undefined) annotationsOf(compared, changed, sources).forEach(printAnnotation);
  const bad = own.filter(({ report }) => fails(report, failOn));
  for (const { report } of bad) {
    const { from, to } = report.comparison;
    printAnnotation({ level: 'error', lines: [`${from.id} → ${to.id} fails on: ${failOn}`] });
  }
  print(`${reports.length} compared; ${visible(join(folder, 'comment.md'))}\n`);
  return bad.length > 0 ? EXIT_BAD_NEWS : EXIT_OK;
}

/** `v2-v3` */
function nameOf({ comparison: { from, to } }: Report): string {
  return `${from.id}-${to.id}`.replaceAll('/', '-');
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

async function readPairs(file: string, args: Args): Promise<Pair[]> {
  const lines = readText(file, MAX_PAIRS_SIZE)
    .split('\n')
    .filter((line) => line.trim() !== '');
  const pairs = lines.map((line) => {
    const [from, to, mark, ...more] = line.trim().split(/\s+/);
    if (from === undefined || to === undefined || more.length > 0 || (mark ?? REPORT_ONLY) !== REPORT_ONLY) {
      throw new UserError(`${file}: ${quote(line)} is no pair of states`);
    }
    return { from, to, counts: mark === undefined };
  });
  return Promise.all(
    pairs.map(async ({ from, to, counts }) => ({
      from: await anyState(from, args),
      to: await anyState(to, args),
      counts,
    })),
  );
}

/** Compares pair by pair; `keep` gets each report and its page as soon as it is made. */
async function compareAll(
  pairs: readonly Pair[],
  sources: Sources,
  keep: (report: Report, name: string, html: string) => void,
): Promise<Judged[]> {
  if (pairs.length === 0) return [];
  const corpus = projectCorpus();
  const { scenarios } = corpus;
  const options = {
    scenarios,
    expectations: loadExpectations(join(packageRoot(), 'corpus', 'expectations.yaml')),
    allClaims: false,
    sources,
    context: { corpusHash: corpus.hash, version: toolVersion() },
  };
  const machine = new Machine();
  const compared: Judged[] = [];
  for (const { from, to, counts } of pairs) {
    const progress = progressLine(`${from.id} → ${to.id}`);
    const prefixes = new Prefixes(machine);
    await compileFor([from, to], scenarios);
    const { report } = await whenCompiled(() =>
      makeReport(machine, from, to, { ...options, prefixes, progress }),
    );
    keep(report, nameOf(report), await comparisonHtml(report, prefixes, scenarios));
    compared.push({ report, counts });
  }
  return compared;
}
