// SPDX-License-Identifier: GPL-2.0-only
/** What a patch promises, bound to what can be measured. `Clause` and `Cost` are the names that it may use. */

/** Scenario cases that a claim is about; every given property must be met by some device of the case. */
export interface ClaimScope {
  readonly untrusted?: boolean;
  readonly coherent?: boolean;
  /** CONFIG_SWIOTLB. */
  readonly swiotlb?: boolean;
  /** Some device sets min_align_mask. */
  readonly minAlignMask?: boolean;
}

/** A measurable effect. */
export type ClaimEffect<Clause extends string = string, Cost extends string = string> =
  /** These clauses hold where they were broken. */
  | { readonly fixes: readonly Clause[] }
  /** These costs fall, or rise. */
  | { readonly lowers: readonly Cost[] }
  | { readonly raises: readonly Cost[] }
  /** These clauses are not broken by it. */
  | { readonly keeps: readonly Clause[] }
  /** Calls may differ in these cases, without a clause or a listed cost being touched. */
  | { readonly differs: true }
  /** Nothing differs at all. */
  | { readonly nothing: true };

export interface Claim<Clause extends string = string, Cost extends string = string> {
  readonly text: string;
  readonly scope: ClaimScope;
  readonly effects: readonly ClaimEffect<Clause, Cost>[];
}

/** Something that a cover letter names as unsolved: findings about it are no surprise. */
export interface Declaration<Clause extends string = string> {
  readonly text: string;
  readonly clauses: readonly Clause[];
  readonly scope: ClaimScope;
}
