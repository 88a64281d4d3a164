// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Budget } from './budget.ts';
import { IommuDomain } from './iommu.ts';
import type { Scatterlist } from './vocabulary.ts';

const EEXIST = -17;
const EINVAL = -22;
const READ = 1;
const WRITE = 2;

function domain(granule = 4096, remembers = true): IommuDomain {
  const fresh = new IommuDomain();
  fresh.reset(granule, remembers, 'arm');
  return fresh;
}

/** Where a device access at `iova` ends up; undefined: nowhere. */
function reach(iommu: IommuDomain, iova: number): number | undefined {
  const entry = iommu.translate(iova);
  return entry === undefined ? undefined : entry.phys + (iova - entry.pfn * iommu.granule);
}

const table = (iommu: IommuDomain): number[][] =>
  [...iommu.installed()].map(({ pfn, phys, prot, owner }) => [pfn, phys, prot, owner]);

describe('map', () => {
  test.each([512, 4096, 16384, 65536])('in granules of %i', (granule) => {
    const iommu = domain(granule);
    expect(iommu.map(8 * granule, 32 * granule, 3 * granule, READ)).toBe(0);
    expect(table(iommu)).toEqual([
      [8, 32 * granule, READ, -1],
      [9, 33 * granule, READ, -1],
      [10, 34 * granule, READ, -1],
    ]);
    expect(iommu.size).toBe(3);
    expect(iommu.iovaToPhys(8 * granule - 1)).toBe(0);
    expect(iommu.iovaToPhys(8 * granule)).toBe(32 * granule);
    expect(iommu.iovaToPhys(10 * granule + 17)).toBe(34 * granule + 17);
    expect(iommu.iovaToPhys(11 * granule - 1)).toBe(35 * granule - 1);
    expect(iommu.iovaToPhys(11 * granule)).toBe(0);
  });

  test('above 4 GiB', () => {
    const iommu = domain();
    const top = 2 ** 48 - 4096;
    expect(iommu.map(top, 0x3fff000, 4096, READ)).toBe(0);
    expect(iommu.iovaToPhys(top + 4095)).toBe(0x3ffffff);
    expect(iommu.iovaToPhys(top % 2 ** 32)).toBe(0);
  });

  // 0x12000 is taken. Which granules the failing call would have had before it ran into it.
  test.each([
    ['the first granule', 0x12000, 0x2000],
    ['the last one', 0x10000, 0x3000],
    ['one in the middle', 0x11000, 0x3000],
    ['the only one', 0x12000, 0x1000],
  ])('fails where %s is mapped, and leaves nothing of the call', (_, iova, size) => {
    const iommu = domain();
    iommu.owner = 1;
    iommu.map(0x12000, 0x300000, 0x1000, READ);
    iommu.owner = 2;
    expect(iommu.map(iova, 0x400000, size, WRITE)).toBe(EEXIST);
    expect(table(iommu)).toEqual([[0x12, 0x300000, READ, 1]]);
    for (let at = iova; at < iova + size; at += 0x1000) {
      expect(iommu.iovaToPhys(at)).toBe(at === 0x12000 ? 0x300000 : 0);
    }
  });

  test('what a failed call had mapped was reachable for that moment', () => {
    const iommu = domain();
    iommu.map(0x12000, 0x300000, 0x1000, READ);
    iommu.map(0x10000, 0x400000, 0x3000, WRITE);
    expect(iommu.lingering.map(({ pfn, phys }) => [pfn, phys])).toEqual([
      [0x10, 0x400000],
      [0x11, 0x401000],
    ]);
    iommu.sync();
    expect(iommu.lingering).toEqual([]);
  });

  test('the same physical page may be mapped many times', () => {
    const iommu = domain();
    expect(iommu.map(0x1000, 0x300000, 0x1000, READ)).toBe(0);
    expect(iommu.map(0x2000, 0x300000, 0x1000, WRITE)).toBe(0);
    expect([iommu.iovaToPhys(0x1004), iommu.iovaToPhys(0x2004)]).toEqual([0x300004, 0x300004]);
  });

  test('remembers who maps', () => {
    const iommu = domain();
    iommu.owner = 7;
    iommu.map(0x1000, 0x300000, 0x1000, READ);
    iommu.owner = -1;
    iommu.map(0x2000, 0x301000, 0x1000, READ);
    expect(table(iommu).map(([pfn, , , owner]) => [pfn, owner])).toEqual([
      [1, 7],
      [2, -1],
    ]);
    iommu.unmap(0x1000, 0x1000);
    expect(iommu.lingering.map(({ owner }) => owner)).toEqual([7]);
  });
});

