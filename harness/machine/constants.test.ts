// SPDX-License-Identifier: GPL-2.0-only
/** Numbers that are the kernel's or the hardware's, or that documents name: as they are written there. */
import { describe, expect, test } from '@jest/globals';
import * as budget from './budget.ts';
import * as config from './config.ts';
import {
  EXPOSURE_STRIDE,
  F_ARGS,
  F_DEVICE,
  F_INJECTED,
  F_KIND,
  F_PATH,
  F_RESULT,
  F_STEP,
  STRIDE,
} from './event-log.ts';
import * as labels from './labels.ts';
import { ALL_ONES, below, minU64 } from './u64.ts';
import * as vocabulary from './vocabulary.ts';

test('memory, pool and cache lines', () => {
  expect(config.SLOT_SIZE).toBe(2048);
  expect(config.SLOTS_PER_SEGMENT).toBe(128);
  expect(config.POOL_START).toBe(0x1000000);
  expect(config.RAM_START).toBe(0x10000);
  expect(config.RAM_SIZE).toBe(0x4000000);
  expect(config.LINE_SIZE).toBe(64);
});

test('a device and a machine unless a scenario says otherwise', () => {
  expect(config.DEVICE_DEFAULTS).toEqual({
    untrusted: false,
    coherent: true,
    minAlignMask: 0,
    dmaMask: 0xffffffff,
    segBoundary: 0xffffffff,
    maxSegSize: 65536,
    iovaBase: 0,
    scribble: false,
  });
  expect(config.MACHINE_DEFAULTS).toEqual({
    pageSize: 4096,
    granule: 4096,
    swiotlb: true,
    swiotlbSlots: 1024,
    iommu: 'amd',
    strict: true,
    cache: 'worst',
  });
});

test('what linux/dma-direction.h, linux/dma-mapping.h, linux/iommu.h and linux/iova.h say', () => {
  expect([vocabulary.DMA_BIDIRECTIONAL, vocabulary.DMA_TO_DEVICE, vocabulary.DMA_FROM_DEVICE]).toEqual([
    0, 1, 2,
  ]);
  expect(vocabulary.DMA_ATTR_SKIP_CPU_SYNC).toBe(1 << 5);
  expect(vocabulary.DMA_ATTR_NO_WARN).toBe(1 << 8);
  expect(vocabulary.DMA_ATTR_PRIVILEGED).toBe(1 << 9);
  expect(vocabulary.DMA_MAPPING_ERROR).toBe(-1);
  expect([vocabulary.IOMMU_READ, vocabulary.IOMMU_WRITE, vocabulary.IOMMU_CACHE]).toEqual([1, 2, 4]);
  expect(vocabulary.IOMMU_PRIV).toBe(1 << 5);
  expect(vocabulary.IOVA_RANGE_CACHE_MAX_SIZE).toBe(6);
});

test('labels', () => {
  expect([labels.LABEL_NEVER_WRITTEN, labels.LABEL_ZERO, labels.LABEL_STALE, labels.LABEL_FAULT]).toEqual([
    0, 1, 2147483648, 3,
  ]);
  expect(labels.FIRST_LABEL).toBe(16);
});

test('a record, and an exposure', () => {
  expect([F_KIND, F_DEVICE, F_PATH, F_STEP, F_ARGS, F_RESULT, F_INJECTED, STRIDE]).toEqual([
    0, 1, 2, 3, 4, 10, 11, 12,
  ]);
  expect(EXPOSURE_STRIDE).toBe(9);
});

test('what a run may take', () => {
  expect(budget.RUN_BUDGET).toBe(0x8000000);
  expect([budget.LOOK_AT_TRANSLATION, budget.LOOK_AT_RANGE, budget.TRANSLATION_SIZE]).toEqual([128, 4, 128]);
  expect(budget.MAX_PATHS).toBe(1024);
  const run = new budget.Budget();
  run.take(0x8000000);
  expect(run.taken).toBe(0x8000000);
  expect(() => run.take(1)).toThrow('more than 128 MiB');
  run.reset();
  expect(run.taken).toBe(0);
  run.take(1);
  expect(run.taken).toBe(1);
});

describe('unsigned comparisons', () => {
  test.each([
    [0, 0, false],
    [0, 1, true],
    [1, 0, false],
    [0, -1, true],
    [-1, 0, false],
    [-2, -1, true],
    [-1, -2, false],
    [-1, -1, false],
  ])('%i below %i: %p', (a, b, isBelow) => {
    expect(below(a, b)).toBe(isBelow);
    expect(minU64(a, b)).toBe(isBelow ? a : b);
  });

  test('nothing is above all ones', () => {
    expect(below(ALL_ONES, 2 ** 52)).toBe(false);
    expect(below(2 ** 52, ALL_ONES)).toBe(true);
  });
});

test.each([
  ['amd', 1, 1],
  ['amd', 2, 2],
  ['arm', 2, 3],
  ['vtd', 2, 3],
  ['arm', 1, 1],
  ['arm', 4, 4],
  ['vtd', 6, 7],
] as const)('%s: what is granted of %i', (iommu, prot, granted) => {
  expect(config.grantedBy(iommu, prot)).toBe(granted);
});
