// SPDX-License-Identifier: GPL-2.0-only
import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { DEVICE_DEFAULTS, MACHINE_DEFAULTS, RAM_SIZE } from './config.ts';
import type { DmaDevice } from './device.ts';
import { FAULT_REASONS } from './events.ts';
import { LABEL_FAULT, LABEL_NEVER_WRITTEN } from './labels.ts';
import { READ, WRITE, PHYS, IOVA, untouched, Bench } from './testing/device-bench.ts';

const unmapped = FAULT_REASONS.indexOf('unmapped');
const notReadable = FAULT_REASONS.indexOf('not_readable');
const notWritable = FAULT_REASONS.indexOf('not_writable');

// But for its allocator, which has no ranges to give before.
test('one that was just made is as a reset leaves it', () => {
  const [{ device: made }, { device: reset }] = [new Bench(), new Bench()];
  const machine = { ...MACHINE_DEFAULTS, iommu: 'amd', devices: [DEVICE_DEFAULTS] } as const;
  reset.reset(DEVICE_DEFAULTS, machine);
  const isOthers = (name: string): boolean => ['iovad', 'ownIovad', 'world'].includes(name);
  const told = (device: DmaDevice): string =>
    inspect(
      Object.entries(device).filter(([name]) => !isOthers(name)),
      { depth: 5 },
    );
  expect(told(reset)).toBe(told(made));
});

test('a reset leaves nothing of what a life has set', () => {
  const { device } = new Bench();
  device.flushQueue = true;
  device.mapping = 3;
  device.handedOver = [{ start: PHYS, size: 1 }];
  Object.assign(device.armed, { alloc_iova_fast: 1, iommu_map: 1, iommu_map_sg: 1 });
  device.reset(DEVICE_DEFAULTS, { ...MACHINE_DEFAULTS, devices: [] });
  expect([device.flushQueue, device.mapping, device.handedOver]).toEqual([false, -1, []]);
  expect(device.armed).toEqual({ alloc_iova_fast: 0, iommu_map: 0, iommu_map_sg: 0 });
});

describe('dmaRead', () => {
  test('crosses granules that lie apart in memory', () => {
    const bench = new Bench({}, 512);
    bench.map(IOVA, PHYS + 0x1000, 512, READ);
    bench.map(IOVA + 512, PHYS, 512, READ);
    bench.store(PHYS + 0x1000 + 510, 2, 100);
    bench.store(PHYS, 1, 200);
    expect(bench.device.dmaRead(IOVA + 509, 5, 3, 9)).toBe(5);
    const u = untouched(PHYS + 0x1000 + 509);
    expect(Array.from(bench.log.bytes.subarray(0, 5))).toEqual([u, 0xaa, 0xaa, 0xaa, untouched(PHYS + 1)]);
    expect(Array.from(bench.log.labels.subarray(0, 5))).toEqual([0, 100, 101, 200, 0]);
    expect(bench.events()).toEqual([['device_read', IOVA + 509, 5, 0, 3, 9]]);
  });

  test('runs over a 64 KiB granule in one go', () => {
    const bench = new Bench({}, 65536);
    bench.map(0x10000, 0x20000, 65536, READ);
    expect(bench.device.dmaRead(0x10ff0, 0x2020, -1, 0)).toBe(0x2020);
    const bytes = bench.log.bytes.subarray(0, 0x2020);
    expect(bytes.every((value, i) => value === untouched(0x20ff0 + i))).toBe(true);
  });

  // 0x10000 is readable, 0x11000 only writable, 0x12000 not mapped.
  test.each([
    ['nothing mapped', 0x12000, 8, 0, 0x12000, unmapped],
    ['below what is mapped', 0xffff, 8, 0, 0xffff, unmapped],
    ['the error address', -1, 1, 0, -1, unmapped],
    ['a write-only page', 0x11004, 8, 0, 0x11004, notReadable],
    ['running into a write-only page', 0x10ffd, 8, 3, 0x11000, notReadable],
  ])('%s faults; all-ones from there on', (_, iova, size, done, at, reason) => {
    const bench = new Bench();
    bench.map(0x10000, PHYS, 0x1000, READ);
    bench.map(0x11000, PHYS + 0x1000, 0x1000, WRITE);
    bench.log.bytes.fill(0x55);
    expect(bench.device.dmaRead(iova, size, -1, 0)).toBe(done);
    const read = Array.from({ length: size }, (__, i) => (i < done ? untouched(iova + i) : 0xff));
    expect(Array.from(bench.log.bytes.subarray(0, size))).toEqual(read);
    const labels = Array.from({ length: size }, (__, i) => (i < done ? LABEL_NEVER_WRITTEN : LABEL_FAULT));
    expect(Array.from(bench.log.labels.subarray(0, size))).toEqual(labels);
    const fault = reason === 0 ? ['iommu_fault', at] : ['iommu_fault', at, reason];
    expect(bench.events().slice(1)).toEqual([fault]);
  });

  test('sees memory behind a dirty cache when the device is not coherent', () => {
    for (const coherent of [false, true]) {
      const bench = new Bench({ coherent });
      bench.cache.reset(true);
      bench.map(IOVA, PHYS, 4096, READ);
      bench.store(PHYS, 1, 100);
      bench.device.dmaRead(IOVA, 1, -1, 0);
      expect([bench.log.bytes[0], bench.log.labels[0]]).toEqual(coherent ? [0xaa, 100] : [0x07, 0]);
    }
  });

  test('of a page behind the end of memory gives all-ones, not what an earlier life read', () => {
    const bench = new Bench();
    bench.map(IOVA, RAM_SIZE, 4096, READ);
    bench.log.bytes.fill(0x55);
    bench.device.dmaRead(IOVA, 4, -1, 0);
    expect(Array.from(bench.log.bytes.subarray(0, 4))).toEqual([0xff, 0xff, 0xff, 0xff]);
  });
});

