// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { IOMMU_READ, IOMMU_WRITE, type DmaOpsClass } from '../../../variants/dma-ops.ts';
import { POOL_START } from '../../machine/config.ts';
import type { Cause } from '../verdict.ts';
import { HonestOps } from '../testing/honest-ops.ts';
import { evidenceOf, outcomeOf, verdictOf } from '../testing/judging.ts';

const CLAUSE = 'direction';

class GrantsAll extends HonestOps {
  protected override protection(): number {
    return IOMMU_READ | IOMMU_WRITE;
  }
}

class GrantsNothing extends HonestOps {
  protected override protection(): number {
    return 0;
  }
}

const map = (dir: string, device = '{}'): string => `
device: ${device}
buffers: { a: { size: 64, offset: 16 }, b: { size: 64 } }
steps: [{ cpu_write: a }, { map_page: { id: m, buffer: a, dir: ${dir} } }]
`;
const list = (dir: string): string => `
buffers: { a: { size: 64, offset: 16 }, b: { size: 64 } }
steps: [{ map_sg: { id: m, sgl: [a, b], dir: ${dir} } }]
`;

describe('holds', () => {
  test.each<[string, DmaOpsClass, string]>([
    ['to-device', HonestOps, map('TO_DEVICE')],
    ['from-device', HonestOps, map('FROM_DEVICE')],
    ['bounced', HonestOps, map('FROM_DEVICE', '{ untrusted: true }')],
    ['a list', HonestOps, list('FROM_DEVICE')],
    // Too few rights are another clause's business.
    ['no rights at all', GrantsNothing, map('TO_DEVICE')],
  ])('%s', (_, Ops, yaml) => {
    expect(outcomeOf(CLAUSE, Ops, yaml)).toBe('holds');
  });
});

test.each(['arm', 'vtd'])('%s has no write-only entries', (iommu) => {
  const yaml = `machine: { iommu: ${iommu} }${map('FROM_DEVICE')}`;
  const evidence = evidenceOf(verdictOf(CLAUSE, HonestOps, yaml), 'no-write-only-entries');
  expect(evidence).toMatchObject({ step: 1, mapping: 0, phys: 0x100000 });
  expect(outcomeOf(CLAUSE, HonestOps, yaml.replace('FROM_DEVICE', 'TO_DEVICE'))).toBe('holds');
  // What the code asks for is told apart.
  expect(evidenceOf(verdictOf(CLAUSE, GrantsAll, yaml), 'readable')).toMatchObject({ step: 1 });
});

describe('not exercised', () => {
  test.each([
    ['bidirectional', map('BIDIRECTIONAL')],
    ['nothing is mapped', 'buffers: { a: { size: 64 } }\nsteps: [{ cpu_read: a }]'],
    ['the map fails', map('TO_DEVICE').replace('{ cpu_write: a }', '{ fail_next: alloc_iova_fast }')],
  ])('%s', (_, yaml) => {
    expect(outcomeOf(CLAUSE, GrantsAll, yaml)).toBe('not-exercised');
  });
});

describe('broken', () => {
  test.each<[string, string, Cause, number]>([
    ['to-device', map('TO_DEVICE'), 'writable', 0x100000],
    ['from-device', map('FROM_DEVICE'), 'readable', 0x100000],
    ['to-device, bounced', map('TO_DEVICE', '{ untrusted: true }'), 'writable', POOL_START],
    ['from-device, bounced', map('FROM_DEVICE', '{ untrusted: true }'), 'readable', POOL_START],
  ])('%s', (_, yaml, cause, phys) => {
    expect(evidenceOf(verdictOf(CLAUSE, GrantsAll, yaml), cause)).toEqual({
      step: 1,
      mapping: 0,
      device: 0,
      iova: 0xfffff000,
      phys,
      count: 1,
    });
  });

  test('both entries of a list', () => {
    const evidence = evidenceOf(verdictOf(CLAUSE, GrantsAll, list('FROM_DEVICE')), 'readable');
    expect(evidence).toMatchObject({ step: 0, mapping: 0, count: 2, phys: 0x100000 });
  });

  test('iommu_map_sg counts like iommu_map', () => {
    class MapsTheList extends GrantsAll {
      override mapSg(...[dev, sgl, nents]: Parameters<HonestOps['mapSg']>): number {
        const whole = sgl.map((sg) => ({ ...sg, phys: sg.phys - (sg.phys % 4096), length: 4096 }));
        const iova = this.kernel.allocIovaFast(dev, nents, 0xfffff, true) * 4096;
        this.kernel.iommuMapSg(dev, iova, whole, nents, this.protection());
        for (const [i, sg] of sgl.entries()) {
          Object.assign(sg, { dmaAddress: iova + i * 4096 + (sg.phys % 4096), dmaLength: sg.length });
        }
        return nents;
      }
    }
    const evidence = evidenceOf(verdictOf(CLAUSE, MapsTheList, list('TO_DEVICE')), 'writable');
    expect(evidence).toMatchObject({ count: 2, iova: 0xffffe000, phys: 0x100000 });
  });
});
