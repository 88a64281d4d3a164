// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import type {
  Attrs,
  Device,
  Direction,
  DmaAddr,
  PhysAddr,
  Scatterlist,
  Size,
} from '../../../variants/dma-ops.ts';
import { HonestOps } from '../testing/honest-ops.ts';
import { evidenceOf, outcomeOf, verdictOf } from '../testing/judging.ts';

const CLAUSE = 'min-align';
const IOVA = 0xfffff000;

/** Hands out the start of the bounce buffer. */
class LosesTheOffset extends HonestOps {
  override mapPage(dev: Device, phys: PhysAddr, size: Size, dir: Direction, attrs: Attrs): DmaAddr {
    const handle = super.mapPage(dev, phys, size, dir, attrs);
    return handle - (handle % 4096);
  }
}

/** Keeps the offset into 512 bytes, no more. */
class KeepsNineBits extends HonestOps {
  override mapPage(dev: Device, phys: PhysAddr, size: Size, dir: Direction, attrs: Attrs): DmaAddr {
    const handle = super.mapPage(dev, phys, size, dir, attrs);
    return handle - (handle % 4096) + (handle % 512);
  }
}

/** Returns one dma segment for a list whose entries follow each other. */
class JoinsSegments extends HonestOps {
  protected skew = 0;
  override mapSg(dev: Device, sgl: Scatterlist, nents: number, dir: Direction, attrs: Attrs): number {
    const [first] = sgl;
    if (first === undefined) return 0;
    const length = sgl.reduce((sum, sg) => sum + sg.length, 0);
    first.dmaAddress = this.mapPage(dev, first.phys, length, dir, attrs) + this.skew;
    first.dmaLength = length;
    return nents > 0 ? 1 : 0;
  }
}

class JoinsSegmentsBadly extends JoinsSegments {
  protected override skew = 8;
}

const map = (mask: number | string, offset: number | string, granule = 4096): string => `
machine: { granule: ${granule}, pageSize: ${Math.max(granule, 4096)} }
device: { untrusted: true, minAlignMask: ${mask} }
buffers: { a: { size: 256, offset: ${offset} } }
steps: [{ cpu_write: a }, { map_page: { id: m, buffer: a, dir: TO_DEVICE } }]
`;
const list = (sgl: string): string => `
device: { untrusted: true, minAlignMask: 0xfff }
buffers: { a: { size: 256, offset: 0x234 }, b: { size: 512, offset: 0x456 } }
steps: [{ map_sg: { id: m, sgl: [${sgl}], dir: TO_DEVICE } }]
`;

describe('holds', () => {
  test.each([
    ['mask 511', map(511, 0x234)],
    ['mask 4095', map(4095, 0x234)],
    ['at the end of the granule', map(4095, 0xff0)],
    ['mask 4095 of granules of 16 KiB', map(4095, 0x3234, 16384)],
    ['a list', list('a, b')],
  ])('%s', (_, yaml) => {
    expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('holds');
  });

  test('the start of a segment counts, not that of each entry', () => {
    const yaml = list('{ buffer: b, offset: 0, size: 100 }, { buffer: b, offset: 100, size: 50 }');
    expect(outcomeOf(CLAUSE, JoinsSegments, yaml)).toBe('holds');
  });
});

describe('not exercised', () => {
  test.each([
    ['no mask', map(0, 0x234)],
    ['the mask is no smaller than the granule', map(0x1fff, 0x234)],
    ['granules of 512 bytes', map(511, 0x34, 512).replace('511', '4095')],
    [
      'nothing is mapped',
      'device: { minAlignMask: 511 }\nbuffers: { a: { size: 64 } }\nsteps: [{ cpu_read: a }]',
    ],
  ])('%s', (_, yaml) => {
    expect(outcomeOf(CLAUSE, LosesTheOffset, yaml)).toBe('not-exercised');
  });

  test('the map fails', () => {
    const yaml = map(511, 0x234).replace('{ cpu_write: a }', '{ fail_next: iommu_map }');
    expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('not-exercised');
  });
});

describe('broken', () => {
  const at = { step: 1, mapping: 0, device: 0, count: 1 };

  test.each([
    ['all of the offset', LosesTheOffset, map(511, 0x234), { iova: IOVA, phys: 0x100234 }],
    ['some of the offset', KeepsNineBits, map(4095, 0x234), { iova: IOVA + 0x34, phys: 0x100234 }],
  ])('%s is lost', (_, Ops, yaml, where) => {
    expect(evidenceOf(verdictOf(CLAUSE, Ops, yaml), 'offset-lost')).toEqual({ ...at, ...where });
  });

  test('what the mask does not name may be lost', () => {
    expect(outcomeOf(CLAUSE, KeepsNineBits, map(511, 0x234))).toBe('holds');
  });

  test('each segment of a list counts', () => {
    const evidence = evidenceOf(verdictOf(CLAUSE, LosesTheOffset, list('a, b')), 'offset-lost');
    expect(evidence).toEqual({ ...at, step: 0, iova: IOVA, phys: 0x100234, count: 2 });
  });

  test('the second segment of a list is the one', () => {
    const yaml = list('{ buffer: a, offset: 0, size: 8 }, b').replace('0x234', '0');
    const evidence = evidenceOf(verdictOf(CLAUSE, LosesTheOffset, yaml), 'offset-lost');
    expect(evidence).toMatchObject({ count: 1, iova: IOVA - 4096, phys: 0x110456 });
  });

  test('a joined segment', () => {
    const yaml = list('{ buffer: b, offset: 0, size: 100 }, { buffer: b, offset: 100, size: 50 }');
    const evidence = evidenceOf(verdictOf(CLAUSE, JoinsSegmentsBadly, yaml), 'offset-lost');
    expect(evidence).toMatchObject({ count: 1, iova: IOVA + 0x45e, phys: 0x110456 });
  });
});
