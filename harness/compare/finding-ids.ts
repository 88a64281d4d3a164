// SPDX-License-Identifier: GPL-2.0-only
/** What a finding is called wherever it is shown: in anchors, on command lines, in JSON and in addresses. */
import { createHash } from 'node:crypto';
import type { Finding } from './comparison.ts';

/** Hex digits that tell the defects of a clause apart. */
const DIGITS = 6;

/**
 * An id for each finding: the clause, and a hash of the smallest case, of whose bytes they are and of the first
 * of them, `isolation-3f81ac`. The same defect has the same id, be it regressed here or fixed there. Where two
 * findings share all that, the later one has `-2` behind it.
 */
export function findingIds(findings: readonly Finding[]): ReadonlyMap<Finding, string> {
  const ids = new Map<Finding, string>();
  const times = new Map<string, number>();
  for (const finding of findings) {
    const id = idOf(finding);
    const n = (times.get(id) ?? 0) + 1;
    times.set(id, n);
    ids.set(finding, n === 1 ? id : `${id}-${n}`);
  }
  return ids;
}

function idOf({ clause, cases: [smallest] }: Finding): string {
  const victim = smallest?.victims[0];
  const about = JSON.stringify([smallest?.scenario.id, victim?.of, victim?.from]);
  return `${clause}-${createHash('sha256').update(about).digest('hex').slice(0, DIGITS)}`;
}
