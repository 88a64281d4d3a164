// SPDX-License-Identifier: GPL-2.0-only
/** Where in physical memory a finding is. */
import type { Evidence } from '../contract/verdict.ts';
import type { EventIx } from '../machine/vocabulary.ts';
import type { Run } from '../run/run.ts';

/** Physical addresses of the finding's byte: the caller's, the bounce buffers' of it; empty: it has none. */
export function placesOf(run: Run, { buffer, offset, phys, event }: Evidence): number[] {
  if (phys !== undefined) return [phys];
  if (buffer === undefined || offset === undefined) return crashPlace(run, event);
  const original = (run.scenario.buffers[buffer]?.phys ?? 0) + offset;
  const bounced = run.bounceBuffers.filter((b) => within(original, b.original, b.size));
  return [original, ...new Set(bounced.map((b) => b.tlb + original - b.original))];
}

/** Where a memset that never returned was to start. */
function crashPlace(run: Run, event: EventIx | undefined): number[] {
  if (event === undefined || run.crash?.event !== event) return [];
  const last = run.events.at(event - 1);
  return last.kind === 'memset' ? [last.phys] : [];
}

function within(place: number, start: number, size: number): boolean {
  return place >= start && place < start + size;
}
