// SPDX-License-Identifier: GPL-2.0-only
/** A comparison as a document: the lines that decide, the findings by group, the costs, the details. */
import { expectedSection, ledgerSection } from './account-section.ts';
import { fit, shrink, type Plan, type Section } from './budget.ts';
import { clipBlock, clippedSection } from './clip.ts';
import { costSection } from './cost-section.ts';
import { code, paragraph, type Block } from '../text/document.ts';
import { findingSection } from './finding-section.ts';
import { head, isUnchanged } from './head.ts';
import type { Finding } from '../compare/comparison.ts';
import { groupsOf } from './kinds.ts';
import { pictureSection } from './picture-section.ts';
import { differentSection, inheritedSection, ofBasesSection, overviewSection } from './overview-section.ts';
import type { Report } from './report.ts';

export interface DocumentOptions {
  /** Stands before every anchor, where several reports share a page. */
  readonly prefix?: string;
  /** Files beside the report, by finding: memory maps. */
  readonly maps?: ReadonlyMap<Finding, string>;
}

/** Everything, or as much of it as fits into `budget` characters of Markdown. */
export function reportDocument(
  report: Report,
  budget: number,
  { prefix = '', maps }: DocumentOptions = {},
): Block[] {
  const trim = budget === Infinity ? (section: Section): Section => section : clippedSection;
  const top = trim({ levels: [{ blocks: [head(report)] }] });
  if (isUnchanged(report)) return fit({ sections: [top], shrinking: [] }, budget, prefix).blocks;
  const { blocks, lost } = fit(planOf(report, top, trim, maps), budget, prefix);
  return lost.length === 0 ? blocks : [...blocks, clipBlock(cutNote(report, lost))];
}

/** Reading order: the worst first. What matters least shrinks first. */
function planOf(
  report: Report,
  top: Section,
  trim: (section: Section) => Section,
  maps: DocumentOptions['maps'],
): Plan {
  const shownBefore = new Set<string>();
  const groups = groupsOf(report);
  const overviews = groups.map((group) => trim(overviewSection(report, group)));
  const details = groups.map(({ label, shown }) =>
    shown.map((illustration) => trim(findingSection(report, label, illustration, shownBefore))),
  );
  const present = (section: Section | undefined): Section[] => (section === undefined ? [] : [trim(section)]);
  const inherited = present(inheritedSection(report));
  const costs = trim(costSection(report.comparison));
  const different = present(differentSection(report.comparison));
  const ledger = present(ledgerSection(report.account));
  const expected = present(expectedSection(report.expected));
  const ofBases = present(ofBasesSection(report));
  const heading: Block = { kind: 'heading', level: 2, text: 'Findings' };
  const findings = details.flat();
  const drawn = groups
    .flatMap(({ shown }) => shown)
    .map((illustration) => present(pictureSection(illustration, maps?.get(illustration.finding))));
  const pictures = drawn.flat();
  const [worst = [], ...others] = details;
  const title = findings.length === 0 ? [] : [{ levels: [{ blocks: [heading] }, { blocks: [] }] }];
  const asides = [...different, ...ofBases, ...inherited, ...expected];
  return {
    sections: [
      top,
      ...overviews,
      costs,
      ...asides,
      ...ledger,
      ...title,
      ...findings.flatMap((finding, at) => [finding, ...(drawn[at] ?? [])]),
    ],
    shrinking: [
      // A picture is of what the text says.
      ...shrink(pictures, 1),
      ...shrink(pictures, 0),
      ...shrink(asides, 1),
      ...others.toReversed().flatMap((group) => [...shrink(group, 1), ...shrink(group, 0)]),
      ...shrink(ledger, 1),
      // Hundreds of rows say less than what is behind the first of them.
      ...shrink(overviews, 2),
      ...shrink(worst, 1),
      ...shrink(worst, 0),
      ...shrink([...overviews, costs], 1),
      ...shrink([...asides, ...ledger, ...title], 0),
      ...shrink([...overviews, costs], 0),
    ],
  };
}

function cutNote({ comparison: { from, to }, context }: Report, lost: readonly string[]): Block {
  return paragraph(
    `Cut to fit: ${lost.join(', ')}. `,
    code('--full'),
    ' prints everything, ',
    code('--json'),
    ' has it as data: ',
    code(`${context.command ?? `npx bouncediff compare ${from.id} ${to.id}`} --full`),
    '.',
  );
}
