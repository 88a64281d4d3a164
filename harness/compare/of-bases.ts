// SPDX-License-Identifier: GPL-2.0-only
/** Two series that stand on two trees: what already differs between the trees is no doing of either series. */
import type { Scenario } from '../run/scenario.ts';
import { isUnchanged, type Comparison, type Finding } from './comparison.ts';

/** What is the same between the bases as between the states on them. */
export interface OfBases {
  readonly findings: readonly Finding[];
  /** Cases that took another path there and here, to the same verdicts. */
  readonly different: readonly Scenario[];
}

/** The comparison without what its bases' comparison has, and what that is. */
export function withoutBases(
  comparison: Comparison,
  bases: Comparison,
): { comparison: Comparison; ofBases: OfBases } {
  const known = new Set(bases.findings.filter((finding) => !isUnchanged(finding)).flatMap(keysOf));
  const inherited: Finding[] = [];
  const findings = comparison.findings.flatMap((finding): Finding[] => {
    if (isUnchanged(finding)) return [finding];
    const keys = keysOf(finding);
    const theirs = finding.cases.filter((_, index) => known.has(keys[index] ?? ''));
    const ours = finding.cases.filter((_, index) => !known.has(keys[index] ?? ''));
    if (theirs.length > 0) inherited.push({ ...finding, cases: theirs });
    return ours.length > 0 ? [{ ...finding, cases: ours }] : [];
  });
  const theirs = new Set(bases.different.map(({ id }) => id));
  return {
    comparison: {
      ...comparison,
      findings,
      different: comparison.different.filter(({ id }) => !theirs.has(id)),
    },
    ofBases: {
      findings: inherited,
      different: comparison.different.filter(({ id }) => theirs.has(id)),
    },
  };
}

function keysOf({ kind, clause, cause, was, cases }: Finding): string[] {
  return cases.map(({ scenario }) => [kind, clause, cause, was ?? '', scenario.id].join('\n'));
}
