// SPDX-License-Identifier: GPL-2.0-only
/** Every cost in one small case, counted by hand. */
import { describe, expect, test } from '@jest/globals';
import { caseOf } from '../contract/testing/judging.ts';
import { Machine } from '../machine/machine.ts';
import { DMA_IOMMU, findState } from '../../variants/registry.ts';
import { COSTS, costsOf, type CostName } from './costs.ts';
import { runScenario } from './interpreter.ts';

const UNTRUSTED = 'device: { untrusted: true, coherent: true }';
const NON_COHERENT = 'device: { untrusted: true, coherent: false }';

/** One mapping of 1000 bytes, its slots filled up to a granule of 4096. */
const BOUNCED = `
${UNTRUSTED}
buffers: { a: { size: 1000 } }
steps:
  - map_page: { id: m, buffer: a, dir: BIDIRECTIONAL }
  - sync_single_for_device: { id: m, offset: 0, size: 400 }
  - sync_single_for_device: { id: m, offset: 0, size: 400 }
  - sync_single_for_cpu: { id: m, offset: 0, size: 300 }
  - unmap_page: m
`;

/** A list of three granules, for which the baseline asks the IOVA allocator for four. */
const LIST = `
device: { untrusted: false, coherent: true }
machine: { strict: false }
buffers: { a: { size: 4096 }, b: { size: 8192 } }
steps:
  - map_sg: { id: m, sgl: [a, b], dir: TO_DEVICE }
  - unmap_sg: m
  - map_page: { id: n, buffer: a, dir: TO_DEVICE }
  - fail_next: iommu_map
  - map_page: { id: o, buffer: b, dir: TO_DEVICE }
  - unmap_page: n
  - flush_queue
`;

/** Two slots, given back; then four and two at the same time. */
const THREE = `
${UNTRUSTED}
buffers: { a: { size: 3000 }, b: { size: 5000 } }
steps:
  - map_page: { id: m, buffer: a, dir: TO_DEVICE }
  - unmap_page: m
  - map_page: { id: n, buffer: b, dir: TO_DEVICE }
  - map_page: { id: o, buffer: a, dir: TO_DEVICE }
`;

/** 256 bytes at the start of a cache line: the baseline cleans the lines of the buffer, not of its slot. */
const WRONG_LINES = `
${NON_COHERENT}
buffers: { a: { size: 256 } }
steps: [map_page: { id: m, buffer: a, dir: TO_DEVICE }, unmap_page: m]
`;

/** The same with a device that uses the buffer itself: 250 bytes from byte 60 on touch five lines. */
const RIGHT_LINES = `
device: { untrusted: false, coherent: false }
buffers: { a: { size: 250, offset: 60 } }
steps: [map_page: { id: m, buffer: a, dir: TO_DEVICE }]
`;

/** v3 clears what is in front of the data, and then a size that underflowed. */
const CRASHING = `
device: { untrusted: true, coherent: true, minAlignMask: 4095 }
buffers: { a: { size: 1024, offset: 3584 } }
steps: [map_page: { id: m, buffer: a, dir: TO_DEVICE }]
`;

/** What each cost is on the baseline; the compiler misses the row of a new one. */
const COUNTED: Readonly<Record<CostName, readonly [yaml: string, cost: number]>> = {
  // The map and both syncs.
  'copies-to-bounce': [BOUNCED, 3],
  'copied-to-bounce': [BOUNCED, 1000 + 400 + 400],
  // The sync, unmap's own sync, and swiotlb's copy at the unmap.
  'copies-from-bounce': [BOUNCED, 3],
  'copied-from-bounce': [BOUNCED, 300 + 1000 + 1000],
  // The second sync for device, and swiotlb's copy after unmap's own sync.
  'redundant-copies': [BOUNCED, 2],
  // For device at the map, for cpu at the unmap.
  'cache-maintenance': [WRONG_LINES, 2],
  'useful-lines': [RIGHT_LINES, 5],
  'misdirected-lines': [WRONG_LINES, 256 / 64],
  // Behind the data, up to the granule.
  cleared: [BOUNCED, 4096 - 1000],
  // The list, the page, and the one that fails.
  'iommu-maps': [LIST, 3],
  'pages-mapped': [LIST, 3 + 1],
  'iommu-unmaps': [LIST, 2],
  'pages-unmapped': [LIST, 3 + 1],
  'iotlb-syncs': [THREE, 1],
  // Each sync looks its slot up; the unmap does twice.
  walks: [BOUNCED, 3 + 2],
  'peak-slots': [THREE, 4 + 2],
  // The list's wait for the flush; the page's; what the failing map takes first.
  'peak-iova': [LIST, 4 + 1 + 2],
};

const machine = new Machine();

describe('counted by hand', () => {
  test.each(COSTS.map(({ name }) => name))('%s', (name) => {
    const [yaml, cost] = COUNTED[name];
    expect(costsOf(runScenario(machine, DMA_IOMMU.root, caseOf(yaml)))[name]).toBe(cost);
  });

  test('a flush counts as a sync of the IOTLB', () => {
    expect(costsOf(runScenario(machine, DMA_IOMMU.root, caseOf(LIST)))['iotlb-syncs']).toBe(1);
  });

  test('the memset that crashes v3 clears nothing; the one before it does', () => {
    const v3 = findState('v3');
    if (v3 === undefined) throw new Error('v3 is not in the registry');
    const run = runScenario(machine, v3, caseOf(CRASHING));
    expect(run.crash?.kind).toBe('memset-out-of-memory');
    expect(costsOf(run).cleared).toBe(3584);
  });
});
