// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { DEVICE_DEFAULTS, MACHINE_DEFAULTS } from './config.ts';
import { KernelCrash } from './crash.ts';
import { EVENT_KINDS, type EventKind } from './events.ts';
import {
  EV,
  EXPOSURE_STRIDE,
  EventLog,
  F_ARGS,
  F_DEVICE,
  F_INJECTED,
  F_KIND,
  F_PATH,
  F_RESULT,
  F_STEP,
  STRIDE,
} from './event-log.ts';
import { Machine } from './machine.ts';

const NONE = NaN;

/** What follows from a call, or what the program, a device or the machine does. */
const NO_CALLS = new Set<EventKind>([
  'sg_entry',
  'swiotlb_bounce',
  'swiotlb_pad_slots',
  'warn',
  'crash',
  'iommu_fault',
  'cpu_read',
  'cpu_write',
  'device_read',
  'device_write',
  'device_write_run',
]);

interface Decoded {
  readonly kind: EventKind | undefined;
  readonly device: number | undefined;
  readonly args: readonly number[];
  readonly result: number | undefined;
  readonly extra: number | undefined;
  readonly path: number | undefined;
  readonly step: number | undefined;
}

function decode(log: EventLog, index: number): Decoded {
  const r = log.records.subarray(index * STRIDE, (index + 1) * STRIDE);
  return {
    kind: EVENT_KINDS[r[F_KIND] ?? -1],
    device: r[F_DEVICE],
    args: Array.from(r.subarray(F_ARGS, F_ARGS + 6)),
    result: r[F_RESULT],
    extra: r[F_INJECTED],
    path: r[F_PATH],
    step: r[F_STEP],
  };
}

const events = (log: EventLog, from = 0): Decoded[] =>
  Array.from({ length: log.length - from }, (_, i) => decode(log, from + i));

/** Six arguments, zeros at the end. */
const six = (...args: number[]): number[] => [...args, 0, 0, 0, 0, 0, 0].slice(0, 6);

function machine(): Machine {
  const fresh = new Machine();
  fresh.reset({ ...MACHINE_DEFAULTS, iommu: 'arm', devices: [DEVICE_DEFAULTS, DEVICE_DEFAULTS] });
  return fresh;
}

describe('records', () => {
  test('kinds are numbered by their place', () => {
    expect(EVENT_KINDS.map((kind) => EV[kind])).toEqual(EVENT_KINDS.map((_, index) => index));
    expect(new Set(EVENT_KINDS).size).toBe(EVENT_KINDS.length);
  });

  test('hold what was pushed; the result is NaN until it is filled in', () => {
    const log = new EventLog();
    log.path = 3;
    log.step = 9;
    const index = log.push(EV.cpu_read, 1, -1, 2 ** 48 - 1, 3, 4, 5, -1024);
    const pushed = {
      kind: 'cpu_read',
      device: 1,
      args: [-1, 2 ** 48 - 1, 3, 4, 5, -1024],
      result: NaN,
      extra: 0,
      path: 3,
      step: 9,
    };
    expect(events(log)).toEqual([pushed]);
    log.result(index, -17, true);
    expect(events(log)).toEqual([{ ...pushed, result: -17, extra: 1 }]);
  });

  test('outlive growing', () => {
    const log = new EventLog();
    for (let i = 0; i < 1000; i++) {
      log.step = i;
      expect(log.push(EV.memset, -1, i, 2 * i)).toBe(i);
      log.result(i, 3 * i);
    }
    expect(
      events(log).every(({ args, result, step }, i) => args[1] === 2 * i && result === 3 * i && step === i),
    ).toBe(true);
  });

  test('carry nothing over from before a reset', () => {
    const log = new EventLog();
    log.path = 3;
    log.step = 9;
    log.result(log.push(EV.cpu_read, 1, 1, 2, 3, 4, 5, 6), 7, true);
    log.reserve(10);
    log.expose(0, 1, 2, 3, 4, 5, 6);
    log.reset();
    expect([log.length, log.byteLength, log.exposureCount]).toEqual([0, 0, 0]);
    log.push(EV.iommu_iotlb_sync, 0);
    const args = six();
    const clean = { kind: 'iommu_iotlb_sync', device: 0, args, result: NaN, extra: 0, path: 0, step: 0 };
    expect(events(log)).toEqual([clean]);
  });
});

describe('bytes and exposures', () => {
  test('reserve hands out one range behind the other and keeps what is there', () => {
    const log = new EventLog();
    expect(log.reserve(4000)).toBe(0);
    log.bytes[3999] = 0xaa;
    log.labels[3999] = 77;
    expect(log.reserve(0)).toBe(4000);
    expect(log.reserve(60_000)).toBe(4000);
    expect(log.reserve(1)).toBe(64_000);
    expect(log.bytes.length).toBeGreaterThanOrEqual(64_001);
    expect(log.labels).toHaveLength(log.bytes.length);
    expect([log.bytes[3999], log.labels[3999]]).toEqual([0xaa, 77]);
  });

  test('an exposure remembers how many events came before it', () => {
    const log = new EventLog();
    for (let i = 0; i < 200; i++) {
      log.step = i;
      log.push(EV.iommu_iotlb_sync, 0);
      log.expose(1, 0x10000, 0x300000, 64, 100 + i, 5, 3);
    }
    expect(log.exposureCount).toBe(200);
    for (const i of [0, 63, 64, 199]) {
      const exposure = log.exposures.subarray(i * EXPOSURE_STRIDE, (i + 1) * EXPOSURE_STRIDE);
      expect(Array.from(exposure)).toEqual([i + 1, i, 1, 0x10000, 0x300000, 64, 100 + i, 5, 3]);
    }
  });
});

