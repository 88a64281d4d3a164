// SPDX-License-Identifier: GPL-2.0-only
/** Several comparisons in one comment of a pull request. A pure function of its input. */
import { COMMENT_BUDGET } from './budget.ts';
import { clipBlock, cut, LONGEST } from './clip.ts';
import { paragraph, plural, table, type Block, type Text } from '../text/document.ts';
import { htmlText, url } from '../text/escape.ts';
import { toMarkdown } from './markdown.ts';
import { renderMarkdown } from '../text/render-markdown.ts';
import { unexplainedRegressions, type Report } from './report.ts';
import { summarise } from './summary.ts';

/** The comment begins with it, so that the next run finds it. */
export const COMMENT_MARKER = '<!-- bouncediff -->';

/** A report with less room than that says too little. */
const LEAST = 4_000;
/** An empty line between two parts. */
const SEPARATOR = 2;

/** The comment; `artefacts` says where all of it is. */
export function toComment(reports: readonly Report[], artefacts: string | undefined): string {
  const where = artefacts === undefined ? '' : `[Everything, and the data](${url(artefacts)})\n`;
  const [only] = reports;
  if (only === undefined) return `${COMMENT_MARKER}\n\nThe change touches no state of a series.\n`;
  const room = COMMENT_BUDGET - COMMENT_MARKER.length - where.length - 8;
  if (reports.length === 1) {
    return [COMMENT_MARKER, toMarkdown(only, { full: false, budget: room }).trimEnd(), where].join('\n\n');
  }
  const worstFirst = reports.toSorted(
    (a, b) => unexplainedRegressions(b).length - unexplainedRegressions(a).length,
  );
  const overview = renderMarkdown(overviewOf(worstFirst).map(clipBlock));
  const texts = shared(worstFirst, room - overview.length - SEPARATOR);
  return [COMMENT_MARKER, overview, ...texts, where].join('\n\n');
}

function overviewOf(reports: readonly Report[]): Block[] {
  const unexplained = reports.reduce((sum, report) => sum + unexplainedRegressions(report).length, 0);
  const rows = reports.map((report): Text[] => {
    const { word, fixed, regressed, cheaper, dearer } = summarise(report.comparison);
    const numbers = [unexplainedRegressions(report).length, regressed, fixed, cheaper, dearer];
    return [titleOf(report), word, ...numbers.map(String)];
  });
  const head = ['comparison', 'verdict', '>unexplained', '>regressed', '>fixed', '>cheaper', '>dearer'];
  return [
    paragraph(
      `${plural(reports.length, 'comparison')} touched by this change; ${plural(unexplained, 'unexplained regression')}.`,
    ),
    table(head, rows),
  ];
}

function titleOf({ comparison: { from, to } }: Report): string {
  return `${from.id} → ${to.id}`;
}

/**
 * The reports, folded, with equal room for each; what a short one leaves goes to the others, and one
 * that does not fit at all is in the table only.
 */
function shared(reports: readonly Report[], room: number): string[] {
  const most = Math.max(1, Math.floor(room / LEAST));
  const wanted = reports.slice(0, most).map((report, index) => {
    const frame = fold(report, '').length + SEPARATOR;
    return { report, index, frame, whole: rendered(report, COMMENT_BUDGET) };
  });
  const texts: string[] = [];
  let left = room;
  for (const [done, { report, index, frame, whole }] of wanted
    .toSorted((a, b) => a.whole.length - b.whole.length)
    .entries()) {
    const share = Math.floor(left / (wanted.length - done)) - frame;
    const text = whole.length <= share ? whole : rendered(report, share);
    if (text.length > share) continue;
    texts[index] = fold(report, text);
    left -= text.length + frame;
  }
  return texts.filter((text) => text !== undefined);
}

function fold(report: Report, text: string): string {
  const { word } = summarise(report.comparison);
  const summary = htmlText(`${cut(titleOf(report), LONGEST.name)}: ${word}`);
  return `<details><summary>${summary}</summary>\n\n${text}\n\n</details>`;
}

function rendered(report: Report, budget: number): string {
  const { from, to } = report.comparison;
  const prefix = cut(`${from.id}-${to.id}-`, LONGEST.name).replaceAll(/[^\w.-]/g, '-');
  return toMarkdown(report, { full: false, budget, prefix }).trimEnd();
}
