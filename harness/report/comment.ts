// SPDX-License-Identifier: GPL-2.0-only
/** Comparisons in one short comment of a pull request. A pure function of its input. */
import { code, paragraph, plural, table, type Block, type Text } from '../text/document.ts';
import { url } from '../text/escape.ts';
import { renderMarkdown } from '../text/render-markdown.ts';
import { clipBlock } from './clip.ts';
import { countsOf, type Outcome } from './counts.ts';
import { isUnchanged, sentence } from './head.ts';
import { nameOf } from './kinds.ts';
import { caseSpan, clauseSpan } from './links.ts';
import { patchesOf } from './patches.ts';
import { unexplainedRegressions, type Report } from './report.ts';

/** The comment begins with it, so that the next run finds it. */
export const COMMENT_MARKER = '<!-- bouncediff -->';

/** Most lines of a comment, with what sticky-comment adds. */
export const COMMENT_LINES = 40;
/** What is said where there is nothing to compare. */
export const NOTHING_COMPARED = `${COMMENT_MARKER}\n\nNothing changed in what is compared.\n`;

/** Most rows of a table, and most comparisons that get a sentence: the comment keeps to forty lines. */
const ROWS = 8;
const SENTENCES = 3;

/** The comment, at most 38 lines; `artefacts` says where all of it is. */
export function toComment(reports: readonly Report[], artefacts: string | undefined): string {
  if (reports.length === 0) return NOTHING_COMPARED;
  const worstFirst = reports.toSorted(
    (a, b) => unexplainedRegressions(b).length - unexplainedRegressions(a).length,
  );
  const blocks = [...overviewOf(worstFirst), ...sentencesOf(worstFirst), ...regressionsOf(worstFirst)];
  const where = artefacts === undefined ? [] : [`[Everything, and the data](${url(artefacts)})`];
  return `${[COMMENT_MARKER, renderMarkdown(blocks.map(clipBlock)), ...where].join('\n\n')}\n`;
}

function overviewOf(reports: readonly Report[]): Block[] {
  const unexplained = reports.reduce((sum, report) => sum + unexplainedRegressions(report).length, 0);
  const rows = reports.map((report): Text[] => {
    const counts = countsOf(report);
    const of = (outcome: Outcome): string =>
      String(counts.find((count) => count.outcome === outcome)?.findings.length ?? 0);
    return [titleOf(report), of('unexplained'), of('declared'), of('fixed'), of('still-broken')];
  });
  const head = ['findings', '>regressed', '>announced', '>fixed', '>still broken'];
  return [
    paragraph(
      `${plural(reports.length, 'comparison')} touched by this change; ${plural(unexplained, 'regression')} that nobody announced or accepted.`,
    ),
    table(head, rows.slice(0, ROWS)),
    ...more(rows.length, 'more comparison'),
  ];
}

function sentencesOf(reports: readonly Report[]): Block[] {
  return reports
    .filter((report) => !isUnchanged(report))
    .slice(0, SENTENCES)
    .map((report) => paragraph(...sentence(report)));
}

function regressionsOf(reports: readonly Report[]): Block[] {
  const rows = reports.flatMap((report) =>
    unexplainedRegressions(report).map((finding): Text[] => {
      const { files } = report.context;
      return [
        titleOf(report),
        [clauseSpan(files, finding.clause, nameOf(finding))],
        patchesOf(report, finding),
        finding.cases.slice(0, 1).map(({ scenario }) => caseSpan(files, scenario)),
      ];
    }),
  );
  if (rows.length === 0) return [];
  return [
    table(['in', 'regressed', 'by', 'smallest case'], rows.slice(0, ROWS)),
    ...more(rows.length, 'more'),
  ];
}

function more(rows: number, what: string): Block[] {
  if (rows <= ROWS) return [];
  return [paragraph(`And ${what === 'more' ? `${rows - ROWS} more` : plural(rows - ROWS, what)}.`)];
}

function titleOf({ comparison: { from, to } }: Report): Text {
  return [code(`${from.id} → ${to.id}`)];
}
