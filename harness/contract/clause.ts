// SPDX-License-Identifier: GPL-2.0-only
/** The vocabulary of the contract: clauses, verdicts, causes, evidence. */
import { CRASHES, WARNINGS } from '../machine/crash.ts';
import type { Facts } from './facts.ts';

/** Ids that reports cite, in the order of the contract. */
export const CLAUSE_IDS = [
  'to-device-data',
  'from-device-data',
  'cpu-owned-stability',
  'partial-write-preserved',
  'confinement-read',
  'confinement-write',
  'revocation',
  'direction',
  'isolation',
  'failed-map-harmless',
  'no-leftovers',
  'map-succeeds',
  'min-align',
  'bounce-only-if-needed',
  'no-crash',
  'no-warn',
] as const;
export type ClauseId = (typeof CLAUSE_IDS)[number];

/** Why a clause is broken. Verdicts and comparisons are per clause and cause. */
export const CAUSES = [
  // Stale bytes.
  'never-cleared',
  'cleared-not-cleaned',
  'dropped-by-arch-invalidate',
  'not-cleaned',
  'overwritten',
  'left-by-a-copy',
  'not-copied',
  'not-invalidated',
  'overwritten-by-write-back',
  'device-fault',
  'wrong-data',
  'changed-by-operation',
  'changed-in-memory',
  // Other owners' bytes.
  'cleared-by-operation',
  'overwritten-by-operation',
  'buffer-changed',
  'outside-the-buffers',
  'other-mapping',
  'reached-a-buffer',
  'reached-another-mapping',
  // Things kept or left.
  'slots-kept',
  'pages-kept',
  'iova-kept',
  'page-table-entry-left',
  'iotlb-not-synced',
  'slots-left',
  'iommu-pages-left',
  'iova-left',
  // Rights, refusals, alignment, bouncing.
  'writable',
  'readable',
  'already-mapped',
  'refused-by-iommu',
  'failed-without-asking',
  'offset-lost',
  'trusted-device',
  'aligned-buffer',
  // The kernel's own complaints.
  ...CRASHES,
  ...WARNINGS,
] as const;
export type Cause = (typeof CAUSES)[number];

/** What shows that a clause is broken. Plain data; the report puts it into words. */
export interface Evidence {
  /** Step of the scenario in which it shows. */
  readonly step: number;
  /** Event that shows it, -1: the state after the step does. */
  readonly event: number;
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
  /** Where the bytes are: `in front of the data`, `another mapping`, … */
  readonly place?: string;
}

/** A clause broken for one cause. */
export interface Break {
  readonly cause: Cause;
  readonly evidence: Evidence;
}

/** What a clause says of one recording. */
export interface Verdict {
  readonly clause: ClauseId;
  readonly status: 'holds' | 'broken' | 'not-exercised';
  /** One per cause, in order of appearance. */
  readonly breaks: readonly Break[];
}

/** A promise of the DMA API or of the untrusted-device design. */
export interface Clause<C extends Cause = Cause> {
  readonly id: ClauseId;
  /** The promise in one line. */
  readonly title: string;
  /** Why anybody cares, in a sentence. */
  readonly why: string;
  /** All that it can be broken for; docs/clauses/ explains each. */
  readonly causes: readonly C[];
  /** Looks only at what was observed. */
  judge(facts: Facts, findings: FindingsOf<C>): void;
}

/** The clause as it is given; the compiler sees to it that it reports no cause but those that it lists. */
export function makeClause<C extends Cause>(clause: Clause<C>): Clause {
  return clause;
}

/** Where a clause says what it found, for causes of its own only. */
export interface FindingsOf<C extends Cause> {
  /** The scenario put the promise to the test. */
  exercise(): void;
  /** The promise is broken; evidence of the same cause adds up, the first one is shown. */
  readonly breaks: (cause: C, evidence: Evidence) => void;
}

/** Collects what a clause found. */
export class Findings implements FindingsOf<Cause> {
  private exercised = false;
  private readonly byCause = new Map<Cause, { first: Evidence; count: number }>();

  exercise(): void {
    this.exercised = true;
  }

  breaks(cause: Cause, evidence: Evidence): void {
    this.exercised = true;
    const found = this.byCause.get(cause);
    if (found === undefined) this.byCause.set(cause, { first: evidence, count: evidence.count });
    else found.count += evidence.count;
  }

  verdict(clause: ClauseId): Verdict {
    const breaks = [...this.byCause].map(([cause, { first, count }]) => ({
      cause,
      evidence: { ...first, count },
    }));
    const status = breaks.length > 0 ? 'broken' : this.exercised ? 'holds' : 'not-exercised';
    return { clause, status, breaks };
  }
}
