// SPDX-License-Identifier: GPL-2.0-only
/** What the IOMMU drivers of v5.14 do each in their own way. */
import { describe, expect, test } from '@jest/globals';
import { DEVICE_DEFAULTS, MACHINE_DEFAULTS, grantedBy, type IommuKind } from './config.ts';
import { WARNINGS } from './crash.ts';
import { EVENT_KINDS } from './events.ts';
import { EXPOSURE_STRIDE, F_ARGS, F_KIND, STRIDE } from './event-log.ts';
import { IommuDomain } from './iommu.ts';
import { Machine } from './machine.ts';

const EEXIST = -17;
const READ = 1;
const WRITE = 2;
const PHYS = 0x300000;
const dev = { index: 0 };

function domain(iommu: IommuKind, remembers = true): IommuDomain {
  const fresh = new IommuDomain();
  fresh.reset(4096, remembers, iommu);
  return fresh;
}

function machine(iommu: IommuKind): Machine {
  const fresh = new Machine();
  fresh.reset({ ...MACHINE_DEFAULTS, iommu, devices: [{ ...DEVICE_DEFAULTS, untrusted: true }] });
  return fresh;
}

/** Where a device access at `iova` ends up; undefined: nowhere. */
function reach(iommu: IommuDomain, iova: number): number | undefined {
  const entry = iommu.translate(iova);
  return entry === undefined ? undefined : entry.phys + (iova - entry.pfn * iommu.granule);
}

const byPage = ([a = 0]: number[], [b = 0]: number[]): number => a - b;

const table = (iommu: IommuDomain): number[][] =>
  [...iommu.installed()].map(({ pfn, phys, prot, owner }) => [pfn, phys, prot, owner]);

describe('a page that is mapped already', () => {
  function withNeighbour(iommu: IommuKind): { iommu: IommuDomain; warned: number[][] } {
    const warned: number[][] = [];
    const fresh = new IommuDomain(undefined, (...said) => warned.push(said));
    fresh.reset(4096, true, iommu);
    fresh.owner = 1;
    fresh.map(0x11000, 0x300000, 0x1000, READ);
    fresh.owner = 2;
    return { iommu: fresh, warned };
  }

  test('arm warns and fails', () => {
    const { iommu, warned } = withNeighbour('arm');
    expect(iommu.map(0x10000, 0x400000, 0x3000, WRITE)).toBe(EEXIST);
    expect(warned).toEqual([[0x11000, 0x300000, 0x401000]]);
  });

  test('vtd warns, keeps it and goes on', () => {
    const { iommu, warned } = withNeighbour('vtd');
    expect(iommu.map(0x10000, 0x400000, 0x3000, WRITE)).toBe(0);
    expect(warned).toEqual([[0x11000, 0x300000, 0x401000]]);
    expect(table(iommu).toSorted(byPage)).toEqual([
      [0x10, 0x400000, WRITE, 2],
      [0x11, 0x300000, READ, 1],
      [0x12, 0x402000, WRITE, 2],
    ]);
    expect(iommu.unmap(0x10000, 0x3000)).toBe(0x3000);
    expect(iommu.size).toBe(0);
  });

  test('amd replaces it without a word, and the IOTLB may go on with the old one', () => {
    const { iommu, warned } = withNeighbour('amd');
    expect(iommu.map(0x10000, 0x400000, 0x3000, WRITE)).toBe(0);
    expect(warned).toEqual([]);
    expect(table(iommu).toSorted(byPage)).toEqual([
      [0x10, 0x400000, WRITE, 2],
      [0x11, 0x401000, WRITE, 2],
      [0x12, 0x402000, WRITE, 2],
    ]);
    expect(iommu.iovaToPhys(0x11000)).toBe(0x401000);
    expect(reach(iommu, 0x11008)).toBe(0x300008);
    iommu.sync();
    expect(reach(iommu, 0x11008)).toBe(0x401008);
  });

  test('amd without an IOTLB: the new one at once', () => {
    const iommu = domain('amd', false);
    iommu.map(0x11000, 0x300000, 0x1000, READ);
    iommu.map(0x11000, 0x400000, 0x1000, READ);
    expect(reach(iommu, 0x11000)).toBe(0x400000);
  });
});

// A hole at 0x11000. What is left of the three granules.
test.each([
  ['arm', 0x1000, [0x12]],
  ['vtd', 0x3000, []],
  ['amd', 0x3000, []],
] as const)('%s: an unmap over a hole takes %i bytes', (kind, unmapped, left) => {
  const iommu = domain(kind);
  iommu.map(0x10000, 0x300000, 0x1000, READ);
  iommu.map(0x12000, 0x300000, 0x1000, READ);
  expect(iommu.unmap(0x10000, 0x3000)).toBe(unmapped);
  expect(table(iommu).map(([pfn]) => pfn)).toEqual(left);
});

// IOMMU_CACHE is 4.
test.each([
  ['amd', READ, READ],
  ['amd', WRITE | 4, WRITE | 4],
  ['arm', READ, READ],
  ['arm', WRITE, READ | WRITE],
  ['vtd', WRITE | 4, READ | WRITE | 4],
  ['vtd', READ | 4, READ | 4],
] as const)('%s: what was asked for with %i grants %i', (iommu, prot, granted) => {
  expect(grantedBy(iommu, prot)).toBe(granted);
});

test.each([
  ['arm', EEXIST, 1],
  ['vtd', 0, 1],
  ['amd', 0, 0],
] as const)('%s returns %i for a page that is mapped already, with %i warnings', (iommu, result, count) => {
  const m = machine(iommu);
  m.iommuMap(dev, 0x1000, PHYS, 0x1000, READ);
  const from = m.log.length;
  expect(m.iommuMap(dev, 0x1000, 0x400000, 0x1000, READ)).toBe(result);
  const which = WARNINGS.indexOf('already-mapped');
  const warning = ['warn', which, 0x1000, PHYS, 0x400000];
  const [, ...said] = Array.from({ length: m.log.length - from }, (_, i) => {
    const record = m.log.records.subarray((from + i) * STRIDE, (from + i + 1) * STRIDE);
    return [EVENT_KINDS[record[F_KIND] ?? -1], ...record.subarray(F_ARGS, F_ARGS + 4)];
  });
  expect(said).toEqual(count === 0 ? [] : [warning]);
});

test.each([
  ['arm', 16, WRITE],
  ['vtd', 16, WRITE],
  ['amd', 0, undefined],
] as const)(
  '%s: %i of 16 bytes mapped for writing alone are read, and a scan says so',
  (iommu, read, prot) => {
    const m = machine(iommu);
    m.iommuMap(dev, 0x1000, PHYS, 0x1000, WRITE);
    const { log } = m;
    const asked = log.exposureCount === 0 ? undefined : log.exposures[EXPOSURE_STRIDE - 1];
    expect([m.devices[0]?.dmaRead(0x1000, 16, -1, 0), asked]).toEqual([read, prot]);
  },
);
