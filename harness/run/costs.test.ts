// SPDX-License-Identifier: GPL-2.0-only
/** Every cost in one small case, counted by hand. */
import { describe, expect, test } from '@jest/globals';
import { caseOf } from '../contract/testing/judging.ts';
import { Machine } from '../machine/machine.ts';
import { findState } from '../../variants/registry.ts';
import { COSTS, costsOf, type CostName, type StepCosts } from './costs.ts';
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

/** A list of four entries, of which a trusted device sees two; one of one; and one that fails. */
const JOINED = `
device: { untrusted: false, coherent: true }
buffers: { a: { size: 4096 }, b: { size: 4096 }, c: { size: 100 }, d: { size: 4096 } }
steps:
  - map_sg: { id: m, sgl: [a, b, c, d], dir: TO_DEVICE }
  - sync_sg_for_device: m
  - unmap_sg: m
  - map_sg: { id: n, sgl: [c], dir: TO_DEVICE }
  - fail_next: iommu_map_sg
  - map_sg: { id: o, sgl: [a], dir: TO_DEVICE }
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

/** 100 bytes that the device writes itself. */
const READ_BACK = `
device: { untrusted: false, coherent: false }
buffers: { a: { size: 100 } }
steps: [map_page: { id: m, buffer: a, dir: FROM_DEVICE }, unmap_page: m]
`;

/** v3 clears what is in front of the data, and then a size that underflowed. */
const CRASHING = `
device: { untrusted: true, coherent: true, minAlignMask: 4095 }
buffers: { a: { size: 1024, offset: 3584 } }
steps: [map_page: { id: m, buffer: a, dir: TO_DEVICE }]
`;

/** What each cost is on the baseline, over all steps; the compiler misses the row of a new one. */
const COUNTED: Readonly<Record<CostName, readonly [yaml: string, cost: number]>> = {
  // The map and both syncs.
  'copies-to-bounce': [BOUNCED, 3],
  'copied-to-bounce': [BOUNCED, 1000 + 400 + 400],
  // The sync, unmap's own sync, and swiotlb's copy at the unmap.
  'copies-from-bounce': [BOUNCED, 3],
  'copied-from-bounce': [BOUNCED, 300 + 1000 + 1000],
  // The second sync for device, and swiotlb's copy after unmap's own sync.
  'redundant-copies': [BOUNCED, 2],
  // The map's, for the device.
  cleans: [WRONG_LINES, 1],
  'cleaned-lines': [RIGHT_LINES, 5],
  // The map's and the unmap's: 100 bytes at an aligned address are in two lines.
  invalidates: [READ_BACK, 1 + 1],
  'invalidated-lines': [READ_BACK, 2 + 2],
  'misdirected-lines': [WRONG_LINES, 256 / 64],
  // arch_sync_dma_for_cpu() of what the device only reads.
  'idle-maintenance': [WRONG_LINES, 1],
  // Behind the data, up to the granule.
  cleared: [BOUNCED, 4096 - 1000],
  // The list and the page; the one that fails is no operation that was done.
  'iommu-maps': [LIST, 2],
  'pages-mapped': [LIST, 3 + 1],
  'iommu-unmaps': [LIST, 2],
  'pages-unmapped': [LIST, 3 + 1],
  'iotlb-syncs': [THREE, 1],
  // Each sync looks its slot up; the unmap does twice.
  walks: [BOUNCED, 3 + 2],
  // 3000 bytes twice and 5000 bytes, each padded to granules.
  slots: [THREE, 2 + 4 + 2],
  // The list's four, the page's one.
  iova: [LIST, 4 + 1],
  // The first two are one range of bus addresses; the third ends inside of its granule, and so the next is apart.
  segments: [JOINED, 2 + 1],
};

const machine = new Machine();

function measured(id: string, yaml: string): StepCosts[] {
  const state = findState(id);
  if (state === undefined) throw new Error(`${id} is not in the registry`);
  return costsOf(runScenario(machine, state, caseOf(yaml)));
}

describe('counted by hand', () => {
  test.each(COSTS.map(({ name }) => name))('%s', (name) => {
    const [yaml, cost] = COUNTED[name];
    const all = measured('baseline', yaml).map(({ costs }) => costs[name]);
    expect(all.reduce((sum, n) => sum + n, 0)).toBe(cost);
  });

  test('each step by itself: the unmap copies what its own sync and swiotlb copy', () => {
    const copies = measured('baseline', BOUNCED).map(({ step, costs }) => [
      step,
      costs['copies-from-bounce'],
    ]);
    expect(copies).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
      [3, 1],
      [4, 2],
    ]);
  });

  test('an operation that crashes is not counted', () => {
    expect(measured('v3', CRASHING)).toEqual([]);
  });
});

describe('entries of a list', () => {
  /** A whole granule between two pieces. */
  const MIXED = `
${NON_COHERENT}
buffers: { a: { size: 1000 }, b: { size: 4096 }, c: { size: 500 } }
steps:
  - map_sg: { id: m, sgl: [a, b, c], dir: FROM_DEVICE }
  - unmap_sg: m
`;
  const perEntry = (id: string): unknown =>
    measured(id, MIXED)[1]?.entries.map((entry) => [
      entry['copied-from-bounce'],
      entry.walks,
      entry['invalidated-lines'],
      entry['misdirected-lines'],
      entry['iommu-unmaps'],
      entry['iotlb-syncs'],
    ]);

  test('what the unmap does for each', () => {
    expect(perEntry('baseline')).toEqual([
      [1000, 1, 16, 16, 1, 1],
      [0, 1, 64, 0, 1, 1],
      [500, 1, 8, 8, 1, 1],
    ]);
  });

  test('v4: the lines of the bounce buffer instead of those of the original', () => {
    expect(perEntry('v4')).toEqual([
      [1000, 1, 16, 0, 1, 1],
      [0, 1, 64, 0, 1, 1],
      [500, 1, 8, 0, 1, 1],
    ]);
  });

  test('one range for all: IOMMU calls belong to no entry', () => {
    const trusted = MIXED.replace(NON_COHERENT, 'device: { untrusted: false, coherent: false }');
    const unmap = measured('baseline', trusted)[1];
    expect(unmap?.costs['iommu-unmaps']).toBe(1);
    expect(unmap?.entries.map((entry) => [entry['iommu-unmaps'], entry['invalidated-lines']])).toEqual([
      [0, 16],
      [0, 64],
      [0, 8],
    ]);
  });
});
