// SPDX-License-Identifier: GPL-2.0-only
/** Accesses inside an operation: out of turn for what the operation hands over, and only for that. */
import { describe, expect, test } from '@jest/globals';
import type { Device, Direction, DmaOpsClass, PhysAddr, Size } from '../../variants/dma-ops.ts';
import type { ClauseId } from './verdict.ts';
import { CopiesOutOnce, NeverCopiesBack, NeverCopiesOut } from './testing/fakes.ts';
import { HonestOps } from './testing/honest-ops.ts';
import { brokenIn, caseOf, onlyBreak, verdictOf } from './testing/judging.ts';

const run = (device: string, ...steps: string[]): string => `
device: ${device}
buffers: { a: { size: 256 }, b: { size: 128 } }
steps:
${steps.map((step) => `  - ${step}\n`).join('')}
`;
const BOUNCED = '{ untrusted: true }';
const NON_COHERENT = '{ untrusted: true, coherent: false }';
const DIRECT = '{ coherent: false }';
const inside = (after: string, step: string): string => `during: [{ after: ${after}, steps: [{ ${step} }] }]`;
const map = (dir: string, during = 'attrs: NONE'): string =>
  `map_page: { id: m, buffer: a, dir: ${dir}, ${during} }`;
const mapB = (dir: string): string => `map_page: { id: n, buffer: b, dir: ${dir} }`;
const HEAD = '{ buffer: a, offset: 0, size: 64 }';
const MAPPED_HEAD = '{ id: m, offset: 0, size: 64 }';

function broken(clause: ClauseId, Ops: DmaOpsClass, yaml: string): unknown {
  const verdict = verdictOf(clause, Ops, yaml);
  if (verdict.status !== 'broken') return verdict.status;
  const { buffer, offset, count } = onlyBreak(verdict).evidence;
  return { buffer, offset, count };
}

describe('nobody is blamed for a race', () => {
  test.each([
    [
      'a CPU write in the map, after the copy',
      BOUNCED,
      [map('TO_DEVICE', inside('iommu_map', `cpu_write: ${HEAD}`)), 'device_read: m'],
    ],
    [
      'the same with cleaning',
      NON_COHERENT,
      [
        map('BIDIRECTIONAL', inside('alloc_iova_fast', `cpu_write: ${HEAD}`)),
        'device_read: m',
        'unmap_page: m',
      ],
    ],
    [
      'the same without bouncing',
      DIRECT,
      [map('TO_DEVICE', inside('arch_sync_dma_for_device', `cpu_write: ${HEAD}`)), 'device_read: m'],
    ],
    [
      'a CPU write in a from-device map',
      DIRECT,
      [
        map('FROM_DEVICE', inside('arch_sync_dma_for_device', `cpu_write: ${HEAD}`)),
        'device_write: m',
        'unmap_page: m',
      ],
    ],
    [
      'a CPU write in a from-device map, and the rest of its line',
      DIRECT,
      [
        map('FROM_DEVICE', inside('iommu_map', 'cpu_write: { buffer: a, offset: 0, size: 16 }')),
        'device_write: m',
        'unmap_page: m',
      ],
    ],
    [
      'a CPU read in the map',
      DIRECT,
      [map('FROM_DEVICE', inside('iommu_map', `cpu_read: ${HEAD}`)), 'device_write: m', 'unmap_page: m'],
    ],
    [
      'a CPU write in the unmap',
      BOUNCED,
      [
        map('FROM_DEVICE'),
        'device_write: m',
        `unmap_page: { id: m, ${inside('iommu_unmap', `cpu_write: ${HEAD}`)} }`,
        'cpu_read: a',
      ],
    ],
    [
      'a device write in the unmap',
      BOUNCED,
      [
        map('FROM_DEVICE'),
        'device_write: m',
        `unmap_page: { id: m, ${inside('iommu_iova_to_phys', `device_write: ${MAPPED_HEAD}`)} }`,
        'cpu_read: a',
      ],
    ],
    [
      'a device write in a sync',
      DIRECT,
      [
        map('FROM_DEVICE'),
        `sync_single_for_cpu: { id: m, ${inside('arch_sync_dma_for_cpu', `device_write: ${MAPPED_HEAD}`)} }`,
        'cpu_read: a',
        'unmap_page: m',
      ],
    ],
    [
      'the same of an untrusted one, and nothing that brings it to the CPU',
      NON_COHERENT,
      [
        map('FROM_DEVICE'),
        `sync_single_for_cpu: { id: m, ${inside('arch_sync_dma_for_cpu', `device_write: ${MAPPED_HEAD}`)} }`,
        'cpu_read: a',
        'unmap_page: { id: m, attrs: SKIP_CPU_SYNC }',
        'cpu_read: a',
      ],
    ],
    [
      'a CPU write in a sync',
      BOUNCED,
      [
        map('BIDIRECTIONAL'),
        'sync_single_for_cpu: m',
        `sync_single_for_device: { id: m, ${inside('swiotlb_sync_single_for_device', `cpu_write: ${HEAD}`)} }`,
        'device_read: m',
      ],
    ],
  ])('%s', (_, device, steps) => {
    expect(brokenIn(HonestOps, caseOf(run(device, ...steps)))).toEqual([]);
  });
});

