// SPDX-License-Identifier: GPL-2.0-only
import { WARNINGS } from '../../machine/crash.ts';
import { hasFailed, type Event, type EventOf } from '../../machine/events.ts';
import type { DmaAddr, PhysAddr } from '../../machine/vocabulary.ts';
import type { EventIndex } from '../../run/event-index.ts';
import { makeClause } from '../clause.ts';
import { EXCUSES, isNoExcuse, NO_EXCUSES, refusalOf } from '../refusal.ts';

const REFUSALS = {
  'already-mapped': 'something is mapped at that bus address already',
  'refused-by-iommu': 'iommu_map refused',
} as const;

export const mapSucceeds = makeClause({
  id: 'map-succeeds',
  title:
    'a map fails only when the pool or the IOVA space has no room left for what it needs, or when it is larger than dma_max_mapping_size()',
  why: 'A driver without a mapping fails its user; something else may be mapped there still, or nobody told it the limit.',
  causes: {
    'failed-without-asking': 'neither the pool nor the IOVA space nor the IOMMU had refused',
    ...REFUSALS,
    ...NO_EXCUSES,
    // Never said of a state alone.
    ...EXCUSES,
  },
  judge(facts, findings) {
    const { run } = facts;
    for (const { mapStep, index, device } of facts.mappings) {
      const outcome = run.steps[mapStep];
      if (outcome === undefined || outcome.status === 'crashed' || outcome.status === 'skipped') continue;
      findings.exercise();
      const { events } = run;
      // Excused by a call that had nothing to give, or that refused.
      if (outcome.status === 'failed' && !events.between(outcome.from, outcome.to).some(hasFailed)) {
        findings.breaks('failed-without-asking', {
          step: mapStep,
          mapping: index,
          device,
          count: 1,
        });
      }
      const refused = refusalOf(run, index);
      if (refused !== undefined && isNoExcuse(refused.cause)) {
        findings.breaks(refused.cause, refused.evidence);
      }
      const maps = [
        ...events.of('iommu_map', outcome.from, outcome.to),
        ...events.of('iommu_map_sg', outcome.from, outcome.to),
      ];
      for (const event of maps.toSorted((a, b) => a.index - b.index)) {
        if (event.injected || !hasFailed(event)) continue;
        const there = mappedAlready(events, event);
        const cause = there === undefined ? 'refused-by-iommu' : 'already-mapped';
        const evidence = { step: mapStep, event: event.index, mapping: index, device, count: 1 };
        findings.breaks(cause, { ...evidence, ...(there ?? askedOf(event)) });
      }
    }
  },
});

type MapCall = EventOf<'iommu_map' | 'iommu_map_sg'>;

/** The page that was mapped already when the call came to it, and what is behind it: the driver's WARN_ON() says so. */
function mappedAlready(
  events: EventIndex,
  { index }: MapCall,
): { iova: DmaAddr; phys: PhysAddr } | undefined {
  let next = index + 1;
  const eventAt = (at: number): Event | undefined => (at < events.count ? events.at(at) : undefined);
  while (eventAt(next)?.kind === 'sg_entry') next++;
  const warning = eventAt(next);
  if (warning?.kind !== 'warn' || WARNINGS[warning.which] !== 'already-mapped') return undefined;
  return { iova: warning.a, phys: warning.b };
}

function askedOf(event: MapCall): { iova: DmaAddr; phys?: PhysAddr } {
  return event.kind === 'iommu_map' ? { iova: event.iova, phys: event.phys } : { iova: event.iova };
}
