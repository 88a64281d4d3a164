// SPDX-License-Identifier: GPL-2.0-only
import { grantedBy } from '../../machine/config.ts';
import {
  DMA_BIDIRECTIONAL,
  DMA_FROM_DEVICE,
  DMA_TO_DEVICE,
  IOMMU_READ,
  IOMMU_WRITE,
} from '../../machine/vocabulary.ts';
import { makeClause } from '../clause.ts';

export const direction = makeClause({
  id: 'direction',
  title: 'a to-device mapping cannot be written, a from-device mapping cannot be read',
  why: 'The direction is the only access right a driver states; the IOMMU is there to enforce it.',
  causes: {
    writable: 'the IOMMU lets the device write',
    readable: 'the IOMMU lets the device read',
    'no-write-only-entries': 'it was mapped for writing alone, and the IOMMU has no write-only entries',
  },
  judge(facts, findings) {
    const { iommu } = facts.run.scenario.machine;
    for (const { mapped, dir, reach, index, mapStep, device } of facts.mappings) {
      if (!mapped || dir === DMA_BIDIRECTIONAL) continue;
      findings.exercise();
      for (const { prot, iova, phys } of reach) {
        const evidence = { step: mapStep, mapping: index, device, iova, phys, count: 1 };
        if (dir === DMA_TO_DEVICE && (prot & IOMMU_WRITE) !== 0) findings.breaks('writable', evidence);
        if (dir === DMA_FROM_DEVICE && (grantedBy(iommu, prot) & IOMMU_READ) !== 0) {
          findings.breaks((prot & IOMMU_READ) === 0 ? 'no-write-only-entries' : 'readable', evidence);
        }
      }
    }
  },
});
