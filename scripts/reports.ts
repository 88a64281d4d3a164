// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTwoFilesPatch } from 'diff';
import type { Comparison } from '../harness/compare/comparison.ts';
import { buildMatrix } from '../harness/compare/matrix.ts';
import { loadExpectations } from '../harness/compare/expectations.ts';
import { Machine } from '../harness/machine/machine.ts';
import { Album } from '../harness/picture/album.ts';
import { drawMemoryMap } from '../harness/picture/memory-picture.ts';
import { makeReport, type ReportOptions } from '../harness/report/make-report.ts';
import { countsOf, type Outcome } from '../harness/report/counts.ts';
import { isUnchanged, sentence } from '../harness/report/head.ts';
import { toMarkdown } from '../harness/report/markdown.ts';
import { anchorOf } from '../harness/report/kinds.ts';
import { matrixToMarkdown } from '../harness/report/matrix-markdown.ts';
import { unexplainedRegressions } from '../harness/report/report.ts';
import type { Scenario } from '../harness/run/scenario.ts';
import type { Sources } from '../harness/source/effective-source.ts';
import { openSources } from '../harness/source/sources.ts';
import type { State } from '../harness/subject/state.ts';
import { DMA_IOMMU } from '../variants/registry.ts';
import { replaceFolder, straysIn, type FileText } from '../harness/text/file-set.ts';
import {
  code,
  joined,
  paragraph,
  table,
  type Block,
  type Span,
  type Text,
} from '../harness/text/document.ts';
import { renderMarkdown } from '../harness/text/render-markdown.ts';
import { visible } from '../harness/text/visible.ts';
import { UserError } from '../harness/text/user-error.ts';
import { packageRoot } from '../harness/text/package-root.ts';
import { EXIT_BAD_NEWS, EXIT_OK, toolVersion, wholeNumber, type Args, type Command } from './cli.ts';
import { commandFor } from './compare.ts';
import { withExploration } from './compare-explored.ts';
import { projectCorpus } from './corpus.ts';
import { writeHtmlReports } from './html-reports.ts';
import { interruptible } from './interrupt.ts';
import { keptResults, ownResults } from './kept-results.ts';
import { compareCases } from './measure.ts';
import { powerBetween } from './power.ts';
import { FILES, HEADER, kernelPages, NOTE, TREES_VARIABLE } from './kernel-pages.ts';
import { print, printAside } from './print.ts';
import { progressLine } from './terminal.ts';

/** Programs that are generated for each report. */
const PROGRAMS = 1000;

export const reports: Command = {
  usage: '',
  options: {
    check: { type: 'boolean', help: 'write nothing; say what is stale' },
    html: {
      type: 'string',
      value: 'DIR',
      help: 'pages to click through, with an index, into that folder instead (docs/page.md)',
    },
    explore: {
      type: 'string',
      value: 'N',
      help: `programs that are generated for each report (${PROGRAMS}, as those in reports/)`,
    },
    trees: {
      type: 'string',
      value: 'DIR',
      help: `a folder with kernel trees, 6.1 and 6.12: their reports, too ($${TREES_VARIABLE})`,
    },
  },
  examples: ['', '--check', '--html <folder>', '--trees <linux>'],
  run,
};

/** Folder of the pictures beside the pages. */
const PICTURES = 'pictures';
/** Lines of a stale report's difference that are shown. */
const SHOWN = 40;

/** What is made anew in the folder; the rest is left alone. */
const OURS = /\.(md|svg)$/;

/** A page about a comparison, and its row in the index after the name. */
interface ComparisonPage extends FileText {
  readonly row: readonly Text[];
}

async function run(args: Args): Promise<number> {
  const html = args.text('html');
  const programs = wholeNumber(args, 'explore', PROGRAMS, 0, 1e6);
  if (html !== undefined && args.text('explore') !== undefined) {
    throw new UserError('--explore is for the Markdown reports; --html has no generated programs');
  }
  if (html !== undefined) {
    print(`${await writeHtmlReports(html)} pages and index.html in ${visible(html)}\n`);
    return EXIT_OK;
  }
  const folder = join(packageRoot(), 'reports');
  const sources = await openSources();
  const { made, untouched } = await kernelPages(folder, args.text('trees'), { check: args.flag('check') });
  const kernels = [...made, ...untouched];
  const pages = [...(await allPages(sources, kernels, programs)), ...kernels];
  for (const { path, why } of untouched) printAside(`reports/${path}: not checked, ${why}\n`);
  if (args.flag('check')) return check(folder, pages);
  replaceFolder(folder, pages, OURS);
  print(`${counted(pages)} in reports/\n`);
  return EXIT_OK;
}

