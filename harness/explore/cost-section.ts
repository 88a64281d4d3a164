// SPDX-License-Identifier: GPL-2.0-only
/** A cost that exploration has found, in a report and as data: amounts, patches, and the clauses that change with it. */
import { classify } from '../compare/classify.ts';
import { isUnchanged } from '../compare/comparison.ts';
import { walkBetween } from '../compare/chain.ts';
import type { Prefixes } from '../compare/prefixes.ts';
import type { Scenario } from '../run/scenario.ts';
import type { State } from '../subject/state.ts';
import { paragraph, type Block } from '../text/document.ts';
import { costDifferences, shownByCost, type CostDifference } from './cost-difference.ts';
import type { Shown } from './mechanism.ts';
import type { Target } from './probe.ts';

/** The mechanism is one of a cost. */
export function isCost({ kind }: Shown): boolean {
  return kind === 'costlier' || kind === 'cheaper';
}

/** A cost in the scenario, and what belongs to it. */
export interface ShownCost extends CostDifference {
  /** Patches with which the operation begins to cost something else, and from what to what. */
  readonly patches: readonly { readonly patch: string; readonly from: number; readonly to: number }[];
  /** Clauses that change in the same scenario: what costs less may do less than it must. */
  readonly clauses: readonly string[];
}

/** The first difference in the scenario that is of this mechanism; undefined: there is none. */
export function costIn(
  prefixes: Prefixes,
  { from, to }: Pick<Target, 'from' | 'to'>,
  scenario: Scenario,
  { key }: Shown,
): ShownCost | undefined {
  if (from === undefined) return undefined;
  const found = costDifferences(prefixes.of(from, scenario).run, prefixes.of(to, scenario).run).find(
    (difference) => shownByCost(difference).key === key,
  );
  if (found === undefined) return undefined;
  const { step, name } = found;
  const costAt = (state: State): number | undefined =>
    prefixes.of(state, scenario).costs.find((costs) => costs.step === step)?.costs[name];
  const walk = walkBetween(from, to);
  const stages = [
    ...walk.back.toReversed().map(({ patch, before, after }) => ({ patch, before: after, after: before })),
    ...walk.forth,
  ];
  const patches = stages.flatMap(({ patch, before, after }) => {
    const [a, b] = [costAt(before), costAt(after)];
    return a === undefined || b === undefined || a === b ? [] : [{ patch: patch.id, from: a, to: b }];
  });
  const changed = classify(prefixes.sideOf(from, scenario), prefixes.sideOf(to, scenario)).filter(
    (finding) => !isUnchanged(finding),
  );
  const clauses = changed.map(({ kind, clause, cause }) => `${kind} ${clause}: ${cause}`);
  return { ...found, patches, clauses: [...new Set(clauses)] };
}

/** What it costs on both sides, who changed that, and what else changes with it. */
export function costBlocks(
  { from, to }: Pick<Target, 'from' | 'to'>,
  { step, operation, title, patches, clauses, ...amounts }: ShownCost,
): Block[] {
  const turns = patches.map((turn) => `${turn.patch} (${turn.from} → ${turn.to})`);
  return [
    paragraph(
      `Step ${step + 1}, ${operation}, ${title}: ${amounts.from} in ${from?.id ?? ''}, ${amounts.to} in ${to.id}.`,
    ),
    ...(turns.length === 0 ? [] : [paragraph(`Patches that change this cost: ${turns.join(', ')}.`)]),
    ...(clauses.length === 0
      ? []
      : [paragraph(`Clauses that change in the same program: ${clauses.join('; ')}.`)]),
  ];
}
