// SPDX-License-Identifier: GPL-2.0-only
/** The table of events holds together, and the machine keeps to it. */
import { describe, expect, test } from '@jest/globals';
import { DEVICE_DEFAULTS, MACHINE_DEFAULTS, POOL_START } from './config.ts';
import { decode, EV, EventLog } from './event-log.ts';
import {
  argumentsOf,
  EVENT_KINDS,
  EVENTS,
  hasFailed,
  INTERLEAVE_POINTS,
  touchesOf,
  type EventKind,
  type Touch,
} from './events.ts';
import { Machine } from './machine.ts';
import { DMA_BIDIRECTIONAL, DMA_FROM_DEVICE, DMA_TO_DEVICE, IOMMU_READ } from './vocabulary.ts';

describe('rows', () => {
  test.each(EVENT_KINDS)('%s: at most six arguments, named once; its text names them', (kind) => {
    const names = argumentsOf(kind).map(({ name }) => name);
    expect(names.length).toBeLessThanOrEqual(6);
    const fields = ['index', 'kind', 'device', 'path', 'step', 'result', 'injected'];
    expect(new Set([...names, ...fields]).size).toBe(names.length + fields.length);
    const { text, returns, notes } = EVENTS[kind];
    expect(returns === undefined || notes === undefined).toBe(true);
    if (text === undefined) return;
    const said = [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(said).toEqual([...names, ...(returns === undefined ? [] : ['result'])]);
  });
});

/** The event that `push` logs, decoded. */
function logged(push: (log: EventLog) => number, result = NaN): ReturnType<typeof decode> {
  const log = new EventLog();
  log.step = 4;
  log.path = 2;
  log.result(push(log), result);
  return decode(log.records, 0);
}

test('an event has its arguments by name', () => {
  const event = logged((log) => log.push(EV.iommu_map, 1, 0xff000, 0x2000, 4096, IOMMU_READ), -17);
  expect(event).toEqual({
    index: 0,
    kind: 'iommu_map',
    device: 1,
    path: 2,
    step: 4,
    iova: 0xff000,
    phys: 0x2000,
    size: 4096,
    prot: IOMMU_READ,
    result: -17,
    injected: false,
  });
});

describe('what an event does to memory', () => {
  test.each<[string, (log: EventLog) => number, number, Touch[]]>([
    ['a memset', (log) => log.push(EV.memset, -1, 64, 32), NaN, [{ how: 'cleared', phys: 64, size: 32 }]],
    [
      'a copy to the device',
      (log) => log.push(EV.swiotlb_bounce, 0, 100, 900, 8, DMA_TO_DEVICE),
      1,
      [
        { how: 'copied', phys: 900, size: 8 },
        { how: 'loaded', phys: 100, size: 8 },
      ],
    ],
    [
      'a copy from it',
      (log) => log.push(EV.swiotlb_bounce, 0, 100, 900, 8, DMA_FROM_DEVICE),
      1,
      [
        { how: 'copied', phys: 100, size: 8 },
        { how: 'loaded', phys: 900, size: 8 },
      ],
    ],
    [
      'a sync for device',
      (log) => log.push(EV.arch_sync_dma_for_device, -1, 64, 32, DMA_BIDIRECTIONAL, 0),
      1,
      [{ how: 'cleaned', phys: 64, size: 32 }],
    ],
    [
      'one of a from-device mapping',
      (log) => log.push(EV.arch_sync_dma_for_device, -1, 64, 32, DMA_FROM_DEVICE, 0),
      1,
      [{ how: 'invalidated', phys: 64, size: 32 }],
    ],
    [
      'the same in kernels that always clean',
      (log) => log.push(EV.arch_sync_dma_for_device, -1, 64, 32, DMA_FROM_DEVICE, 1),
      1,
      [{ how: 'cleaned', phys: 64, size: 32 }],
    ],
    [
      'a sync for cpu',
      (log) => log.push(EV.arch_sync_dma_for_cpu, -1, 64, 32, DMA_BIDIRECTIONAL, 0),
      1,
      [{ how: 'invalidated', phys: 64, size: 32 }],
    ],
    [
      'one of a to-device mapping',
      (log) => log.push(EV.arch_sync_dma_for_cpu, -1, 64, 32, DMA_TO_DEVICE, 0),
      0,
      [],
    ],
    [
      'slots given out',
      (log) => log.push(EV.swiotlb_tbl_map_single, 0, 100, 8, 4096, 0, DMA_TO_DEVICE, 0),
      POOL_START,
      [{ how: 'taken', phys: POOL_START, size: 4096 }],
    ],
    ['no slots', (log) => log.push(EV.swiotlb_tbl_map_single, 0, 100, 8, 4096, 0, DMA_TO_DEVICE, 0), -1, []],
    [
      'pages mapped',
      (log) => log.push(EV.iommu_map, 0, 0x10000, 4096, 8192, IOMMU_READ),
      0,
      [{ how: 'reached', phys: 4096, size: 8192 }],
    ],
    ['pages that were not', (log) => log.push(EV.iommu_map, 0, 0x10000, 4096, 8192, IOMMU_READ), -12, []],
    [
      'an entry of a list',
      (log) => log.push(EV.sg_entry, 0, 4096, 8192),
      1,
      [{ how: 'reached', phys: 4096, size: 8192 }],
    ],
    ['one of a list that was not mapped', (log) => log.push(EV.sg_entry, 0, 4096, 8192), 0, []],
    ['a walk', (log) => log.push(EV.iommu_iova_to_phys, 0, 0x1000), 64, []],
  ])('%s', (_, push, result, touches) => {
    expect(touchesOf(logged(push, result))).toEqual(touches);
  });
});

test('entries of a list that was mapped can be reached, those of one that was not cannot', () => {
  const m = new Machine();
  m.reset({ ...MACHINE_DEFAULTS, devices: [DEVICE_DEFAULTS] });
  const sgl = [0x200000, 0x300000].map((phys) => ({ phys, length: 4096, dmaAddress: 0, dmaLength: 0 }));
  m.deviceAt(0).armed.iommu_map_sg = 1;
  m.iommuMapSg({ index: 0 }, 0x10000, sgl, 2, IOMMU_READ);
  m.iommuMapSg({ index: 0 }, 0x10000, sgl, 1, IOMMU_READ);
  // The call that fails and its two entries, then the one that does not and its one.
  const reached = [0, 1, 2, 3, 4].map((index) => touchesOf(decode(m.log.records, index)));
  expect(reached).toEqual([[], [], [], [], [{ how: 'reached', phys: 0x200000, size: 4096 }]]);
});

test.each<[EventKind, number, boolean]>([
  ['alloc_iova_fast', 0, true],
  ['alloc_iova_fast', 5, false],
  ['iommu_map', -12, true],
  ['iommu_map', 0, false],
  ['iommu_map_sg', 0, true],
  ['iommu_map_sg', 4096, false],
  ['swiotlb_tbl_map_single', -1, true],
  ['swiotlb_tbl_map_single', POOL_START, false],
  ['iommu_unmap', 0, false],
])('%s with result %i: failed %p', (kind, result, failed) => {
  const log = new EventLog();
  (log.push as (kind: number, device: number) => number).call(log, EV[kind], 0);
  log.result(0, result);
  expect(hasFailed(decode(log.records, 0))).toBe(failed);
});

test('the machine stops at every interleave point, and nowhere else', () => {
  const m = new Machine();
  m.reset({ ...MACHINE_DEFAULTS, devices: [{ ...DEVICE_DEFAULTS, untrusted: true }] });
  const dev = { index: 0 };
  const points: string[] = [];
  m.hook = (kind) => points.push(kind);
  const tlb = m.swiotlbTblMapSingle(dev, 0x100000, 64, 2048, 0, DMA_BIDIRECTIONAL, 0);
  m.swiotlbSyncSingleForDevice(dev, tlb, 64, DMA_BIDIRECTIONAL);
  m.swiotlbSyncSingleForCpu(dev, tlb, 64, DMA_BIDIRECTIONAL);
  m.swiotlbTblUnmapSingle(dev, tlb, 64, DMA_BIDIRECTIONAL, 0);
  m.memset(0x100000, 64);
  m.archSyncDmaForDevice(0x100000, 64, DMA_BIDIRECTIONAL);
  m.archSyncDmaForCpu(0x100000, 64, DMA_BIDIRECTIONAL);
  const pfn = m.allocIovaFast(dev, 1, 0xfffff, true);
  m.iommuMap(dev, pfn * 4096, 0x100000, 4096, IOMMU_READ);
  m.iommuMapSg(dev, 0x10000, [{ phys: 0x200000, length: 4096, dmaAddress: 0, dmaLength: 0 }], 1, IOMMU_READ);
  m.iommuIovaToPhys(dev, 0x10000);
  m.iommuUnmap(dev, 0x10000, 4096);
  m.iommuIotlbSync(dev);
  m.freeIovaFast(dev, pfn, 1);
  m.initIovaFlushQueue(dev);
  m.queueIova(dev, 5, 1);
  m.flush(0);
  expect(points.toSorted()).toEqual([...INTERLEAVE_POINTS].toSorted());
});
