// SPDX-License-Identifier: GPL-2.0-only
/** A comparison for a terminal. */
import { renderTerminal, type Screen } from '../text/render-terminal.ts';
import { PAGE_BUDGET } from './budget.ts';
import { reportDocument, type DocumentOptions } from './report-document.ts';
import type { Report } from './report.ts';

/** A page of it, or all with `full`; of `only` some findings, each whole. */
export function toTerminal(
  report: Report,
  { columns, colour, ...options }: Screen & DocumentOptions,
): string {
  const isPage = options.full !== true && options.only === undefined;
  const blocks = reportDocument(report, { ...options, budget: isPage ? PAGE_BUDGET : undefined });
  return renderTerminal(blocks, { columns, colour });
}
