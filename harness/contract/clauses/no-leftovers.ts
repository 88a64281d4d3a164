// SPDX-License-Identifier: GPL-2.0-only
import type { EventIx } from '../../machine/vocabulary.ts';
import { makeClause } from '../clause.ts';
import { rangesLeft, tookGranules, tookSlots } from '../what-is-left.ts';

export const noLeftovers = makeClause({
  id: 'no-leftovers',
  title: 'when everything is unmapped and flushed, no IOMMU page, IOVA range or slot is left',
  why: 'What is left adds up over days until maps fail.',
  causes: {
    'slots-left': 'swiotlb slots were never released',
    'iommu-pages-left': 'IOMMU pages were never unmapped',
    'iova-left': 'an IOVA was never freed',
  },
  judge(facts, findings) {
    const { run } = facts;
    const last = run.steps.at(-1);
    if (run.crash !== undefined || last === undefined) return;
    const allGone = facts.mappings.every((m) => !m.mapped || m.unmapStep < run.steps.length);
    const allFlushed = last.held.queued.every((count) => count === 0);
    if (facts.mappings.length === 0 || !allGone || !allFlushed) return;
    findings.exercise();
    const step = run.steps.length - 1;
    const { slots } = last.held;
    if (slots > 0) findings.breaks('slots-left', { step, count: slots, ...by(tookSlots(run, slots)) });
    for (const device of run.scenario.machine.devices.keys()) {
      const granules = last.held.granules[device] ?? 0;
      const iovas = last.held.iovas[device] ?? 0;
      if (granules > 0) {
        const took = by(tookGranules(run, device, granules));
        findings.breaks('iommu-pages-left', { step, device, count: granules, ...took });
      }
      if (iovas > 0) {
        const took = by(rangesLeft(run, device, iovas)[0]?.took);
        findings.breaks('iova-left', { step, device, count: iovas, ...took });
      }
    }
  },
});

function by(took: EventIx | undefined): { took?: EventIx } {
  return took === undefined ? {} : { took };
}
