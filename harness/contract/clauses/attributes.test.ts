// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import {
  IOMMU_CACHE,
  IOMMU_PRIV,
  type Attrs,
  type Device,
  type Direction,
} from '../../../variants/dma-ops.ts';
import { Baseline } from '../../../variants/baseline.ts';
import { HonestOps } from '../testing/honest-ops.ts';
import { evidenceOf, outcomeOf, verdictOf } from '../testing/judging.ts';

const CLAUSE = 'attributes';

const toggles = (bit: number): typeof HonestOps =>
  class extends HonestOps {
    protected override protection(dev: Device, dir: Direction, attrs: Attrs): number {
      return super.protection(dev, dir, attrs) ^ bit;
    }
  };

const page = (coherent: boolean, attrs: string): string => `
device: { coherent: ${coherent} }
buffers: { a: { size: 4096 } }
steps: [{ map_page: { id: m, buffer: a, dir: TO_DEVICE, attrs: ${attrs} } }]
`;
const LIST = `
device: { coherent: true }
buffers: { a: { size: 4096 }, b: { size: 4096 } }
steps: [{ map_sg: { id: m, sgl: [a, b], dir: TO_DEVICE, attrs: PRIVILEGED } }]
`;
/** A trusted list goes into the page table in one call. */
class ListWithoutPriv extends Baseline {
  override infoToProt(dir: Direction, coherent: boolean): number {
    return super.infoToProt(dir, coherent, 0);
  }
}

test.each([
  [true, 'NONE'],
  [true, 'PRIVILEGED'],
  [false, 'NONE'],
  [false, 'PRIVILEGED'],
])('holds: coherent %s, attrs %s', (coherent, attrs) => {
  expect(outcomeOf(CLAUSE, HonestOps, page(coherent, attrs))).toBe('holds');
  expect(outcomeOf(CLAUSE, Baseline, page(coherent, attrs))).toBe('holds');
});

describe('broken', () => {
  test.each([
    [true, 'NONE', IOMMU_CACHE, ['not-cacheable']],
    [false, 'NONE', IOMMU_CACHE, ['cacheable']],
    [true, 'PRIVILEGED', IOMMU_PRIV, ['not-privileged']],
    [true, 'NONE', IOMMU_PRIV, ['privileged']],
    [false, 'PRIVILEGED', IOMMU_PRIV | IOMMU_CACHE, ['cacheable', 'not-privileged']],
  ])('coherent %s, attrs %s, bits %d the wrong way round', (coherent, attrs, bits, causes) => {
    expect(outcomeOf(CLAUSE, toggles(bits), page(coherent, attrs))).toEqual(causes);
  });

  test('a list in one call', () => {
    expect(outcomeOf(CLAUSE, Baseline, LIST)).toBe('holds');
    expect(evidenceOf(verdictOf(CLAUSE, ListWithoutPriv, LIST), 'not-privileged')).toMatchObject({
      step: 0,
      mapping: 0,
      device: 0,
      count: 1,
    });
  });

  test('every call counts', () => {
    const twice = LIST.replace(', attrs: PRIVILEGED', '');
    expect(evidenceOf(verdictOf(CLAUSE, toggles(IOMMU_CACHE), twice), 'not-cacheable').count).toBe(2);
  });
});

test('not exercised: nothing gets as far as the page table', () => {
  const yaml = page(true, 'NONE').replace('steps: [', 'steps: [{ fail_next: alloc_iova_fast }, ');
  expect(outcomeOf(CLAUSE, toggles(IOMMU_CACHE), yaml)).toBe('not-exercised');
});
