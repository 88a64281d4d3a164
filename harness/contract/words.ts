// SPDX-License-Identifier: GPL-2.0-only
/** The catalogue of words: what each cause means, in the reviewer's language. */
import { CLAUSES, type Cause } from './clauses/index.ts';

/** Completes "…: ". Clauses that share a cause share its words. */
export const CAUSE_WORDS = Object.assign({}, ...CLAUSES.map(({ causes }) => causes)) as Readonly<
  Record<Cause, string>
>;

/** Every cause, in the order of the contract. */
export const CAUSES = Object.keys(CAUSE_WORDS) as readonly Cause[];
