// SPDX-License-Identifier: GPL-2.0-only
/** Who did what: each finding's patches, and each patch's ledger, on representative cases or on all. */
import { Together } from '../subject/not-ready.ts';
import { eachReturning } from '../run/returning.ts';
import type { Scenario } from '../run/scenario.ts';
import { attribute, type Attribution } from './attribute.ts';
import { walkBetween, type Walk } from './chain.ts';
import { isInScope } from './claims.ts';
import { isUnchanged, type Comparison, type Finding } from './comparison.ts';
import { ledgerOf, passingBreaks, type LedgerEntry, type Passing } from './ledger.ts';
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

/**
 * Accounts for a comparison. The ledger is measured on all `scenarios`, or, when not `whole`, on the smallest
 * case of each finding, of each changed cost, of what differs otherwise, and on the smallest in scope of each
 * claim. NotReady when a state on the way is not compiled; what `prefixes` have learned until then stays.
 */
export function accountFor(
  prefixes: Prefixes,
  comparison: Comparison,
  { scenarios, whole }: { readonly scenarios: readonly Scenario[]; readonly whole: boolean },
  progress: (done: number, total: number) => void,
): Account {
  const walk = walkBetween(comparison.from, comparison.to);
  const changed = comparison.findings.filter((finding) => !isUnchanged(finding));
  const together = new Together();
  const attributed = eachReturning(changed, (finding): [Finding, Attribution][] => {
    const [smallest] = finding.cases;
    // A patch that changed the cause alone has neither broken nor mended anything.
    if (smallest === undefined || finding.was !== undefined) return [];
    const found = together.try(() => attribute(prefixes, walk, smallest.scenario, smallest));
    return found === undefined ? [] : [[finding, found]];
  });
  const attributions = new Map([...attributed].flat());
  const cases = whole
    ? scenarios
    : [...new Set([...representatives(comparison, changed), ...inScopeOf(walk, scenarios)])];
  const ledger = walk.forth.flatMap((stage, index) => {
    progress(index, walk.forth.length);
    return together.try(() => ledgerOf(prefixes, stage, cases)) ?? [];
  });
  together.done();
  progress(walk.forth.length, walk.forth.length);
  return { walk, attributions, ledger, passing: passingBreaks(ledger), cases: cases.length };
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

function representatives({ costs, different }: Comparison, changed: readonly Finding[]): Scenario[] {
  const witnesses = costs.flatMap((row) =>
    row.costs.flatMap(({ shownBy }) => (shownBy === undefined ? [] : [shownBy.scenario])),
  );
  const smallest = changed.flatMap(({ cases }) => cases.slice(0, 1).map(({ scenario }) => scenario));
  return [...new Set([...smallest, ...witnesses, ...different.slice(0, DIFFERENT)])];
}
