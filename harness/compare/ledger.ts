// SPDX-License-Identifier: GPL-2.0-only
/** What each patch promises, set against what it was measured to do. */
import type { Claim, ClaimEffect, ClaimScope } from '../subject/claim.ts';
import type { State } from '../subject/state.ts';
import type { ClauseId } from '../contract/verdict.ts';
import { keyOf, sameDefect, type Defect } from '../contract/defect.ts';
import { COSTS, type CostName } from '../run/costs.ts';
import type { Scenario } from '../run/scenario.ts';
import type { Prefixes } from './attribute.ts';
import type { Stage } from './chain.ts';
import { classify } from './classify.ts';
import { sideOf } from './side.ts';

/** Something that a patch changes in a case. */
export type Effect =
  | (Defect & { readonly kind: 'fixed' | 'regressed'; readonly scenario: Scenario })
  | { readonly kind: 'lowers' | 'raises'; readonly cost: CostName; readonly scenario: Scenario }
  | { readonly kind: 'differs'; readonly scenario: Scenario };

/** A claim and what became of it. */
export interface ClaimRecord {
  readonly claim: Claim;
  /** A claim of no change is shown by the cases in its scope that show none. */
  readonly status: 'shown' | 'not shown' | 'contradicted';
  readonly shownBy: readonly Scenario[];
  readonly contradictedBy: readonly Scenario[];
}

/** A patch's page of the ledger. */
export interface LedgerEntry {
  readonly stage: Stage;
  readonly claims: readonly ClaimRecord[];
  /** Effects that no claim covers. */
  readonly unexplained: readonly Effect[];
  /** Of those, what the cover letter names as unsolved. */
  readonly declared: readonly Effect[];
  /** Everything that it changes. */
  readonly effects: readonly Effect[];
}

/** A difference that one patch makes and a later one takes back. */
export interface Passing extends Defect {
  readonly made: Stage;
  readonly takenBack: Stage;
  readonly scenarios: readonly Scenario[];
}

/** What is broken in between only: a problem for those who bisect. */
export function passingBreaks(entries: readonly LedgerEntry[]): Passing[] {
  const found = new Map<string, Passing & { scenarios: Scenario[] }>();
  for (const [at, entry] of entries.entries()) {
    for (const effect of entry.effects) {
      if (effect.kind !== 'regressed') continue;
      const { clause, cause, scenario } = effect;
      const mender = entries
        .slice(at + 1)
        .find(({ effects }) =>
          effects.some((e) => e.kind === 'fixed' && e.scenario === scenario && sameDefect(e, effect)),
        );
      if (mender === undefined) continue;
      const key = `${keyOf(effect)} ${entry.stage.patch.id} ${mender.stage.patch.id}`;
      const passing = found.get(key) ?? {
        clause,
        cause,
        made: entry.stage,
        takenBack: mender.stage,
        scenarios: [],
      };
      passing.scenarios.push(scenario);
      found.set(key, passing);
    }
  }
  return [...found.values()];
}

/** One patch's entry, measured on `scenarios`. */
export function ledgerOf(prefixes: Prefixes, stage: Stage, scenarios: readonly Scenario[]): LedgerEntry {
  const effects = scenarios.flatMap((scenario) => effectsOf(prefixes, stage, scenario));
  const claims = stage.patch.claims.map((claim) => recordOf(claim, effects, scenarios));
  const open = effects.filter((effect) => !stage.patch.claims.some((claim) => covers(claim, effect)));
  const declared = open.filter(
    (effect) => effect.kind === 'regressed' && isDeclared(stage.after, effect.clause, effect.scenario),
  );
  return {
    stage,
    claims,
    unexplained: open.filter((effect) => !declared.includes(effect)),
    declared,
    effects,
  };
}

