// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import {
  DMA_ATTR_SKIP_CPU_SYNC,
  DMA_MAPPING_ERROR,
  type Attrs,
  type Device,
  type Direction,
  type DmaAddr,
  type PhysAddr,
  type Scatterlist,
  type Size,
} from '../../../variants/dma-ops.ts';
import { plain } from '../../text/document.ts';
import { sentence } from '../sentence.ts';
import { HonestOps } from '../testing/honest-ops.ts';
import { evidenceOf, outcomeOf, recordingOf, verdictOf } from '../testing/judging.ts';

const CLAUSE = 'map-succeeds';
const IOVA = 0xfffff000;

/** Gives every mapping the same bus address. */
class MapsOverEachOther extends HonestOps {
  protected override install(dev: Device, phys: PhysAddr, length: Size, prot: number): DmaAddr {
    return this.kernel.iommuMap(dev, IOVA, phys, length, prot) === 0 ? IOVA : DMA_MAPPING_ERROR;
  }
}

class MapsHalfGranules extends HonestOps {
  protected override install(dev: Device, phys: PhysAddr, length: Size, prot: number): DmaAddr {
    return super.install(dev, phys + 2048, length, prot);
  }
}

/** Lists by iommu_map_sg; `at` says where, `skew` how far off the granule. */
class MapsLists extends HonestOps {
  protected at = 0xff000000;
  protected skew = 0;
  override mapSg(dev: Device, sgl: Scatterlist, nents: number, dir: Direction): number {
    const whole = sgl.map((sg) => ({ ...sg, phys: sg.phys + this.skew }));
    const mapped = this.kernel.iommuMapSg(dev, this.at, whole, nents, this.protection(dev, dir));
    for (const [i, sg] of sgl.entries()) {
      Object.assign(sg, { dmaAddress: this.at + i * 4096, dmaLength: 4096 });
    }
    return mapped === 0 ? 0 : nents;
  }
}

class MapsSkewedLists extends MapsLists {
  protected override skew = 2048;
}

/** Says no without having asked anybody. */
class Refuses extends HonestOps {
  override mapPage(_dev: Device, _phys: PhysAddr, _size: Size, _dir: Direction, _attrs: Attrs): DmaAddr {
    return DMA_MAPPING_ERROR;
  }
}

/** One slot more than it needs. */
class AsksForASlotMore extends HonestOps {
  protected override takeSlots(dev: Device, phys: PhysAddr, length: Size, dir: Direction): PhysAddr {
    return super.takeSlots(dev, phys, length + 2048, dir);
  }
}

/** Slots that begin at 64 KiB, which nobody needs. */
class AsksForAlignment extends HonestOps {
  protected override takeSlots(dev: Device, phys: PhysAddr, length: Size, dir: Direction): PhysAddr {
    return this.kernel.swiotlbTblMapSingle(dev, phys, length, length, 0xffff, dir, DMA_ATTR_SKIP_CPU_SYNC);
  }
}

const TWO = `
machine: { iommu: arm }
buffers: { a: { size: 64 }, b: { size: 64 } }
steps:
  - map_page: { id: m, buffer: a, dir: TO_DEVICE }
  - map_page: { id: n, buffer: b, dir: TO_DEVICE }
`;
const TWO_LISTS = `
machine: { iommu: arm }
buffers: { a: { size: 4096 }, b: { size: 4096 } }
steps:
  - map_sg: { id: m, sgl: [a, b], dir: TO_DEVICE }
  - map_sg: { id: n, sgl: [b, a], dir: TO_DEVICE }
`;
const fault = (what: string): string => `
device: { untrusted: true }
buffers: { a: { size: 64 } }
steps: [{ fail_next: ${what} }, { map_page: { id: m, buffer: a, dir: TO_DEVICE } }]
`;
const FULL_POOL = `
machine: { swiotlbSlots: 128 }
device: { untrusted: true }
buffers: { a: { size: 262100 }, b: { size: 64 } }
steps:
  - map_page: { id: m, buffer: a, dir: TO_DEVICE }
  - map_page: { id: n, buffer: b, dir: TO_DEVICE, attrs: NO_WARN }
`;
/** Bus addresses of two granules, one of which is never given out. */
const NO_IOVA = `
device: { dmaMask: 0x1fff }
buffers: { a: { size: 64 }, b: { size: 64 } }
steps:
  - map_page: { id: m, buffer: a, dir: TO_DEVICE }
  - map_page: { id: n, buffer: b, dir: TO_DEVICE }
`;
const NO_IOMMU_PAGE = fault('iommu_map');
const NO_RANGE = fault('alloc_iova_fast');

