// SPDX-License-Identifier: GPL-2.0-only
import { DMA_ATTR_PRIVILEGED, IOMMU_CACHE, IOMMU_PRIV } from '../../machine/vocabulary.ts';
import { makeClause } from '../clause.ts';

export const attributes = makeClause({
  id: 'attributes',
  title: 'page table entries say CACHE for a coherent device and PRIV for a privileged mapping, else neither',
  why: 'A coherent device without CACHE reads past the cache; without PRIV a privileged engine faults.',
  causes: {
    'not-cacheable': 'the device is coherent, its entries lack CACHE',
    cacheable: 'the device is not coherent, its entries say CACHE',
    'not-privileged': 'the driver asked for PRIVILEGED, the entries lack PRIV',
    privileged: 'the driver did not ask for PRIVILEGED, the entries say PRIV',
  },
  judge({ run, completeSteps }, findings) {
    const { steps, machine } = run.scenario;
    for (const event of [...run.events.of('iommu_map'), ...run.events.of('iommu_map_sg')]) {
      const { step: at, index, iova, prot } = event;
      const step = steps[at];
      if ((step?.op !== 'map_page' && step?.op !== 'map_sg') || at >= completeSteps) continue;
      findings.exercise();
      const { device } = step;
      const evidence = { step: at, event: index, mapping: step.map, device, iova, count: 1 };
      const isCached = (prot & IOMMU_CACHE) !== 0;
      if (isCached !== (machine.devices[device]?.coherent === true)) {
        findings.breaks(isCached ? 'cacheable' : 'not-cacheable', evidence);
      }
      const isPrivileged = (prot & IOMMU_PRIV) !== 0;
      if (isPrivileged !== ((step.attrs & DMA_ATTR_PRIVILEGED) !== 0)) {
        findings.breaks(isPrivileged ? 'privileged' : 'not-privileged', evidence);
      }
    }
  },
});
