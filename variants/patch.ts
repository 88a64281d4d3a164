// SPDX-License-Identifier: GPL-2.0-only
/** A patch is a function from a state to a state; a series is its patches in order. */
import type { Baseline } from './baseline.ts';
import type { Claim, ClaimScope } from './claims.ts';
import type { Kernel } from './dma-ops.ts';

/** A state's class; `S` names what earlier patches have added to it. */
export type StateClass<S extends Baseline = Baseline> = new (kernel: Kernel) => S;

/**
 * A patch. The class it returns overrides exactly the functions that the patch touches; a function
 * that it deletes is overridden as `gone`.
 */
export type Patch<Needs extends Baseline = Baseline, Gives extends Needs = Needs> = (
  Base: StateClass<Needs>,
) => StateClass<Gives>;

/** Body of a function that a patch deleted: calling it is a mistake in a patch. */
export function gone(kernelFunction: string): never {
  throw new Error(`${kernelFunction}() no longer exists in this state`);
}

/** A patch as it was posted. */
export interface PostedPatch {
  /** Method, so that a patch that builds on an earlier one's additions fits in. */
  apply(Base: StateClass): StateClass;
  /** Subject line without the [PATCH …] tag. */
  readonly subject: string;
  readonly messageId: string;
  /** What its changelog promises. */
  readonly claims: readonly Claim[];
}

/** A change that a reviewer asked for. */
export interface Suggestion extends PostedPatch {
  /** The state is `review/NAME`. */
  readonly name: string;
  /** State it was asked of. */
  readonly base: string;
  readonly author: string;
  /** YYYY-MM-DD. */
  readonly date: string;
  /** The patch that the mail answers: `v3 2/5`. */
  readonly on: string;
}

/** Something that a cover letter names as unsolved: findings about it are no surprise. */
export interface Declaration {
  readonly text: string;
  readonly clauses: readonly string[];
  readonly scope: ClaimScope;
}

/** A posted series: the cover letter. */
export interface Series {
  /** `v3`. */
  readonly id: string;
  /** Subject of the cover letter. */
  readonly subject: string;
  readonly author: string;
  /** YYYY-MM-DD. */
  readonly date: string;
  readonly messageId: string;
  /** State the first patch applies to. */
  readonly base: string;
  readonly patches: readonly PostedPatch[];
  /** What the cover letter says it leaves unsolved. */
  readonly declared?: readonly Declaration[];
}
