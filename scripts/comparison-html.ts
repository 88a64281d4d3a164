// SPDX-License-Identifier: GPL-2.0-only
import type { Prefixes } from '../harness/compare/prefixes.ts';
import { pageAssets } from '../harness/page/assets.ts';
import { pageOf } from '../harness/page/comparison-page.ts';
import { toHtml } from '../harness/page/html.ts';
import { matrixOfTwo } from '../harness/page/matrix-data.ts';
import type { Report } from '../harness/report/report.ts';
import { interruptible } from './interrupt.ts';

/** The report as a page in one file. */
export async function comparisonHtml(report: Report, prefixes: Prefixes): Promise<string> {
  const assets = await pageAssets();
  const data = await interruptible(() => pageOf(report, prefixes, matrixOfTwo(report.comparison)));
  return toHtml(data, assets);
}
