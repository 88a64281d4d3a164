// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import type { Device } from '../../../variants/dma-ops.ts';
import { Baseline } from '../../../variants/baseline.ts';
import type { DmaOpsClass } from '../../subject/dma-ops.ts';
import { HonestOps } from '../testing/honest-ops.ts';
import { evidenceOf, outcomeOf, verdictOf } from '../testing/judging.ts';

const CLAUSE = 'iova-accounting';
const IOVA = 0xfffff000;

/** Gives back so many granules more. */
const frees = (more: number, skew = 0): DmaOpsClass =>
  class extends HonestOps {
    protected override freeIova(dev: Device, pfn: number, pages: number): void {
      super.freeIova(dev, pfn + skew, pages + more);
    }
  };

class FreesTwice extends HonestOps {
  protected override freeIova(dev: Device, pfn: number, pages: number): void {
    super.freeIova(dev, pfn, pages);
    super.freeIova(dev, pfn, pages);
  }
}

const yaml = (pages: number, machine = ''): string => `
${machine}
buffers: { a: { size: ${pages * 4096} } }
steps:
  - map_page: { id: m, buffer: a, dir: TO_DEVICE }
  - unmap_page: m
  - flush_queue
`;
const LAZY = 'machine: { strict: false }';

describe('holds', () => {
  test.each([1, 3, 17, 33])('%d granules', (pages) => {
    expect(outcomeOf(CLAUSE, HonestOps, yaml(pages))).toBe('holds');
    // It allocates a power of two and frees what it needed.
    expect(outcomeOf(CLAUSE, Baseline, yaml(pages))).toBe('holds');
    expect(outcomeOf(CLAUSE, Baseline, yaml(pages, LAZY))).toBe('holds');
  });

  test('five of the eight that were allocated', () => {
    expect(outcomeOf(CLAUSE, frees(-3), yaml(5))).toBe('holds');
    expect(outcomeOf(CLAUSE, frees(-4), yaml(5))).toEqual(['another-length']);
  });
});

describe('broken', () => {
  test.each(['machine: { strict: true }', LAZY])('twice as long (%s)', (machine) => {
    expect(evidenceOf(verdictOf(CLAUSE, frees(1), yaml(1, machine)), 'another-length')).toEqual({
      step: 1,
      event: expect.any(Number),
      mapping: 0,
      device: 0,
      iova: IOVA,
      count: 1,
      place: '2 of 1 granules',
    });
  });

  test('lengths that no cache holds must be the same', () => {
    expect(outcomeOf(CLAUSE, frees(-1), yaml(34))).toEqual(['another-length']);
  });

  test.each(['machine: { strict: true }', LAZY])('given back twice (%s)', (machine) => {
    expect(outcomeOf(CLAUSE, FreesTwice, yaml(1, machine))).toEqual(['not-allocated']);
  });

  test('from the middle of the range', () => {
    expect(outcomeOf(CLAUSE, frees(-1, 1), yaml(2))).toEqual(['not-allocated']);
  });

  test('after a map that failed', () => {
    const failing = yaml(1).replace('steps:', 'steps:\n  - fail_next: iommu_map');
    expect(outcomeOf(CLAUSE, frees(1), failing)).toEqual(['another-length']);
    expect(outcomeOf(CLAUSE, HonestOps, failing)).toBe('holds');
  });
});

describe('not exercised', () => {
  test('nothing is freed', () => {
    expect(outcomeOf(CLAUSE, frees(1), yaml(1).replace('  - unmap_page: m\n', ''))).toBe('not-exercised');
  });

  test('the driver unmaps another length', () => {
    const misuse = yaml(4).replace('unmap_page: m', 'unmap_page: { id: m, misuse: true, size: 4096 }');
    expect(outcomeOf(CLAUSE, HonestOps, misuse)).toBe('not-exercised');
  });
});
