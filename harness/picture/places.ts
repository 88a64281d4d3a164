// SPDX-License-Identifier: GPL-2.0-only
/** Where in physical memory a finding is, and which calls had to do with it. */
import type { Evidence } from '../contract/verdict.ts';
import { touchesOf, type Treatment } from '../machine/events.ts';
import type { EventIx, PhysAddr } from '../machine/vocabulary.ts';
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

/** What gives memory another content or owner. */
const CHANGES: Readonly<Record<Treatment, boolean>> = {
  cleared: true,
  written: true,
  copied: true,
  stored: true,
  reached: true,
  taken: true,
  loaded: false,
  cleaned: false,
  invalidated: false,
};

/** Indexes of the events that wrote one of the places, took it for a bounce buffer, or let a device reach it. */
export function eventsAt(run: Run, places: readonly PhysAddr[]): Set<EventIx> {
  const changing = run.events.all.filter((event) =>
    touchesOf(event).some(
      ({ how, phys, size }) => CHANGES[how] && places.some((place) => within(place, phys, size)),
    ),
  );
  return new Set(changing.map(({ index }) => index));
}

function within(place: number, start: number, size: number): boolean {
  return place >= start && place < start + size;
}
