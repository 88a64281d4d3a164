// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import {
  DMA_ATTR_SKIP_CPU_SYNC,
  DMA_MAPPING_ERROR,
  type Attrs,
  type Device,
  type Direction,
  type DmaAddr,
  type DmaOpsClass,
  type PhysAddr,
  type Scatterlist,
  type Size,
} from '../../../variants/dma-ops.ts';
import { FIRST_LABEL, LABEL_STALE } from '../../machine/labels.ts';
import type { Cause, Evidence } from '../verdict.ts';
import { NeverClears } from '../testing/fakes.ts';
import { HonestOps } from '../testing/honest-ops.ts';
import { evidenceOf, outcomeOf, verdictOf } from '../testing/judging.ts';

const CLAUSE = 'failed-map-harmless';

class KeepsTheSlots extends HonestOps {
  protected override releaseSlots(): void {
    // Leaked.
  }
}

class KeepsTheIova extends HonestOps {
  protected override freeIova(): void {
    // Leaked.
  }
}

/** A list that fails in the middle keeps the entries before. */
class ForgetsTheFirstEntries extends HonestOps {
  override unmapSg(dev: Device, sgl: Scatterlist, nents: number, dir: Direction, attrs: Attrs): void {
    if ((attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0) super.unmapSg(dev, sgl, nents, dir, attrs);
  }
}

/** Copies back when it gives the slots of a failed map up. */
class CopiesBackOnFailure extends HonestOps {
  protected override releaseSlots(dev: Device, tlb: PhysAddr, length: Size, dir: Direction): void {
    this.kernel.swiotlbTblUnmapSingle(dev, tlb, length, dir, 0);
  }
}

class CopiesStaleBytesBack extends NeverClears {
  protected override releaseSlots(dev: Device, tlb: PhysAddr, length: Size, dir: Direction): void {
    this.kernel.swiotlbTblUnmapSingle(dev, tlb, length, dir, 0);
  }
}

class ReportsFailure extends HonestOps {
  override mapPage(dev: Device, phys: PhysAddr, size: Size, dir: Direction, attrs: Attrs): DmaAddr {
    super.mapPage(dev, phys, size, dir, attrs);
    return DMA_MAPPING_ERROR;
  }
}

const failing = (how: string, map: string, machine = '{}', device = '{ untrusted: true }'): string => `
machine: ${machine}
device: ${device}
buffers: { a: { size: 5000 }, b: { size: 64 } }
steps:
  - map_page: { id: o, buffer: b, dir: TO_DEVICE }
  - cpu_write: a
  - fail_next: ${how}
  - ${map}
`;
const page = (dir: string): string => `map_page: { id: m, buffer: a, dir: ${dir} }`;
const TO = failing('iommu_map', page('TO_DEVICE'));
const NO_IOVA = failing('alloc_iova_fast', page('TO_DEVICE'));
const FROM = failing('iommu_map', page('FROM_DEVICE'));
const BOTH = failing('iommu_map', page('BIDIRECTIONAL, attrs: SKIP_CPU_SYNC'));
const TRUSTED = failing('iommu_map', page('TO_DEVICE'), '{}', '{}');
const LAZY = failing('iommu_map', page('TO_DEVICE'), '{ strict: false }', '{}');
/** The pool has room for the first entry only: 64 slots of 128 are gone, 50 go, 50 are asked for. */
const LIST = `
machine: { swiotlbSlots: 128 }
device: { untrusted: true }
buffers: { a: { size: 131000 }, b: { size: 100000 }, c: { size: 100000 } }
steps:
  - map_page: { id: o, buffer: a, dir: TO_DEVICE }
  - map_sg: { id: m, sgl: [b, c], dir: TO_DEVICE, attrs: NO_WARN }
`;

describe('holds', () => {
  test.each(Object.entries({ TO, NO_IOVA, FROM, BOTH, TRUSTED, LAZY, LIST }))('%s', (_, yaml) => {
    expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('holds');
  });

  // Zero is what a from-device buffer may become.
  test('a cleared bounce buffer is copied back into a from-device buffer', () => {
    expect(outcomeOf(CLAUSE, CopiesBackOnFailure, FROM)).toBe('holds');
  });
});

describe('not exercised', () => {
  test.each([
    [
      'every map succeeds',
      'buffers: { a: { size: 64 } }\nsteps: [{ map_page: { id: m, buffer: a, dir: TO_DEVICE } }]',
    ],
    ['nothing is mapped', 'buffers: { a: { size: 64 } }\nsteps: [{ cpu_read: a }]'],
    ['the fault finds no map', 'buffers: { a: { size: 64 } }\nsteps: [{ fail_next: iommu_map }]'],
  ])('%s', (_, yaml) => {
    expect(outcomeOf(CLAUSE, KeepsTheIova, yaml)).toBe('not-exercised');
  });
});

describe('broken', () => {
  const at = { step: 3, mapping: 1 };
  test.each<[string, DmaOpsClass, string, Cause, Evidence]>([
    ['the slots are kept', KeepsTheSlots, TO, 'slots-kept', { ...at, count: 4 }],
    ['the slots are kept without an IOVA', KeepsTheSlots, NO_IOVA, 'slots-kept', { ...at, count: 4 }],
    ['the IOVA is kept', KeepsTheIova, TO, 'iova-kept', { ...at, count: 1 }],
    ['the IOVA is kept, lazy', KeepsTheIova, LAZY, 'iova-kept', { ...at, count: 1 }],
    [
      'other bytes in the buffer',
      CopiesBackOnFailure,
      BOTH,
      'buffer-changed',
      { ...at, buffer: 0, offset: 0, count: 5000, expected: FIRST_LABEL + 5064, observed: 1 },
    ],
    [
      "a slot's old bytes in a from-device buffer",
      CopiesStaleBytesBack,
      FROM,
      'buffer-changed',
      {
        ...at,
        buffer: 0,
        offset: 0,
        count: 5000,
        expected: FIRST_LABEL + 5064,
        observed: LABEL_STALE + 0x1000,
      },
    ],
  ])('%s', (_, Ops, yaml, cause, evidence) => {
    expect(evidenceOf(verdictOf(CLAUSE, Ops, yaml), cause)).toEqual(evidence);
  });

  test('the first entry of a list is kept', () => {
    const { breaks } = verdictOf(CLAUSE, ForgetsTheFirstEntries, LIST);
    expect(breaks.map(({ cause, evidence }) => [cause, evidence.step, evidence.count])).toEqual([
      ['slots-kept', 1, 50],
      ['pages-kept', 1, 25],
      ['iova-kept', 1, 1],
    ]);
  });

  test('a map that works but says it does not', () => {
    const yaml = 'buffers: { a: { size: 64 } }\nsteps: [{ map_page: { id: m, buffer: a, dir: TO_DEVICE } }]';
    expect(outcomeOf(CLAUSE, ReportsFailure, yaml)).toEqual(['pages-kept', 'iova-kept']);
  });
});