describe('every kernel function is recorded with arguments, result, path and step', () => {
  const dev = { index: 1 };
  type Expected = readonly [EventKind, number, readonly number[], number];
  const table: readonly (readonly [EventKind, (m: Machine) => unknown, ...Expected[]])[] = [
    // Two granules below 4 GiB, from the top, on an even number.
    [
      'alloc_iova_fast',
      (m) => m.allocIovaFast(dev, 2, 0xfffff, true),
      ['alloc_iova_fast', 1, [2, 0xfffff], 0xffffe],
    ],
    ['free_iova_fast', (m) => m.freeIovaFast(dev, 0x1234, 2), ['free_iova_fast', 1, [0x1234, 2], NONE]],
    ['queue_iova', (m) => m.queueIova(dev, 0x1234, 2), ['queue_iova', 1, [0x1234, 2], NONE]],
    [
      'iommu_map',
      (m) => m.iommuMap(dev, 0x1000, 0x300000, 0x2000, 3),
      ['iommu_map', 1, [0x1000, 0x300000, 0x2000, 3], 0],
    ],
    [
      'iommu_map_sg',
      (m) => {
        const entry = { dmaAddress: 0, dmaLength: 0 };
        const sgl = [
          { phys: 0x300000, length: 0x1000, ...entry },
          { phys: 0x500000, length: 0x2000, ...entry },
          { phys: 0x700000, length: 0x1000, ...entry },
        ];
        return m.iommuMapSg(dev, 0x1000, sgl, 2, 3);
      },
      ['iommu_map_sg', 1, [0x1000, 2, 3], 0x3000],
      ['sg_entry', 1, [0x300000, 0x1000], 1],
      ['sg_entry', 1, [0x500000, 0x2000], 1],
    ],
    ['iommu_unmap', (m) => m.iommuUnmap(dev, 0x1000, 0x2000), ['iommu_unmap', 1, [0x1000, 0x2000], 0]],
    ['iommu_iotlb_sync', (m) => m.iommuIotlbSync(dev), ['iommu_iotlb_sync', 1, [], NONE]],
    ['iommu_iova_to_phys', (m) => m.iommuIovaToPhys(dev, 0x1000), ['iommu_iova_to_phys', 1, [0x1000], 0]],
    // 0x10 to 0x73 touches two lines; a sync for cpu of a to-device mapping none.
    [
      'arch_sync_dma_for_device',
      (m) => m.archSyncDmaForDevice(0x300010, 100, 2),
      ['arch_sync_dma_for_device', -1, [0x300010, 100, 2], 2],
    ],
    [
      'arch_sync_dma_for_cpu',
      (m) => m.archSyncDmaForCpu(0x300010, 100, 1),
      ['arch_sync_dma_for_cpu', -1, [0x300010, 100, 1], 0],
    ],
    // The copy comes behind the map it belongs to; it changes something: the pool held stale bytes.
    [
      'swiotlb_tbl_map_single',
      (m) => m.swiotlbTblMapSingle(dev, 0x300100, 256, 4096, 4095, 1, 256),
      ['swiotlb_tbl_map_single', 1, [0x300100, 256, 4096, 4095, 1, 256], 0x1000000],
      ['swiotlb_bounce', 1, [0x300100, 0x1000000, 256, 1], 1],
    ],
    ['memset', (m) => m.memset(0x300000, 16), ['memset', -1, [0x300000, 16], NONE]],
    [
      'swiotlb_sync_single_for_device',
      (m) => m.swiotlbSyncSingleForDevice(dev, 0x1000010, 8, 2),
      ['swiotlb_sync_single_for_device', 1, [0x1000010, 8, 2], NONE],
    ],
    [
      'swiotlb_sync_single_for_cpu',
      (m) => m.swiotlbSyncSingleForCpu(dev, 0x1000010, 8, 1),
      ['swiotlb_sync_single_for_cpu', 1, [0x1000010, 8, 1], NONE],
    ],
    // WARNINGS: 3 unmapped-less-than-asked, 4 unmap-of-nothing.
    ['warn', (m) => m.warnUnmapped(dev, 0x1000, 0x3000), ['warn', 1, [3, 0x1000, 0x3000], NONE]],
    ['warn', (m) => m.warnNotMapped(dev, 0x5004), ['warn', 1, [4, 0x5004], NONE]],
  ];

  test.each(table)('%s', (_, call, ...expected) => {
    const m = machine();
    m.log.step = 7;
    m.enter(4);
    const returned = call(m);
    const record = events(m.log);
    expect(record).toEqual(
      expected.map(([kind, device, args, result]) => ({
        kind,
        device,
        args: six(...args),
        result,
        extra: 0,
        path: 1,
        step: 7,
      })),
    );
    if (returned !== undefined) expect(returned).toBe(record[0]?.result);
  });

  test('swiotlb_tbl_unmap_single: the copy back, then the slots that became free', () => {
    const m = machine();
    const tlb = m.swiotlbTblMapSingle(dev, 0x300100, 256, 4096, 0, 2, 0);
    m.swiotlbTblUnmapSingle(dev, tlb, 256, 2, 0);
    const record = events(m.log, 1).map(({ kind, args, result }) => [kind, args, result]);
    expect(record).toEqual([
      ['swiotlb_tbl_unmap_single', six(tlb, 256, 2), 2],
      ['swiotlb_bounce', six(0x300100, tlb, 256, 2), 1],
    ]);
    expect(m.pool.used).toBe(0);
  });

  test('the hook is called when the function is done', () => {
    const m = machine();
    const seen: unknown[] = [];
    m.hook = (kind) => seen.push([kind, m.pool.used, m.devices[1]?.domain.size]);
    m.swiotlbTblMapSingle(dev, 0x300100, 256, 4096, 0, 1, 0);
    m.iommuMap(dev, 0x1000, 0x1000000, 0x1000, 1);
    m.iommuUnmap(dev, 0x1000, 0x1000);
    m.iommuIotlbSync(dev);
    m.swiotlbTblUnmapSingle(dev, 0x1000000, 256, 1, 0);
    expect(seen).toEqual([
      ['swiotlb_tbl_map_single', 2, 0],
      ['iommu_map', 2, 1],
      ['iommu_unmap', 2, 0],
      ['iommu_iotlb_sync', 2, 0],
      ['swiotlb_tbl_unmap_single', 0, 0],
    ]);
    m.reset({ ...MACHINE_DEFAULTS, devices: [DEVICE_DEFAULTS] });
    m.memset(0x300000, 1);
    expect(seen).toHaveLength(5);
  });
});

