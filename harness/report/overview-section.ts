// SPDX-License-Identifier: GPL-2.0-only
/** Tables: the findings of a group, what was inherited, what differs otherwise. */
import type { Comparison, Finding } from '../compare/comparison.ts';
import type { Section } from './budget.ts';
import { code, paragraph, plural, table, type Block, type Text } from '../text/document.ts';
import type { Illustration } from './illustrate.ts';
import {
  anchorOf,
  causeOf,
  hiddenWords,
  isBackground,
  luckWords,
  nameOf,
  rootName,
  type Group,
} from './kinds.ts';
import { patchesOf, type Report } from './report.ts';

/** Rows of a table that had to shrink. */
const FEW = 12;
/** Most cases that a list names. */
const LISTED = 8;

/** A group's findings: all rows, a few, only how many of each clause. */
export function overviewSection(report: Report, { title, shown }: Group): Section {
  const heading: Block = { kind: 'heading', level: 2, text: title };
  const rows = shown.map((illustration) => rowOf(report, illustration));
  const head = ['finding', 'cause', 'patch', '>cases', 'smallest case'];
  const few = [
    heading,
    table(head, rows.slice(0, FEW)),
    paragraph(`And ${plural(rows.length - FEW, 'more finding')}: ${counts(shown.slice(FEW))}.`),
  ];
  return {
    levels: [
      { blocks: [heading, table(head, rows)] },
      ...(rows.length > FEW ? [{ blocks: few, lost: 'table row', count: rows.length - FEW }] : []),
      {
        blocks: [heading, paragraph(`${plural(rows.length, 'finding')}: ${counts(shown)}.`)],
        lost: 'table row',
        count: rows.length,
      },
      { blocks: [], lost: 'table row', count: rows.length },
    ],
  };
}

function rowOf(report: Report, { finding, scenario }: Illustration): Text[] {
  const [first] = finding.cases;
  const hidden = luckWords(finding) ?? (first && hiddenWords(report.comparison, first));
  return [
    [{ link: nameOf(finding), to: anchorOf(finding) }],
    [causeOf(finding), ...(hidden === undefined ? [] : [`; ${hidden}`])].join(''),
    patchesOf(report, finding).join(', '),
    String(finding.cases.length),
    [code(scenario.id)],
  ];
}

/** `3 no-crash, 1 isolation` */
function counts(shown: readonly Illustration[]): string {
  const clauses = new Map<string, number>();
  for (const { finding } of shown) clauses.set(finding.clause, (clauses.get(finding.clause) ?? 0) + 1);
  return [...clauses].map(([clause, n]) => `${n} ${clause}`).join(', ');
}

/** Broken for the same cause in the root and on both sides: folded, for nobody changed it. */
export function inheritedSection(report: Report): Section | undefined {
  const inherited = report.illustrations.filter(({ finding }) => isBackground(finding));
  if (inherited.length === 0) return undefined;
  const rows = inherited.map(({ finding, scenario }): Text[] => [
    nameOf(finding),
    causeOf(finding),
    String(finding.cases.length),
    [code(scenario.id)],
  ]);
  const summary = `Inherited: ${plural(inherited.length, 'finding')}, broken for the same cause in ${rootName(report.comparison.to)} and on both sides`;
  const folded = table(['finding', 'cause', '>cases', 'smallest case'], rows);
  return {
    levels: [
      { blocks: [{ kind: 'fold', summary, blocks: [folded] }] },
      { blocks: [paragraph(`${summary}.`)], lost: 'what is inherited' },
      { blocks: [], lost: 'what is inherited' },
    ],
  };
}

/** What differs without a patch: folded, for no series did it. */
export function ofBasesSection({ ofBases: { findings, what } }: Report): Section | undefined {
  if (findings.length === 0) return undefined;
  const rows = findings.map((finding): Text[] => [
    finding.kind,
    nameOf(finding),
    causeOf(finding),
    String(finding.cases.length),
    [code(finding.cases[0]?.scenario.id ?? '')],
  ]);
  const summary = `Of no patch: ${plural(findings.length, 'finding')} ${what}`;
  const folded = table(['kind', 'finding', 'cause', '>cases', 'smallest case'], rows);
  return {
    levels: [
      { blocks: [{ kind: 'fold', summary, blocks: [folded] }] },
      { blocks: [paragraph(`${summary}.`)], lost: 'what is of no patch' },
      { blocks: [], lost: 'what is of no patch' },
    ],
  };
}

/** Cases that took another path to the same verdicts. */
export function differentSection({ different }: Comparison): Section | undefined {
  if (different.length === 0) return undefined;
  const lead = `${plural(different.length, 'case')} took another path to the same verdicts`;
  const heading: Block = { kind: 'heading', level: 2, text: 'Different, no clause touched' };
  const more = different.length - LISTED;
  const items: Text[] = different.slice(0, LISTED).map(({ id }) => [code(id)]);
  if (more > 0) items.push(`and ${more} more`);
  return {
    levels: [
      { blocks: [heading, { kind: 'list', lead: `${lead}:`, items }] },
      { blocks: [heading, paragraph(`${lead}.`)], lost: 'the list of different cases' },
      { blocks: [], lost: 'the list of different cases' },
    ],
  };
}

/** The other cases of a finding, as many as a line takes. */
export function alsoIn({ cases }: Finding): Block[] {
  const others = cases.slice(1, 1 + LISTED).map(({ scenario }) => code(scenario.id));
  if (others.length === 0) return [];
  const more = cases.length - 1 - others.length;
  const spans = others.flatMap((span, index) => (index === 0 ? [span] : [', ', span]));
  return [paragraph('Also in ', ...spans, more > 0 ? ` and ${more} more.` : '.')];
}
