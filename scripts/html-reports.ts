// SPDX-License-Identifier: GPL-2.0-only
/** A page for each pair of states that is worth comparing, and an index of them. */
import { join } from 'node:path';
import { compare, type Comparison } from '../harness/compare/comparison.ts';
import { loadExpectations } from '../harness/compare/expectations.ts';
import { buildMatrix } from '../harness/compare/matrix.ts';
import { Prefixes } from '../harness/compare/prefixes.ts';
import { Machine } from '../harness/machine/machine.ts';
import { pageAssets } from '../harness/page/assets.ts';
import { pageOf } from '../harness/page/comparison-page.ts';
import { toHtml } from '../harness/page/html.ts';
import { indexHtml, type IndexEntry } from '../harness/page/index-page.ts';
import { pageMatrix, type Step } from '../harness/page/matrix-data.ts';
import { makeReport } from '../harness/report/make-report.ts';
import { openSources } from '../harness/source/sources.ts';
import type { StatePair } from '../harness/subject/subject.ts';
import { finishFileSets, writeFileSet, type FileText } from '../harness/text/file-set.ts';
import { makeFolder } from '../harness/text/files.ts';
import { packageRoot } from '../harness/text/package-root.ts';
import { DMA_IOMMU } from '../variants/registry.ts';
import { toolVersion } from './cli.ts';
import { projectCorpus } from './corpus.ts';
import { interruptible } from './interrupt.ts';
import { progressLine } from './terminal.ts';

/** Writes the pages and index.html into the folder; returns how many there are. */
export async function writeHtmlReports(folder: string): Promise<number> {
  // What cannot be written is found out before the work begins.
  makeFolder(folder);
  finishFileSets(folder);
  const corpus = projectCorpus();
  const expectations = loadExpectations(join(packageRoot(), 'corpus', 'expectations.yaml'));
  const [assets, sources] = [await pageAssets(), await openSources()];
  const { pairs, ends } = DMA_IOMMU;
  const progress = progressLine('pages');
  const measured: { readonly pair: StatePair; readonly comparison: Comparison }[] = [];
  for (const [index, pair] of pairs.entries()) {
    progress(index, 2 * pairs.length);
    const comparison = await interruptible(() => compare(pair.from, pair.to, corpus.scenarios));
    measured.push({ pair, comparison });
  }
  const built = await interruptible(() => buildMatrix(ends, corpus.scenarios, () => undefined));
  const files: FileText[] = [];
  const entries: IndexEntry[] = [];
  for (const [index, { pair, comparison }] of measured.entries()) {
    progress(pairs.length + index, 2 * pairs.length);
    const { from, to } = pair;
    const steps = measured.map((other): Step => {
      return { comparison: other.comparison, page: other.pair === pair ? '' : fileOf(other.pair) };
    });
    const prefixes = new Prefixes(new Machine());
    const data = await interruptible(() => {
      const { report } = makeReport(new Machine(), from, to, {
        scenarios: corpus.scenarios,
        expectations,
        allClaims: false,
        sources,
        context: { corpusHash: corpus.hash, version: toolVersion() },
        measured: comparison,
        prefixes,
      });
      return pageOf(report, prefixes, pageMatrix(built, steps, [from.id, to.id]));
    });
    files.push({ path: fileOf(pair), text: toHtml(data, assets) });
    entries.push({ file: fileOf(pair), data });
  }
  progress(1, 1);
  writeFileSet(folder, [...files, { path: 'index.html', text: indexHtml(entries, assets) }]);
  return files.length;
}

function fileOf({ from, to }: StatePair): string {
  return `${from.id}-${to.id}.html`.replaceAll('/', '-');
}
