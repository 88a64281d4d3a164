// SPDX-License-Identifier: GPL-2.0-only
/** The groups that a report puts findings into, the worst first. */
import { isBackground, type Comparison, type Finding, type FindingCase } from '../compare/comparison.ts';
import { findingIds } from '../compare/finding-ids.ts';
import { layoutWords } from '../compare/layouts.ts';
import { CAUSE_WORDS } from '../contract/words.ts';
import type { State } from '../subject/state.ts';
import { kindWords } from './counts.ts';
import type { Illustration } from './illustrate.ts';
import { unexplainedRegressions, type Report } from './report.ts';

export interface Group {
  readonly title: string;
  /** Nobody announced or accepted them: they are shown whole. */
  readonly isOpen: boolean;
  readonly shown: readonly Illustration[];
}

/** Every group that has findings. */
export function groupsOf(report: Report): Group[] {
  const { from, to } = report.comparison;
  const unexplained = new Set(unexplainedRegressions(report));
  const of = (is: (finding: Finding) => boolean): Illustration[] =>
    report.illustrations.filter(({ finding }) => is(finding));
  const kind = (wanted: Finding['kind'], is: (finding: Finding) => boolean = () => true): Group => ({
    title: capital(kindWords(wanted, from.id, to.id)),
    isOpen: false,
    shown: of((finding) => finding.kind === wanted && is(finding)),
  });
  return [
    { title: 'Regressed', isOpen: true, shown: of((finding) => unexplained.has(finding)) },
    {
      title: 'Regressed, as the cover letter says',
      isOpen: false,
      shown: of((finding) => finding.kind === 'regressed' && !unexplained.has(finding)),
    },
    kind('uncovered'),
    kind('fixed'),
    kind('still-broken', (finding) => !isBackground(finding)),
    {
      title: `Still broken, for the same cause as in ${rootName(to)}`,
      isOpen: false,
      shown: of(isBackground),
    },
    kind('hidden'),
    kind('layout-dependent'),
  ].filter(({ shown }) => shown.length > 0);
}

const ids = new WeakMap<readonly Finding[], ReadonlyMap<Finding, string>>();

/** The finding's id, which is the anchor where the page tells of it in full. */
export function anchorOf({ comparison: { findings } }: Report, finding: Finding): string {
  let known = ids.get(findings);
  if (known === undefined) ids.set(findings, (known = findingIds(findings)));
  return known.get(finding) ?? finding.clause;
}

/** What a layout-dependent finding is here, and where it is not so; undefined: it is not one. */
export function luckWords({ luck }: Pick<FindingCase, 'luck'>): string | undefined {
  if (luck === undefined) return undefined;
  const where = luck.layouts.map((layout) => `where ${layoutWords(layout)}`);
  return `${luck.kind} with nothing taken before; not so ${where.join(', nor ')}`;
}

/** That the root breaks the promise for the same, for which cause, or where; undefined: it does not. */
export function inheritedWords(
  { to }: Comparison,
  { inherited, inRoot, cases: [first] }: Finding,
): string | undefined {
  if (!inherited) return undefined;
  const whose = `${capital(rootName(to))} breaks the promise for the same, too`;
  if (first?.inheritedIn !== undefined) {
    return `${whose}, but only where ${first.inheritedIn.map((layout) => layoutWords(layout)).join(', or ')}.`;
  }
  return inRoot === undefined
    ? `${whose}, for the same cause.`
    : `${whose}, for another cause: ${CAUSE_WORDS[inRoot]}.`;
}

/** Of a finding that no other layout has confirmed, in words; undefined: one has, or it needs none. */
export function unrepeatedWords(first: FindingCase | undefined): string | undefined {
  return first?.unrepeated === true
    ? 'In no other layout of pool and IOVA space can both sides be judged: it is said of this one alone.'
    : undefined;
}

/** Why nothing can be said of a finding, whichever it is. */
export const COMES_FIRST =
  'a crash, a failed map or other wrong bytes come first, nobody looks, or it is put to another test';

/** Why a finding in a case could not be judged on the other side, in words; undefined: it was. */
export function hiddenWords(
  { from, to }: Comparison,
  { kind, hiddenBy, partedBy }: FindingCase,
): string | undefined {
  if (kind !== 'hidden' && kind !== 'uncovered') return undefined;
  const other = kind === 'hidden' ? to.id : from.id;
  if (hiddenBy !== undefined) return `hidden by the crash of step ${hiddenBy + 1} in ${other}`;
  if (partedBy !== undefined) {
    return `not put to the same test in ${other}: what the scenario lets happen at a kernel call in step ${partedBy + 1} happens on one side alone`;
  }
  return `not put to the test in ${other}: there its map fails, nobody looks, its pool is not as full, or what went wrong before hides it`;
}

/** The finding's name. */
export function nameOf({ clause, cause }: Finding): string {
  return `${clause}: ${cause}`;
}

/** What findings are inherited from, in words: what a state is held against. */
export function rootName({ root }: State): string {
  return root.below === undefined ? 'the baseline' : root.id;
}

/** The words with a capital to begin with. */
function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
