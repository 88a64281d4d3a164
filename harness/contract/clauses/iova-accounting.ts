// SPDX-License-Identifier: GPL-2.0-only
import { IOVA_RANGE_CACHE_MAX_SIZE } from '../../machine/vocabulary.ts';
import { isMisuse } from '../../run/scenario.ts';
import { makeClause } from '../clause.ts';

export const iovaAccounting = makeClause({
  id: 'iova-accounting',
  title: 'an IOVA range is freed once, with a length that rounds to the one it was allocated with',
  why: 'The IOVA caches hand a range out again as long as it was freed: too long, and two mappings share addresses.',
  causes: {
    'another-length': 'its length rounds to another one than it was allocated with',
    'not-allocated': 'no range that begins there is allocated',
  },
  judge({ run: { events, scenario }, completeSteps }, findings) {
    /** Granules of each range that is allocated, by device and first granule. */
    const ranges = new Map<string, number>();
    const queued = new Set<string>();
    for (const event of events.between(0, events.count, KINDS)) {
      if (event.step >= completeSteps) break;
      if (event.kind === 'alloc_iova_fast') {
        if (event.result > 0) ranges.set(`${event.device}:${event.result}`, event.pages);
        continue;
      }
      if (event.kind !== 'free_iova_fast' && event.kind !== 'queue_iova') continue;
      const key = `${event.device}:${event.pfn}`;
      // What waited in the flush queue was looked at when it went in.
      if (event.kind === 'free_iova_fast' && queued.delete(key)) continue;
      const step = scenario.steps[event.step];
      const pages = ranges.get(key);
      ranges.delete(key);
      if (event.kind === 'queue_iova') queued.add(key);
      if (isMisuse(scenario, event.step)) continue;
      findings.exercise();
      if (pages !== undefined && rounded(pages) === rounded(event.pages)) continue;
      findings.breaks(pages === undefined ? 'not-allocated' : 'another-length', {
        step: event.step,
        event: event.index,
        ...(step !== undefined && 'map' in step && { mapping: step.map }),
        device: event.device,
        iova: event.pfn * scenario.machine.granule,
        count: Math.abs(event.pages - (pages ?? 0)),
        ...(pages !== undefined && { place: `${event.pages} of ${pages} granules` }),
      });
    }
  },
});

const KINDS = new Set(['alloc_iova_fast', 'free_iova_fast', 'queue_iova'] as const);

/** Granules that a length stands for: the caches keep powers of two. */
function rounded(pages: number): number {
  return pages < 2 ** (IOVA_RANGE_CACHE_MAX_SIZE - 1) ? 2 ** Math.ceil(Math.log2(pages)) : pages;
}
