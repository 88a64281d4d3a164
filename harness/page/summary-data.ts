// SPDX-License-Identifier: GPL-2.0-only
/** A comparison in numbers that add up. */
import type { Comparison } from '../compare/comparison.ts';
import { CLAUSE_IDS, type ClauseId } from '../contract/verdict.ts';
import { costLines, costText, riseOf, whereText, type CostLine } from '../report/cost-lines.ts';
import { worked } from '../report/summary.ts';
import { kindOf } from './finding-data.ts';
import { KIND_WORDS, PAGE_KINDS } from './kinds.ts';
import type { PageCost, PageSum } from './page-data.ts';

export function sumsOf(comparison: Comparison): PageSum[] {
  const { findings, cases, different, same } = comparison;
  const kinds = PAGE_KINDS.map((kind) => {
    const count = findings.filter((finding) => kindOf(finding) === kind).length;
    return { count, words: KIND_WORDS[kind], isBad: kind === 'regressed' || kind === 'uncovered', kind };
  });
  const part = (count: number, words: string, isBad = false): PageSum['parts'][number] => ({
    count,
    words,
    isBad,
    kind: null,
  });
  const clauses = CLAUSE_IDS.map((clause) => fateOf(comparison, clause));
  const of = (fate: Fate): number => clauses.filter((one) => one === fate).length;
  const lines = costsOf(comparison);
  const rises = lines.map(({ rise }) => rise);
  return [
    { total: findings.length, unit: 'findings', parts: kinds },
    {
      total: cases,
      unit: 'cases',
      parts: [
        part(cases - different.length - same, 'with a change of a finding'),
        part(different.length, 'other calls, same verdicts'),
        part(same, 'same calls'),
      ],
    },
    {
      total: clauses.length,
      unit: 'clauses',
      parts: [
        part(of('worse'), 'only worse', true),
        part(of('both'), 'worse and better'),
        part(of('better'), 'only better'),
        part(of('unclear'), 'only hidden or layout-dependent'),
        part(of('same'), 'unchanged'),
      ],
    },
    {
      total: lines.length,
      unit: 'kinds of costs',
      parts: [
        part(rises.filter((rise) => rise < 0).length, 'less'),
        part(rises.filter((rise) => rise > 0).length, 'more'),
        part(rises.filter((rise) => rise === 0).length, 'equal in the mean'),
      ],
    },
  ];
}

type Fate = 'worse' | 'better' | 'both' | 'unclear' | 'same';

function fateOf({ findings }: Comparison, clause: ClauseId): Fate {
  const kinds = new Set(findings.filter((finding) => finding.clause === clause).map(({ kind }) => kind));
  const isWorse = kinds.has('regressed') || kinds.has('uncovered');
  const isBetter = kinds.has('fixed');
  if (isWorse && isBetter) return 'both';
  if (isWorse) return 'worse';
  if (isBetter) return 'better';
  return kinds.has('hidden') || kinds.has('layout-dependent') ? 'unclear' : 'same';
}

/** What one operation costs, a line for what comes to the same: what whole operations cost more or less, what else differs, what is equal. */
export function costsOf({ costs }: Comparison): PageCost[] {
  const work = worked(costs);
  const nameOf = (line: CostLine): string => `${line.operation} ${line.of} ${line.title} ${whereText(line)}`;
  const known = new Set(work.map(nameOf));
  const others = costLines(costs, true).filter((line) => !known.has(nameOf(line)));
  const equal = costLines(costs, false).filter(({ shownBy }) => shownBy === undefined);
  return [...work, ...others, ...equal].map((line) => costOf(line, line.shownBy !== undefined));
}

function costOf(line: CostLine, differs: boolean): PageCost {
  const rise = Math.sign(riseOf(line));
  return {
    operation: line.operation,
    where: whereText(line),
    title: line.of === 'entry' ? `${line.title}, per entry` : line.title,
    old: costText(line, 0),
    now: costText(line, 1),
    operations: line.operations,
    differs,
    rise: rise < 0 ? -1 : rise > 0 ? 1 : 0,
  };
}