describe('what is not made of granules', () => {
  test.each([
    ['iova', 0x1200, 0x300000, 0x1000],
    ['phys', 0x1000, 0x300010, 0x1000],
    ['size', 0x1000, 0x300000, 0x1100],
  ])('%s: refused', (_, iova, phys, size) => {
    const iommu = domain();
    expect(iommu.map(iova, phys, size, READ)).toBe(EINVAL);
    expect([iommu.size, iommu.lingering.length]).toEqual([0, 0]);
    // The same is fine in smaller granules.
    if (phys % 512 === 0) expect(domain(256).map(iova, phys, size, READ)).toBe(0);
  });
});

describe('mapSg', () => {
  const list = (...entries: [phys: number, length: number][]): Scatterlist =>
    entries.map(([phys, length]) => ({ phys, length, dmaAddress: 0, dmaLength: 0 }));

  test('maps the entries that count, one behind the other', () => {
    const iommu = domain();
    const sgl = list([0x500000, 0x2000], [0x300000, 0x1000], [0x700000, 0x1000]);
    expect(iommu.mapSg(0x10000, sgl, 2, WRITE)).toBe(0x3000);
    expect(table(iommu)).toEqual([
      [0x10, 0x500000, WRITE, -1],
      [0x11, 0x501000, WRITE, -1],
      [0x12, 0x300000, WRITE, -1],
    ]);
    expect(sgl[0]).toEqual({ phys: 0x500000, length: 0x2000, dmaAddress: 0, dmaLength: 0 });
  });

  // 0x12000 is taken.
  test.each([
    ['its last entry hits a taken granule', 0x10000, list([0x500000, 0x2000], [0x300000, 0x1000])],
    ['its only one does', 0x11000, list([0x500000, 0x2000])],
    ['a later one is not made of granules', 0x20000, list([0x500000, 0x2000], [0x300000, 0x800])],
  ])('leaves nothing when %s', (_, iova, sgl) => {
    const iommu = domain(4096, false);
    iommu.map(0x12000, 0x700000, 0x1000, READ);
    expect(iommu.mapSg(iova, sgl, sgl.length, WRITE)).toBe(0);
    expect(table(iommu)).toEqual([[0x12, 0x700000, READ, -1]]);
    expect(iommu.mapSg(0x30000, list([0x500000, 0x2000]), 1, WRITE)).toBe(0x2000);
  });
});

describe('unmap', () => {
  // 0x10000 to 0x11fff and 0x13000 to 0x13fff are mapped.
  test.each([
    ['all of it', 0x10000, 0x2000, 0x2000, [0x13]],
    ['a part', 0x11000, 0x1000, 0x1000, [0x10, 0x13]],
    ['up to the first hole, not behind it', 0x10000, 0x4000, 0x2000, [0x13]],
    ['nothing where it begins with a hole', 0x12000, 0x2000, 0, [0x10, 0x11, 0x13]],
    ['nothing of nothing', 0x10000, 0, 0, [0x10, 0x11, 0x13]],
  ])('%s', (_, iova, size, unmapped, left) => {
    const iommu = domain();
    iommu.map(0x10000, 0x300000, 0x2000, READ);
    iommu.map(0x13000, 0x303000, 0x1000, READ);
    expect(iommu.unmap(iova, size)).toBe(unmapped);
    expect(table(iommu).map(([pfn]) => pfn)).toEqual(left);
    expect(iommu.lingering).toHaveLength(unmapped / 4096);
  });

  test('what is unmapped can be mapped anew', () => {
    const iommu = domain();
    iommu.map(0x1000, 0x300000, 0x1000, READ);
    iommu.unmap(0x1000, 0x1000);
    expect(iommu.map(0x1000, 0x400000, 0x1000, READ)).toBe(0);
    expect(iommu.iovaToPhys(0x1000)).toBe(0x400000);
  });
});

