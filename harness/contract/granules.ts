// SPDX-License-Identifier: GPL-2.0-only
/** Which granules of physical memory a trusted device's mapping may reach. */
import { lowBits } from '../machine/u64.ts';
import { elementAt } from '../text/element.ts';
import type { Scenario } from '../run/scenario.ts';

/** Start addresses of the granules that hold the mapping's buffers. */
export function granulesOf(scenario: Scenario, mapping: number): Set<number> {
  const { granule } = scenario.machine;
  const granules = new Set<number>();
  for (const { buffer, offset, size } of scenario.mappings[mapping]?.ranges ?? []) {
    const start = (scenario.buffers[buffer]?.phys ?? 0) + offset;
    for (let at = start - (start % granule); at < start + size; at += granule) granules.add(at);
  }
  return granules;
}

/**
 * Granules behind an entry of a trusted list that pad it out to the device's segment boundary, so
 * that the next entry does not cross it (iommu_dma_map_sg()).
 */
export function boundaryPadding(scenario: Scenario, mapping: number): Set<number> {
  const { granule, devices } = scenario.machine;
  const info = scenario.mappings[mapping];
  const { segBoundary: mask = -1, untrusted = true } = elementAt(devices, info?.device) ?? {};
  const padding = new Set<number>();
  if (info === undefined || mask === -1 || untrusted) return padding;
  let total = 0;
  let previousEnd = 0;
  for (const { buffer, offset, size } of info.ranges) {
    const start = (scenario.buffers[buffer]?.phys ?? 0) + offset;
    const first = start - (start % granule);
    const length = Math.ceil((start + size - first) / granule) * granule;
    const pad = lowBits(-total, mask + 1);
    // Nothing is to be padded in front of the first entry: the total is 0 by then, and so is the pad.
    if (pad < length - 1) {
      for (let at = previousEnd; at < previousEnd + pad; at += granule) padding.add(at);
      total += pad;
    }
    total += length;
    previousEnd = first + length;
  }
  return padding;
}
