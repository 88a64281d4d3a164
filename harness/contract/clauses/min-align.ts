// SPDX-License-Identifier: GPL-2.0-only
import { makeClause } from '../clause.ts';

export const minAlign = makeClause({
  id: 'min-align',
  title: 'a dma segment keeps the address bits that min_align_mask names',
  why: 'NVMe splits I/O at page offsets it reads off the bus address; a wrong offset is wrong data.',
  causes: {
    'offset-lost': 'the bus address has other bits under min_align_mask than the buffer',
  },
  judge(facts, findings) {
    const { machine } = facts.run.scenario;
    for (const { device, index, mapStep, segments } of facts.mappings) {
      const mask = machine.devices[device]?.minAlignMask ?? 0;
      if (mask === 0 || mask >= machine.granule) continue;
      let byte = 0;
      for (const { address, length } of segments) {
        findings.exercise();
        const place = facts.bufferByte(index, byte);
        const phys = place && facts.bufferPhys(place.buffer, place.offset);
        // Behind the last byte of the mapping there is no buffer whose bits it could have.
        if (phys === undefined || address % (mask + 1) !== phys % (mask + 1)) {
          const evidence = {
            step: mapStep,
            mapping: index,
            device,
            iova: address,
            ...(phys !== undefined && { phys }),
            count: 1,
          };
          findings.breaks('offset-lost', evidence);
        }
        byte += length;
      }
    }
  },
});
