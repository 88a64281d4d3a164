// SPDX-License-Identifier: GPL-2.0-only
import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DEVICE_DEFAULTS, MACHINE_DEFAULTS, type DeviceConfig, type MachineConfig } from './config.ts';
import { EVENT_KINDS } from './events.ts';
import { EXPOSURE_STRIDE, F_ARGS, F_INJECTED, F_KIND, F_RESULT, STRIDE } from './event-log.ts';
import { Machine } from './machine.ts';
import type { Device, Direction } from './vocabulary.ts';

const BIDIRECTIONAL = 0;
const TO_DEVICE = 1;
const FROM_DEVICE = 2;
const SKIP = 32;
const ENOMEM = -12;
const EINVAL = -22;
const EEXIST = -17;
const RW = 3;
const PHYS = 0x300000;
const TLB = 0x1000000;
const dev = { index: 0 };
const other = { index: 1 };

function config(device: Partial<DeviceConfig> = {}, rest: Partial<MachineConfig> = {}): MachineConfig {
  const devices = [{ ...DEVICE_DEFAULTS, ...device }, DEVICE_DEFAULTS];
  return { ...MACHINE_DEFAULTS, iommu: 'arm', ...rest, devices };
}

function machine(device?: Partial<DeviceConfig>, rest?: Partial<MachineConfig>): Machine {
  const fresh = new Machine();
  fresh.reset(config(device, rest));
  return fresh;
}

/** Events from number `from` on: kind and the first `n` arguments. */
function events(m: Machine, from = 0, n = 2): (string | number)[][] {
  return Array.from({ length: m.log.length - from }, (_, i) => {
    const record = m.log.records.subarray((from + i) * STRIDE, (from + i + 1) * STRIDE);
    return [EVENT_KINDS[record[F_KIND] ?? -1] ?? '?', ...record.subarray(F_ARGS, F_ARGS + n)];
  });
}

const kinds = (m: Machine): unknown[] => events(m).map(([kind]) => kind);
const untouched = (phys: number, size: number): number[] =>
  Array.from({ length: size }, (_, i) => ((phys + i) * 31 + 7) & 0xff);
const same = (value: number, size: number): number[] => Array<number>(size).fill(value);

function store(m: Machine, phys: number, size: number, value: number): void {
  m.cache.store(phys, size, new Uint8Array(size).fill(value), 0, m.takeLabels(size));
}

/** The CPU's view, or with `coherent` false memory; changes nothing. Within a chunk. */
function see(m: Machine, phys: number, size: number, coherent = true): number[] {
  const bytes = new Uint8Array(size);
  m.cache.deviceLoad(phys, size, coherent, bytes, new Uint32Array(size), 0);
  return Array.from(bytes);
}

test('memory begins at 64 KiB on a hostile machine, else at 0', () => {
  const begins = (cache: 'worst' | 'off'): unknown =>
    [0, 1, 0xffff, 0x10000].find((phys) => machine({}, { cache }).memory.contains(phys, 1));
  expect([begins('worst'), begins('off')]).toEqual([0x10000, 0]);
});

describe('what the kernel asks', () => {
  test.each([512, 4096, 65536])('iova arithmetic in granules of %i', (granule) => {
    const m = machine({}, { granule, pageSize: 65536 });
    expect(2 ** m.iovaShift(dev)).toBe(granule);
    expect(m.iovaMask(dev)).toBe(granule - 1);
    expect([m.iovaOffset(dev, 3 * granule), m.iovaOffset(dev, 3 * granule + 17)]).toEqual([0, 17]);
    // All-ones is the last byte of a granule; a size that underflowed by one rounds up to 0.
    expect([m.iovaOffset(dev, -1), m.iovaAlign(dev, -1)]).toEqual([granule - 1, 0]);
    const sizes = [0, 1, granule, granule + 1].map((size) => m.iovaAlign(dev, size));
    expect(sizes).toEqual([0, granule, granule, 2 * granule]);
  });

  test('the device and the configuration', () => {
    const m = machine(
      {
        untrusted: true,
        coherent: false,
        dmaMask: -1,
        segBoundary: 0xffff,
        maxSegSize: 4,
        minAlignMask: 511,
      },
      { strict: false, swiotlb: false },
    );
    expect([m.devIsUntrusted(dev), m.devIsUntrusted(other)]).toEqual([true, false]);
    expect([m.devIsDmaCoherent(dev), m.devIsDmaCoherent(other)]).toEqual([false, true]);
    expect([m.dmaGetMask(dev), m.dmaGetSegBoundary(dev)]).toEqual([-1, 0xffff]);
    expect([m.dmaGetMaxSegSize(dev), m.dmaGetMinAlignMask(dev)]).toEqual([4, 511]);
    expect([m.dmaStrict, m.configSwiotlb, m.apertureEnd()]).toEqual([false, false, 0xffffffffffff]);
    expect(() => m.devIsUntrusted({ index: 2 })).toThrow(RangeError);
    // No pool without CONFIG_SWIOTLB.
    expect([m.isSwiotlbBuffer(TLB), machine().isSwiotlbBuffer(TLB)]).toEqual([false, true]);
    const borders = [TLB - 1, TLB + 1024 * 2048 - 1, TLB + 1024 * 2048, -1];
    expect(borders.map((phys) => machine().isSwiotlbBuffer(phys))).toEqual([false, true, false, false]);
  });
});

