// SPDX-License-Identifier: GPL-2.0-only
/** Two verdicts on the same clause and case: what became of each cause. */
import type { Cause, Evidence, Verdict } from '../contract/verdict.ts';
import { sameCause, type Defect } from '../contract/defect.ts';

/**
 * `masked`/`unmasked`: broken on one side, while the other side could not be judged (it crashed, or
 * its map failed, before the clause was put to the test).
 */
export const FINDING_KINDS = ['regressed', 'unmasked', 'still-broken', 'fixed', 'masked'] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** A clause that is broken, for one cause, on one side or on both. */
export interface CaseFinding extends Defect {
  readonly kind: FindingKind;
  readonly from: Evidence | undefined;
  readonly to: Evidence | undefined;
  /** The root of the second state breaks the clause for the same cause in the same case. */
  readonly inherited: boolean;
}

/** A side of the comparison: its verdicts, and the step in which it crashed, Infinity: it did not. */
export interface Side {
  readonly verdicts: readonly Verdict[];
  readonly crashStep: number;
}

/**
 * What changed between two sides, clause by clause and cause by cause. `baseline` is asked only when
 * something is broken on the right side.
 */
export function classify(from: Side, to: Side, baseline: () => readonly Verdict[]): CaseFinding[] {
  const findings: CaseFinding[] = [];
  for (const [index, x] of from.verdicts.entries()) {
    const y = to.verdicts[index];
    if (y === undefined) continue;
    const inherited = (cause: Cause): boolean => has(baseline()[index], cause) !== undefined;
    const causes = [...y.breaks, ...x.breaks].map(({ cause }) => cause);
    for (const [at, cause] of causes.entries()) {
      if (causes.findIndex((other) => sameCause(other, cause)) < at) continue;
      const a = has(x, cause);
      const b = has(y, cause);
      const kind = kindOf(x, a, from.crashStep, y, b, to.crashStep);
      findings.push({
        kind,
        clause: x.clause,
        cause,
        from: a,
        to: b,
        inherited: b !== undefined && inherited(cause),
      });
    }
  }
  return findings;
}

function has(verdict: Verdict | undefined, cause: Cause): Evidence | undefined {
  const { breaks = [] } = verdict ?? {};
  return (breaks.find((b) => b.cause === cause) ?? breaks.find((b) => sameCause(b.cause, cause)))?.evidence;
}

function kindOf(
  x: Verdict,
  a: Evidence | undefined,
  xCrashStep: number,
  y: Verdict,
  b: Evidence | undefined,
  yCrashStep: number,
): FindingKind {
  if (a !== undefined && b !== undefined) return 'still-broken';
  if (b !== undefined) return isJudged(x, xCrashStep, b) ? 'regressed' : 'unmasked';
  return isJudged(y, yCrashStep, a) ? 'fixed' : 'masked';
}

/**
 * The side that holds was put to the test, and ran past the step where the other side broke. A crash
 * leaves what lies behind it unexercised; only the crash itself is always judged.
 */
function isJudged(verdict: Verdict, crashStep: number, broken: Evidence | undefined): boolean {
  if (verdict.clause === 'no-crash') return true;
  return verdict.status !== 'not-exercised' && crashStep > (broken?.step ?? 0);
}
