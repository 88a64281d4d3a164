// SPDX-License-Identifier: GPL-2.0-only
/** A comparison in numbers. */
import type { Comparison } from '../compare/comparison.ts';
import { costLines, riseOf, type CostLine } from './cost-lines.ts';
import type { FindingKind } from '../compare/classify.ts';
import { CLAUSE_IDS, type ClauseId } from '../contract/verdict.ts';

/** Findings are counted per clause and cause; `different` and `same` are cases. */
export interface Summary {
  /** In a word: of the clauses first, of the costs where no clause changed. */
  readonly word:
    | 'better'
    | 'worse'
    | 'mixed'
    | 'costs less'
    | 'costs more'
    | 'mixed costs'
    | 'same verdicts, other calls'
    | 'same';
  readonly fixed: number;
  readonly regressed: number;
  readonly stillBroken: number;
  /** Of these also in the baseline. */
  readonly inherited: number;
  /** Of the still broken: for another cause than before. */
  readonly causeChanged: number;
  /** Broken on the first side, not judged on the second; and the other way round. */
  readonly hidden: number;
  readonly uncovered: number;
  /** Fixed or regressed, and not so in other layouts of pool, IOVA space and cache. */
  readonly layoutDependent: number;
  /** Costs of operations, a line of the table each. */
  readonly costsLess: number;
  readonly costsMore: number;
  readonly different: number;
  readonly same: number;
  readonly scenarios: number;
  readonly cases: number;
  readonly clauses: number;
}

export function summarise(comparison: Comparison): Summary {
  const { findings, costs, different, same, scenarios, cases } = comparison;
  const count = (kind: FindingKind): number => findings.filter((f) => f.kind === kind).length;
  const costsLess = worked(costs).filter((line) => riseOf(line) < 0).length;
  const costsMore = worked(costs).filter((line) => riseOf(line) > 0).length;
  const counts = {
    fixed: count('fixed'),
    regressed: count('regressed'),
    stillBroken: count('still-broken'),
    inherited: findings.filter((f) => f.kind === 'still-broken' && f.inherited).length,
    causeChanged: findings.filter((f) => f.was !== undefined).length,
    hidden: count('hidden'),
    uncovered: count('uncovered'),
    layoutDependent: count('layout-dependent'),
    costsLess,
    costsMore,
    different: different.length,
    same,
    scenarios,
    cases,
    clauses: CLAUSE_IDS.length,
  };
  return { word: inAWord(counts), ...counts };
}

function inAWord({
  fixed,
  regressed,
  costsLess,
  costsMore,
  different,
}: Omit<Summary, 'word'>): Summary['word'] {
  if (fixed > 0 && regressed > 0) return 'mixed';
  if (regressed > 0) return 'worse';
  if (fixed > 0) return 'better';
  if (costsLess > 0 && costsMore > 0) return 'mixed costs';
  if (costsMore > 0) return 'costs more';
  if (costsLess > 0) return 'costs less';
  return different > 0 ? 'same verdicts, other calls' : 'same';
}

/** What whole operations cost more or less: copies before the rest, common operations before rare ones. */
export function worked(costs: Comparison['costs']): CostLine[] {
  return costLines(costs, true)
    .filter(({ of, isAside }) => of === 'call' && !isAside)
    .toSorted((a, b) => a.rank - b.rank || b.operations - a.operations);
}

/** Clauses that no case put to the test on both sides. */
export function notExercised({ exercised }: Comparison): ClauseId[] {
  return CLAUSE_IDS.filter((id) => exercised[id] === 0);
}
