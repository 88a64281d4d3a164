// SPDX-License-Identifier: GPL-2.0-only
/** Who did what: each finding's patches, and each patch's ledger, on representative cases or on all. */
import { Together } from '../subject/not-ready.ts';
import { eachReturning } from '../run/returning.ts';
import type { Scenario } from '../run/scenario.ts';
import { attribute, type Attribution } from './attribute.ts';
import { walkBetween, type Walk } from './chain.ts';
import { isInScope } from './claims.ts';
import { isUnchanged, type Comparison, type Finding } from './comparison.ts';
import {
  ledgerOf,
  measuresOf,
  passingBreaks,
  type LedgerEntry,
  type Measure,
  type Passing,
} from './ledger.ts';
import type { Prefixes } from './prefixes.ts';
import { bySize } from './size.ts';

export interface Account {
  readonly walk: Walk;
  /** Per finding, in its smallest case. */
  readonly attributions: ReadonlyMap<Finding, Attribution>;
  readonly ledger: readonly LedgerEntry[];
  readonly passing: readonly Passing[];
  /** Cases that the ledger looked at, those included that only one patch's claims are about. */
  readonly cases: number;
}

/** Most cases in scope of a claim that it is measured on beside the representative ones. */
const IN_SCOPE = 4;
/** Most cases without a touched clause that stand for the others. */
const DIFFERENT = 8;

/** The cases of the ledger, and what is known of the patches in them already. */
export interface LedgerCases {
  readonly scenarios: readonly Scenario[];
  /** Per case, the measure of each patch on the way; undefined: nothing is known yet. */
  readonly known?: readonly (readonly Measure[])[];
}

/**
 * What the ledger is measured on: all `scenarios`, or, when not `whole`, the smallest case of each finding, of
 * each changed cost, of what differs otherwise, and the smallest in scope of each claim.
 */
export function ledgerCases(
  comparison: Comparison,
  scenarios: readonly Scenario[],
  whole: boolean,
): readonly Scenario[] {
  if (whole) return scenarios;
  const walk = walkBetween(comparison.from, comparison.to);
  return [...new Set([...representatives(comparison), ...inScopeOf(walk, scenarios)])];
}

/**
 * Accounts for a comparison. NotReady when a state on the way is not compiled; what `prefixes` have learned
 * until then stays.
 */
export function accountFor(
  prefixes: Prefixes,
  comparison: Comparison,
  cases: LedgerCases,
  progress: (done: number, total: number) => void,
): Account {
  const walk = walkBetween(comparison.from, comparison.to);
  const together = new Together();
  const attributed = eachReturning(changedIn(comparison), (finding): [Finding, Attribution][] => {
    const [smallest] = finding.cases;
    // A patch that changed the cause alone has neither broken nor mended anything.
    if (smallest === undefined || finding.was !== undefined) return [];
    const found = together.try(() => attribute(prefixes, walk, smallest.scenario, smallest));
    return found === undefined ? [] : [[finding, found]];
  });
  const attributions = new Map([...attributed].flat());
  const { scenarios, known } = cases;
  let done = 0;
  const measured = eachReturning(scenarios, (scenario, index) => ({
    scenario,
    measures: known?.[index] ?? measuresOf(prefixes, walk.forth, scenario, together),
  }));
  const ofStages = walk.forth.map(() => new Map<Scenario, Measure>());
  for (const { scenario, measures } of measured) {
    progress(done++, scenarios.length);
    for (const [index, one] of measures.entries()) if (one !== undefined) ofStages[index]?.set(scenario, one);
  }
  together.done();
  const ledger = walk.forth.map((stage, index) => ledgerOf(stage, ofStages[index] ?? new Map()));
  progress(scenarios.length, scenarios.length);
  return { walk, attributions, ledger, passing: passingBreaks(ledger), cases: scenarios.length };
}

/** The smallest cases that each claim of the way is about. */
function inScopeOf({ forth }: Walk, scenarios: readonly Scenario[]): Scenario[] {
  const sorted = scenarios.toSorted(bySize);
  return forth.flatMap(({ patch }) =>
    patch.claims.flatMap(({ scope }) =>
      sorted.filter((scenario) => isInScope(scope, scenario)).slice(0, IN_SCOPE),
    ),
  );
}

/** What the patches may have turned. */
function changedIn({ findings }: Comparison): Finding[] {
  return findings.filter((finding) => !isUnchanged(finding));
}

function representatives(comparison: Comparison): Scenario[] {
  const { costs, different } = comparison;
  const witnesses = costs.flatMap((row) =>
    row.costs.flatMap(({ shownBy }) => (shownBy === undefined ? [] : [shownBy.scenario])),
  );
  const smallest = changedIn(comparison).flatMap(({ cases }) =>
    cases.slice(0, 1).map(({ scenario }) => scenario),
  );
  return [...new Set([...smallest, ...witnesses, ...different.slice(0, DIFFERENT)])];
}
