// SPDX-License-Identifier: GPL-2.0-only
/** How much one run may record and look at, so that no scenario takes all memory or for ever. */

import { UserError } from '../text/user-error.ts';

/**
 * Budget of one run, bytes. A logged byte takes 5 (itself and its label), an event 96, an exposure 64, a
 * label of a view 4, a touched page 40960, a translation 128; looking at a byte takes 1, at a translation 128.
 */
export const RUN_BUDGET = 128 * 1024 * 1024;

/** Elements of an array that the next run finds again; a longer one is given back, so that no large run costs memory for ever. */
export const MOST_KEPT = 2 ** 20;

/** Taken for one look at a translation. */
export const LOOK_AT_TRANSLATION = 128;
/** Taken for one look at a range that a device was given. */
export const LOOK_AT_RANGE = 4;
/** Taken for one translation. */
export const TRANSLATION_SIZE = 128;

/** Call paths of one run; a state without endless recursion has some dozens. */
export const MAX_PATHS = 1024;

/** Thrown when the budget of a run is used up; the run ends there, and says nothing about its state. */
export class OverBudget extends UserError {
  override name = 'OverBudget';

  constructor() {
    super(`the run records and looks at more than ${RUN_BUDGET / 2 ** 20} MiB`);
  }
}

/** What a run has left. */
export class Budget {
  private left = RUN_BUDGET;

  reset(): void {
    this.left = RUN_BUDGET;
  }

  /** Takes so many bytes. Throws OverBudget when they are not there. */
  take(bytes: number): void {
    this.left -= bytes;
    if (this.left < 0) throw new OverBudget();
  }

  /** Bytes taken so far. */
  get taken(): number {
    return RUN_BUDGET - this.left;
  }
}
