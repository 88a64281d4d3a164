// SPDX-License-Identifier: GPL-2.0-only
/** A claim held against one case: whether the very effect that it promises came about there. */
import { SLOT_SIZE } from '../machine/config.ts';
import type { StepIx } from '../machine/vocabulary.ts';
import { mappingOfStep, type Scenario } from '../run/scenario.ts';
import { situationOf } from '../run/situation.ts';
import type { Claim, ClaimEffect, ClaimScope } from '../subject/claim.ts';
import type { Defect } from '../contract/defect.ts';
import type { CaseFinding } from './classify.ts';
import type { Evaluation } from './evaluate.ts';
import type { CaseEffect, Effect } from './ledger-effects.ts';
import { elementAt } from '../text/element.ts';

/** What a case says of a claim; undefined: nothing. */
export type Outcome = 'shown' | 'contradicted' | undefined;

/** What a patch does in a case, and what it leaves as it was. */
export interface MeasuredCase {
  readonly scenario: Scenario;
  readonly before: Evaluation;
  readonly after: Evaluation;
  readonly findings: readonly CaseFinding[];
  readonly effects: readonly CaseEffect[];
  /** The cover letter says that this stays wrong. */
  readonly isUnsolved: (defect: Defect) => boolean;
}

/** What the case says of the claim; undefined: nothing. */
export function outcomeOf(claim: Claim, measured: MeasuredCase): Outcome {
  const steps = stepsInScope(claim.scope, measured.scenario);
  if (steps.length === 0) return undefined;
  const outcomes = new Set(claim.effects.map((effect) => effectOutcome(claim, effect, measured, steps)));
  if (outcomes.has('contradicted')) return 'contradicted';
  return outcomes.has('shown') ? 'shown' : undefined;
}

function effectOutcome(
  { scope }: Claim,
  promise: ClaimEffect,
  measured: MeasuredCase,
  steps: readonly StepIx[],
): Outcome {
  const { effects, scenario } = measured;
  if ('nothing' in promise) {
    if (!isWhollyInScope(scope, scenario)) return undefined;
    return effects.length === 0 ? 'shown' : 'contradicted';
  }
  if ('differs' in promise) return effects.length > 0 ? 'shown' : undefined;
  if ('fixes' in promise) return fixOutcome(promise, measured);
  if ('keeps' in promise) return keepOutcome(promise.keeps, measured);
  return 'lowers' in promise ? costOutcome(promise, measured, steps) : undefined;
}

/**
 * Fixed: shown. Broken for the promised cause still, or only now: contradicted, unless the cover letter names it as
 * unsolved. What a crash hides says nothing.
 */
function fixOutcome(
  { fixes, causes, place }: Extract<ClaimEffect, { fixes: unknown }>,
  { findings, isUnsolved }: MeasuredCase,
): Outcome {
  const about = findings.filter(
    (found) =>
      fixes.includes(found.clause) &&
      causes.includes(found.cause) &&
      (place === undefined || found.victims.some(({ evidence }) => evidence.place === place)) &&
      (found.kind === 'fixed' || !isUnsolved(found)),
  );
  if (about.some(({ kind }) => kind === 'still-broken' || kind === 'regressed')) return 'contradicted';
  return about.some(({ kind }) => kind === 'fixed') ? 'shown' : undefined;
}

/** Put to the test before and after, and not broken by the patch. */
function keepOutcome(keeps: readonly string[], { before, after, findings }: MeasuredCase): Outcome {
  const isBroken = findings.some(({ kind, clause }) => kind === 'regressed' && keeps.includes(clause));
  if (isBroken) return 'contradicted';
  if (before.run.crash !== undefined || after.run.crash !== undefined) return undefined;
  const holds = ({ verdicts }: Evaluation): boolean =>
    verdicts.some(({ clause, status }) => keeps.includes(clause) && status === 'holds');
  return holds(before) && holds(after) ? 'shown' : undefined;
}

function costOutcome(
  { lowers, always }: Extract<ClaimEffect, { lowers: unknown }>,
  { before, after }: MeasuredCase,
  steps: readonly StepIx[],
): Outcome {
  const outcomes = steps.flatMap((step): Outcome[] => {
    const old = before.costs.find((costs) => costs.step === step);
    const now = after.costs.find((costs) => costs.step === step);
    if (old === undefined || now === undefined) return [];
    const rises = Object.entries(now.costs)
      .filter(([name]) => lowers.includes(name))
      .map(([name, cost]) => cost - (old.costs[name as keyof typeof old.costs] ?? 0));
    if (rises.some((rise) => rise > 0)) return ['contradicted'];
    return [rises.some((rise) => rise < 0) ? 'shown' : always === true ? 'contradicted' : undefined];
  });
  return outcomes.includes('contradicted') ? 'contradicted' : outcomes.find((outcome) => outcome === 'shown');
}

/** The claim announces what the patch does there. */
export function announces({ scope, effects }: Claim, effect: Effect): boolean {
  return isInScope(scope, effect.scenario) && effects.some((promise) => isPromised(promise, effect));
}

function isPromised(promise: ClaimEffect, effect: Effect): boolean {
  switch (effect.kind) {
    case 'fixed':
      return (
        'fixes' in promise && promise.fixes.includes(effect.clause) && promise.causes.includes(effect.cause)
      );
    case 'lowers':
      if ('lowers' in promise) return promise.lowers.includes(effect.cost);
      return 'allows' in promise && promise.allows.includes(effect.cost);
    case 'raises':
      return 'allows' in promise && promise.allows.includes(effect.cost);
    case 'differs':
      return 'differs' in promise;
    case 'regressed':
      return false;
  }
}

/** Some operation of the case has every property of the scope. */
export function isInScope(scope: ClaimScope, scenario: Scenario): boolean {
  return scenario.steps.some((_, step) => matches(scope, scenario, step));
}

function isWhollyInScope(scope: ClaimScope, scenario: Scenario): boolean {
  return scenario.steps.every(
    (_, step) => situationOf(scenario, step) === undefined || matches(scope, scenario, step),
  );
}

function stepsInScope(scope: ClaimScope, scenario: Scenario): StepIx[] {
  return [...scenario.steps.keys()].filter((step) => matches(scope, scenario, step));
}

function matches(scope: ClaimScope, scenario: Scenario, step: StepIx): boolean {
  const situation = situationOf(scenario, step);
  if (situation === undefined) return false;
  const { machine, mappings } = scenario;
  const device = elementAt(machine.devices, elementAt(mappings, mappingOfStep(scenario, step))?.device);
  const isBetween = SLOT_SIZE < machine.granule && machine.granule < machine.pageSize;
  return (
    (scope.operations?.includes(situation.operation) ?? true) &&
    (scope.directions?.includes(situation.direction) ?? true) &&
    isAsked(scope.untrusted, device?.untrusted) &&
    isAsked(scope.coherent, situation.coherent) &&
    isAsked(scope.skip, situation.skip) &&
    isAsked(scope.bounced, situation.bounced > 0) &&
    isAsked(scope.minAlignMask, (device?.minAlignMask ?? 0) > 0) &&
    isAsked(scope.maskAboveGranule, (device?.minAlignMask ?? 0) >= machine.granule) &&
    isAsked(scope.swiotlb, machine.swiotlb) &&
    isAsked(scope.granuleBelowPage, isBetween)
  );
}

function isAsked(wanted: boolean | undefined, is: boolean | undefined): boolean {
  return wanted === undefined || wanted === is;
}
