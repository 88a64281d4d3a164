// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import type { Attrs, Device, Direction, DmaAddr, Scatterlist } from '../../../variants/dma-ops.ts';
import { Baseline } from '../../../variants/baseline.ts';
import { HonestOps } from '../testing/honest-ops.ts';
import { evidenceOf, outcomeOf, verdictOf } from '../testing/judging.ts';

const CLAUSE = 'segments';

/** Joins all that follows each other. */
class JoinsAll extends Baseline {
  override finaliseSg(dev: Device, sgl: Scatterlist, nents: number, iova: DmaAddr): number {
    super.finaliseSg(dev, sgl, nents, iova);
    const [first] = sgl;
    if (first === undefined) return 0;
    first.dmaAddress = iova;
    first.dmaLength = sgl.slice(0, nents).reduce((sum, { length }) => sum + length, 0);
    return 1;
  }
}

/** Hands out addresses so many bytes further on. */
class ShiftsSegments extends HonestOps {
  override mapSg(dev: Device, sgl: Scatterlist, nents: number, dir: Direction, attrs: Attrs): number {
    const count = super.mapSg(dev, sgl, nents, dir, attrs);
    for (const sg of sgl.slice(0, count)) sg.dmaAddress += 1;
    return count;
  }
}

const list = (device: string, sgl = 'a, b'): string => `
device: { ${device} }
buffers: { a: { size: 4096 }, b: { size: 4096 } }
steps: [{ map_sg: { id: m, sgl: [${sgl}], dir: TO_DEVICE } }]
`;

describe('holds', () => {
  test.each([
    ['no limit in sight', list('untrusted: false')],
    ['the longest segment is an entry', list('maxSegSize: 4096')],
    ['the boundary is a granule', list('segBoundary: 0xfff')],
    ['an untrusted device', list('untrusted: true, segBoundary: 0xfff')],
  ])('%s', (_, yaml) => {
    expect(outcomeOf(CLAUSE, Baseline, yaml)).toBe('holds');
    expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('holds');
  });

  test('joined to as much as the device takes', () => {
    expect(outcomeOf(CLAUSE, JoinsAll, list('maxSegSize: 8192, segBoundary: 0x1fff'))).toBe('holds');
  });
});

describe('broken', () => {
  test('joined to one byte more', () => {
    expect(evidenceOf(verdictOf(CLAUSE, JoinsAll, list('maxSegSize: 8191')), 'too-long')).toMatchObject({
      step: 0,
      mapping: 0,
      device: 0,
      count: 1,
    });
  });

  test('joined over a boundary', () => {
    expect(outcomeOf(CLAUSE, JoinsAll, list('segBoundary: 0xfff'))).toEqual(['crosses-boundary']);
    expect(outcomeOf(CLAUSE, JoinsAll, list('segBoundary: 0xfff, maxSegSize: 4096'))).toEqual([
      'too-long',
      'crosses-boundary',
    ]);
  });

  test('each segment counts, and its last byte', () => {
    const yaml = list('segBoundary: 0xfff');
    expect(evidenceOf(verdictOf(CLAUSE, ShiftsSegments, yaml), 'crosses-boundary').count).toBe(2);
    const short = list(
      'segBoundary: 0xfff',
      '{ buffer: a, offset: 0, size: 4095 }, { buffer: b, offset: 0, size: 4095 }',
    );
    expect(outcomeOf(CLAUSE, ShiftsSegments, short)).toBe('holds');
  });
});

describe('not exercised', () => {
  test('a page', () => {
    const yaml = list('segBoundary: 0xfff').replace(
      'map_sg: { id: m, sgl: [a, b]',
      'map_page: { id: m, buffer: a',
    );
    expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('not-exercised');
  });

  test('entries that are too long by themselves: 5.14 joins whatever follows', () => {
    const yaml = list('segBoundary: 0x7ff, maxSegSize: 512');
    expect(outcomeOf(CLAUSE, JoinsAll, yaml)).toBe('not-exercised');
    expect(outcomeOf(CLAUSE, JoinsAll, yaml.replace('512', '4096'))).toEqual(['too-long']);
    expect(outcomeOf(CLAUSE, JoinsAll, yaml.replace('0x7ff', '0xfff'))).toEqual(['crosses-boundary']);
  });

  test('the map fails', () => {
    const yaml = list('segBoundary: 0xfff').replace('steps: [', 'steps: [{ fail_next: iommu_map }, ');
    expect(outcomeOf(CLAUSE, ShiftsSegments, yaml)).toBe('not-exercised');
  });
});
