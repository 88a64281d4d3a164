// SPDX-License-Identifier: GPL-2.0-only
/** A comparison as Markdown. A pure function of its input. */
import { renderMarkdown } from '../text/render-markdown.ts';
import { PAGE_BUDGET } from './budget.ts';
import { reportDocument, type DocumentOptions } from './report-document.ts';
import type { Report } from './report.ts';

/** A page of it, or all with `full`; of `only` some findings, each whole. */
export function toMarkdown(report: Report, options: DocumentOptions = {}): string {
  const isPage = options.full !== true && options.only === undefined;
  const budget = options.budget ?? (isPage ? PAGE_BUDGET : undefined);
  return `${renderMarkdown(reportDocument(report, { ...options, budget }))}\n`;
}
