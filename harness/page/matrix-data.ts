// SPDX-License-Identifier: GPL-2.0-only
/** States side by side, for the page. */
import type { Comparison, Finding } from '../compare/comparison.ts';
import { findingIds } from '../compare/finding-ids.ts';
import { CLAUSE_IDS } from '../contract/verdict.ts';
import type { PageCell, PageMatrix } from './page-data.ts';

type PageMark = PageCell['marks'][number];

/** The two states of a comparison: its cases in which each breaks a clause, and what changed. */
export function matrixOfTwo(comparison: Comparison): PageMatrix {
  const { from, to, findings, exercised } = comparison;
  const ids = findingIds(findings);
  return {
    states: [from.id, to.id],
    here: [0, 1],
    rows: CLAUSE_IDS.map((clause) => {
      const own = findings.filter((finding) => finding.clause === clause);
      const cell = (side: 'from' | 'to', marks: readonly PageMark[]): PageCell => ({
        ...brokenOn(own, side),
        exercised: exercised[clause],
        marks,
      });
      const marks = own.flatMap((finding) => marksOf(finding, `#finding=${ids.get(finding) ?? ''}`));
      return { clause, cells: [cell('from', []), cell('to', marks)] };
    }),
  };
}

/** Cases in which a side breaks the clause, in all and by cause. */
function brokenOn(findings: readonly Finding[], side: 'from' | 'to'): Pick<PageCell, 'broken' | 'causes'> {
  const cases = new Set<string>();
  const causes = new Map<string, Set<string>>();
  for (const { cause, was, cases: found } of findings) {
    for (const { scenario, [side]: evidence } of found) {
      if (evidence === undefined) continue;
      const name = side === 'from' ? (was ?? cause) : cause;
      cases.add(scenario.id);
      causes.set(name, (causes.get(name) ?? new Set()).add(scenario.id));
    }
  }
  return { broken: cases.size, causes: [...causes].map(([cause, ids]) => [cause, ids.size]) };
}

const SIGNS: Readonly<Record<Finding['kind'], PageMark['sign'] | undefined>> = {
  regressed: '✗',
  fixed: '✓',
  masked: '?',
  unmasked: '?',
  'layout-dependent': '?',
  'still-broken': undefined,
};

function marksOf({ kind, cause, cases }: Finding, href: string): PageMark[] {
  const sign = SIGNS[kind];
  return sign === undefined ? [] : [{ sign, words: String(cases.length), cause, cases: cases.length, href }];
}
