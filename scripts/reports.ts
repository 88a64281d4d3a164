// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTwoFilesPatch } from 'diff';
import { markdownTable } from 'markdown-table';
import { buildMatrix } from '../harness/compare/matrix.ts';
import { loadExpectations } from '../harness/compare/expectations.ts';
import { Machine } from '../harness/machine/machine.ts';
import { Album } from '../harness/picture/album.ts';
import { drawMemoryMap } from '../harness/picture/memory-picture.ts';
import { makeReport, type ReportOptions } from '../harness/report/make-report.ts';
import { reasonFor } from '../harness/report/head.ts';
import { toMarkdown } from '../harness/report/markdown.ts';
import { anchorOf } from '../harness/report/kinds.ts';
import { matrixToMarkdown } from '../harness/report/matrix-markdown.ts';
import { unexplainedRegressions } from '../harness/report/report.ts';
import { summarise } from '../harness/report/summary.ts';
import type { Sources } from '../harness/source/effective-source.ts';
import { openSources } from '../harness/source/sources.ts';
import type { State } from '../harness/subject/state.ts';
import { sideBySide } from '../harness/subject/subject.ts';
import { DMA_IOMMU } from '../variants/registry.ts';
import { replaceFolder, straysIn, type FileText } from '../harness/text/file-set.ts';
import { cellCode, text as prose, url } from '../harness/text/escape.ts';
import { visible } from '../harness/text/visible.ts';
import { packageRoot } from '../harness/text/package-root.ts';
import { EXIT_BAD_NEWS, EXIT_OK, toolVersion, type Args, type Command } from './cli.ts';
import { projectCorpus } from './corpus.ts';
import { interruptible } from './interrupt.ts';
import { HEADER, kernelPages, NOTE, TREES_VARIABLE } from './kernel-pages.ts';
import { print, printAside } from './print.ts';
import { progressLine } from './terminal.ts';

export const reports: Command = {
  usage: '',
  options: {
    check: { type: 'boolean', help: 'write nothing; say what is stale' },
    trees: {
      type: 'string',
      value: 'DIR',
      help: `a folder with kernel trees, 6.1 and 6.12: their reports, too ($${TREES_VARIABLE})`,
    },
  },
  examples: ['', '--check', '--trees <linux>'],
  run,
};

/** Folder of the pictures beside the pages. */
const PICTURES = 'pictures';
/** Lines of a stale report's difference that are shown. */
const SHOWN = 40;

/** What is made anew in the folder; the rest is left alone. */
const OURS = /\.(md|svg)$/;

interface ComparisonPage extends FileText {
  /** Its row in the index, after the name. */
  readonly row: readonly string[];
}

async function run(args: Args): Promise<number> {
  const folder = join(packageRoot(), 'reports');
  const sources = await openSources();
  const { made, untouched } = await kernelPages(folder, args.text('trees'), { check: args.flag('check') });
  const kernels = [...made, ...untouched];
  const pages = await interruptible(() => [...allPages(sources, kernels), ...kernels]);
  for (const { path, why } of untouched) printAside(`reports/${path}: not checked, ${why}\n`);
  if (args.flag('check')) return check(folder, pages);
  replaceFolder(folder, pages, OURS);
  print(`${counted(pages)} in reports/\n`);
  return EXIT_OK;
}

function allPages(sources: Sources, kernels: readonly FileText[]): FileText[] {
  const corpus = projectCorpus();
  const context = { corpusHash: corpus.hash, version: toolVersion() };
  const expectations = loadExpectations(join(packageRoot(), 'corpus', 'expectations.yaml'));
  const options = {
    scenarios: corpus.scenarios,
    expectations,
    wholeLedger: false,
    sources,
    context,
    drawMap: drawMemoryMap,
  };
  const album = new Album(PICTURES);
  const machine = new Machine();
  const progress = progressLine('reports');
  const wanted = DMA_IOMMU.pairs;
  const comparisons = wanted.map(({ from, to }, index) => {
    progress(index, wanted.length);
    return comparisonPage(machine, from, to, options, album);
  });
  progress(1, 1);
  const built = buildMatrix(sideBySide(DMA_IOMMU), corpus.scenarios, progressLine('matrix cases'));
  const matrix = { path: 'matrix.md', text: HEADER + matrixToMarkdown(built, context) };
  const pages = [indexPage(comparisons, kernels), matrix, ...comparisons];
  return [...pages, ...album.referredToBy(pages).map(({ file, text }) => ({ path: file, text }))];
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
  const { word, regressed, fixed, stillBroken, cheaper, dearer } = summarise(report.comparison);
  const counts = [unexplainedRegressions(report).length, regressed, fixed, stillBroken, cheaper, dearer];
  const row = [word, ...counts.map(String), reasonFor(report.comparison)];
  const drawn = report.illustrations.filter(({ map }) => map !== '');
  const maps = new Map(
    drawn.map(({ finding, map }) => [finding, album.add(`${name}-${anchorOf(finding)}`, NOTE + map)]),
  );
  return { path: `${name}.md`, text: HEADER + toMarkdown(report, { full: true, maps }), row };
}

function indexPage(comparisons: readonly ComparisonPage[], kernels: readonly FileText[]): FileText {
  const rows = comparisons.map(({ path, row }) => [
    `[${prose(path.replace('.md', ''))}](${url(path)})`,
    ...row.map((cell) => prose(cell, cellCode)),
  ]);
  const counts = ['unexplained', 'regressed', 'fixed', 'still broken', 'cheaper', 'dearer'];
  const table = markdownTable([['report', 'verdict', ...counts, 'why'], ...rows], {
    align: ['l', 'l', ...counts.map(() => 'r'), 'l'],
  });
  const links = kernels.map(({ path }) => `[${prose(path.replace('.md', ''))}](${url(path)})`);
  const compiled = links.length === 0 ? '' : `\nCompiled from kernel sources: ${links.join(', ')}.\n`;
  const text = `# Reports\n\nGenerated by \`npm run reports\`. [All states side by side](matrix.md).\n\n${table}\n${compiled}`;
  return { path: 'README.md', text: HEADER + text };
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