describe('the IOTLB', () => {
  test('keeps what was unmapped until the sync; the table walk does not see it', () => {
    const iommu = domain();
    iommu.map(0x1000, 0x300000, 0x2000, READ);
    iommu.unmap(0x1000, 0x2000);
    expect(iommu.iovaToPhys(0x1234)).toBe(0);
    expect([reach(iommu, 0x1234), reach(iommu, 0x2fff)]).toEqual([0x300234, 0x301fff]);
    expect(iommu.translate(0x1000)?.prot).toBe(READ);
    expect([...iommu.reachable()].map(({ pfn }) => pfn)).toEqual([1, 2]);
    iommu.sync();
    expect([reach(iommu, 0x1234), reach(iommu, 0x2fff)]).toEqual([undefined, undefined]);
    expect([...iommu.reachable()]).toEqual([]);
  });

  test('the table counts first, then what was unmapped last', () => {
    const iommu = domain();
    for (const phys of [0x300000, 0x400000]) {
      iommu.map(0x1000, phys, 0x1000, READ);
      iommu.unmap(0x1000, 0x1000);
    }
    expect(reach(iommu, 0x1008)).toBe(0x400008);
    iommu.map(0x1000, 0x500000, 0x1000, READ);
    expect(reach(iommu, 0x1008)).toBe(0x500008);
    // All three can still be used, the table's first.
    expect([...iommu.reachable()].map(({ phys }) => phys)).toEqual([0x500000, 0x300000, 0x400000]);
    iommu.sync();
    expect([...iommu.reachable()].map(({ phys }) => phys)).toEqual([0x500000]);
    expect(reach(iommu, 0x1008)).toBe(0x500008);
  });

  test('without one, unmapped is unreachable at once', () => {
    const iommu = domain(4096, false);
    iommu.map(0x12000, 0x300000, 0x1000, READ);
    expect(iommu.map(0x10000, 0x400000, 0x3000, READ)).toBe(EEXIST);
    iommu.unmap(0x12000, 0x1000);
    expect(iommu.lingering).toEqual([]);
    expect([0x10000, 0x11000, 0x12000].map((iova) => reach(iommu, iova))).toEqual(Array(3).fill(undefined));
  });
});

test('syncs are counted', () => {
  const iommu = domain();
  iommu.sync();
  iommu.sync();
  expect(iommu.syncs).toBe(2);
});

test('the memory behind bus addresses: from the byte itself on, joined where it goes on, and no piece for a hole', () => {
  const iommu = domain();
  iommu.map(0x1000, 0x300000, 0x2000, READ);
  iommu.map(0x4000, 0x500000, 0x1000, READ);
  iommu.map(0x5000, 0x400000, 0x1000, READ);
  expect(iommu.memoryBehind(0x1234, 0x4000)).toEqual([
    { start: 0x300234, size: 0x1dcc },
    { start: 0x500000, size: 0x1000 },
    { start: 0x400000, size: 0x234 },
  ]);
  expect(iommu.memoryBehind(0x4ff0, 0x10)).toEqual([{ start: 0x500ff0, size: 0x10 }]);
  expect(iommu.memoryBehind(0x3000, 0x1000)).toEqual([]);
});