describe('arch sync, arm64 v5.14', () => {
  // A dirty line under a device that does not snoop: is it written back, and what does the CPU see after?
  test.each([
    ['archSyncDmaForDevice', TO_DEVICE, 'new', 'new', 1],
    ['archSyncDmaForDevice', BIDIRECTIONAL, 'new', 'new', 1],
    ['archSyncDmaForDevice', FROM_DEVICE, 'old', 'old', 1],
    ['archSyncDmaForCpu', TO_DEVICE, 'old', 'new', 0],
    ['archSyncDmaForCpu', BIDIRECTIONAL, 'old', 'old', 1],
    ['archSyncDmaForCpu', FROM_DEVICE, 'old', 'old', 1],
  ] as const)('%s, direction %i: memory %s, CPU %s', (call, dir, memory, cpu, lines) => {
    const m = machine({ coherent: false });
    store(m, PHYS, 64, 0xaa);
    m[call](PHYS, 64, dir);
    const bytes = { new: same(0xaa, 64), old: untouched(PHYS, 64) };
    expect(see(m, PHYS, 64, false)).toEqual(bytes[memory]);
    expect(see(m, PHYS, 64)).toEqual(bytes[cpu]);
    expect(m.log.records[F_RESULT]).toBe(lines);
  });

  test('is only recorded where every device is coherent, or without a cache', () => {
    for (const m of [machine(), machine({ coherent: false }, { cache: 'off' })]) {
      store(m, PHYS, 64, 0xaa);
      m.archSyncDmaForDevice(PHYS, 65, FROM_DEVICE);
      expect([see(m, PHYS, 64, false), m.log.records[F_RESULT]]).toEqual([same(0xaa, 64), 2]);
    }
  });
});

