// SPDX-License-Identifier: GPL-2.0-only
/** The contract: every clause in order, and what it says of a recording. */
import type { Run } from '../run/run.ts';
import type { FindingsOf } from './clause.ts';
import { CLAUSES as ALL, type Cause, type ClauseId } from './clauses/index.ts';
import { Facts } from './facts.ts';
import type { LeftOut } from './left-out.ts';
import { leftOutOf } from './not-judged.ts';
import { CLAUSE_IDS, Findings, type Verdict } from './verdict.ts';
import { victimOf } from './victim.ts';

/** A clause among the others. */
interface AnyClause {
  readonly id: ClauseId;
  readonly title: string;
  readonly why: string;
  readonly causes: Readonly<Partial<Record<Cause, string>>>;
  judge(facts: Facts, findings: FindingsOf<Cause>): void;
}

const LIST: readonly AnyClause[] = ALL;

/** The clauses by id. */
export const CLAUSES = Object.fromEntries(LIST.map((clause) => [clause.id, clause])) as Readonly<
  Record<ClauseId, AnyClause>
>;

/** The verdict of every clause, or of those that are asked for, on the recording; in their order. */
export function judge(run: Run, clauses: readonly ClauseId[] = CLAUSE_IDS): Verdict[] {
  return judgeFacts(new Facts(run), clauses);
}

/** The verdict of every clause on the recording, and what none of them looked at. */
export function judgeWhole(run: Run): { verdicts: Verdict[]; leftOut: readonly LeftOut[] } {
  const facts = new Facts(run);
  return { verdicts: judgeFacts(facts, CLAUSE_IDS), leftOut: leftOutOf(facts) };
}

/** The verdicts of these clauses on a recording's facts, for who asks more than once. */
export function judgeFacts(facts: Facts, clauses: readonly ClauseId[]): Verdict[] {
  const verdicts: Verdict[] = [];
  for (const id of clauses) {
    const findings = new Findings((cause, evidence) => victimOf(facts, id, cause, evidence));
    CLAUSES[id].judge(facts, findings);
    verdicts.push(findings.verdict(id));
  }
  return verdicts;
}
