// SPDX-License-Identifier: GPL-2.0-only
import { makeClause } from '../clause.ts';

export const revocation = makeClause({
  id: 'revocation',
  title: 'no translation that a mapping installed is left once it is unmapped',
  why: 'The driver frees or reuses the memory; a device that still reaches it reads or writes the next owner.',
  causes: {
    'page-table-entry-left': 'the page table still has the entry: the unmap covered less than the map',
    'iotlb-not-synced': 'the entry is gone from the page table but the IOTLB was not synced',
  },
  judge(facts, findings) {
    // Per mapping: the step after which nothing of it may be left.
    const due = facts.mappings.map((mapping) => {
      if (!mapping.mapped) return Infinity;
      return facts.revokesLazily(mapping.device) ? facts.flushAfter(mapping) : mapping.unmapStep;
    });
    if (due.some((step) => step < facts.completeSteps)) findings.exercise();
    for (const { step, mapping, device, iova, phys, inPageTable } of facts.run.leftovers) {
      // It counts where it first must not be there.
      if (step !== due[mapping]) continue;
      const evidence = { step, mapping, device, iova, phys, count: 1 };
      findings.breaks(inPageTable ? 'page-table-entry-left' : 'iotlb-not-synced', evidence);
    }
  },
});
