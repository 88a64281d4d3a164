// SPDX-License-Identifier: GPL-2.0-only
import type { State } from '../subject/state.ts';
import { OverBudget } from '../machine/budget.ts';
import type { Machine } from '../machine/machine.ts';
import { UserError } from '../text/user-error.ts';
import { tooMuch } from './over-budget.ts';
import type { Scenario } from './scenario.ts';
import { elementAt } from '../text/element.ts';

/**
 * The error for what a state threw that is no crash of the modelled kernel: names the state, its method
 * and the step of the scenario. A state is the user's to mend; a used-up budget is the scenario's.
 */
export function stateError(
  { log, paths }: Machine,
  { id, frames }: State,
  scenario: Scenario,
  cause: unknown,
): UserError {
  if (cause instanceof OverBudget) return tooMuch(cause, scenario, log.step);
  const frame = elementAt(frames, paths.frame[log.path]);
  const where = frame === undefined ? '' : ` in ${frame.method} (${frame.patch})`;
  const step = log.step < 0 ? 'before the first step' : `step ${log.step + 1}`;
  return new UserError(`state ${id}${where}, ${step} of ${scenario.id}: ${String(cause)}`, { cause });
}
