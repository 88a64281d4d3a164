// SPDX-License-Identifier: GPL-2.0-only
/** The findings and the cases of a report, counted so that they add up. */
import type { FindingKind } from '../compare/classify.ts';
import type { Finding } from '../compare/comparison.ts';
import { unexplainedRegressions, type Report } from './report.ts';

/** What a case or a finding can come to, the worst first. */
const OUTCOMES = [
  'unexplained',
  'declared',
  'uncovered',
  'fixed',
  'still-broken',
  'hidden',
  'layout-dependent',
  'accepted',
  'of-bases',
  'different',
  'same',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface Count {
  readonly outcome: Outcome;
  readonly findings: readonly Finding[];
  /** Cases whose worst finding is one of these. */
  readonly cases: number;
}

/** Every outcome in order; each finding and each case is in one of them. */
export function countsOf(report: Report): Count[] {
  const { comparison, expected, ofBases } = report;
  const unexplained = new Set(unexplainedRegressions(report));
  const outcomeOf = (finding: Finding): Outcome =>
    finding.kind !== 'regressed' ? finding.kind : unexplained.has(finding) ? 'unexplained' : 'declared';
  const accepted = expected.flatMap(({ cases }) => asFindings(cases));
  const findings = new Map<Outcome, readonly Finding[]>(
    OUTCOMES.map((outcome) => [
      outcome,
      comparison.findings.filter((finding) => outcomeOf(finding) === outcome),
    ]),
  );
  findings.set('accepted', accepted);
  findings.set('of-bases', ofBases.findings);
  const counted = new Set<string>();
  const once = (ids: readonly string[]): number => {
    const before = counted.size;
    for (const id of ids) counted.add(id);
    return counted.size - before;
  };
  return OUTCOMES.map((outcome): Count => {
    const found = findings.get(outcome) ?? [];
    if (outcome === 'same') return { outcome, findings: [], cases: comparison.cases - counted.size };
    const took =
      outcome === 'of-bases' ? ofBases.different : outcome === 'different' ? comparison.different : [];
    const ids = [
      ...took.map(({ id }) => id),
      ...found.flatMap(({ cases }) => cases.map(({ scenario }) => scenario.id)),
    ];
    return { outcome, findings: found, cases: once(ids) };
  });
}

/** The cases of an accepted outcome, by what they are findings of. */
function asFindings(cases: Finding['cases']): Finding[] {
  const found = new Map<string, Finding>();
  for (const one of cases) {
    const { kind, clause, cause, was, luck, inherited, inRoot } = one;
    const isInCaches = one.inheritedIn !== undefined;
    const key = `${kind} ${clause} ${cause} ${was ?? ''} ${inherited} ${inRoot ?? ''} ${isInCaches}`;
    const before = found.get(key)?.cases ?? [];
    found.set(key, {
      kind,
      clause,
      cause,
      was,
      luck,
      inherited,
      inRoot,
      isInCaches,
      cases: [...before, one],
    });
  }
  return [...found.values()];
}

/** What the kinds are called in the states that are compared. */
export function kindWords(kind: FindingKind, from: string, to: string): string {
  switch (kind) {
    case 'regressed':
      return 'regressed';
    case 'uncovered':
      return `broken, hidden in ${from}`;
    case 'still-broken':
      return 'still broken';
    case 'fixed':
      return 'fixed';
    case 'hidden':
      return `hidden in ${to}`;
    case 'layout-dependent':
      return 'layout-dependent';
  }
}
