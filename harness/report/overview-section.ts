// SPDX-License-Identifier: GPL-2.0-only
/** Tables: the findings of a group, what no patch did, what differs otherwise. */
import { foundCase, type Comparison, type Finding } from '../compare/comparison.ts';
import { code, paragraph, plural, table, type Block, type Text } from '../text/document.ts';
import type { Section } from './budget.ts';
import { kindWords } from './counts.ts';
import { anchorOf, nameOf, type Group } from './kinds.ts';
import { caseSpan, clauseSpan } from './links.ts';
import { patchesOf } from './patches.ts';
import type { Report } from './report.ts';

/** Rows of a table that had to shrink. */
const FEW = 12;
/** Most cases that a list names. */
const LISTED = 8;

/** A group's findings: all rows, a few, only how many of each clause. `isOpen`: each stands below in full. */
export function overviewSection(report: Report, { title, shown }: Group, isOpen: boolean): Section {
  const { files } = report.context;
  const heading: Block = { kind: 'heading', level: 2, text: title };
  const withPatches = shown.some(({ finding }) => patchesOf(report, finding).length > 0);
  const rows = shown.map(({ finding, scenario }): Text[] => [
    isOpen
      ? [{ link: nameOf(finding), to: anchorOf(report, finding) }]
      : [clauseSpan(files, finding.clause, nameOf(finding))],
    ...(withPatches ? [patchesOf(report, finding)] : []),
    String(finding.cases.length),
    [
      caseSpan(files, scenario),
      ...(foundCase(report.comparison, finding) === undefined ? [] : [', found by exploration']),
    ],
  ]);
  const head = ['finding', ...(withPatches ? ['by'] : []), '>cases', 'smallest case'];
  const found = shown.map(({ finding }) => finding);
  return {
    levels: [
      { blocks: [heading, table(head, rows)] },
      ...(rows.length > FEW
        ? [
            {
              blocks: [
                heading,
                table(head, rows.slice(0, FEW)),
                paragraph(`And ${plural(rows.length - FEW, 'more finding')}: ${byClause(found.slice(FEW))}.`),
              ],
              lost: 'table row',
              count: rows.length - FEW,
            },
          ]
        : []),
      {
        blocks: [heading, paragraph(`${plural(rows.length, 'finding')}: ${byClause(found)}.`)],
        lost: 'table row',
        count: rows.length,
      },
      { blocks: [], lost: 'table row', count: rows.length },
    ],
  };
}

/** `3 no-crash, 1 isolation` */
function byClause(findings: readonly Finding[]): string {
  const clauses = new Map<string, number>();
  for (const { clause } of findings) clauses.set(clause, (clauses.get(clause) ?? 0) + 1);
  return [...clauses].map(([clause, n]) => `${n} ${clause}`).join(', ');
}

/** How to see a finding of the tables in full. */
export function howToSee({ comparison: { from, to }, context }: Report): Block {
  const command = context.command ?? `npx bouncediff compare ${from.id} ${to.id}`;
  return paragraph(
    'Any of them in full: ',
    code(`${command} --finding 'NAME'`),
    '; all: ',
    code('--full'),
    '.',
  );
}

/** What differs without a patch, for no series did it. */
export function ofBasesSection({
  ofBases: { findings, what },
  comparison: { from, to },
  context,
}: Report): Section | undefined {
  if (findings.length === 0) return undefined;
  const heading: Block = { kind: 'heading', level: 2, text: 'Of no patch' };
  const lead = `${plural(findings.length, 'finding')} ${what}`;
  const rows = findings.map((finding): Text[] => [
    kindWords(finding.kind, from.id, to.id),
    nameOf(finding),
    String(finding.cases.length),
    finding.cases.slice(0, 1).map(({ scenario }) => caseSpan(context.files, scenario)),
  ]);
  return {
    levels: [
      {
        blocks: [heading, paragraph(`${lead}.`), table(['kind', 'finding', '>cases', 'smallest case'], rows)],
      },
      { blocks: [heading, paragraph(`${lead}.`)], lost: 'table row', count: rows.length },
      { blocks: [], lost: 'what is of no patch' },
    ],
  };
}

/** Cases that took another path to the same verdicts. */
export function differentSection({ different }: Comparison): Section | undefined {
  if (different.length === 0) return undefined;
  const lead = `${plural(different.length, 'case')} took another path to the same verdicts`;
  const heading: Block = { kind: 'heading', level: 2, text: 'Other calls, no clause touched' };
  const more = different.length - LISTED;
  const items: Text[] = different.slice(0, LISTED).map(({ id }) => [code(id)]);
  if (more > 0) items.push(`and ${more} more`);
  return {
    levels: [
      { blocks: [heading, { kind: 'list', lead: `${lead}:`, items }] },
      { blocks: [], lost: 'the list of cases with other calls' },
    ],
  };
}