/** What a patch changes in a case: clauses, costs, or only the calls. */
function effectsOf(prefixes: Prefixes, { before, after }: Stage, scenario: Scenario): Effect[] {
  const x = prefixes.of(before, scenario);
  const y = prefixes.of(after, scenario);
  const [from, to] = [sideOf(x.run, x.verdicts), sideOf(y.run, y.verdicts)];
  const effects: Effect[] = classify(from, to, () => []).flatMap(({ kind, clause, cause }): Effect[] =>
    kind === 'fixed' || kind === 'regressed' ? [{ kind, clause, cause, scenario }] : [],
  );
  for (const { name } of COSTS) {
    let rise = 0;
    for (const { step, costs } of y.costs) {
      const old = x.costs.find((other) => other.step === step);
      if (old !== undefined) rise += costs[name] - old.costs[name];
    }
    if (rise !== 0) effects.push({ kind: rise < 0 ? 'lowers' : 'raises', cost: name, scenario });
  }
  if (effects.length === 0 && !prefixes.sameTrace(before, after, scenario)) {
    effects.push({ kind: 'differs', scenario });
  }
  return effects;
}

function recordOf(claim: Claim, effects: readonly Effect[], scenarios: readonly Scenario[]): ClaimRecord {
  const inScope = effects.filter(({ scenario }) => isInScope(claim.scope, scenario));
  const shown = inScope.filter((effect) => claim.effects.some((promise) => isPromised(promise, effect)));
  const against = inScope.filter((effect) => claim.effects.some((promise) => contradicts(promise, effect)));
  const negative = claim.effects.every((promise) => 'nothing' in promise || 'keeps' in promise);
  const shownBy = negative
    ? scenarios.filter((scenario) => isInScope(claim.scope, scenario))
    : distinct(shown);
  const status = against.length > 0 ? 'contradicted' : shownBy.length > 0 ? 'shown' : 'not shown';
  return { claim, status, shownBy, contradictedBy: distinct(against) };
}

function covers(claim: Claim, effect: Effect): boolean {
  return (
    isInScope(claim.scope, effect.scenario) && claim.effects.some((promise) => isPromised(promise, effect))
  );
}

function isPromised(promise: ClaimEffect, effect: Effect): boolean {
  switch (effect.kind) {
    case 'fixed':
      return 'fixes' in promise && promise.fixes.includes(effect.clause);
    case 'lowers':
      return 'lowers' in promise && promise.lowers.includes(effect.cost);
    case 'raises':
      return 'raises' in promise && promise.raises.includes(effect.cost);
    case 'differs':
      return 'differs' in promise;
    case 'regressed':
      return false;
  }
}

function contradicts(promise: ClaimEffect, effect: Effect): boolean {
  if ('nothing' in promise) return true;
  if (effect.kind !== 'regressed') return false;
  if ('keeps' in promise) return promise.keeps.includes(effect.clause);
  return 'fixes' in promise && promise.fixes.includes(effect.clause);
}

/** The cover letter of the state's series names it as unsolved. */
export function isDeclared({ chain }: State, clause: ClauseId, scenario: Scenario): boolean {
  return (chain.at(-1)?.declared ?? []).some(
    ({ clauses, scope }) => clauses.includes(clause) && isInScope(scope, scenario),
  );
}

/** Every property that the scope names is met: the kernel's, and all devices' (`false`) or some device's. */
function isInScope(scope: ClaimScope, { machine }: Scenario): boolean {
  const { devices } = machine;
  const meets = (
    wanted: boolean | undefined,
    has: (device: (typeof devices)[number]) => boolean,
  ): boolean => {
    if (wanted === undefined) return true;
    return wanted ? devices.some(has) : !devices.some(has);
  };
  return (
    (scope.swiotlb === undefined || scope.swiotlb === machine.swiotlb) &&
    meets(scope.untrusted, (device) => device.untrusted) &&
    (scope.coherent === undefined || devices.some((device) => device.coherent === scope.coherent)) &&
    meets(scope.minAlignMask, (device) => device.minAlignMask > 0)
  );
}

function distinct(effects: readonly Effect[]): Scenario[] {
  return [...new Set(effects.map(({ scenario }) => scenario))];
}
