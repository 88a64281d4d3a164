// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { DMA_MAPPING_ERROR } from '../../../variants/dma-ops.ts';
import type { Device, Direction, DmaAddr, DmaOpsClass, PhysAddr, Size } from '../../../variants/dma-ops.ts';
import type { Cause } from '../verdict.ts';
import { HonestOps } from '../testing/honest-ops.ts';
import { evidenceOf, outcomeOf, recordingOf, verdictOf } from '../testing/judging.ts';

const CLAUSE = 'no-warn';

class MapsMoreThanItTakes extends HonestOps {
  protected override takeSlots(dev: Device, phys: PhysAddr, length: Size, dir: Direction): PhysAddr {
    return this.kernel.swiotlbTblMapSingle(dev, phys, length, length - 1, 4095, dir, 0);
  }
}

class CopiesTooMuch extends HonestOps {
  protected override copyOut(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void {
    super.copyOut(dev, tlb, size + 4096, dir);
  }
}

class UnmapsTooMuch extends HonestOps {
  protected override revoke(dev: Device, iova: DmaAddr, length: Size): void {
    const unmapped = this.kernel.iommuUnmap(dev, iova, length + 4096);
    if (unmapped !== length + 4096) this.kernel.warnUnmapped(dev, unmapped, length + 4096);
  }
}

/** Gives every mapping the same bus address. */
class MapsOverEachOther extends HonestOps {
  protected override install(dev: Device, phys: PhysAddr, length: Size, prot: number): DmaAddr {
    return this.kernel.iommuMap(dev, 0x10000, phys, length, prot) === 0 ? 0x10000 : DMA_MAPPING_ERROR;
  }
}

class UnmapsTwice extends HonestOps {
  protected override revoke(dev: Device, iova: DmaAddr, length: Size): void {
    super.revoke(dev, iova, length);
    if (this.kernel.iommuIovaToPhys(dev, iova) === 0) this.kernel.warnNotMapped(dev, iova);
  }
}

const LIFE = `
machine: { iommu: arm }
device: { untrusted: true }
buffers: { a: { size: 256, offset: 128 } }
steps: [{ cpu_write: a }, { map_page: { id: m, buffer: a, dir: TO_DEVICE } }, { unmap_page: m }]
`;
const FULL_POOL = `
machine: { swiotlbSlots: 128 }
device: { untrusted: true }
buffers: { a: { size: 262100 }, b: { size: 64 } }
steps:
  - map_page: { id: m, buffer: a, dir: TO_DEVICE }
  - map_page: { id: n, buffer: b, dir: TO_DEVICE }
`;
const mappedTwice = (iommu: string): string => `
machine: { iommu: ${iommu} }
buffers: { a: { size: 64 } }
steps:
  - map_page: { id: m, buffer: a, dir: TO_DEVICE }
  - map_page: { id: n, buffer: a, dir: TO_DEVICE }
`;
const NOTHING = 'buffers: { a: { size: 64 } }\nsteps: [{ cpu_read: a }]';

describe('holds', () => {
  test.each(Object.entries({ LIFE, FULL_POOL, NOTHING }))('%s', (_, yaml) => {
    expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('holds');
  });
});

test('a call that the API does not allow has deserved its warning', () => {
  const again = `
device: { untrusted: true }
buffers: { a: { size: 64 } }
steps:
  - map_page: { id: m, buffer: a, dir: TO_DEVICE }
  - unmap_page: m
  - unmap_page: { id: m, misuse: true }
`;
  expect(recordingOf(UnmapsTwice, again).steps[2]?.status).toBe('done');
  expect(evidenceOf(verdictOf(CLAUSE, UnmapsTwice, again), 'unmap-of-nothing')).toMatchObject({
    step: 1,
    count: 1,
  });
});

describe('broken', () => {
  test.each<[string, DmaOpsClass, Cause, number, number]>([
    ['a mapping larger than its slots', MapsMoreThanItTakes, 'mapping-larger-than-alloc', 1, 1],
    ['a copy of more than there is', CopiesTooMuch, 'bounce-overflow', 1, 1],
    ['an unmap that finds less', UnmapsTooMuch, 'unmapped-less-than-asked', 2, 1],
    ['an unmap of nothing', UnmapsTwice, 'unmap-of-nothing', 2, 1],
  ])('%s', (_, Ops, cause, step, count) => {
    const evidence = evidenceOf(verdictOf(CLAUSE, Ops, LIFE), cause);
    expect(evidence).toMatchObject({ step, device: 0, count });
    const { from, to } = recordingOf(Ops, LIFE).steps[step] ?? { from: 0, to: 0 };
    expect(evidence.event).toBeGreaterThanOrEqual(from);
    expect(evidence.event).toBeLessThan(to);
  });

  test.each(['arm', 'vtd'])('%s: a page over another', (iommu) => {
    const evidence = evidenceOf(verdictOf(CLAUSE, MapsOverEachOther, mappedTwice(iommu)), 'already-mapped');
    expect(evidence).toMatchObject({ step: 1, device: 0, count: 1 });
  });

  test('amd says nothing of it', () => {
    expect(outcomeOf(CLAUSE, MapsOverEachOther, mappedTwice('amd'))).toBe('holds');
  });

  test('each warning counts', () => {
    const twice = LIFE.replace(
      '{ unmap_page: m }',
      '{ unmap_page: m }, { map_page: { id: n, buffer: a, dir: TO_DEVICE } }, { unmap_page: n }',
    );
    const evidence = evidenceOf(verdictOf(CLAUSE, UnmapsTwice, twice), 'unmap-of-nothing');
    expect(evidence).toMatchObject({ step: 2, count: 2 });
  });
});
