// SPDX-License-Identifier: GPL-2.0-only
/** A comparison as Markdown. A pure function of its input. */
import { COMMENT_BUDGET } from './budget.ts';
import { renderMarkdown } from '../text/render-markdown.ts';
import { reportDocument, type DocumentOptions } from './report-document.ts';
import type { Report } from './report.ts';

export interface MarkdownOptions extends DocumentOptions {
  /** Everything, however long. */
  readonly full: boolean;
  /** Characters, when it is not everything; what a GitHub comment takes if absent. */
  readonly budget?: number;
}

/** The whole report, or as much of it as a comment takes; what was cut is said. */
export function toMarkdown(report: Report, options: MarkdownOptions): string {
  const { full, budget = COMMENT_BUDGET, prefix } = options;
  return `${renderMarkdown(reportDocument(report, full ? Infinity : budget, options), prefix)}\n`;
}
