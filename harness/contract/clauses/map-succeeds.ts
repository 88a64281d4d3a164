// SPDX-License-Identifier: GPL-2.0-only
import { eventAt, type Event } from '../../run/recording.ts';
import { makeClause } from '../clause.ts';

const EEXIST = -17;

const REFUSALS = ['already-mapped', 'refused-by-iommu'] as const;
type Refusal = (typeof REFUSALS)[number];

export const mapSucceeds = makeClause({
  id: 'map-succeeds',
  title: 'a map fails only when the pool or the IOVA space has nothing left',
  why: 'A map refused by the page table means that something else is still mapped there.',
  causes: ['failed-without-asking', ...REFUSALS],
  judge(facts, findings) {
    const { run } = facts;
    for (const { mapStep, index, device } of facts.mappings) {
      const outcome = run.steps[mapStep];
      if (outcome === undefined || outcome.status === 'crashed' || outcome.status === 'skipped') continue;
      findings.exercise();
      const { events } = facts;
      const asked = events.between(outcome.from, outcome.to).some(isExcuse);
      if (outcome.status === 'failed' && !asked) {
        findings.breaks('failed-without-asking', {
          step: mapStep,
          event: -1,
          mapping: index,
          device,
          count: 1,
        });
      }
      for (let at = outcome.from; at < outcome.to; at++) {
        const event = eventAt(run, at);
        const cause = refusal(event, events.between(at + 1, outcome.to), run.scenario.machine.granule);
        if (cause === undefined) continue;
        const { a: iova, b: phys } = event;
        const evidence = { step: mapStep, event: at, mapping: index, device, iova, count: 1 };
        findings.breaks(cause, event.kind === 'iommu_map' ? { ...evidence, phys } : evidence);
      }
    }
  },
});

/** A call that had nothing to give, or that refused. */
function isExcuse({ kind, result }: Event): boolean {
  switch (kind) {
    case 'alloc_iova_fast':
    case 'iommu_map_sg':
      return result === 0;
    case 'iommu_map':
      return result !== 0;
    case 'swiotlb_tbl_map_single':
      return result < 0;
    default:
      return false;
  }
}

/** Why the IOMMU refused without an injected failure; undefined when it did not. */
function refusal(event: Event, after: readonly Event[], granule: number): Refusal | undefined {
  const { kind, result, extra, a: iova, b: nents } = event;
  if (extra === 1) return undefined;
  if (kind === 'iommu_map' && result !== 0) return result === EEXIST ? 'already-mapped' : 'refused-by-iommu';
  if (kind !== 'iommu_map_sg' || result !== 0) return undefined;
  const entries = after.slice(0, nents);
  const isUneven = iova % granule !== 0 || entries.some(({ a, b }) => a % granule !== 0 || b % granule !== 0);
  return isUneven ? 'refused-by-iommu' : 'already-mapped';
}
