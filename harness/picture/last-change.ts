// SPDX-License-Identifier: GPL-2.0-only
/** Which event made the byte of a finding what it is. */
import { RAM_SIZE } from '../machine/config.ts';
import { touchesOf } from '../machine/events.ts';
import type { EventIx, Label, PhysAddr } from '../machine/vocabulary.ts';
import { filmContents } from '../run/film.ts';
import type { Run } from '../run/run.ts';
import { isAboutReach, type Broken, type StateRun } from './memory-picture.ts';
import { placesOf } from './places.ts';

/**
 * The last event, before the one that the evidence names or else before the end of its step, that changed the
 * finding's byte, in memory or as the CPU sees it: the caller's or a bounce buffer's, those that hold what was
 * observed by then if any does. Where it is wrong what a device reaches: the last that let it reach the byte.
 * Undefined: none since the run began.
 */
export function lastChange(broke: StateRun, broken: Omit<Broken, 'side'>): EventIx | undefined {
  const { run } = broke;
  const { event, step } = broken.evidence;
  const until = event ?? run.steps[step]?.to ?? 0;
  const places = placesOf(run, broken.evidence).filter((place) => place >= 0 && place < RAM_SIZE);
  if (places.length === 0) return undefined;
  const isElsewhere = isAboutReach(broken) || broken.cause === 'wrong-address';
  return isElsewhere ? lastReached(run, broken, places, until) : lastChanged(broke, broken, places, until);
}

function lastReached(
  { events }: Run,
  { evidence: { device } }: Pick<Broken, 'evidence'>,
  places: readonly PhysAddr[],
  until: EventIx,
): EventIx | undefined {
  const reaching = events
    .between(0, until)
    .findLast(
      (event) =>
        (device === undefined || event.device === device) &&
        touchesOf(event).some(
          ({ how, phys, size }) =>
            how === 'reached' && places.some((place) => place >= phys && place < phys + size),
        ),
    );
  return reaching?.index;
}

function lastChanged(
  { state, run: { scenario } }: StateRun,
  { evidence: { step, observed } }: Pick<Broken, 'evidence'>,
  places: readonly PhysAddr[],
  until: EventIx,
): EventIx | undefined {
  const upToThen = { ...scenario, steps: scenario.steps.slice(0, step + 1) };
  const areas = places.map((start) => ({ start, end: start + 1 }));
  let seen: Label[] = [];
  const changed: EventIx[] = [];
  filmContents(state, upToThen, areas, (contents, events) => {
    if (events > until) return;
    const now = contents.flatMap(({ memory, cpu }) => [...memory, ...cpu]);
    for (const [at, label] of now.entries()) if (seen[at] !== label) changed[at] = events - 1;
    seen = now;
  });
  const holding = changed.filter((_, at) => seen[at] === observed);
  const last = Math.max(...(holding.length > 0 ? holding : changed));
  return last < 0 ? undefined : last;
}
