// SPDX-License-Identifier: GPL-2.0-only
/** A scenario that asks for more than a run may take (machine/budget.ts). */
import type { OverBudget } from '../machine/budget.ts';
import { UserError } from '../text/user-error.ts';
import type { Scenario } from './scenario.ts';

/** A run that would take more than one may. */
export class TooMuch extends UserError {}

/** The error for a run whose budget was used up in step number `step`: file, line and step. */
export function tooMuch(error: OverBudget, { id, file, steps }: Scenario, step: number): TooMuch {
  const line = steps[step]?.line ?? 0;
  const place = file === undefined ? id : line > 0 ? `${file}:${line}` : file;
  const when = step < 0 ? 'with such buffers' : `by step ${step + 1}`;
  return new TooMuch(`${place}: ${when} ${error.message}`);
}

/** What comes of the work; undefined: a run in it takes more than one may, as some state does what nobody foresees. */
export function unlessTooMuch<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof TooMuch) return undefined;
    throw error;
  }
}