describe('swiotlb', () => {
  const all: readonly Direction[] = [BIDIRECTIONAL, TO_DEVICE, FROM_DEVICE];
  const copies = (m: Machine): unknown[] => events(m, 0, 4).filter(([kind]) => kind === 'swiotlb_bounce');
  const map = (m: Machine, dir: Direction, attrs: number): number =>
    m.swiotlbTblMapSingle(dev, PHYS, 100, 4096, 0, dir, attrs);
  const there = ['swiotlb_bounce', PHYS, TLB, 100, TO_DEVICE];
  const back = ['swiotlb_bounce', PHYS, TLB, 100, FROM_DEVICE];

  test.each(all)('which calls copy, direction %i', (dir) => {
    const m = machine();
    const count = (call: () => unknown): unknown[] => {
      const before = copies(m).length;
      call();
      return copies(m).slice(before);
    };
    const out = dir === FROM_DEVICE ? [] : [there];
    const home = dir === TO_DEVICE ? [] : [back];
    expect(count(() => map(m, dir, 0))).toEqual(out);
    expect(count(() => m.swiotlbSyncSingleForDevice(dev, TLB, 100, dir))).toEqual(out);
    expect(count(() => m.swiotlbSyncSingleForCpu(dev, TLB, 100, dir))).toEqual(home);
    expect(count(() => m.swiotlbTblUnmapSingle(dev, TLB, 100, dir, 0))).toEqual(home);
    m.reset(config());
    expect(count(() => map(m, dir, SKIP))).toEqual([]);
    expect(count(() => m.swiotlbTblUnmapSingle(dev, TLB, 100, dir, SKIP))).toEqual([]);
    expect(m.pool.used).toBe(0);
  });

  test('copies the mapping size, through the cache', () => {
    const m = machine({ coherent: false });
    store(m, PHYS, 100, 0xaa);
    expect(map(m, BIDIRECTIONAL, 0)).toBe(TLB);
    expect(see(m, TLB, 101)).toEqual([...same(0xaa, 100), 0xee]);
    expect(see(m, TLB, 101, false)).toEqual(same(0xee, 101));
    store(m, TLB + 40, 30, 0xdd);
    m.swiotlbSyncSingleForCpu(dev, TLB + 50, 10, FROM_DEVICE);
    expect(see(m, PHYS, 100)).toEqual([...same(0xaa, 50), ...same(0xdd, 10), ...same(0xaa, 40)]);
    m.swiotlbTblUnmapSingle(dev, TLB, 100, BIDIRECTIONAL, 0);
    expect(see(m, PHYS, 100)).toEqual([...same(0xaa, 40), ...same(0xdd, 30), ...same(0xaa, 30)]);
    expect(see(m, PHYS, 100, false)).toEqual(untouched(PHYS, 100));
  });

  test('keeps the address bits that the device insists on, and finds the original from any slot', () => {
    const m = machine({ minAlignMask: 511 });
    // Offset 0x100: 4096 + 256 bytes are three slots.
    const tlb = m.swiotlbTblMapSingle(dev, PHYS + 0x700, 4096, 4096, 0, FROM_DEVICE, 0);
    expect([tlb, m.pool.used]).toEqual([TLB + 0x100, 3]);
    m.swiotlbSyncSingleForCpu(dev, tlb + 2048 + 5, 7, FROM_DEVICE);
    expect(copies(m)).toEqual([['swiotlb_bounce', PHYS + 0x700 + 2048 + 5, tlb + 2048 + 5, 7, FROM_DEVICE]]);
  });
});

describe('the IOMMU', () => {
  test.each([
    ['iova', 0x1200, PHYS, 0x1000],
    ['phys', 0x1000, PHYS + 0x10, 0x1000],
    ['size', 0x1000, PHYS, 0x1100],
  ])('iommu_map refuses an unaligned %s', (_, iova, phys, size) => {
    const m = machine();
    expect(m.iommuMap(dev, iova, phys, size, RW)).toBe(EINVAL);
    expect([m.log.records[F_RESULT], m.devices[0]?.domain.size]).toEqual([EINVAL, 0]);
  });

  test('every device has its own domain', () => {
    const m = machine();
    expect(m.iommuMap(dev, 0x1000, PHYS, 0x1000, RW)).toBe(0);
    expect(m.iommuMap(dev, 0x1000, PHYS, 0x1000, RW)).toBe(EEXIST);
    expect(m.iommuIovaToPhys(other, 0x1000)).toBe(0);
    expect(m.iommuMap(other, 0x1000, PHYS + 0x1000, 0x1000, RW)).toBe(0);
    expect([m.iommuIovaToPhys(dev, 0x1008), m.iommuIovaToPhys(other, 0x1008)]).toEqual([
      PHYS + 8,
      PHYS + 0x1008,
    ]);
    expect(m.iommuUnmap(dev, 0x1000, 0x2000)).toBe(0x1000);
    expect(m.iommuIovaToPhys(other, 0x1000)).toBe(PHYS + 0x1000);
  });

  test('iommu_map_sg maps all entries or nothing', () => {
    const m = machine();
    m.iommuMap(dev, 0x12000, PHYS, 0x1000, RW);
    const sgl = [0x2000, 0x1000].map((length) => ({ phys: 0x400000, length, dmaAddress: 0, dmaLength: 0 }));
    expect(m.iommuMapSg(dev, 0x10000, sgl, 2, RW)).toBe(0);
    expect(m.devices[0]?.domain.size).toBe(1);
    expect(m.iommuMapSg(dev, 0x10000, sgl, 1, RW)).toBe(0x2000);
    expect(m.devices[0]?.domain.size).toBe(3);
  });

  test('the scan runs inside each change; between unmap and sync the page is still there', () => {
    const m = machine({ untrusted: true });
    const found = (): unknown[] =>
      Array.from({ length: m.log.exposureCount }, (_, i) => m.log.exposures[i * EXPOSURE_STRIDE + 4]);
    /** Puts something new to find at another byte; how often `call` found it. */
    const after = (call: () => unknown): number => {
      const phys = PHYS + 8 * m.log.exposureCount;
      m.memset(PHYS, 0x1000);
      store(m, phys, 1, 0xaa);
      call();
      return found().filter((at) => at === phys).length;
    };
    expect(after(() => m.iommuMap(dev, 0x1000, PHYS, 0x1000, RW))).toBe(1);
    expect(after(() => m.iommuMap(dev, 0x1000, PHYS, 0x1000, RW))).toBe(1);
    expect(after(() => m.iommuUnmap(dev, 0x1000, 0x1000))).toBe(1);
    expect(after(() => m.attack())).toBe(1);
    expect(after(() => m.iommuIotlbSync(dev))).toBe(0);
    m.iommuMap(dev, 0x2000, PHYS, 0x1000, RW);
    expect(after(() => m.iommuIotlbSync(dev))).toBe(1);
    m.initIovaFlushQueue(dev);
    expect(after(() => m.flush(0))).toBe(1);
  });

  test('cache: off has no IOTLB and no adversary', () => {
    const m = machine({ untrusted: true, scribble: true }, { cache: 'off' });
    m.iommuMap(dev, 0x1000, PHYS, 0x1000, RW);
    m.attack();
    m.iommuUnmap(dev, 0x1000, 0x1000);
    expect(m.devices[0]?.dmaRead(0x1000, 1, -1, 0)).toBe(0);
    expect([m.log.exposureCount, kinds(m).includes('device_write')]).toEqual([0, false]);
  });
});

