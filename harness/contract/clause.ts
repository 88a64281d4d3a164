// SPDX-License-Identifier: GPL-2.0-only
/** What a clause of the contract is. */
import type { EventIx } from '../machine/vocabulary.ts';
import type { Facts } from './facts.ts';

/** What shows that a clause is broken. Plain data; the report puts it into words. */
export interface Evidence {
  /** Step of the scenario in which it shows; of what is left in the end, the last. */
  readonly step: number;
  /** Event that shows it; absent: no single one does, the state after the step shows it. */
  readonly event?: EventIx;
  /** Of what is left in the end: the first call that took any of it; absent: the calls do not say. */
  readonly took?: EventIx;
  readonly mapping?: number;
  readonly buffer?: number;
  /** First byte, from the start of the buffer or the mapping. */
  readonly offset?: number;
  /** Bytes, granules or calls that are wrong in all, under this cause. */
  readonly count: number;
  readonly device?: number;
  readonly iova?: number;
  readonly phys?: number;
  /** Provenance labels. */
  readonly expected?: number;
  readonly observed?: number;
  /** Of a map that failed: slots or granules that it asked for, that it needed, and that were used and free then. */
  readonly asked?: number;
  readonly needed?: number;
  readonly used?: number;
  readonly free?: number;
  /** Where the bytes are: `in front of the data`, `another mapping`, … */
  readonly place?: string;
}

/** A promise of the DMA API or of the untrusted-device design. */
export interface Clause<Id extends string, C extends string> {
  /** What reports cite. */
  readonly id: Id;
  /** The promise in one line. */
  readonly title: string;
  /** Why anybody cares, in a sentence. */
  readonly why: string;
  /** All that it can be broken for, each in words that complete "…: "; docs/clauses/ explains each. */
  readonly causes: Readonly<Record<C, string>>;
  /** Looks only at what was observed. */
  judge(facts: Facts, findings: FindingsOf<C>): void;
}

/** The clause as it is given; the compiler sees to it that it reports no cause but those that it lists. */
export function makeClause<Id extends string, C extends string>(clause: Clause<Id, C>): Clause<Id, C> {
  return clause;
}

/** Where a clause says what it found, for causes of its own only. */
export interface FindingsOf<C extends string> {
  /** The scenario put the promise to the test. */
  exercise(): void;
  /** The promise is broken; evidence of the same cause adds up, the first one is shown. */
  readonly breaks: (cause: C, evidence: Evidence) => void;
  /**
   * The run does not show whether the promise holds for what the evidence is about: where another run breaks it
   * there in the same step, the two cannot be compared.
   */
  cannotTell(evidence: Evidence): void;
}
