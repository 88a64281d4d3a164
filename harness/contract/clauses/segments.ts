// SPDX-License-Identifier: GPL-2.0-only
import { makeClause } from '../clause.ts';

export const segments = makeClause({
  id: 'segments',
  title: "each dma segment of a list obeys the device's segment boundary and longest segment",
  why: 'Its descriptors cannot say more: it wraps around at the boundary, or cuts the length.',
  causes: {
    'crosses-boundary': 'it goes over a segment boundary of the device',
    'too-long': 'entries were joined to more than the device takes as one segment',
  },
  judge(facts, findings) {
    const { granule, devices } = facts.run.scenario.machine;
    for (const mapping of facts.mappings) {
      const config = devices[mapping.device];
      if (!mapping.mapped || !mapping.sg || config === undefined) continue;
      const window = config.segBoundary + 1;
      let byte = 0;
      for (const { address, length } of mapping.segments) {
        const entries = facts.pieces(mapping.index, byte, length);
        byte += length;
        const evidence = {
          step: mapping.mapStep,
          mapping: mapping.index,
          device: mapping.device,
          iova: address,
          count: 1,
        };
        // An entry that is too long by itself is the driver's.
        if (entries.every(({ size }) => size <= config.maxSegSize)) {
          findings.exercise();
          if (length > config.maxSegSize) findings.breaks('too-long', evidence);
        }
        if (
          entries.every(({ buffer, offset, size }) => {
            const inside = facts.bufferPhys(buffer, offset) % granule;
            return Math.ceil((inside + size) / granule) * granule <= window;
          })
        ) {
          findings.exercise();
          if ((address % window) + length > window) findings.breaks('crosses-boundary', evidence);
        }
      }
    }
  },
});
