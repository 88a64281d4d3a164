// SPDX-License-Identifier: GPL-2.0-only
/** Two series that stand on two trees: what already differs between the trees is no doing of either series. */
import { isUnchanged, type Comparison, type Finding } from './comparison.ts';

/** Cases that are the same finding between the bases as between the states on them. */
export type OfBases = readonly Finding[];

/** The comparison without what its bases' comparison has, and what that is. */
export function withoutBases(
  comparison: Comparison,
  bases: Comparison,
): { comparison: Comparison; ofBases: OfBases } {
  const known = new Set(bases.findings.filter((finding) => !isUnchanged(finding)).flatMap(keysOf));
  const ofBases: Finding[] = [];
  const findings = comparison.findings.flatMap((finding): Finding[] => {
    if (isUnchanged(finding)) return [finding];
    const keys = keysOf(finding);
    const theirs = finding.cases.filter((_, index) => known.has(keys[index] ?? ''));
    const ours = finding.cases.filter((_, index) => !known.has(keys[index] ?? ''));
    if (theirs.length > 0) ofBases.push({ ...finding, cases: theirs });
    return ours.length > 0 ? [{ ...finding, cases: ours }] : [];
  });
  const different = new Set(bases.different.map(({ id }) => id));
  return {
    comparison: {
      ...comparison,
      findings,
      different: comparison.different.filter(({ id }) => !different.has(id)),
    },
    ofBases,
  };
}

function keysOf({ kind, clause, cause, was, cases }: Finding): string[] {
  return cases.map(({ scenario }) => [kind, clause, cause, was ?? '', scenario.id].join('\n'));
}
