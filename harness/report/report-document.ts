// SPDX-License-Identifier: GPL-2.0-only
/** A comparison as a document: what decides, the open regressions in full, everything else as tables. */
import type { Finding } from '../compare/comparison.ts';
import { code, paragraph, type Block } from '../text/document.ts';
import { expectedSection, passingSection, promisesSection } from './account-section.ts';
import { fit, shrink, type Plan, type Section } from './budget.ts';
import { clipBlock, clippedSection } from './clip.ts';
import { costSection } from './cost-section.ts';
import { findingSection } from './finding-section.ts';
import { head, isUnchanged } from './head.ts';
import { groupsOf, type Group } from './kinds.ts';
import { notJudgedSection } from './not-judged-section.ts';
import { differentSection, howToSee, ofBasesSection, overviewSection } from './overview-section.ts';
import type { Report } from './report.ts';

export interface DocumentOptions {
  /** Every finding in full, and everything that was measured. */
  readonly full?: boolean;
  /** Most bytes of Markdown; absent: however long it gets. */
  readonly budget?: number | undefined;
  /** The code of the functions behind a finding, where the report has it. */
  readonly code?: boolean;
  /** Only these, each in full. */
  readonly only?: ReadonlySet<Finding> | undefined;
  /** Files beside the report, by finding: memory maps. */
  readonly maps?: ReadonlyMap<Finding, string>;
}

/** Everything that was asked for, or as much of it as fits into the budget; what was cut is said. */
export function reportDocument(report: Report, options: DocumentOptions = {}): Block[] {
  const { budget = Infinity } = options;
  const trim = budget === Infinity ? (section: Section): Section => section : clippedSection;
  const top = trim({ levels: [{ blocks: head(report) }] });
  if (options.only === undefined && isUnchanged(report)) {
    const notJudged = notJudgedSection(report);
    const asides = notJudged === undefined ? [] : [trim(notJudged)];
    return fit(
      { sections: [top, ...asides], shrinking: [...shrink(asides, 1), ...shrink(asides, 0)] },
      budget,
    ).blocks;
  }
  const plan =
    options.only === undefined ? planOf(report, top, trim, options) : planOfSome(report, trim, options);
  const { blocks, lost } = fit(plan, budget);
  return lost.length === 0 ? blocks : [...blocks, clipBlock(cutNote(report, lost))];
}

type Trim = (section: Section) => Section;

/** Reading order: what decides, what is open, what it costs, the rest. What matters least shrinks first. */
function planOf(report: Report, top: Section, trim: Trim, options: DocumentOptions): Plan {
  const { full = false } = options;
  const groups = groupsOf(report);
  const isOpen = (group: Group): boolean => full || group.isOpen;
  const details = detailsOf(report, groups.filter(isOpen), trim, options);
  const overviews = new Map(
    groups.map((group) => [group, trim(overviewSection(report, group, isOpen(group)))]),
  );
  const present = (section: Section | undefined): Section[] => (section === undefined ? [] : [trim(section)]);
  const costs = trim(costSection(report));
  const promises = present(promisesSection(report, full));
  const passing = present(passingSection(report));
  const different = full ? present(differentSection(report.comparison)) : [];
  const asides = [
    ...different,
    ...present(ofBasesSection(report)),
    ...present(expectedSection(report.expected)),
    ...present(notJudgedSection(report)),
  ];
  const open = groups.filter((group) => group.isOpen);
  const others = groups.filter((group) => !group.isOpen);
  const tables = (some: readonly Group[]): Section[] => some.flatMap((group) => overviews.get(group) ?? []);
  const found = (some: readonly Group[]): Section[] => some.flatMap((group) => details.get(group) ?? []);
  const inOrder = (some: readonly Group[]): Section[] =>
    some.flatMap((group) => [...tables([group]), ...found([group])]);
  const [worst, rest] = [found(open).slice(0, 1), found(open).slice(1)];
  const how: Section[] =
    full || others.length === 0 ? [] : [{ levels: [{ blocks: [howToSee(report)] }, { blocks: [] }] }];
  return {
    sections: [top, ...inOrder(open), costs, ...inOrder(others), ...how, ...passing, ...promises, ...asides],
    shrinking: [
      ...shrink([...found(others), ...rest], 2),
      ...shrink(found(others), 0),
      ...shrink([costs], 2),
      ...shrink(asides, 1),
      ...shrink(promises, 1),
      ...shrink(tables(others), 2),
      ...shrink([costs], 1),
      ...shrink(rest, 1),
      ...shrink(tables(others), 1),
      ...shrink(passing, 1),
      ...shrink(tables(open), 2),
      ...shrink(rest, 0),
      ...shrink(worst, 2),
      ...shrink(worst, 1),
      ...shrink(worst, 0),
      ...shrink([...asides, ...promises, ...passing, ...how, costs], 0),
      ...shrink(tables(groups), 1),
      ...shrink(tables(groups), 0),
    ],
  };
}

/** The findings that were asked for, in full. */
function planOfSome(report: Report, trim: Trim, options: DocumentOptions): Plan {
  const wanted = groupsOf(report)
    .map((group) => ({ ...group, shown: group.shown.filter(({ finding }) => options.only?.has(finding)) }))
    .filter(({ shown }) => shown.length > 0);
  const sections = [...detailsOf(report, wanted, trim, options).values()].flat();
  return { sections, shrinking: [...shrink(sections, 1), ...shrink(sections, 0)] };
}

function detailsOf(
  report: Report,
  groups: readonly Group[],
  trim: Trim,
  { full = false, code: withCode = full, maps }: DocumentOptions,
): Map<Group, Section[]> {
  const shownBefore = withCode ? new Set<string>() : undefined;
  return new Map(
    groups.map((group) => [
      group,
      group.shown.map((illustration) =>
        trim(
          findingSection(report, group, illustration, {
            code: shownBefore,
            map: maps?.get(illustration.finding),
          }),
        ),
      ),
    ]),
  );
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
