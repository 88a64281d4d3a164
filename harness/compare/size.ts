// SPDX-License-Identifier: GPL-2.0-only
import type { Scenario } from '../run/scenario.ts';

/** Values of min_align_mask that drivers set: none, a sector's, an NVMe page's. */
const USUAL_MASKS: ReadonlySet<number> = new Set([0, 511, 4095]);
/** Smallest DMA mask of a PCI device: 24 bits. */
const LEAST_DMA_MASK = 0xffffff;

/** How much of the case no usual PCI system has: pages or granules other than 4 KiB, unusual masks. */
function oddities({ machine: { pageSize, granule, devices } }: Scenario): number {
  const isOdd = ({ minAlignMask, dmaMask }: (typeof devices)[number]): boolean =>
    !USUAL_MASKS.has(minAlignMask) || (dmaMask >= 0 && dmaMask < LEAST_DMA_MASK);
  return Number(pageSize !== 4096 || granule !== 4096) + Number(devices.some(isOdd));
}

/** Realistic cases say more, then smaller ones: fewer steps, mappings, buffers and bytes; then by id. */
export function bySize(a: Scenario, b: Scenario): number {
  const size = (s: Scenario): number[] => [
    oddities(s),
    s.steps.length,
    s.mappings.length,
    s.buffers.length,
    s.buffers.reduce((sum, buffer) => sum + buffer.size, 0),
  ];
  const [x, y] = [size(a), size(b)];
  for (const [i, n] of x.entries()) if (n !== y[i]) return n - (y[i] ?? 0);
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
