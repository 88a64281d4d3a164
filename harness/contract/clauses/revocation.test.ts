// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import type { Device, DmaOpsClass } from '../../../variants/dma-ops.ts';
import { POOL_START } from '../../machine/config.ts';
import { ForgetsTheIotlb, UnmapsOneGranuleLess } from '../testing/fakes.ts';
import { HonestOps } from '../testing/honest-ops.ts';
import { evidenceOf, outcomeOf, verdictOf } from '../testing/judging.ts';

const CLAUSE = 'revocation';
/** Two granules below 4 GiB. */
const IOVA = 0xffffe000;

class AlwaysLazy extends HonestOps {
  protected override mayFlushLater(): boolean {
    return true;
  }
}

class NeverLazy extends HonestOps {
  protected override mayFlushLater(_: Device): boolean {
    return false;
  }
}

/** Two granules are mapped and unmapped, and more follows. */
const life = (machine: string, device: string, then = ''): string => `
machine: ${machine}
device: ${device}
buffers: { a: { size: 8000, offset: 64 }, b: { size: 64 } }
steps:
  - map_page: { id: m, buffer: a, dir: TO_DEVICE }
  - cpu_read: b
  - unmap_page: m
${then}
`;
const STRICT = '{ strict: true }';
const LAZY = '{ strict: false }';
const FLUSHED = '  - cpu_read: b\n  - flush_queue';

describe('holds', () => {
  test.each<[string, DmaOpsClass, string]>([
    ['trusted, strict', HonestOps, life(STRICT, '{}')],
    ['trusted, lazy, flushed', HonestOps, life(LAZY, '{}', FLUSHED)],
    ['untrusted, strict', HonestOps, life(STRICT, '{ untrusted: true }')],
    ['untrusted, on a lazy machine', HonestOps, life(LAZY, '{ untrusted: true }')],
    ['lazy would be allowed', NeverLazy, life(LAZY, '{}', FLUSHED)],
    ['a trusted device in its lazy window', AlwaysLazy, life(LAZY, '{}', `${FLUSHED}\n  - cpu_read: b`)],
  ])('%s', (_, Ops, yaml) => {
    expect(outcomeOf(CLAUSE, Ops, yaml)).toBe('holds');
  });
});

describe('not exercised', () => {
  test.each<[string, DmaOpsClass, string]>([
    ['nothing is mapped', ForgetsTheIotlb, 'buffers: { a: { size: 64 } }\nsteps: [{ cpu_read: a }]'],
    [
      'nothing is unmapped',
      ForgetsTheIotlb,
      'buffers: { a: { size: 64 } }\nsteps: [{ map_page: { id: m, buffer: a, dir: TO_DEVICE } }]',
    ],
    ['lazy and never flushed', UnmapsOneGranuleLess, life(LAZY, '{}')],
  ])('%s', (_, Ops, yaml) => {
    expect(outcomeOf(CLAUSE, Ops, yaml)).toBe('not-exercised');
  });
});

describe('broken', () => {
  const at = { mapping: 0, device: 0 };
  const last = { ...at, count: 1, iova: IOVA + 4096 };
  test.each([
    ['trusted', life(STRICT, '{}'), 0x101000],
    ['untrusted', life(STRICT, '{ untrusted: true }'), POOL_START + 4096],
    ['untrusted, on a lazy machine', life(LAZY, '{ untrusted: true }'), POOL_START + 4096],
    ['seen again later', life(STRICT, '{}', '  - flush_queue\n  - flush_queue'), 0x101000],
  ])('a granule is left in the page table: %s', (_, yaml, phys) => {
    const verdict = verdictOf(CLAUSE, UnmapsOneGranuleLess, yaml);
    expect(evidenceOf(verdict, 'page-table-entry-left')).toEqual({ ...last, step: 2, phys });
  });

  test('a granule is left in the page table: lazy, it shows after the flush', () => {
    const verdict = verdictOf(CLAUSE, UnmapsOneGranuleLess, life(LAZY, '{}', `${FLUSHED}\n  - flush_queue`));
    expect(evidenceOf(verdict, 'page-table-entry-left')).toEqual({ ...last, step: 4, phys: 0x101000 });
  });

  test.each<[string, DmaOpsClass, string, number]>([
    ['trusted', ForgetsTheIotlb, life(STRICT, '{}'), 0x100000],
    ['untrusted', ForgetsTheIotlb, life(STRICT, '{ untrusted: true }'), POOL_START],
    ['an untrusted device with a flush queue', AlwaysLazy, life(LAZY, '{ untrusted: true }'), POOL_START],
    ['a flush queue on a strict machine', AlwaysLazy, life(STRICT, '{}'), 0x100000],
    ['the flush comes later', AlwaysLazy, life(LAZY, '{ untrusted: true }', FLUSHED), POOL_START],
  ])('the IOTLB is not synced: %s', (_, Ops, yaml, phys) => {
    expect(evidenceOf(verdictOf(CLAUSE, Ops, yaml), 'iotlb-not-synced')).toEqual({
      ...at,
      step: 2,
      count: 2,
      iova: IOVA,
      phys,
    });
  });

  // The queue takes 255 ranges; with the next one it flushes by itself.
  test('after the flush of a full queue', () => {
    const yaml = `
machine: { strict: false }
buffers: { a: { size: 8000, offset: 64 }, b: { size: 64 } }
steps:
  - map_page: { id: m, buffer: a, dir: TO_DEVICE }
  - unmap_page: m
  - repeat:
      times: 256
      steps: [{ map_page: { id: n, buffer: b, dir: TO_DEVICE } }, { unmap_page: n }]
`;
    const verdict = verdictOf(CLAUSE, UnmapsOneGranuleLess, yaml);
    expect(verdict.breaks[0]?.evidence).toMatchObject({ mapping: 0, iova: IOVA + 4096 });
  });
});
