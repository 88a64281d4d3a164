// SPDX-License-Identifier: GPL-2.0-only
/** States side by side, for the page: what each breaks, and what changed against the one to its left. */
import type { Comparison, Finding } from '../compare/comparison.ts';
import { findingIds } from '../compare/finding-ids.ts';
import type { ClauseCell, Matrix } from '../compare/matrix.ts';
import { CLAUSE_IDS, type ClauseId } from '../contract/verdict.ts';
import type { PageCell, PageMatrix } from './page-data.ts';

type PageMark = PageCell['marks'][number];

/** What changed between two neighbours, and the page that tells it: empty, where that is the same page; undefined: none does. */
export interface Step {
  readonly comparison: Comparison;
  readonly page: string | undefined;
}

/** `steps`: comparisons of neighbours; `here`: ids of the states that the page is about. */
export function pageMatrix(
  { states, clauses }: Matrix,
  steps: readonly Step[],
  here: readonly string[],
): PageMatrix {
  const found = states.map((state, index) => {
    const before = states[index - 1];
    return steps.find(
      ({ comparison: { from, to } }) => before !== undefined && from.id === before.id && to.id === state.id,
    );
  });
  return {
    states: states.map(({ id }) => id),
    here: states.flatMap(({ id }, index) => (here.includes(id) ? [index] : [])),
    rows: CLAUSE_IDS.map((clause) => ({
      clause,
      cells: (clauses.get(clause) ?? []).map((cell, index) => cellOf(cell, found[index], clause)),
    })),
  };
}

function cellOf(cell: ClauseCell, step: Step | undefined, clause: ClauseId): PageCell {
  const { brokenCases, exercised, hiddenCases, broken } = cell;
  return {
    broken: brokenCases,
    exercised,
    hidden: hiddenCases,
    causes: [...broken],
    marks: step === undefined ? [] : marksOf(step, clause),
  };
}

const SIGNS: Readonly<Record<Finding['kind'], PageMark['sign'] | undefined>> = {
  regressed: '✗',
  fixed: '✓',
  hidden: '?',
  uncovered: '?',
  'layout-dependent': '?',
  'still-broken': undefined,
};

/** One for each kind of change: of several findings the first, the worst, is where it leads. */
function marksOf({ comparison, page }: Step, clause: ClauseId): PageMark[] {
  const ids = findingIds(comparison.findings);
  return comparison.findings.flatMap((finding): PageMark[] => {
    const sign = SIGNS[finding.kind];
    if (finding.clause !== clause || sign === undefined) return [];
    const href = page === undefined ? '' : `${page}#finding=${ids.get(finding) ?? ''}`;
    const { cause, cases } = finding;
    return [{ sign, cause, cases: cases.length, href }];
  });
}
