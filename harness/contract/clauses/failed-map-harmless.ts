// SPDX-License-Identifier: GPL-2.0-only
import type { Held } from '../../run/recording.ts';
import { makeClause } from '../clause.ts';
import { judgeBytes } from './wrong-bytes.ts';

const KEPT = {
  'slots-kept': 'swiotlb slots stay taken',
  'pages-kept': 'IOMMU pages stay mapped',
  'iova-kept': 'the IOVA stays allocated',
} as const;

export const failedMapHarmless = makeClause({
  id: 'failed-map-harmless',
  title: 'a map that reports failure changes no data and keeps no slot, page or IOVA',
  why: 'The error path is the least tested one, and drivers retry: what leaks there adds up.',
  causes: {
    'buffer-changed': "the failed map changed the caller's bytes",
    ...KEPT,
  },
  judge(facts, findings) {
    const { run } = facts;
    judgeBytes('failed-map-harmless', facts, findings, () => 'buffer-changed');
    for (const [step, outcome] of run.steps.entries()) {
      const mapping = facts.mappings.find((m) => m.mapStep === step);
      const before = run.steps[step - 1]?.held;
      if (outcome.status !== 'failed' || mapping === undefined) continue;
      findings.exercise();
      const grown = (now: number, then = 0): number => Math.max(0, now - then);
      const of = (held: Held | undefined, field: 'granules' | 'iovas' | 'queued'): number =>
        held?.[field][mapping.device] ?? 0;
      const report = (cause: keyof typeof KEPT, count: number): void => {
        if (count > 0) findings.breaks(cause, { step, mapping: mapping.index, count });
      };
      report('slots-kept', grown(outcome.held.slots, before?.slots));
      report('pages-kept', grown(of(outcome.held, 'granules'), of(before, 'granules')));
      // A lazy domain queues what it gives back; the flush frees it.
      const iovas = (held: Held | undefined): number => of(held, 'iovas') - of(held, 'queued');
      const flushed = facts.run.events.of('iommu_flush_iotlb_all', outcome.from, outcome.to).length > 0;
      if (!flushed) report('iova-kept', grown(iovas(outcome.held), iovas(before)));
    }
  },
});
