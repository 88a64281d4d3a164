// SPDX-License-Identifier: GPL-2.0-only
/** The groups that a report puts findings into, the worst first. */
import type { Finding } from '../compare/comparison.ts';
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
      title: 'Broken, could not be judged before',
      label: 'broken, could not be judged before',
      shown: of(({ kind }) => kind === 'unmasked'),
    },
    { title: 'Still broken', label: 'still broken', shown: of(({ kind }) => kind === 'still-broken') },
    { title: 'Fixed', label: 'fixed', shown: of(({ kind }) => kind === 'fixed') },
    {
      title: 'Broken before, can no longer be judged',
      label: 'broken before, can no longer be judged',
      shown: of(({ kind }) => kind === 'masked'),
    },
  ].filter(({ shown }) => shown.length > 0);
}

/** Still broken, and so it was in the baseline. */
export function isBackground({ kind, inherited }: Finding): boolean {
  return inherited && kind === 'still-broken';
}

/** Where the page tells more about a finding. */
export function anchorOf({ kind, clause, cause, inherited }: Finding): string {
  return `${kind}-${clause}-${cause}${inherited ? '-inherited' : ''}`;
}

/** The finding's name. */
export function nameOf({ clause, cause }: Finding): string {
  return `${clause}: ${cause}`;
}

/** What findings are inherited from, in words: what a state is held against. */
export function rootName({ root }: State): string {
  return root.below === undefined ? 'the baseline' : root.id;
}
