// SPDX-License-Identifier: GPL-2.0-only
import { hasFailed, type Event, type EventOf } from '../../machine/events.ts';
import { makeClause } from '../clause.ts';
import { EXCUSES, isNoExcuse, NO_EXCUSES, refusalOf } from '../refusal.ts';

const EEXIST = -17;

const REFUSALS = {
  'already-mapped': 'something is mapped at that bus address already',
  'refused-by-iommu': 'iommu_map refused',
} as const;
type Refusal = keyof typeof REFUSALS;

export const mapSucceeds = makeClause({
  id: 'map-succeeds',
  title: 'a map fails only when the pool or the IOVA space has no room for what it needs',
  why: 'A driver without a mapping fails its user; if the page table refused, something else is still mapped there.',
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
        const { index: at, iova } = event;
        const cause = refusal(event, events.between(at + 1, outcome.to), run.scenario.machine.granule);
        if (cause === undefined) continue;
        const evidence = { step: mapStep, event: at, mapping: index, device, iova, count: 1 };
        findings.breaks(cause, event.kind === 'iommu_map' ? { ...evidence, phys: event.phys } : evidence);
      }
    }
  },
});

/** Why the IOMMU refused without an injected failure; undefined when it did not. */
function refusal(
  event: EventOf<'iommu_map' | 'iommu_map_sg'>,
  after: readonly Event[],
  granule: number,
): Refusal | undefined {
  if (event.injected || !hasFailed(event)) return undefined;
  if (event.kind === 'iommu_map') return event.result === EEXIST ? 'already-mapped' : 'refused-by-iommu';
  const isUneven = (entry: Event): boolean =>
    entry.kind === 'sg_entry' && (entry.phys % granule !== 0 || entry.length % granule !== 0);
  const refused = event.iova % granule !== 0 || after.slice(0, event.nents).some(isUneven);
  return refused ? 'refused-by-iommu' : 'already-mapped';
}
