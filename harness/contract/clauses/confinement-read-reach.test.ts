// SPDX-License-Identifier: GPL-2.0-only
/** confinement-read where the granule is the limit: a trusted device, or CONFIG_SWIOTLB=n. */
import { describe, expect, test } from '@jest/globals';
import {
  IOMMU_READ,
  type Device,
  type DmaAddr,
  type PhysAddr,
  type Size,
} from '../../../variants/dma-ops.ts';
import { MapsOneGranuleMore } from '../testing/fakes.ts';
import { HonestOps } from '../testing/honest-ops.ts';
import { evidenceOf, outcomeOf, verdictOf } from '../testing/judging.ts';

const CLAUSE = 'confinement-read';
/** The last granule below 4 GiB is the first that a device gets. */
const IOVA = 0xfffff000;

class GrantsMoreToWrite extends HonestOps {
  protected override install(dev: Device, phys: PhysAddr, length: Size, prot: number): DmaAddr {
    return super.install(dev, phys, (prot & IOMMU_READ) === 0 ? length + 4096 : length, prot);
  }
}

/** Bytes 128 to 383 of a granule. */
const unaligned = (device: string, dir = 'TO_DEVICE'): string => `
device: ${device}
buffers: { a: { size: 256, offset: 128 } }
steps: [{ cpu_write: a }, { map_page: { id: m, buffer: a, dir: ${dir} } }]
`;
const TRUSTED = unaligned('{}');
const NO_SWIOTLB = `machine: { swiotlb: false }\n${unaligned('{ untrusted: true }')}`;
const LAZY = `machine: { strict: false }\n${TRUSTED}`;

describe('a granule too many', () => {
  test.each([
    ['trusted', TRUSTED],
    ['no swiotlb', NO_SWIOTLB],
    ['lazy', LAZY],
  ])('%s', (_, yaml) => {
    expect(evidenceOf(verdictOf(CLAUSE, MapsOneGranuleMore, yaml), 'outside-the-buffers')).toMatchObject({
      step: 1,
      mapping: 0,
      device: 0,
      count: 1,
      iova: IOVA,
      phys: 0x101000,
    });
  });

  /** Pads the first entry to the boundary of 64 KiB, as iommu_dma_map_sg() does for trusted devices. */
  class PadsToTheBoundary extends HonestOps {
    protected override install(dev: Device, phys: PhysAddr, length: Size, prot: number): DmaAddr {
      return super.install(dev, phys, length === 0x9000 ? 0x10000 : length, prot);
    }
  }
  const padded = (machine: string, device: string): string => `
machine: ${machine}
device: { segBoundary: 0xffff, untrusted: ${device} }
buffers: { a: { size: 0x9000, at: 0x200000 }, b: { size: 0x8000, at: 0x300000 } }
steps: [{ map_sg: { id: m, sgl: [a, b], dir: TO_DEVICE } }]
`;

  test('the padding of a trusted list up to the segment boundary is allowed', () => {
    expect(outcomeOf(CLAUSE, PadsToTheBoundary, padded('{}', 'false'))).toBe('holds');
  });

  test('the padding of an untrusted list is not', () => {
    const verdict = verdictOf(CLAUSE, PadsToTheBoundary, padded('{ swiotlb: false }', 'true'));
    expect(evidenceOf(verdict, 'outside-the-buffers')).toMatchObject({ step: 0, count: 7, phys: 0x209000 });
  });

  test('what it may only write is not read', () => {
    expect(outcomeOf(CLAUSE, GrantsMoreToWrite, unaligned('{}', 'FROM_DEVICE'))).toBe('holds');
  });
});
