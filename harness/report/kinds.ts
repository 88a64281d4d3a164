// SPDX-License-Identifier: GPL-2.0-only
/** The groups that a report puts findings into, the worst first. */
import type { Comparison, Finding, FindingCase } from '../compare/comparison.ts';
import { layoutWords } from '../compare/layouts.ts';
import { CAUSE_WORDS } from '../contract/words.ts';
import type { State } from '../subject/state.ts';
import type { Illustration } from './illustrate.ts';
import { unexplainedRegressions, type Report } from './report.ts';

export interface Group {
  readonly title: string;
  /** Of one finding, in a sentence. */
  readonly label: string;
  readonly shown: readonly Illustration[];
}

/** Every group that has findings; without what the baseline breaks as well. */
export function groupsOf(report: Report): Group[] {
  const unexplained = new Set(unexplainedRegressions(report));
  const of = (is: (finding: Finding) => boolean): Illustration[] =>
    report.illustrations.filter(({ finding }) => !isBackground(finding) && is(finding));
  return [
    {
      title: 'Unexplained regressions',
      label: 'regressed, unexplained',
      shown: of((finding) => unexplained.has(finding)),
    },
    {
      title: 'Regressions, declared unsolved',
      label: 'regressed, declared unsolved by the cover letter',
      shown: of((finding) => finding.kind === 'regressed' && !unexplained.has(finding)),
    },
    {
      title: 'Broken, hidden before',
      label: 'broken, could not be judged before',
      shown: of(({ kind }) => kind === 'unmasked'),
    },
    { title: 'Still broken', label: 'still broken', shown: of(({ kind }) => kind === 'still-broken') },
    { title: 'Fixed', label: 'fixed', shown: of(({ kind }) => kind === 'fixed') },
    {
      title: 'Broken before, hidden now',
      label: 'broken before, can no longer be judged',
      shown: of(({ kind }) => kind === 'masked'),
    },
    {
      title: 'Layout-dependent',
      label: 'layout-dependent',
      shown: of(({ kind }) => kind === 'layout-dependent'),
    },
  ].filter(({ shown }) => shown.length > 0);
}

/** Still broken for the same cause, and so it was in the baseline. */
export function isBackground({ kind, was, inherited }: Finding): boolean {
  return inherited && kind === 'still-broken' && was === undefined;
}

/** Where the page tells more about a finding. */
export function anchorOf({ kind, clause, cause, was, luck, inherited }: Finding): string {
  const before = was === undefined ? (luck === undefined ? '' : `-${luck.kind}`) : `-was-${was}`;
  return `${kind}-${clause}-${cause}${before}${inherited ? '-inherited' : ''}`;
}

/** The cause in words, and what it was before where that is another one. */
export function causeOf({ cause, was }: Finding): string {
  return was === undefined ? CAUSE_WORDS[cause] : `${CAUSE_WORDS[cause]}; before: ${CAUSE_WORDS[was]}`;
}

/** What a layout-dependent finding is here, and where it is not so; undefined: it is not one. */
export function luckWords({ luck }: Pick<FindingCase, 'luck'>): string | undefined {
  if (luck === undefined) return undefined;
  const where = luck.layouts.map((layout) => `where ${layoutWords(layout)}`);
  return `${luck.kind} with nothing taken before; not so ${where.join(', nor ')}`;
}

/** Why a finding in a case could not be judged on the other side, in words; undefined: it was. */
export function hiddenWords({ from, to }: Comparison, { kind, hiddenBy }: FindingCase): string | undefined {
  if (kind !== 'masked' && kind !== 'unmasked') return undefined;
  const other = kind === 'masked' ? to.id : from.id;
  if (hiddenBy !== undefined) return `hidden by the crash of step ${hiddenBy + 1} in ${other}`;
  return `not put to the test in ${other}: there its map fails, or nobody looks`;
}

/** The finding's name. */
export function nameOf({ clause, cause }: Finding): string {
  return `${clause}: ${cause}`;
}

/** What findings are inherited from, in words: what a state is held against. */
export function rootName({ root }: State): string {
  return root.below === undefined ? 'the baseline' : root.id;
}
