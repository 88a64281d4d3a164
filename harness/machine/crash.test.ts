// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import {
  DEVICE_DEFAULTS,
  MACHINE_DEFAULTS,
  RAM_SIZE,
  type DeviceConfig,
  type MachineConfig,
} from './config.ts';
import {
  CRASHES,
  KernelCrash,
  WARNINGS,
  describeCrash,
  describeWarning,
  type CrashKind,
  type WarningKind,
} from './crash.ts';
import { EVENT_KINDS } from './events.ts';
import { F_ARGS, F_DEVICE, F_KIND, F_PATH, F_RESULT, F_STEP, STRIDE } from './event-log.ts';
import { Machine } from './machine.ts';
import { numberOfText } from './texts.ts';

const BIDIRECTIONAL = 0;
const TO_DEVICE = 1;
const FROM_DEVICE = 2;
const SKIP = 32;
const NO_WARN = 256;
const dev = { index: 0 };

function machine(device: Partial<DeviceConfig> = {}, config: Partial<MachineConfig> = {}): Machine {
  const fresh = new Machine();
  fresh.reset({ ...MACHINE_DEFAULTS, ...config, devices: [{ ...DEVICE_DEFAULTS, ...device }] });
  return fresh;
}

/** Events from number `from` on: kind, then `n` arguments. */
function events(m: Machine, from = 0, n = 3): (string | number)[][] {
  return Array.from({ length: m.log.length - from }, (_, i) => {
    const record = m.log.records.subarray((from + i) * STRIDE, (from + i + 1) * STRIDE);
    return [EVENT_KINDS[record[F_KIND] ?? -1] ?? '?', ...record.subarray(F_ARGS, F_ARGS + n)];
  });
}

/** The crash that `call` ends in. */
function crashOf(call: () => unknown): KernelCrash {
  try {
    call();
  } catch (error) {
    if (error instanceof KernelCrash) return error;
    throw error;
  }
  throw new Error('it did not crash');
}

describe('words', () => {
  // 2^64 - 1024 = 18446744073709550592.
  const crashes: Record<CrashKind, [number, number, string]> = {
    'memset-out-of-memory': [
      0x1001400,
      -1024,
      'memset out of physical memory: phys 0x1001400 size 18446744073709550592',
    ],
    'copy-out-of-memory': [0x100200a20, 32, 'copy out of physical memory: phys 0x100200a20 size 32'],
    'maintenance-out-of-memory': [0, 64, 'cache maintenance out of physical memory: phys 0x0 size 64'],
    'slot-index-out-of-pool': [-7168, 1024, 'swiotlb slot index -7168 out of the pool of 1024 slots'],
    'search-never-ends': [
      67,
      17,
      'find_slots: the search for 67 slots never ends (slot 17 is visited again)',
    ],
    'iova-search-never-ends': [
      2,
      0x100000,
      'alloc_iova: the search for 2 granules below 0x100000 never ends',
    ],
    'sync-without-swiotlb': [
      0,
      0,
      'call of a swiotlb function with CONFIG_SWIOTLB=n: this kernel does not link',
    ],
    'kernel-bug': [numberOfText('!valid in f() at a.c:1'), 0, 'BUG: !valid in f() at a.c:1'],
    'wild-access': [numberOfText('unreachable in f()'), 0, 'wild access: unreachable in f()'],
    'did-not-return': [numberOfText('f()'), 0, 'f() did not return'],
  };

  test.each(CRASHES)('a crash: %s', (kind) => {
    const [a, b, text] = crashes[kind];
    expect(describeCrash(kind, a, b)).toBe(text);
  });

  const warnings: Record<WarningKind, [number, number, number, string]> = {
    'pool-full': [
      2048,
      1024,
      1000,
      'swiotlb buffer is full (sz: 2048 bytes), total 1024 (slots), used 1000 (slots)',
    ],
    'mapping-larger-than-alloc': [4097, 4096, 0, 'swiotlb: mapping size 4097 above alloc size 4096'],
    'bounce-overflow': [
      5000,
      4096,
      0,
      'swiotlb: copy of 5000 bytes clipped to the 4096 that the slot has left',
    ],
    'unmapped-less-than-asked': [0, 8192, 0, '__iommu_dma_unmap: 0 bytes were mapped of 8192'],
    'already-mapped': [
      0x1000,
      0x300000,
      0x400000,
      'IOMMU page 0x1000 is mapped already, to 0x300000, not 0x400000',
    ],
    'unmap-of-nothing': [-1, 0, 0, 'unmap of 0xffffffffffffffff, which is not mapped'],
    'kernel-warning': [numberOfText('WARN_ON(x) in f() at a.c:2'), 0, 0, 'WARN_ON(x) in f() at a.c:2'],
  };

  test.each(WARNINGS)('a warning: %s', (kind) => {
    const [a, b, c, text] = warnings[kind];
    expect(describeWarning(kind, a, b, c)).toBe(text);
  });
});

