// SPDX-License-Identifier: GPL-2.0-only
/** What one operation costs in the two states. */
import type { Comparison } from '../compare/comparison.ts';
import type { Level, Section } from './budget.ts';
import { caseSpan, type Files } from './links.ts';
import type { Report } from './report.ts';
import { worked } from './summary.ts';
import { costLines, costText, whereText, type CostLine } from './cost-lines.ts';
import { HOW_TO_READ } from './costs-page.ts';
import type { Scenario } from '../run/scenario.ts';
import {
  code,
  joined,
  paragraph,
  plural,
  table,
  type Block,
  type Span,
  type Text,
} from '../text/document.ts';

/** Rows of a table that had to shrink. */
const FEW = 12;
const FEWEST = 5;

/** What differs, whole calls first; the first of it; nothing. */
export function costSection({ comparison, context: { files } }: Report): Section {
  const { costs, comparedOperations, from, to } = comparison;
  const heading: Block = { kind: 'heading', level: 2, text: 'What one operation costs' };
  const rest = `over the ${plural(comparedOperations, 'operation')} that worked on both sides`;
  const lines = costLines(costs, true);
  if (lines.length === 0) {
    const blocks = [heading, paragraph(`No operation costs more or less ${rest}.`, ...leftOut(comparison))];
    return { levels: [{ blocks }, { blocks: [], lost: 'the costs' }] };
  }
  const lead = paragraph(
    `What differs ${rest}. ${HOW_TO_READ} All of it: `,
    code(`npx bouncediff costs ${from.id} ${to.id}`),
    '.',
    ...leftOut(comparison),
  );
  const titles = ['operation', 'cost', `>${from.id}`, `>${to.id}`, 'smallest case'];
  const sorted = [...worked(costs), ...lines.filter(({ of, isAside }) => of !== 'call' || isAside)];
  const rows = sorted.map((line) => rowOf(files, line));
  const few = (most: number): Level[] =>
    rows.length <= most
      ? []
      : [
          {
            blocks: [
              heading,
              lead,
              table(titles, rows.slice(0, most)),
              paragraph(`And ${plural(rows.length - most, 'more row')}.`),
            ],
            lost: 'rows of the costs',
          },
        ];
  return {
    levels: [
      { blocks: [heading, lead, table(titles, rows)] },
      ...few(FEW),
      ...few(FEWEST),
      { blocks: [], lost: 'the costs' },
    ],
  };
}

/** Most cases that are named. */
const NAMED = 3;

/** What is not measured because a map fails on one side only: how many cases, and which. */
function leftOut({ from, to, failedOnlyFrom, failedOnlyTo }: Comparison): Span[] {
  const of = (id: string, cases: readonly Scenario[]): Span[] => {
    if (cases.length === 0) return [];
    const named = joined(
      cases.slice(0, NAMED).map((scenario): Text => [code(scenario.id)]),
      ', ',
    );
    const more = cases.length > NAMED ? ` and ${cases.length - NAMED} more` : '';
    return [
      ` Without what follows in ${plural(cases.length, 'case')} in which only ${id} fails a map: `,
      ...named,
      `${more}.`,
    ];
  };
  return [...of(from.id, failedOnlyFrom), ...of(to.id, failedOnlyTo)];
}

function rowOf(files: Files, line: CostLine): Text[] {
  const { shownBy } = line;
  const witness: Text =
    shownBy === undefined
      ? ''
      : [`${shownBy.there.join(' → ')} in step ${shownBy.step + 1} of `, caseSpan(files, shownBy.scenario)];
  return [
    [code(line.operation), `, ${whereText(line)}`],
    line.title,
    costText(line, 0),
    costText(line, 1),
    witness,
  ];
}
