// SPDX-License-Identifier: GPL-2.0-only
/** Pages of real comparisons, on a part of the corpus. */
import { join } from 'node:path';
import { buildMatrix } from '../../compare/matrix.ts';
import { Prefixes } from '../../compare/prefixes.ts';
import { Machine } from '../../machine/machine.ts';
import type { Report } from '../../report/report.ts';
import { reportOf } from '../../report/testing/make.ts';
import { bundle, type PageAssets } from '../bundle.ts';
import { pageOf } from '../comparison-page.ts';
import { pageMatrix } from '../matrix-data.ts';
import type { PageData } from '../page-data.ts';

/** The page of a report. */
export function pageOfReport(report: Report): PageData {
  const { comparison } = report;
  const { from, to, findings } = comparison;
  const scenarios = [...new Set(findings.flatMap(({ cases }) => cases.map(({ scenario }) => scenario)))];
  const built = buildMatrix([from, to], scenarios, () => undefined);
  const matrix = pageMatrix(built, [{ comparison, page: '' }], [from.id, to.id]);
  return pageOf(report, new Prefixes(new Machine()), matrix);
}

/** The page of `compare from to --scenario glob`. */
export function page(from: string, to: string, glob: string): PageData {
  return pageOfReport(reportOf(from, to, glob));
}

/** What pages are drawn with, bundled from the sources. */
export function assets(): PageAssets {
  return bundle(join(import.meta.dirname, '..', 'browser'));
}
