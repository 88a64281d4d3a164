// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import type { DmaOpsClass } from '../../../variants/dma-ops.ts';
import type { Cause } from '../verdict.ts';
import { NeverBounces } from '../testing/fakes.ts';
import { HonestOps } from '../testing/honest-ops.ts';
import { evidenceOf, outcomeOf, recordingOf, verdictOf } from '../testing/judging.ts';

const CLAUSE = 'bounce-only-if-needed';

class AlwaysBounces extends HonestOps {
  protected override bounces(): boolean {
    return true;
  }
}

const map = (device: string, size: number, offset = 0): string => `
device: ${device}
buffers: { a: { size: ${size}, offset: ${offset} } }
steps: [{ cpu_write: a }, { map_page: { id: m, buffer: a, dir: TO_DEVICE } }]
`;
const TRUSTED = map('{}', 100, 30);
const TRUSTED_NON_COHERENT = map('{ coherent: false }', 4096);
const ALIGNED = map('{ untrusted: true }', 8192, 4096);
const LARGE_GRANULE = `machine: { pageSize: 16384, granule: 16384 }\n${map('{ untrusted: true }', 16384)}`;
const SMALL_GRANULE = `machine: { granule: 512 }\n${map('{ untrusted: true }', 1024, 512)}`;
const NO_SWIOTLB = `machine: { swiotlb: false }\n${map('{}', 100)}`;
const LIST = `
device: { untrusted: true }
buffers: { a: { size: 100 }, b: { size: 4096 } }
steps: [{ map_sg: { id: m, sgl: [a, b], dir: TO_DEVICE } }]
`;

describe('holds', () => {
  test.each(
    Object.entries({
      TRUSTED,
      TRUSTED_NON_COHERENT,
      ALIGNED,
      LARGE_GRANULE,
      SMALL_GRANULE,
      NO_SWIOTLB,
      LIST,
    }),
  )('%s', (_, yaml) => {
    expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('holds');
  });

  // The first 100 bytes of the page must be bounced, the page itself must not; both start at one address.
  test('a list with a page and a part of it', () => {
    const yaml = LIST.replace('[a, b]', '[b, { buffer: b, offset: 0, size: 100 }]');
    const bounces = [...recordingOf(HonestOps, yaml).steps].map(({ held }) => held.slots);
    expect(bounces).toEqual([2]);
    expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('holds');
  });
});

describe('not exercised', () => {
  test.each([
    ['the start is not aligned', map('{ untrusted: true }', 4096, 64)],
    ['the length is not aligned', map('{ untrusted: true }', 4095)],
    ['aligned to less than the granule', LARGE_GRANULE.replace('size: 16384', 'size: 4096')],
    ['nothing is mapped', 'buffers: { a: { size: 64 } }\nsteps: [{ cpu_read: a }]'],
  ])('%s', (_, yaml) => {
    expect(outcomeOf(CLAUSE, AlwaysBounces, yaml)).toBe('not-exercised');
  });

  test('too little bouncing is another clause', () => {
    expect(outcomeOf(CLAUSE, NeverBounces, map('{ untrusted: true }', 100))).toBe('not-exercised');
  });
});

describe('broken', () => {
  test.each<[string, DmaOpsClass, string, Cause, number]>([
    ['trusted', AlwaysBounces, TRUSTED, 'trusted-device', 0x100000],
    ['trusted, aligned', AlwaysBounces, TRUSTED_NON_COHERENT, 'trusted-device', 0x100000],
    ['aligned', AlwaysBounces, ALIGNED, 'aligned-buffer', 0x101000],
    ['aligned to a small granule', AlwaysBounces, SMALL_GRANULE, 'aligned-buffer', 0x100200],
  ])('%s', (_, Ops, yaml, cause, phys) => {
    const evidence = evidenceOf(verdictOf(CLAUSE, Ops, yaml), cause);
    expect(evidence).toMatchObject({ step: 1, mapping: 0, device: 0, phys, count: 1 });
    expect(evidence.event).toBeGreaterThanOrEqual(recordingOf(Ops, yaml).steps[1]?.from ?? Infinity);
  });

  test('one entry of a list', () => {
    const evidence = evidenceOf(verdictOf(CLAUSE, AlwaysBounces, LIST), 'aligned-buffer');
    expect(evidence).toMatchObject({ step: 0, mapping: 0, phys: 0x110000, count: 1 });
  });
});