describe('crashes', () => {
  interface Case {
    readonly name: string;
    readonly crash: readonly [CrashKind, number, number];
    readonly logged: readonly (readonly (string | number)[])[];
    readonly call: (m: Machine) => unknown;
    readonly device?: Partial<DeviceConfig>;
    readonly config?: Partial<MachineConfig>;
    readonly before?: (m: Machine) => unknown;
  }
  /** A mapping of two slots, without a copy. */
  const bounced = (phys: number, size: number) => (m: Machine) =>
    m.swiotlbTblMapSingle(dev, phys, size, 4096, 0, BIDIRECTIONAL, SKIP);
  const cases: readonly Case[] = [
    {
      name: 'a memset whose size underflowed',
      crash: ['memset-out-of-memory', 0x1001400, -1024],
      logged: [['memset', 0x1001400, -1024, 0]],
      call: (m) => m.memset(0x1001400, -1024),
    },
    {
      name: 'a memset one byte over the end',
      crash: ['memset-out-of-memory', RAM_SIZE - 16, 17],
      logged: [['memset', RAM_SIZE - 16, 17, 0]],
      call: (m) => m.memset(RAM_SIZE - 16, 17),
    },
    {
      name: 'maintenance of physical 0 on a hostile machine, whose memory begins at 64 KiB',
      crash: ['maintenance-out-of-memory', 0, 64],
      logged: [['arch_sync_dma_for_device', 0, 64, TO_DEVICE]],
      call: (m) => m.archSyncDmaForDevice(0, 64, TO_DEVICE),
      device: { coherent: false },
    },
    {
      name: 'a bounce from a buffer that runs over the end',
      crash: ['copy-out-of-memory', RAM_SIZE - 100, 200],
      logged: [
        ['swiotlb_tbl_map_single', RAM_SIZE - 100, 200, 4096],
        ['swiotlb_bounce', RAM_SIZE - 100, 0x1000000, 200],
      ],
      call: (m) => m.swiotlbTblMapSingle(dev, RAM_SIZE - 100, 200, 4096, 0, TO_DEVICE, 0),
    },
    {
      // The mapping is at 0x1000100. Its second slot stands for 0x200900, whose offset 0x100 is more
      // than the 0x20 of the copy: 0x200900 + 2^32 - 0xe0.
      name: 'a copy that begins low in a later slot of a mapping with an offset',
      crash: ['copy-out-of-memory', 0x100200820, 32],
      logged: [
        ['swiotlb_sync_single_for_cpu', 0x1000820, 32, BIDIRECTIONAL],
        ['swiotlb_bounce', 0x100200820, 0x1000820, 32],
      ],
      call: (m) => m.swiotlbSyncSingleForCpu(dev, 0x1000820, 32, BIDIRECTIONAL),
      device: { minAlignMask: 511 },
      before: bounced(0x200100, 3000),
    },
    {
      // (0x200000 - 0x1000000) >> 11 = -7168.
      name: 'a sync below the pool',
      crash: ['slot-index-out-of-pool', -7168, 1024],
      logged: [['swiotlb_sync_single_for_cpu', 0x200000, 64, FROM_DEVICE]],
      call: (m) => m.swiotlbSyncSingleForCpu(dev, 0x200000, 64, FROM_DEVICE),
    },
    {
      name: 'a sync right behind the pool',
      crash: ['slot-index-out-of-pool', 1024, 1024],
      logged: [['swiotlb_sync_single_for_device', 0x1200000, 64, TO_DEVICE]],
      call: (m) => m.swiotlbSyncSingleForDevice(dev, 0x1200000, 64, TO_DEVICE),
    },
    {
      name: 'an unmap outside the pool',
      crash: ['slot-index-out-of-pool', -7168, 1024],
      logged: [['swiotlb_tbl_unmap_single', 0x200000, 64, FROM_DEVICE]],
      call: (m) => m.swiotlbTblUnmapSingle(dev, 0x200000, 64, FROM_DEVICE, SKIP),
    },
    {
      name: 'a sync for cpu with CONFIG_SWIOTLB=n, which leaves no event',
      crash: ['sync-without-swiotlb', 0, 0],
      logged: [],
      call: (m) => m.swiotlbSyncSingleForCpu(dev, 0x200000, 64, TO_DEVICE),
      config: { swiotlb: false },
    },
    {
      name: 'a sync for device with CONFIG_SWIOTLB=n, which leaves no event',
      crash: ['sync-without-swiotlb', 0, 0],
      logged: [],
      call: (m) => m.swiotlbSyncSingleForDevice(dev, 0x200000, 64, FROM_DEVICE),
      config: { swiotlb: false },
    },
    {
      // 135168 + offset 0x200 need 67 slots, the boundary allows 64: none qualifies. Stride 2 << 3 = 16,
      // start 16 (hint 2). Bit 11 of the slot address must be set: 16 → 17 → 33 … 1009 → 0 → 1 → 17.
      name: 'a slot search that misses its start',
      crash: ['search-never-ends', 67, 17],
      logged: [['swiotlb_tbl_map_single', 0xe00a00, 133120, 135168]],
      call: (m) => m.swiotlbTblMapSingle(dev, 0xe00a00, 133120, 135168, 0, BIDIRECTIONAL, 0),
      device: { minAlignMask: 4095, segBoundary: 0x1ffff },
      config: { pageSize: 16384 },
      before: bounced(0x300000, 100),
    },
    {
      // Granule 0, once found, is the hint; above it is granule 1, where every search begins its low end.
      name: 'an IOVA search that starts over for ever',
      crash: ['iova-search-never-ends', 2, 2],
      logged: [['alloc_iova_fast', 2, 1, 0]],
      call: (m) => m.allocIovaFast(dev, 2, 1, false),
      before: (m) => m.allocIovaFast(dev, 1, 0, false),
    },
  ];

  test.each(cases)('$name', ({ crash: [kind, a, b], logged, call, device, config, before }) => {
    const m = machine(device, config);
    before?.(m);
    const from = m.log.length;
    m.log.step = 5;
    m.enter(2);
    const { clock } = m.memory;
    const crash = crashOf(() => call(m));
    expect([crash.kind, crash.a, crash.b]).toEqual([kind, a, b]);
    expect(events(m, from)).toEqual(logged);
    // The calls never returned, and nothing was written.
    for (let i = from; i < m.log.length; i++) expect(m.log.records[i * STRIDE + F_RESULT]).toBeNaN();
    expect(m.memory.clock).toBe(clock);
    m.recordCrash(crash);
    expect(events(m, m.log.length - 1)).toEqual([['crash', CRASHES.indexOf(kind), a, b]]);
    const record = m.log.records.subarray((m.log.length - 1) * STRIDE);
    expect([record[F_DEVICE], record[F_PATH], record[F_STEP]]).toEqual([-1, 1, 5]);
  });

  test.each([
    ['a memset to the last byte', (m: Machine) => m.memset(RAM_SIZE - 16, 16)],
    ['a memset of nothing at the very end', (m: Machine) => m.memset(RAM_SIZE, 0)],
    [
      'the harmless opposite: for cpu, to-device',
      (m: Machine) => m.swiotlbSyncSingleForCpu(dev, 0, 8, TO_DEVICE),
    ],
    ['and for device, from-device', (m: Machine) => m.swiotlbSyncSingleForDevice(dev, 0, 8, FROM_DEVICE)],
    [
      'a copy in a slot without a mapping',
      (m: Machine) => m.swiotlbSyncSingleForCpu(dev, 0x1000000, 8, FROM_DEVICE),
    ],
    ['arch maintenance outside memory', (m: Machine) => m.archSyncDmaForCpu(RAM_SIZE - 64, 65, FROM_DEVICE)],
  ])('no crash, no copy: %s', (name, call) => {
    const m = machine({ coherent: false }, { cache: 'off' });
    call(m);
    expect(events(m)).toHaveLength(1);
    // Maintenance that runs over the end touches no line at all.
    if (name.startsWith('arch')) expect(m.log.records[F_RESULT]).toBe(0);
  });
});

