// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { loadScenarioText } from './load.ts';
import type { Scenario } from '../run/scenario.ts';

/** Loads a file whose lines from 3 on are these. */
function load(...lines: string[]): Scenario | undefined {
  return loadScenarioText(['name: n', 'why: w', ...lines, ''].join('\n'), 'corpus/sync/x.yaml')[0];
}

function expectRefusal(lines: string[], message: string): void {
  expect(() => load(...lines)).toThrow(new Error(`corpus/sync/x.yaml:${message}`));
}

describe('machine and buffers', () => {
  test('masks are u64', () => {
    const masks = 'device: { dmaMask: 0xffffffffffffffff, segBoundary: "0xffffffffffffffff" }';
    expect(load(masks, 'steps: [flush_queue]')?.machine.devices[0]).toMatchObject({
      dmaMask: -1,
      segBoundary: -1,
    });
  });

  test('overlapping buffers are possible when meant, the pool is free without swiotlb', () => {
    const scenario = load(
      'machine: { swiotlb: false }',
      'buffers: { a: { size: 64, at: 0x1000000 }, b: { size: 64, at: 0x1000020, overlaps: true } }',
      'steps: [flush_queue]',
    );
    expect(scenario?.buffers.map(({ phys }) => phys)).toEqual([0x1000000, 0x1000020]);
  });

  // Each is line 3.
  test.each([
    [
      'device: { dmaMask: 0x7fffffffffffffff }',
      '3:20: device.dmaMask: "0x7fffffffffffffff" is not a DMA mask: not 0, below 2^53 or in the top 2^53 like \'0xffffffffffffffff\'',
    ],
    [
      'device: { minAlignMask: 0xffe }',
      '3:25: device.minAlignMask: 4094 is not a min_align_mask: 0 or 2^n - 1 below 2^32',
    ],
    [
      'device: { segBoundary: 0x4000000000001 }',
      "3:24: device.segBoundary: 1125899906842625 is not a segment boundary mask: 2^n - 1 below 2^53, or '0xffffffffffffffff'",
    ],
    [
      'machine: { granule: 256 }',
      '3:21: machine.granule: 256 is not an IOVA granule in bytes; allowed: 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536',
    ],
    [
      'machine: { granule: 8192 }',
      '3:21: machine.granule: 8192 is not a granule for a page size of 4096: it is at most the page size',
    ],
    [
      'machine: { pageSize: 8192 }',
      '3:22: machine.pageSize: 8192 is not a PAGE_SIZE in bytes; allowed: 4096, 16384, 65536',
    ],
    [
      'machine: { swiotlbSlots: 100 }',
      '3:26: machine.swiotlbSlots: 100 is not a pool size in slots: a multiple of 128 up to 24576',
    ],
    [
      'machine: { swiotlbSlots: 24704 }',
      '3:26: machine.swiotlbSlots: 24704 is not a pool size in slots: a multiple of 128 up to 24576',
    ],
    [
      'buffers: { a: { size: 4, at: 0xffff } }',
      '3:30: buffers.a.at: the buffer at 0xffff to 0x10003 begins below 0x10000',
    ],
    [
      'buffers: { a: { size: 512, at: 0xffff00 } }',
      '3:32: buffers.a.at: the buffer at 0xffff00 to 0x1000100 overlaps the swiotlb pool at 0x1000000 to 0x1200000',
    ],
    [
      'buffers: { a: { size: 512, at: 0x3ffff00 } }',
      '3:32: buffers.a.at: the buffer at 0x3ffff00 to 0x4000100 ends beyond RAM, at 0x4000000',
    ],
    [
      'buffers: { a: { size: 5, at: 0x20000, offset: 1 } }',
      '3:47: buffers.a.offset: at is exact: no offset with it',
    ],
    [
      'buffers: { a: { size: 15728640 }, b: { size: 1 } }',
      '3:38: buffers.b: no home left below 0x1000000; use at',
    ],
    [
      'buffers: { a: { size: 512 }, b: { size: 2, at: 0x1001ff } }',
      '3:33: buffers.b: overlaps buffer a at 0x100000 to 0x100200; if meant, say overlaps: true',
    ],
    [
      'buffers: { a: { size: 0 } }',
      '3:23: buffers.a.size: 0 is not a size in bytes: a whole number from 1 to 67108864',
    ],
  ])('%s is refused', (line, message) => {
    expectRefusal([line, 'steps: [flush_queue]'], message);
  });

  test('device and devices are refused together', () => {
    expectRefusal(
      ['device: {}', 'devices: { nic: {} }', 'steps: [flush_queue]'],
      '4:10: devices: device and devices cannot both be there',
    );
  });
});