describe('call paths', () => {
  /** Frames from the root to path number `path`. */
  function frames(m: Machine, path: number): (number | undefined)[] {
    return path === 0 ? [] : [...frames(m, m.paths.parent[path] ?? 0), m.paths.frame[path]];
  }

  test('one number for each way in, the same each time', () => {
    const m = machine();
    const seen: (readonly (number | undefined)[])[] = [];
    const call = (): number => {
      m.memset(0x300000, 0);
      seen.push(frames(m, m.log.path));
      return m.log.path;
    };
    expect(call()).toBe(0);
    m.enter(3);
    const inThree = call();
    m.enter(5);
    const inFive = call();
    m.leave();
    expect(call()).toBe(inThree);
    m.enter(5);
    expect(call()).toBe(inFive);
    m.leave();
    m.leave();
    expect(call()).toBe(0);
    m.enter(5);
    const fiveAlone = call();
    m.enter(5);
    const fiveInFive = call();
    expect(new Set([0, inThree, inFive, fiveAlone, fiveInFive]).size).toBe(5);
    expect(seen).toEqual([[], [3], [3, 5], [3], [3, 5], [], [5], [5, 5]]);
    const paths = [0, inThree, inFive, inThree, inFive, 0, fiveAlone, fiveInFive];
    expect(events(m.log).map(({ path }) => path)).toEqual(paths);
  });

  test('frame 0 is a frame like any other, and leaving the root stays there', () => {
    const m = machine();
    m.leave();
    expect(m.log.path).toBe(0);
    m.enter(0);
    expect(frames(m, m.log.path)).toEqual([0]);
  });

  test('a reset forgets them', () => {
    const m = machine();
    m.enter(3);
    m.enter(5);
    m.reset({ ...MACHINE_DEFAULTS, devices: [DEVICE_DEFAULTS] });
    expect([m.log.path, m.paths]).toEqual([0, { parent: [0], frame: [-1] }]);
    m.enter(5);
    expect([m.log.path, frames(m, 1)]).toEqual([1, [5]]);
  });
});

describe('a step that goes on for ever', () => {
  const endsWith = (kind: EventKind): string => {
    const log = new EventLog();
    log.reset();
    try {
      for (let i = 0; i < 20_000; i++) log.push(EV[kind], 0);
    } catch (error) {
      return error instanceof KernelCrash
        ? `${error.kind} within ${log.length <= 8192 ? 8192 : log.length}`
        : '?';
    }
    return 'goes on';
  };

  test.each(EVENT_KINDS.filter((kind) => !NO_CALLS.has(kind)))('is ended by its calls of %s', (kind) => {
    expect(endsWith(kind)).toBe('did-not-return within 8192');
  });

  test.each([...NO_CALLS])('%s is no call of a state', (kind) => {
    expect(endsWith(kind)).toBe('goes on');
  });
});