describe('dmaWrite', () => {
  test('crosses granules; each run that reached memory is an event', () => {
    const bench = new Bench({}, 512);
    bench.map(IOVA, PHYS + 0x1000, 512, WRITE);
    bench.map(IOVA + 512, PHYS, 512, WRITE);
    expect(bench.device.dmaWrite(IOVA + 510, 5, 2, 8, (i) => i + 1)).toBe(5);
    expect(bench.ram(PHYS + 0x1000 + 510, 2)).toEqual([1, 2]);
    expect(bench.ram(PHYS, 4)).toEqual([3, 4, 5, untouched(PHYS + 3)]);
    expect(bench.memory.ramLabel[bench.memory.index(PHYS + 2)]).toBe(16 + 4);
    expect(bench.events()).toEqual([
      ['device_write', IOVA + 510, 5, 0, 2, 8],
      ['device_write_run', IOVA + 510, PHYS + 0x1000 + 510, 2, 16],
      ['device_write_run', IOVA + 512, PHYS, 3, 18],
    ]);
    expect(Array.from(bench.log.bytes.subarray(0, 5))).toEqual([1, 2, 3, 4, 5]);
    bench.device.dmaWrite(IOVA, 1, 2, 8, () => 9);
    expect(Array.from(bench.log.labels.subarray(0, 6))).toEqual([16, 17, 18, 19, 20, 21]);
  });

  // 0x10000 is writable, 0x11000 only readable, 0x12000 not mapped.
  test.each([
    ['nothing mapped', 0x12000, 8, 0, 0x12000, unmapped],
    ['a read-only page', 0x11000, 8, 0, 0x11000, notWritable],
    ['running into a read-only page', 0x10ffe, 8, 2, 0x11000, notWritable],
  ])('%s faults; the bytes before it are written, no others', (_, iova, size, done, at, reason) => {
    const bench = new Bench();
    bench.map(0x10000, PHYS, 0x1000, WRITE);
    bench.map(0x11000, PHYS + 0x1000, 0x1000, READ);
    expect(bench.device.dmaWrite(iova, size, -1, 0, () => 0xdd)).toBe(done);
    const phys = PHYS + (iova - 0x10000);
    const left = Array.from({ length: size }, (__, i) => (i < done ? 0xdd : untouched(phys + i)));
    expect(bench.ram(phys, size)).toEqual(left);
    const fault = reason === 0 ? ['iommu_fault', at] : ['iommu_fault', at, reason];
    const runs = done === 0 ? [] : [['device_write_run', iova, phys, done, 16]];
    expect(bench.events().slice(1)).toEqual([...runs, fault]);
  });

  test('goes through the IOTLB until the sync', () => {
    const bench = new Bench();
    bench.map(IOVA, PHYS, 4096, WRITE);
    bench.device.domain.unmap(IOVA, 4096);
    expect(bench.device.dmaWrite(IOVA, 1, -1, 0, () => 0xdd)).toBe(1);
    expect(bench.ram(PHYS, 1)).toEqual([0xdd]);
    bench.device.domain.sync();
    expect(bench.device.dmaWrite(IOVA, 1, -1, 0, () => 0xde)).toBe(0);
    expect(bench.ram(PHYS, 1)).toEqual([0xdd]);
  });
});

