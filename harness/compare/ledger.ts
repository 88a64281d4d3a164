// SPDX-License-Identifier: GPL-2.0-only
/** What each patch promises, set against what it was measured to do. */
import type { Claim } from '../subject/claim.ts';
import type { Together } from '../subject/not-ready.ts';
import type { State } from '../subject/state.ts';
import type { ClauseId } from '../contract/verdict.ts';
import { keyOf, sameDefect, type Defect } from '../contract/defect.ts';
import type { Scenario } from '../run/scenario.ts';
import type { Prefixes } from './prefixes.ts';
import type { Stage } from './chain.ts';
import { announces, isInScope, outcomeOf, type MeasuredCase, type Outcome } from './claims.ts';
import { classify, type CaseFinding } from './classify.ts';
import { tryLayouts } from './layouts.ts';
import { effectsIn, type CaseEffect, type Effect } from './ledger-effects.ts';
import type { Side } from './side.ts';

/** A claim and what became of it. */
export interface ClaimRecord {
  readonly claim: Claim;
  /**
   * `shown`: what it promises came about in cases in scope, through this patch, and in none it did not;
   * `contradicted`: in some it did not; `not measured`: no case in scope says anything.
   */
  readonly status: 'shown' | 'not measured' | 'contradicted';
  readonly shownBy: readonly Scenario[];
  readonly contradictedBy: readonly Scenario[];
}

/** What a patch promises, and what it was measured to do. */
export interface LedgerEntry {
  readonly stage: Stage;
  readonly claims: readonly ClaimRecord[];
  /** Regressions that neither a claim nor the cover letter announces. */
  readonly unexplained: readonly Effect[];
  /** Other effects that no claim announces: fixes, costs, other calls. */
  readonly unannounced: readonly Effect[];
  /** Regressions that the cover letter names as unsolved. */
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

/** What a patch does in a case, and what that says of each of its claims. Plain data. */
export interface Measure {
  readonly effects: readonly CaseEffect[];
  readonly outcomes: readonly Outcome[];
}

/** The measure of each patch in one case; undefined: a state that it needs is not compiled, as `together` knows. */
export function measuresOf(
  prefixes: Prefixes,
  stages: readonly Stage[],
  scenario: Scenario,
  together: Together,
): (Measure | undefined)[] {
  return stages.map((stage) => together.try(() => measure(prefixes, stage, scenario)));
}

/** One patch's entry, from what was measured of it. */
export function ledgerOf(stage: Stage, measured: ReadonlyMap<Scenario, Measure>): LedgerEntry {
  const effects = [...measured].flatMap(([scenario, one]) =>
    one.effects.map((effect): Effect => ({ ...effect, scenario })),
  );
  const { claims } = stage.patch;
  const open = effects.filter((effect) => !claims.some((claim) => announces(claim, effect)));
  const declared = open.filter(
    (effect) => effect.kind === 'regressed' && isDeclared(stage.after, effect, effect.scenario),
  );
  const rest = open.filter((effect) => !declared.includes(effect));
  return {
    stage,
    claims: claims.map((claim, index) => recordOf(claim, index, measured)),
    unexplained: rest.filter(({ kind }) => kind === 'regressed'),
    unannounced: rest.filter(({ kind }) => kind !== 'regressed'),
    declared,
    effects,
  };
}

function measure(prefixes: Prefixes, stage: Stage, scenario: Scenario): Measure {
  const before = prefixes.of(stage.before, scenario);
  const after = prefixes.of(stage.after, scenario);
  let found: readonly CaseFinding[] | undefined;
  const findings = (): readonly CaseFinding[] => (found ??= findingsOf(prefixes, stage, scenario));
  const sameTrace = (): boolean => prefixes.sameTrace(stage.before, stage.after, scenario);
  // Most patches change nothing in a case; then only a claim in scope asks for the findings.
  const effects = before.isLike(after) ? [] : effectsIn(before, after, findings(), sameTrace);
  const measured: MeasuredCase = {
    scenario,
    before,
    after,
    effects,
    isUnsolved: (defect: Defect) => isDeclared(stage.after, defect, scenario),
    get findings() {
      return findings();
    },
  };
  return { effects, outcomes: stage.patch.claims.map((claim) => outcomeOf(claim, measured)) };
}

/** What the patch changes in the case, as a comparison of the states before and after it has it. */
function findingsOf(
  prefixes: Prefixes,
  { before, after }: Stage,
  scenario: Scenario,
): readonly CaseFinding[] {
  const sides = (where: Scenario, clauses?: readonly ClauseId[]): readonly [Side, Side] => [
    prefixes.sideOf(before, where, clauses),
    prefixes.sideOf(after, where, clauses),
  ];
  const plain = sides(scenario);
  const findings = classify(...plain);
  return tryLayouts(plain, scenario, findings, sides);
}

function recordOf(claim: Claim, index: number, measured: ReadonlyMap<Scenario, Measure>): ClaimRecord {
  const by = (wanted: Outcome): Scenario[] =>
    [...measured].flatMap(([scenario, { outcomes }]) => (outcomes[index] === wanted ? [scenario] : []));
  const [shownBy, contradictedBy] = [by('shown'), by('contradicted')];
  const status = contradictedBy.length > 0 ? 'contradicted' : shownBy.length > 0 ? 'shown' : 'not measured';
  return { claim, status, shownBy, contradictedBy };
}

/** The cover letter of the state's series names it as unsolved. */
export function isDeclared({ chain }: State, { clause, cause }: Defect, scenario: Scenario): boolean {
  return (chain.at(-1)?.declared ?? []).some(
    ({ clauses, causes, scope }) =>
      clauses.includes(clause) && (causes?.includes(cause) ?? true) && isInScope(scope, scenario),
  );
}