async function allPages(
  sources: Sources,
  kernels: readonly FileText[],
  programs: number,
): Promise<FileText[]> {
  const corpus = projectCorpus();
  const context = { corpusHash: corpus.hash, version: toolVersion(), files: FILES };
  const expectations = loadExpectations(join(packageRoot(), 'corpus', 'expectations.yaml'));
  const options = {
    scenarios: corpus.scenarios,
    expectations,
    allClaims: false,
    sources,
    context,
    drawMap: drawMemoryMap,
  };
  const album = new Album(PICTURES);
  const machine = new Machine();
  const progress = progressLine('reports');
  const wanted = DMA_IOMMU.pairs;
  const comparisons: ComparisonPage[] = [];
  for (const { from, to } of wanted) {
    progress(comparisons.length, wanted.length);
    const beside = await besideCorpus(from, to, corpus.scenarios, programs);
    const whole = { ...options, ...beside, context: { ...context, ...beside.context } };
    comparisons.push(await interruptible(() => comparisonPage(machine, from, to, whole, album)));
  }
  progress(1, 1);
  const built = await interruptible(() =>
    buildMatrix(DMA_IOMMU.states, corpus.scenarios, progressLine('matrix cases')),
  );
  const matrix = { path: 'matrix.md', text: HEADER + matrixToMarkdown(built, context) };
  const pages = [indexPage(comparisons, kernels), matrix, ...comparisons];
  return [...pages, ...album.referredToBy(pages).map(({ file, text }) => ({ path: file, text }))];
}

/** What generated programs show besides, and what a comparison of these two would notice; both are kept. */
async function besideCorpus(
  from: State,
  to: State,
  scenarios: readonly Scenario[],
  programs: number,
): Promise<{ measured: Comparison; context: { command?: string; power: string } }> {
  const keptIn = ownResults();
  const exploration = { programs, seconds: Infinity };
  const onCorpus = await compareCases(from, to, scenarios, {});
  const measured = await withExploration(onCorpus, { clause: undefined, scenarios, exploration, keptIn });
  const kept = keptResults<string>('power', [from, to], [], scenarios, keptIn);
  let power = kept?.read();
  if (power === undefined) {
    power = await powerBetween(from, to, scenarios);
    kept?.write(power);
  }
  return { measured, context: { ...commandFor({ from, to }, measured), power } };
}

function comparisonPage(
  machine: Machine,
  from: State,
  to: State,
  options: ReportOptions,
  album: Album,
): ComparisonPage {
  const { report } = makeReport(machine, from, to, options);
  const name = `${from.id}-${to.id}`.replaceAll('/', '-');
  const counts = countsOf(report);
  const of = (...outcomes: readonly Outcome[]): number =>
    counts.reduce(
      (sum, { outcome, findings }) => sum + (outcomes.includes(outcome) ? findings.length : 0),
      0,
    );
  const numbers = [
    of('unexplained'),
    of('declared'),
    of('fixed'),
    of('uncovered', 'still-broken'),
    of('hidden'),
  ];
  const row = [...numbers.map(String), isUnchanged(report) ? 'no difference' : sentence(report)];
  const drawn = new Set(unexplainedRegressions(report));
  const maps = new Map(
    report.illustrations
      .filter(({ finding, map }) => map !== '' && drawn.has(finding))
      .map(({ finding, map }) => [finding, album.add(`${name}-${anchorOf(report, finding)}`, NOTE + map)]),
  );
  return { path: `${name}.md`, text: HEADER + toMarkdown(report, { maps }), row };
}

function indexPage(comparisons: readonly ComparisonPage[], kernels: readonly FileText[]): FileText {
  const named = (path: string): Span => ({ link: path.replace('.md', ''), href: path });
  const titles = [
    'report',
    '>regressed',
    '>announced',
    '>fixed',
    '>still broken',
    '>hidden',
    'in a sentence',
  ];
  const blocks: Block[] = [
    { kind: 'heading', level: 1, text: 'Reports' },
    paragraph(
      'Generated by ',
      code('npm run reports'),
      '; findings, and what they come to. ',
      named('matrix.md'),
      ': all states side by side.',
    ),
    table(
      titles,
      comparisons.map(({ path, row }): Text[] => [[named(path)], ...row]),
    ),
    ...(kernels.length === 0
      ? []
      : [
          paragraph(
            'Compiled from kernel sources: ',
            ...joined(
              kernels.map(({ path }) => [named(path)]),
              ', ',
            ),
            '.',
          ),
        ]),
  ];
  return { path: 'README.md', text: `${HEADER}${renderMarkdown(blocks)}\n` };
}

function check(folder: string, pages: readonly FileText[]): number {
  const stale = pages.filter(({ path, text }) => text !== read(join(folder, path)));
  const left = straysIn(folder, pages, OURS);
  for (const { path, text } of stale) {
    const patch = createTwoFilesPatch(
      `reports/${path}`,
      'as it would be now',
      read(join(folder, path)),
      text,
    );
    print(`${patch.split('\n').slice(1, SHOWN).join('\n')}\n`);
  }
  for (const file of left) print(`reports/${visible(file)} is no page or picture any more\n`);
  if (stale.length + left.length === 0) {
    print(`reports/ is up to date (${counted(pages)})\n`);
    return EXIT_OK;
  }
  print('reports/ is stale: npm run reports\n');
  return EXIT_BAD_NEWS;
}

function counted(pages: readonly FileText[]): string {
  const pictures = pages.filter(({ path }) => path.endsWith('.svg')).length;
  return `${pages.length - pictures} pages and ${pictures} pictures`;
}

function read(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
