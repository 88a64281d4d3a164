// SPDX-License-Identifier: GPL-2.0-only
/** What can be wrong with a state: a clause, and the cause that it is broken for. */
import type { Cause, ClauseId } from './verdict.ts';

export interface Defect {
  readonly clause: ClauseId;
  readonly cause: Cause;
}

/** `no-crash (memset-out-of-memory)`: one string for each defect, fit to be read. */
export function keyOf({ clause, cause }: Defect): string {
  return `${clause} (${cause})`;
}

/**
 * Two ways in which the same thing goes wrong: the kernel's zeros never reach memory, be it that they
 * stay in the cache or that an invalidate throws them away. They compare as one cause.
 */
const SAME_CAUSE: ReadonlySet<Cause> = new Set(['cleared-not-cleaned', 'dropped-by-arch-invalidate']);

/** The two causes compare as one. */
export function sameCause(a: Cause, b: Cause): boolean {
  return a === b || (SAME_CAUSE.has(a) && SAME_CAUSE.has(b));
}

/** The two compare as one. */
export function sameDefect(a: Defect, b: Defect): boolean {
  return a.clause === b.clause && sameCause(a.cause, b.cause);
}