test('each translation that is asked for is taken from the budget, whatever comes of it', () => {
  const budget = new Budget();
  const iommu = new IommuDomain(budget);
  iommu.reset(4096, true, 'arm');
  iommu.map(0x1000, 0x300000, 0x3000, READ);
  expect(budget.taken).toBe(3 * 128);
  expect(iommu.map(0x2000, 0x300000, 0x1000, READ)).toBe(EEXIST);
  expect(budget.taken).toBe(4 * 128);
  // Nothing, and a size that underflowed.
  iommu.map(0x9000, 0x300000, 0, READ);
  iommu.map(0x9000, 0x300000, -0x1000, READ);
  iommu.map(0x9800, 0x300000, 0x1000, READ);
  expect(budget.taken).toBe(4 * 128);
});

test('reset forgets the table, the IOTLB and the owner', () => {
  const iommu = domain();
  iommu.owner = 3;
  iommu.map(0x1000, 0x300000, 0x2000, READ);
  iommu.unmap(0x2000, 0x1000);
  iommu.sync();
  iommu.unmap(0x1000, 0x1000);
  iommu.reset(512, true, 'arm');
  expect(iommu.syncs).toBe(0);
  expect([iommu.size, iommu.lingering.length, iommu.owner, iommu.granule]).toEqual([0, 0, -1, 512]);
  expect([reach(iommu, 0x1000), reach(iommu, 0x2000)]).toEqual([undefined, undefined]);
  iommu.map(0x200, 0x300200, 0x200, WRITE);
  expect(table(iommu)).toEqual([[1, 0x300200, WRITE, -1]]);
});

describe('property', () => {
  const place = fc.nat(11);
  const step = fc.oneof(
    fc.record({ op: fc.constant('map' as const), at: place, count: fc.nat(4), phys: fc.nat(15) }),
    fc.record({ op: fc.constant('unmap' as const), at: place, count: fc.nat(4), phys: fc.constant(0) }),
    fc.record({ op: fc.constant('sync' as const), at: place, count: place, phys: place }),
  );

  test('table and IOTLB follow a map and a list of pairs', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const iommu = domain(512);
        const mapped = new Map<number, number>();
        let gone: (readonly [number, number])[] = [];
        for (const { op, at, count, phys } of steps) {
          const pages = Array.from({ length: count }, (_, i) => [at + i, (phys + i) * 512] as const);
          const firstTaken = pages.findIndex(([pfn]) => mapped.has(pfn));
          const firstHole = pages.findIndex(([pfn]) => !mapped.has(pfn));
          if (op === 'sync') {
            iommu.sync();
            gone = [];
          } else if (op === 'map') {
            expect(iommu.map(at * 512, phys * 512, count * 512, READ)).toBe(firstTaken < 0 ? 0 : EEXIST);
            if (firstTaken < 0) for (const [pfn, page] of pages) mapped.set(pfn, page);
            else gone.push(...pages.slice(0, firstTaken));
          } else {
            const done = firstHole < 0 ? pages : pages.slice(0, firstHole);
            expect(iommu.unmap(at * 512, count * 512)).toBe(done.length * 512);
            for (const [pfn] of done) {
              gone.push([pfn, mapped.get(pfn) ?? -1]);
              mapped.delete(pfn);
            }
          }
          for (let pfn = 0; pfn < 16; pfn++) {
            const now = mapped.get(pfn);
            const then = gone.findLast(([page]) => page === pfn)?.[1];
            expect(iommu.iovaToPhys(pfn * 512 + 5)).toBe(now === undefined ? 0 : now + 5);
            expect(iommu.translate(pfn * 512 + 5)?.phys).toBe(now ?? then);
          }
          expect(iommu.size).toBe(mapped.size);
          expect(iommu.lingering.map((entry) => [entry.pfn, entry.phys])).toEqual(gone);
        }
      }),
      { numRuns: 60 },
    );
  });
});