describe('holds', () => {
  test.each(Object.entries({ TWO, TWO_LISTS, NO_IOMMU_PAGE, NO_RANGE, FULL_POOL, NO_IOVA }))(
    '%s',
    (_, yaml) => {
      expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('holds');
    },
  );

  test('a fault that was injected into iommu_map_sg', () => {
    const yaml = TWO_LISTS.replace('steps:', 'steps:\n  - fail_next: iommu_map_sg').replace(
      / +- map_sg: .* id: n.*/,
      '',
    );
    expect(recordingOf(MapsLists, yaml).steps.map(({ status }) => status)).toEqual(['done', 'failed']);
    expect(outcomeOf(CLAUSE, MapsLists, yaml)).toBe('holds');
  });

  test.each(Object.entries({ FULL_POOL, NO_IOVA, NO_IOMMU_PAGE, NO_RANGE }))(
    'and yet the map fails: %s',
    (_, yaml) => {
      expect(recordingOf(HonestOps, yaml).steps[1]?.status).toBe('failed');
    },
  );
});

test('not exercised: nothing is mapped', () => {
  const yaml = 'buffers: { a: { size: 64 } }\nsteps: [{ cpu_read: a }]';
  expect(outcomeOf(CLAUSE, Refuses, yaml)).toBe('not-exercised');
});

describe('broken', () => {
  test('something is mapped there', () => {
    const evidence = evidenceOf(verdictOf(CLAUSE, MapsOverEachOther, TWO), 'already-mapped');
    expect(evidence).toMatchObject({ step: 1, mapping: 1, device: 0, iova: IOVA, phys: 0x100000, count: 1 });
    expect(evidence.event).toBeGreaterThanOrEqual(
      recordingOf(MapsOverEachOther, TWO).steps[1]?.from ?? Infinity,
    );
  });

  test('no whole granules', () => {
    const evidence = evidenceOf(verdictOf(CLAUSE, MapsHalfGranules, TWO), 'refused-by-iommu');
    expect(evidence).toMatchObject({ step: 0, mapping: 0, iova: IOVA, phys: 0x100800, count: 2 });
  });

  test('a list over another', () => {
    const evidence = evidenceOf(verdictOf(CLAUSE, MapsLists, TWO_LISTS), 'already-mapped');
    expect(evidence).toMatchObject({ step: 1, mapping: 1, device: 0, iova: 0xff000000, phys: 0x100000 });
  });

  // The second map begins a page below the first, which is where it meets it.
  test('the page in the way is told, not where the call begins', () => {
    class MapsBelow extends MapsOverEachOther {
      private calls = 0;
      protected override install(dev: Device, phys: PhysAddr, length: Size, prot: number): DmaAddr {
        const at = IOVA - 0x1000 * this.calls++;
        return this.kernel.iommuMap(dev, at, phys, length, prot) === 0 ? at : DMA_MAPPING_ERROR;
      }
    }
    const yaml = TWO.replace('b: { size: 64 }', 'b: { size: 8192 }');
    const verdict = verdictOf(CLAUSE, MapsBelow, yaml);
    const evidence = evidenceOf(verdict, 'already-mapped');
    expect(evidence).toMatchObject({ step: 1, mapping: 1, iova: IOVA, phys: 0x100000 });
    expect(plain(sentence(recordingOf(MapsBelow, yaml), CLAUSE, 'already-mapped', evidence))).toContain(
      'bus address 0xfffff000 → phys 0x100000: something is mapped at that bus address already',
    );
  });

  test('a list of no whole granules', () => {
    const evidence = evidenceOf(verdictOf(CLAUSE, MapsSkewedLists, TWO_LISTS), 'refused-by-iommu');
    expect(evidence).toMatchObject({ step: 0, mapping: 0, count: 2 });
  });

  // Neither the pool nor the IOVA space was asked.
  test('for no reason', () => {
    expect(verdictOf(CLAUSE, Refuses, TWO).status).toBe('broken');
  });
});