test('a call has returned, though the scribble behind it is one event too much', () => {
  const m = machine({ untrusted: true, scribble: true });
  m.deviceAt(0).handedOver = [{ start: 0x300001, size: 0xfff }];
  // Three events a call: itself, and a scribble over the one byte that is not handed over. No. 16383 is a call.
  const crash = crashOf(() => {
    for (let i = 0; i < 6000; i++) m.iommuMap(dev, i === 0 ? 0x10000 : 1, 0x300000, 0x1000, 3);
  });
  expect(crash.kind).toBe('did-not-return');
  expect(m.log.length).toBe(16_384);
  expect(events(m, 16_383)).toEqual([['iommu_map', 1, 0x300000, 0x1000]]);
  expect(m.log.records[16_383 * STRIDE + F_RESULT]).toBe(-22);
});

describe('warnings', () => {
  const warnings = (m: Machine): unknown[] =>
    events(m, 0, 4).flatMap(([kind, which, ...args]) =>
      kind === 'warn' ? [[WARNINGS[Number(which)], ...args]] : [],
    );
  const larger = (m: Machine): number => m.swiotlbTblMapSingle(dev, 0x200000, 4097, 4096, 0, TO_DEVICE, 0);

  test('a full pool warns each time, unless NO_WARN; it holds 128 slots here', () => {
    const m = machine({}, { swiotlbSlots: 128 });
    const map = (size: number, attrs: number): number =>
      m.swiotlbTblMapSingle(dev, 0x200000, size, size, 0, FROM_DEVICE, attrs);
    expect(map(100 * 2048, 0)).toBe(0x1000000);
    expect(map(29 * 2048, NO_WARN)).toBe(-1);
    expect(warnings(m)).toEqual([]);
    expect(map(29 * 2048, 0)).toBe(-1);
    expect(map(30 * 2048, SKIP)).toBe(-1);
    expect(warnings(m)).toEqual([
      ['pool-full', 29 * 2048, 128, 100],
      ['pool-full', 30 * 2048, 128, 100],
    ]);
    expect(m.pool.used).toBe(100);
  });

  test('a mapping above its allocation fails; the warning comes once in a life', () => {
    const m = machine();
    expect([larger(m), larger(m)]).toEqual([-1, -1]);
    expect(warnings(m)).toEqual([['mapping-larger-than-alloc', 4097, 4096, 0]]);
    expect([m.pool.used, m.memory.clock]).toEqual([0, 0]);
    m.reset({ ...MACHINE_DEFAULTS, devices: [DEVICE_DEFAULTS] });
    larger(m);
    expect(warnings(m)).toHaveLength(1);
  });

  test('a copy above what the slot has left is clipped; the warning comes once, other kinds still do', () => {
    const m = machine();
    const tlb = m.swiotlbTblMapSingle(dev, 0x200000, 100, 4096, 0, FROM_DEVICE, 0);
    const from = m.log.length;
    m.swiotlbSyncSingleForCpu(dev, tlb, 5000, FROM_DEVICE);
    // The second slot has 2048 left, from its 16th byte on 2032.
    m.swiotlbSyncSingleForCpu(dev, tlb + 2048 + 16, 2033, FROM_DEVICE);
    m.swiotlbSyncSingleForCpu(dev, tlb + 2048 + 16, 2032, FROM_DEVICE);
    expect(events(m, from)).toEqual([
      ['swiotlb_sync_single_for_cpu', tlb, 5000, FROM_DEVICE],
      ['warn', WARNINGS.indexOf('bounce-overflow'), 5000, 4096],
      ['swiotlb_bounce', 0x200000, tlb, 4096],
      ['swiotlb_sync_single_for_cpu', tlb + 2064, 2033, FROM_DEVICE],
      ['swiotlb_bounce', 0x200810, tlb + 2064, 2032],
      ['swiotlb_sync_single_for_cpu', tlb + 2064, 2032, FROM_DEVICE],
      ['swiotlb_bounce', 0x200810, tlb + 2064, 2032],
    ]);
    larger(m);
    expect(warnings(m)).toHaveLength(2);
    // The clipped copy ends with its slot: what would be next, 0x201000, holds 0x07.
    m.swiotlbSyncSingleForDevice(dev, tlb + 2048 + 16, 3000, TO_DEVICE);
    const bytes = new Uint8Array(2);
    m.cache.load(tlb + 4095, 2, bytes, new Uint32Array(2), 0);
    expect([...bytes]).toEqual([0xee, 0xee]);
  });

  test('the two of an unmap come each time', () => {
    const m = machine();
    for (let i = 0; i < 2; i++) {
      m.warnUnmapped(dev, 0, 4096);
      m.warnNotMapped(dev, -1);
    }
    const both = [
      ['unmapped-less-than-asked', 0, 4096, 0],
      ['unmap-of-nothing', -1, 0, 0],
    ];
    expect(warnings(m)).toEqual([...both, ...both]);
  });
});
