// SPDX-License-Identifier: GPL-2.0-only
import { makeClause } from '../clause.ts';

export const bounceOnlyIfNeeded = makeClause({
  id: 'bounce-only-if-needed',
  title: 'trusted devices and granule-aligned buffers are not bounced',
  why: 'A bounce costs two copies and a piece of a small pool.',
  causes: {
    'trusted-device': 'the device is trusted',
    'aligned-buffer': 'start and length are granule-aligned',
  },
  judge(facts, findings) {
    const { machine, mappings } = facts.run.scenario;
    for (const { mapStep, device, index } of facts.mappings) {
      const outcome = facts.run.steps[mapStep];
      if (outcome === undefined) continue;
      const trusted = machine.devices[device]?.untrusted !== true;
      const aligned = new Set<number>();
      const uneven = new Set<number>();
      for (const { buffer, offset, size } of mappings[index]?.ranges ?? []) {
        const phys = facts.bufferPhys(buffer, offset);
        const isAligned = phys % machine.granule === 0 && size % machine.granule === 0;
        (isAligned ? aligned : uneven).add(phys);
      }
      if (trusted || aligned.size > 0) findings.exercise();
      for (const { phys, index: event } of facts.run.events.of(
        'swiotlb_tbl_map_single',
        outcome.from,
        outcome.to,
      )) {
        const evidence = { step: mapStep, event, mapping: index, device, phys, count: 1 };
        if (trusted) findings.breaks('trusted-device', evidence);
        // Where an uneven entry starts at the same address, the call may be for that one.
        else if (aligned.has(phys) && !uneven.has(phys)) findings.breaks('aligned-buffer', evidence);
      }
    }
  },
});
