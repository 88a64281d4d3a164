// SPDX-License-Identifier: GPL-2.0-only
/** What a patch does in a case. */
import type { Defect } from '../contract/defect.ts';
import { COSTS, type CostName } from '../run/costs.ts';
import type { Scenario } from '../run/scenario.ts';
import type { CaseFinding } from './classify.ts';
import type { Evaluation } from './evaluate.ts';

/** Something that a patch changes in a case. Plain data. */
export type CaseEffect =
  | (Defect & { readonly kind: 'fixed' | 'regressed' })
  | { readonly kind: 'lowers' | 'raises'; readonly cost: CostName }
  | { readonly kind: 'differs' };
/** The same, and in which case. */
export type Effect = CaseEffect & { readonly scenario: Scenario };

/** Clauses and costs that change; where none does, whether the calls are others. */
export function effectsIn(
  before: Evaluation,
  after: Evaluation,
  findings: readonly CaseFinding[],
  sameTrace: () => boolean,
): readonly CaseEffect[] {
  const effects = findings.flatMap(({ kind, clause, cause }): CaseEffect[] =>
    kind === 'fixed' || kind === 'regressed' ? [{ kind, clause, cause }] : [],
  );
  for (const { name } of COSTS) {
    let rise = 0;
    for (const { step, costs } of after.costs) {
      const old = before.costs.find((other) => other.step === step);
      if (old !== undefined) rise += costs[name] - old.costs[name];
    }
    if (rise !== 0) effects.push({ kind: rise < 0 ? 'lowers' : 'raises', cost: name });
  }
  if (effects.length === 0 && !sameTrace()) effects.push({ kind: 'differs' });
  return effects;
}