describe('injected failures', () => {
  const entry = { phys: PHYS, length: 0x1000, dmaAddress: 0, dmaLength: 0 };
  test.each([
    ['alloc_iova_fast', (m: Machine, d: Device) => m.allocIovaFast(d, 1, 0xfffff, true), 0, 0xfffff],
    ['iommu_map', (m: Machine, d: Device) => m.iommuMap(d, 0x1000, PHYS, 0x1000, RW), ENOMEM, 0],
    ['iommu_map_sg', (m: Machine, d: Device) => m.iommuMapSg(d, 0x1000, [entry], 1, RW), 0, 0x1000],
  ] as const)('%s: each call uses one up, on its device only', (what, call, failed, good) => {
    const m = machine();
    const device = m.devices[0]!;
    device.armed[what] = 2;
    expect(call(m, other)).toBe(good);
    expect([call(m, dev), call(m, dev)]).toEqual([failed, failed]);
    expect([device.armed[what], device.domain.size, device.iovad.live]).toEqual([0, 0, 0]);
    expect(call(m, dev)).toBe(good);
    const injected = events(m, 0, 0).flatMap(([kind], i) =>
      kind === what ? [m.log.records[i * STRIDE + F_INJECTED]] : [],
    );
    expect(injected).toEqual([0, 1, 1, 0]);
  });
});

describe('the flush queue', () => {
  const fill = (m: Machine, from: number, count: number): void => {
    for (let i = 0; i < count; i++) m.queueIova(dev, from + i, 1);
  };
  const frees = (from: number, count: number): unknown[] =>
    Array.from({ length: count }, (_, i) => ['free_iova_fast', from + i, 1]);

  test('255 wait; the next one flushes first and waits then', () => {
    const m = machine();
    m.initIovaFlushQueue(dev);
    expect([m.fqDomain(dev), m.fqDomain(other)]).toEqual([true, false]);
    fill(m, 1000, 255);
    expect(new Set(kinds(m))).toEqual(new Set(['queue_iova']));
    const from = m.log.length;
    fill(m, 5000, 1);
    expect(events(m, from)).toEqual([
      ['queue_iova', 5000, 1],
      ['iommu_flush_iotlb_all', 0, 0],
      ...frees(1000, 255),
    ]);
    const next = m.log.length;
    m.flush(0);
    expect(events(m, next)).toEqual([['iommu_flush_iotlb_all', 0, 0], ...frees(5000, 1)]);
  });

  test('a flush ends what the IOTLB remembers, also when nothing waits', () => {
    const m = machine();
    m.initIovaFlushQueue(dev);
    m.iommuMap(dev, 0x1000, PHYS, 0x1000, RW);
    m.iommuUnmap(dev, 0x1000, 0x1000);
    expect(m.devices[0]?.dmaRead(0x1000, 1, -1, 0)).toBe(1);
    m.flush(0);
    expect(kinds(m).slice(-1)).toEqual(['iommu_flush_iotlb_all']);
    expect(m.devices[0]?.dmaRead(0x1000, 1, -1, 0)).toBe(0);
  });

  test('a range that waits is not free; after the flush it is', () => {
    const m = machine();
    m.initIovaFlushQueue(dev);
    const pfn = m.allocIovaFast(dev, 64, 0xfffff, true);
    m.queueIova(dev, pfn, 64);
    expect([pfn, m.allocIovaFast(dev, 64, 0xfffff, true)]).toEqual([0xfffc0, 0xfff80]);
    m.flush(0);
    expect(m.allocIovaFast(dev, 64, 0xfffff, true)).toBe(0xfffc0);
  });

  test('on a device without one a flush does nothing', () => {
    const m = machine();
    m.flush(1);
    expect(m.log.length).toBe(0);
  });
});

