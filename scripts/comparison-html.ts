// SPDX-License-Identifier: GPL-2.0-only
/** A comparison as a page in one file. */
import { buildMatrix } from '../harness/compare/matrix.ts';
import type { Prefixes } from '../harness/compare/prefixes.ts';
import { pageAssets } from '../harness/page/assets.ts';
import { pageOf } from '../harness/page/comparison-page.ts';
import { toHtml } from '../harness/page/html.ts';
import { pageMatrix } from '../harness/page/matrix-data.ts';
import type { Report } from '../harness/report/report.ts';
import type { Scenario } from '../harness/run/scenario.ts';
import { interruptible } from './interrupt.ts';
import { progressLine } from './terminal.ts';

/** The page; `prefixes` knows what its states make of the cases, `scenarios` are all that were compared. */
export async function comparisonHtml(
  report: Report,
  prefixes: Prefixes,
  scenarios: readonly Scenario[],
): Promise<string> {
  const { comparison } = report;
  const { from, to } = comparison;
  const assets = await pageAssets();
  const built = await interruptible(() => buildMatrix([from, to], scenarios, progressLine('matrix cases')));
  const matrix = pageMatrix(built, [{ comparison, page: '' }], [from.id, to.id]);
  return toHtml(await interruptible(() => pageOf(report, prefixes, matrix)), assets);
}