describe('the scan', () => {
  test('reports runs: a label that counts up, or one kind of memory; zeros not at all', () => {
    const bench = new Bench({ untrusted: true });
    bench.map(IOVA, PHYS, 4096, READ, 4);
    bench.store(PHYS + 0x100, 0x80, 100);
    bench.store(PHYS + 0x180, 0x10, 100 + 0x80);
    bench.store(PHYS + 0x190, 0x10, 900);
    bench.cache.clear(PHYS + 0x1a0, 0xe60);
    expect(bench.attack()).toEqual([
      [IOVA, PHYS, 0x100, LABEL_NEVER_WRITTEN, 4],
      [IOVA + 0x100, PHYS + 0x100, 0x90, 100, 4],
      [IOVA + 0x190, PHYS + 0x190, 0x10, 900, 4],
    ]);
    bench.cache.clear(PHYS, 4096);
    expect(bench.attack()).toEqual([]);
  });

  test.each([
    ['a trusted device', { untrusted: false }, READ],
    ['a page that it may only write', { untrusted: true }, WRITE],
  ])('finds nothing for %s', (_, config, prot) => {
    const bench = new Bench(config);
    bench.map(IOVA, PHYS, 4096, prot);
    expect(bench.attack()).toEqual([]);
  });

  test('looks again only where something changed', () => {
    const bench = new Bench({ untrusted: true }, 65536);
    bench.cache.clear(PHYS, 65536);
    bench.store(PHYS + 0x2004, 4, 100);
    bench.map(IOVA, PHYS, 65536, READ);
    const first = [IOVA + 0x2004, PHYS + 0x2004, 4, 100, -1];
    expect(bench.attack()).toEqual([first]);
    expect(bench.attack()).toEqual([]);
    // A load changes nothing, a store elsewhere does not concern this part of the page.
    bench.cache.load(PHYS + 0x2000, 16, new Uint8Array(16), new Uint32Array(16), 0);
    bench.store(PHYS + 0x10000, 4, 200);
    expect(bench.attack()).toEqual([]);
    bench.store(PHYS + 0x5000, 1, 300);
    expect(bench.attack()).toEqual([[IOVA + 0x5000, PHYS + 0x5000, 1, 300, -1]]);
    bench.store(PHYS + 0x2fff, 1, 400);
    expect(bench.attack()).toEqual([first, [IOVA + 0x2fff, PHYS + 0x2fff, 1, 400, -1]]);
  });

  test('in a new life everything is looked at, though as much has happened as in the one before', () => {
    const bench = new Bench({ untrusted: true });
    const live = (): number[][] => {
      bench.map(IOVA, PHYS, 4096, READ, 1);
      return bench.attack();
    };
    const first = live();
    expect(first).toHaveLength(1);
    bench.memory.reset(0);
    bench.device.reset({ ...DEVICE_DEFAULTS, untrusted: true }, { ...MACHINE_DEFAULTS, devices: [] });
    expect(live()).toEqual(first);
  });

  test('a new mapping of scanned memory is scanned anew', () => {
    const bench = new Bench({ untrusted: true });
    bench.map(IOVA, PHYS, 4096, READ, 1);
    expect(bench.attack()).toEqual([[IOVA, PHYS, 4096, LABEL_NEVER_WRITTEN, 1]]);
    bench.map(0x20000, PHYS, 4096, READ, 2);
    expect(bench.attack()).toEqual([[0x20000, PHYS, 4096, LABEL_NEVER_WRITTEN, 2]]);
  });

  test('uses the IOTLB until the sync', () => {
    const bench = new Bench({ untrusted: true });
    bench.cache.clear(PHYS, 4096);
    bench.map(IOVA, PHYS, 4096, READ, 6);
    bench.device.domain.unmap(IOVA, 4096);
    bench.store(PHYS, 1, 100);
    expect(bench.attack()).toEqual([[IOVA, PHYS, 1, 100, 6]]);
    bench.device.domain.sync();
    bench.store(PHYS, 1, 200);
    expect(bench.attack()).toEqual([]);
  });

  test('sees what the CPU has written only when it is in memory, or the device is coherent', () => {
    const bench = new Bench({ untrusted: true, coherent: false });
    bench.cache.clear(PHYS, 4096);
    bench.cache.clean(PHYS, 4096);
    bench.map(IOVA, PHYS, 4096, READ);
    bench.store(PHYS, 1, 100);
    expect(bench.attack()).toEqual([]);
    bench.cache.clean(PHYS, 1);
    expect(bench.attack()).toEqual([[IOVA, PHYS, 1, 100, -1]]);
    const snooping = new Bench({ untrusted: true });
    snooping.cache.reset(true);
    snooping.cache.clear(PHYS, 4096);
    snooping.store(PHYS, 1, 100);
    snooping.map(IOVA, PHYS, 4096, READ);
    expect(snooping.attack()).toEqual([[IOVA, PHYS, 1, 100, -1]]);
  });
});