describe('the bytes that were touched are not judged, the others are', () => {
  const rest = { buffer: 0, offset: 64, count: 192 };
  test.each<[string, ClauseId, DmaOpsClass, string[]]>([
    [
      'a CPU write in the map',
      'to-device-data',
      NeverCopiesOut,
      [map('TO_DEVICE', inside('iommu_map', `cpu_write: ${HEAD}`))],
    ],
    [
      'a CPU write in the unmap',
      'from-device-data',
      NeverCopiesBack,
      [
        map('FROM_DEVICE'),
        'device_write: m',
        `unmap_page: { id: m, ${inside('iommu_unmap', `cpu_write: ${HEAD}`)} }`,
      ],
    ],
    [
      'a device write in a sync',
      'from-device-data',
      NeverCopiesBack,
      [
        map('FROM_DEVICE'),
        'device_write: m',
        `sync_single_for_cpu: { id: m, ${inside('iommu_iova_to_phys', `device_write: ${MAPPED_HEAD}`)} }`,
      ],
    ],
  ])('%s', (_, clause, Ops, steps) => {
    expect(broken(clause, Ops, run(BOUNCED, ...steps))).toEqual(rest);
  });
});

describe('what another mapping or the CPU does with its own is in turn', () => {
  const b = { buffer: 1, offset: 0, count: 128 };
  test.each<[string, ClauseId, DmaOpsClass, string[]]>([
    [
      'a device write to another mapping',
      'from-device-data',
      NeverCopiesBack,
      [mapB('FROM_DEVICE'), map('TO_DEVICE', inside('iommu_map', 'device_write: n')), 'unmap_page: n'],
    ],
    [
      'a CPU write to another buffer that came back',
      'to-device-data',
      CopiesOutOnce,
      [
        mapB('BIDIRECTIONAL'),
        'sync_single_for_cpu: n',
        map('FROM_DEVICE', inside('iommu_map', 'cpu_write: b')),
        'sync_single_for_device: n',
      ],
    ],
    [
      'a CPU write to a buffer that is not mapped',
      'to-device-data',
      NeverCopiesOut,
      [map('FROM_DEVICE', inside('iommu_map', 'cpu_write: b')), mapB('TO_DEVICE')],
    ],
  ])('%s', (_, clause, Ops, steps) => {
    expect(broken(clause, Ops, run(BOUNCED, ...steps))).toEqual(b);
  });

  /** Clears the bounce buffer of the first mapping while it works on the second, and repairs it. */
  class BorrowsTheFirst extends HonestOps {
    private first = -1;
    protected override takeSlots(dev: Device, phys: PhysAddr, length: Size, dir: Direction): PhysAddr {
      const tlb = super.takeSlots(dev, phys, length, dir);
      if (this.first < 0) this.first = tlb;
      else {
        this.kernel.memset(this.first, 128);
        this.kernel.swiotlbSyncSingleForDevice(dev, this.first, 128, dir);
      }
      return tlb;
    }
  }

  test('a device read of another mapping', () => {
    const yaml = run(BOUNCED, mapB('TO_DEVICE'), map('TO_DEVICE', inside('memset', 'device_read: n')));
    expect(verdictOf('to-device-data', BorrowsTheFirst, yaml).breaks[0]?.evidence).toMatchObject(b);
    expect(brokenIn(HonestOps, caseOf(yaml))).toEqual([]);
  });
});