describe('the pool or the allocator refuses, and', () => {
  /** One segment of the pool: 128 slots. `size` bytes at 0x200 in a page, 2 slots a page. */
  const pool = (size: number, device = 'untrusted: true', more = ''): string => `
machine: { swiotlbSlots: 128 }
device: { ${device} }
buffers: { a: { size: ${size}, offset: 0x200 }, b: { size: 64 } }
steps: [{ map_page: { id: m, buffer: a, dir: TO_DEVICE, attrs: NO_WARN } }${more}]
`;
  const AND_ANOTHER = ', { map_page: { id: n, buffer: b, dir: TO_DEVICE, attrs: NO_WARN } }';
  /** Granules 1 … 7 for one after the other. */
  const space = (size: number): string => `
device: { dmaMask: 0x7fff }
buffers: { a: { size: ${size} } }
steps: [{ map_page: { id: m, buffer: a, dir: TO_DEVICE } }]
`;

  test.each<[string, typeof HonestOps, string, string, object]>([
    [
      'no pool could serve it',
      HonestOps,
      pool(0x41000),
      'never-served',
      { asked: 132, needed: 130, used: 0, free: 128 },
    ],
    [
      'less would have done',
      AsksForASlotMore,
      pool(0x3fe00),
      'asks-for-more',
      { asked: 129, needed: 128, used: 0, free: 128 },
    ],
    // 0x1f000 bytes are 63 slots, 62 of whole pages; the next 64 KiB begin where the first mapping still is.
    [
      'the alignment is in the way',
      AsksForAlignment,
      pool(0x3ee00, undefined, AND_ANOTHER),
      'not-found',
      { asked: 2, needed: 2, used: 126, free: 2 },
    ],
    [
      'no mask could serve it',
      HonestOps,
      space(0x8000),
      'beyond-dma-mask',
      { asked: 8, needed: 8, used: 0, free: 7 },
    ],
  ])('%s', (_, Ops, yaml, cause, numbers) => {
    expect(outcomeOf(CLAUSE, Ops, yaml)).toEqual([cause]);
    expect(evidenceOf(verdictOf(CLAUSE, Ops, yaml), cause as never)).toMatchObject(numbers);
  });

  // Granules 4 … 7, of which five are asked for, rounded up to eight.
  // One granule, then five, rounded up to eight, of six that are left.
  test('of a list, what one entry needs', () => {
    const yaml = `
device: { dmaMask: 0x7fff, untrusted: true }
buffers: { a: { size: 64 }, b: { size: 0x4800 } }
steps: [{ map_sg: { id: m, sgl: [a, b], dir: TO_DEVICE } }]
`;
    expect(evidenceOf(verdictOf(CLAUSE, HonestOps, yaml), 'asks-for-more')).toMatchObject({
      asked: 8,
      needed: 5,
      used: 1,
      free: 6,
    });
  });

  // 0x41000 bytes are 130 slots.
  test('what was given back is not used', () => {
    const yaml = `
machine: { swiotlbSlots: 128 }
device: { untrusted: true }
buffers: { a: { size: 64 }, b: { size: 0x40fc0, offset: 64 } }
steps:
  - map_page: { id: n, buffer: a, dir: TO_DEVICE }
  - unmap_page: n
  - map_page: { id: m, buffer: b, dir: TO_DEVICE }
`;
    expect(evidenceOf(verdictOf(CLAUSE, HonestOps, yaml), 'never-served')).toMatchObject({
      step: 2,
      needed: 130,
      used: 0,
      free: 128,
    });
  });

  // All eight granules from 0 on are given out, and taken for a failure.
  test('what an earlier failure has lost is not there', () => {
    const yaml = `
device: { dmaMask: 0x7fff }
buffers: { a: { size: 0x8000 }, b: { size: 64 } }
steps:
  - map_page: { id: m, buffer: a, dir: TO_DEVICE }
  - map_page: { id: n, buffer: b, dir: TO_DEVICE }
`;
    expect(outcomeOf(CLAUSE, HonestOps, yaml)).toEqual(['beyond-dma-mask']);
  });

  test('bus addresses begin at a base', () => {
    const yaml = space(0x5000).replace('dmaMask: 0x7fff', 'dmaMask: 0x7fff, iovaBase: 0x4000');
    expect(evidenceOf(verdictOf(CLAUSE, HonestOps, yaml), 'beyond-dma-mask')).toMatchObject({
      asked: 8,
      needed: 5,
      used: 0,
      free: 4,
    });
  });

  test('a driver that could have known that it is too much is at fault itself', () => {
    class TellsALimit extends AsksForASlotMore {
      maxMappingSize(): Size {
        return 0x40000;
      }
    }
    expect(outcomeOf(CLAUSE, TellsALimit, pool(0x41000))).toBe('holds');
    expect(outcomeOf(CLAUSE, TellsALimit, pool(0x3fe00))).toEqual(['asks-for-more']);
  });

  test('nothing is left: no fault of the state', () => {
    expect(outcomeOf(CLAUSE, HonestOps, pool(0x3fe00, undefined, AND_ANOTHER))).toBe('holds');
  });

  // 63.5 KiB at 0x200 fill 64 KiB, 32 slots, and end at the boundary; 33 slots would cross it.
  test('a boundary that the buffer keeps is no reason', () => {
    const yaml = pool(0xfe00, 'untrusted: true, minAlignMask: 4095, segBoundary: 0xffff');
    expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('holds');
    expect(evidenceOf(verdictOf(CLAUSE, AsksForASlotMore, yaml), 'asks-for-more')).toMatchObject({
      asked: 33,
      needed: 32,
      count: 1,
    });
  });
});