describe('reset', () => {
  /** Everything that a run leaves behind; the flat arrays as digests. */
  function recording(m: Machine): unknown {
    const { log } = m;
    return {
      digests: [
        log.records.subarray(0, log.length * STRIDE),
        log.bytes.subarray(0, log.byteLength),
        log.labels.subarray(0, log.byteLength),
        log.exposures.subarray(0, log.exposureCount * EXPOSURE_STRIDE),
      ].map((part) => `${part.length} ${createHash('sha1').update(part).digest('hex')}`),
      paths: structuredClone(m.paths),
      left: m.devices.map((d) => [m.pool.used, m.memory.clock, d.domain.size, d.iovad.live]),
    };
  }

  /** A program in the way of a driver: each number says what is done next, and to what. */
  function run(m: Machine, setup: MachineConfig, program: readonly number[]): unknown {
    m.reset(setup);
    const mapped: { tlb: number; iova: number }[] = [];
    m.initIovaFlushQueue(other);
    for (const [i, n] of program.entries()) {
      m.log.step = i;
      m.enter(n % 3);
      const dir = ([BIDIRECTIONAL, TO_DEVICE, FROM_DEVICE] as const)[n % 3] ?? BIDIRECTIONAL;
      const phys = PHYS + n * 64;
      if (n % 5 === 0) store(m, phys, n % 200, n);
      const device = m.devices[0]!;
      if (n % 5 === 1) {
        const tlb = m.swiotlbTblMapSingle(dev, phys, 300, 4096, 0, dir, 0);
        device.domain.owner = i;
        const iova = m.allocIovaFast(dev, 1 + (n % 2), 0xfffff, true) * 4096;
        m.iommuMap(dev, iova, tlb - (tlb % 4096), 4096 * (1 + (n % 2)), RW);
        mapped.push({ tlb, iova });
      }
      if (n % 5 === 2) device.dmaWrite(mapped.at(-1)?.iova ?? 0, n % 90, 0, 0, (at) => at);
      if (n % 5 === 3) device.dmaRead(mapped.at(-1)?.iova ?? 0, n % 90, 0, 0);
      const last = n % 5 === 4 ? mapped.pop() : undefined;
      if (last !== undefined) {
        m.swiotlbTblUnmapSingle(dev, last.tlb, 300, dir, 0);
        m.warnUnmapped(dev, m.iommuUnmap(dev, last.iova, 8192), 8192);
        m.iommuIotlbSync(dev);
        m.freeIovaFast(dev, last.iova / 4096, 1);
        m.queueIova(other, i, 1);
      }
      if (n % 2 === 0) m.leave();
      m.attack();
    }
    return recording(m);
  }

  test('a machine that has lived before behaves like a new one', () => {
    const program = fc.array(fc.nat(1000), { maxLength: 25 });
    const setup = fc
      .record({ untrusted: fc.boolean(), coherent: fc.boolean(), scribble: fc.boolean() })
      .map((device) => config({ ...device, minAlignMask: 511 }));
    const used = new Machine();
    fc.assert(
      fc.property(setup, setup, program, program, (before, now, earlier, later) => {
        run(used, before, earlier);
        expect(run(used, now, later)).toEqual(run(new Machine(), now, later));
      }),
      { numRuns: 30 },
    );
  });

  test('also where a call is wrong: releasing a slot that nobody has frees none', () => {
    const m = machine();
    m.swiotlbTblMapSingle(dev, PHYS, 4096, 4096, 0, FROM_DEVICE, 0);
    m.reset(config());
    m.swiotlbTblUnmapSingle(dev, TLB, 4096, FROM_DEVICE, SKIP);
    expect([m.pool.used, m.log.records[F_RESULT]]).toEqual([0, 0]);
  });
});