describe('the scribble', () => {
  const scribbler = { untrusted: true, scribble: true };
  /** iova and size of the writes since the start. */
  const writes = (bench: Bench): unknown[] =>
    bench
      .events()
      .filter(([kind]) => kind === 'device_write')
      .map(([, iova, size]) => [iova, size]);

  test.each([
    [
      'all of a page when nothing is handed over',
      [],
      [
        [0x10000, 0x1000],
        [0x11000, 0x1000],
      ],
    ],
    [
      'around a range',
      [[0x10100, 0x200]],
      [
        [0x10000, 0x100],
        [0x10300, 0xd00],
        [0x11000, 0x1000],
      ],
    ],
    [
      'behind a range at the start',
      [[0x10000, 0x10]],
      [
        [0x10010, 0xff0],
        [0x11000, 0x1000],
      ],
    ],
    [
      'around a range over two pages',
      [[0x10ff0, 0x20]],
      [
        [0x10000, 0xff0],
        [0x11010, 0xff0],
      ],
    ],
    [
      'between ranges in any order',
      [
        [0x10800, 0x800],
        [0x10100, 0x100],
      ],
      [
        [0x10000, 0x100],
        [0x10200, 0x600],
        [0x11000, 0x1000],
      ],
    ],
    ['nothing when all is handed over', [[0x10000, 0x2000]], []],
  ])('writes %s', (_, ranges, expected) => {
    const bench = new Bench(scribbler);
    bench.map(0x10000, PHYS, 0x2000, WRITE);
    bench.device.handedOver = ranges.map(([iova = 0, size = 0]) => ({ start: iova - 0x10000 + PHYS, size }));
    bench.attack();
    expect(writes(bench)).toEqual(expected);
    const page = Array.from({ length: 0x2000 }, (__, i) => untouched(PHYS + i));
    for (const [iova = 0, size = 0] of expected) page.fill(0xdd, iova - 0x10000, iova - 0x10000 + size);
    expect(bench.ram(PHYS, 0x2000)).toEqual(page);
  });

  test('is a write of no mapping, whosever the page is', () => {
    const bench = new Bench(scribbler);
    bench.map(IOVA, PHYS, 0x1000, WRITE, 4);
    bench.attack();
    expect(bench.events()).toEqual([
      ['device_write', IOVA, 0x1000, 0, -1],
      ['device_write_run', IOVA, PHYS, 0x1000, 16],
    ]);
  });

  test('leaves read-only pages and the mapping in progress alone, and asks for no fault', () => {
    const bench = new Bench(scribbler);
    bench.map(0x10000, PHYS, 0x1000, READ, 1);
    bench.map(0x20000, PHYS + 0x1000, 0x1000, READ | WRITE, 2);
    bench.map(0x30000, PHYS + 0x2000, 0x1000, WRITE, 3);
    bench.device.mapping = 2;
    bench.attack();
    expect(writes(bench)).toEqual([[0x30000, 0x1000]]);
    expect(bench.events().filter(([kind]) => kind === 'iommu_fault')).toEqual([]);
    bench.device.mapping = -1;
    bench.attack();
    expect(writes(bench).slice(1)).toEqual([
      [0x20000, 0x1000],
      [0x30000, 0x1000],
    ]);
  });

  test.each([
    ['a trusted device', { untrusted: false, scribble: true }],
    ['a scenario that does not ask for it', { untrusted: true, scribble: false }],
  ])('not by %s', (_, config) => {
    const bench = new Bench(config);
    bench.map(IOVA, PHYS, 0x1000, WRITE);
    bench.attack();
    expect(bench.events()).toEqual([]);
  });

  test('uses the IOTLB until the sync', () => {
    const bench = new Bench(scribbler);
    bench.map(IOVA, PHYS, 0x1000, WRITE);
    bench.device.domain.unmap(IOVA, 0x1000);
    bench.attack();
    expect(writes(bench)).toEqual([[IOVA, 0x1000]]);
    bench.device.domain.sync();
    bench.attack();
    expect(writes(bench)).toHaveLength(1);
  });

  test('goes through a translation that another has replaced to its own page', () => {
    const bench = new Bench(scribbler);
    bench.map(IOVA, PHYS, 0x1000, WRITE, 1);
    bench.device.domain.unmap(IOVA, 0x1000);
    bench.map(IOVA, PHYS + 0x1000, 0x1000, READ | WRITE, 2);
    bench.device.mapping = 2;
    bench.attack();
    expect([bench.ram(PHYS, 1), bench.ram(PHYS + 0x1000, 1)]).toEqual([[0xdd], [untouched(PHYS)]]);
  });
});
