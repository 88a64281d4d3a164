// SPDX-License-Identifier: GPL-2.0-only
/** What the contract says of a recording, in the names of its clauses and their causes. */
import type { Evidence, FindingsOf } from './clause.ts';
import { CLAUSES, type Cause, type ClauseId } from './clauses/index.ts';
import { Victims, type Victim } from './victim.ts';

export type { Evidence } from './clause.ts';
export type { Cause, ClauseId } from './clauses/index.ts';

/** Ids that reports cite, in the order of the contract. */
export const CLAUSE_IDS: readonly ClauseId[] = CLAUSES.map(({ id }) => id);

/** A clause broken for one cause. */
export interface Break {
  readonly cause: Cause;
  readonly evidence: Evidence;
  /** All that is broken for this cause. */
  readonly victims: readonly Victim[];
}

/** What a clause says of one recording. */
export interface Verdict {
  readonly clause: ClauseId;
  readonly status: 'holds' | 'broken' | 'not-exercised';
  /** One per cause, in order of appearance. */
  readonly breaks: readonly Break[];
  /** Of whom the run does not show whether the clause holds for them; left out: nobody. */
  readonly unknown?: readonly Victim[];
}

/** Collects what a clause found. */
export class Findings implements FindingsOf<Cause> {
  private exercised = false;
  private readonly byCause = new Map<Cause, { first: Evidence; count: number; victims: Victims }>();
  private readonly unknown = new Victims();
  private readonly victimOf: (cause: Cause | undefined, evidence: Evidence) => Victim;

  constructor(victimOf: (cause: Cause | undefined, evidence: Evidence) => Victim) {
    this.victimOf = victimOf;
  }

  exercise(): void {
    this.exercised = true;
  }

  breaks(cause: Cause, evidence: Evidence): void {
    this.exercised = true;
    let found = this.byCause.get(cause);
    if (found === undefined) {
      this.byCause.set(cause, (found = { first: evidence, count: 0, victims: new Victims() }));
    }
    found.count += evidence.count;
    found.victims.add(this.victimOf(cause, evidence));
  }

  cannotTell(evidence: Evidence): void {
    this.unknown.add(this.victimOf(undefined, evidence));
  }

  verdict(clause: ClauseId): Verdict {
    const breaks = [...this.byCause].map(([cause, { first, count, victims }]) => ({
      cause,
      evidence: { ...first, count },
      victims: victims.all,
    }));
    const status = breaks.length > 0 ? 'broken' : this.exercised ? 'holds' : 'not-exercised';
    const unknown = this.unknown.all;
    return { clause, status, breaks, ...(unknown.length > 0 && { unknown }) };
  }
}
