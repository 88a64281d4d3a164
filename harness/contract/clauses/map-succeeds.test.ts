// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import {
  DMA_MAPPING_ERROR,
  type Attrs,
  type Device,
  type Direction,
  type DmaAddr,
  type PhysAddr,
  type Scatterlist,
  type Size,
} from '../../../variants/dma-ops.ts';
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
    expect(evidence).toMatchObject({ step: 1, mapping: 1, device: 0, iova: IOVA, phys: 0x110000, count: 1 });
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
    expect(evidence).toMatchObject({ step: 1, mapping: 1, device: 0, iova: 0xff000000, count: 1 });
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
