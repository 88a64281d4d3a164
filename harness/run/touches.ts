// SPDX-License-Identifier: GPL-2.0-only
/** What the events of a run did to memory. */
import type { CrashKind } from '../machine/crash.ts';
import { touchesOf, type Event, type Touch } from '../machine/events.ts';
import type { Run } from './run.ts';

/** Crashes of a call that finds no memory where it is to work, before it does anything. */
const OUT_OF_MEMORY: ReadonlySet<CrashKind> = new Set([
  'memset-out-of-memory',
  'copy-out-of-memory',
  'maintenance-out-of-memory',
]);

/** What the event did to memory, in order; nothing where it is a call that ran out of memory. */
export function touchesIn({ crash }: Run, event: Event): readonly Touch[] {
  const ranOut = crash !== undefined && OUT_OF_MEMORY.has(crash.kind) && crash.event === event.index + 1;
  return ranOut ? [] : touchesOf(event);
}
