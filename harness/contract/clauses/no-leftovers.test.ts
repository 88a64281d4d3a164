// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import {
  DMA_ATTR_SKIP_CPU_SYNC,
  type Device,
  type Direction,
  type DmaOpsClass,
  type PhysAddr,
  type Size,
} from '../../../variants/dma-ops.ts';
import type { Cause, Evidence } from '../verdict.ts';
import { UnmapsOneGranuleLess } from '../testing/fakes.ts';
import { HonestOps } from '../testing/honest-ops.ts';
import { evidenceOf, outcomeOf, verdictOf } from '../testing/judging.ts';

const CLAUSE = 'no-leftovers';

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

/** Besides its slots, one that it never gives back. */
class TakesASlotMore extends HonestOps {
  protected override takeSlots(dev: Device, phys: PhysAddr, length: Size, dir: Direction): PhysAddr {
    this.kernel.swiotlbTblMapSingle(dev, phys, 64, 64, 0, dir, DMA_ATTR_SKIP_CPU_SYNC);
    return super.takeSlots(dev, phys, length, dir);
  }
}

/** Frees what nobody has: the flush does not find the range. */
class QueuesTheWrongRange extends HonestOps {
  protected override freeIova(dev: Device, pfn: number, pages: number): void {
    super.freeIova(dev, pfn - 64, 2 * pages);
  }
}

const life = (machine: string, device: string, end: string): string => `
machine: ${machine}
device: ${device}
buffers: { a: { size: 200000 }, b: { size: 64 } }
steps:
  - map_page: { id: m, buffer: a, dir: TO_DEVICE }
  - map_page: { id: n, buffer: b, dir: FROM_DEVICE }
  - unmap_page: m
  ${end}
`;
const STRICT = life('{}', '{ untrusted: true }', '- unmap_page: n');
const TRUSTED = life('{}', '{}', '- unmap_page: n');
const FLUSHED = life('{ strict: false }', '{}', '- unmap_page: n\n  - flush_queue');
const FAILED = `
device: { untrusted: true }
buffers: { a: { size: 64 } }
steps: [{ fail_next: iommu_map }, { map_page: { id: m, buffer: a, dir: TO_DEVICE } }]
`;

describe('holds', () => {
  test.each(Object.entries({ STRICT, TRUSTED, FLUSHED, FAILED }))('%s', (_, yaml) => {
    expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('holds');
  });
});

describe('not exercised', () => {
  test.each([
    ['something is mapped', life('{}', '{ untrusted: true }', '- cpu_read: a')],
    ['not flushed', life('{ strict: false }', '{}', '- unmap_page: n')],
    ['nothing was ever mapped', 'buffers: { a: { size: 64 } }\nsteps: [{ cpu_read: a }]'],
  ])('%s', (_, yaml) => {
    expect(outcomeOf(CLAUSE, UnmapsOneGranuleLess, yaml)).toBe('not-exercised');
  });

  test('the run crashes', () => {
    class Crashes extends KeepsTheSlots {
      protected override syncIotlb(): void {
        this.kernel.memset(-4096, 4096);
      }
    }
    expect(outcomeOf(CLAUSE, Crashes, STRICT)).toBe('not-exercised');
  });
});

describe('broken', () => {
  const at = { step: 3 };
  // 49 granules are 98 slots; the small one is 2. Each buffer is filled first, an event each.
  test.each<[string, DmaOpsClass, string, Cause, Evidence]>([
    ['slots', KeepsTheSlots, STRICT, 'slots-left', { ...at, count: 100, took: 2 }],
    ['granules', UnmapsOneGranuleLess, TRUSTED, 'iommu-pages-left', { ...at, device: 0, count: 2, took: 3 }],
    ['IOVA ranges', KeepsTheIova, TRUSTED, 'iova-left', { ...at, device: 0, count: 2, took: 2 }],
    [
      'IOVA ranges, lazy',
      KeepsTheIova,
      FLUSHED,
      'iova-left',
      { ...at, step: 4, device: 0, count: 2, took: 2 },
    ],
    ['after a failed map', KeepsTheSlots, FAILED, 'slots-left', { ...at, step: 1, count: 2, took: 1 }],
  ])('%s', (_, Ops, yaml, cause, evidence) => {
    expect(evidenceOf(verdictOf(CLAUSE, Ops, yaml), cause)).toEqual(evidence);
  });

  test('a range that is freed under another address', () => {
    const yaml = life('{}', '{}', '- unmap_page: n').replace('buffer: b', 'buffer: a');
    expect(outcomeOf(CLAUSE, QueuesTheWrongRange, yaml)).toEqual(['iova-left']);
  });

  test('of the device that it is of', () => {
    const yaml = `
devices: { one: {}, two: {} }
buffers: { a: { size: 64 } }
steps: [{ map_page: { id: m, device: two, buffer: a, dir: TO_DEVICE } }, { unmap_page: m }]
`;
    expect(evidenceOf(verdictOf(CLAUSE, KeepsTheIova, yaml), 'iova-left')).toMatchObject({
      device: 1,
      count: 1,
    });
  });
});

test('a single slot is enough', () => {
  const yaml = `
device: { untrusted: true }
buffers: { a: { size: 64 } }
steps: [{ map_page: { id: m, buffer: a, dir: TO_DEVICE } }, { unmap_page: m }]
`;
  expect(evidenceOf(verdictOf(CLAUSE, TakesASlotMore, yaml), 'slots-left')).toMatchObject({
    step: 1,
    count: 1,
  });
});
