// SPDX-License-Identifier: GPL-2.0-only
/** Whom a break is about, and where a device reached them. */
import { expect, test } from '@jest/globals';
import type { Cause } from './verdict.ts';
import { MapsOneGranuleMore } from './testing/fakes.ts';
import { verdictOf } from './testing/judging.ts';

/** Victims of the cause, without what shows them. */
function victimsOf(yaml: string, cause: Cause): object[] {
  const found = verdictOf('confinement-read', MapsOneGranuleMore, yaml).breaks.find(
    (one) => one.cause === cause,
  );
  return (found?.victims ?? []).map(({ of, from, to, reached }) => ({ of, from, to, reached }));
}

/**
 * Each mapping has a granule of its own and reaches the next one, too: a reaches b's, b reaches c's, and c one that is
 * nobody's, as a and b did while nobody had the next one. b was written in two parts.
 */
const CHAIN = `
device: { untrusted: true }
buffers: { a: { size: 100, offset: 64 }, b: { size: 200, offset: 32 }, c: { size: 50 } }
steps:
  - cpu_write: { buffer: b, size: 80 }
  - cpu_write: { buffer: b, offset: 80, size: 120 }
  - map_sg: { id: l, sgl: [a, b], dir: TO_DEVICE }
  - map_page: { id: m, buffer: c, dir: TO_DEVICE }
`;

test('whose data it is, and its place from the first granule of what reaches it', () => {
  expect(victimsOf(CHAIN, 'left-by-a-copy')).toEqual([
    {
      of: 'device 0, data of buffer 1',
      from: 0,
      to: 200,
      reached: { of: 'device 0, mapping 0', from: 4096 + 32 },
    },
  ]);
});

test('of a list, what its second entry reaches', () => {
  expect(victimsOf(CHAIN, 'other-mapping')).toEqual([
    {
      of: 'device 0, data of buffer 2',
      from: 0,
      to: 50,
      reached: { of: 'device 0, mapping 0, segment 1', from: 4096 },
    },
  ]);
});

test('what is nobody’s data is told by its place', () => {
  const next = { from: 4096, to: 8192, reached: undefined };
  expect(victimsOf(CHAIN, 'never-cleared')).toEqual([
    { of: 'device 0, mapping 0', ...next },
    { of: 'device 0, mapping 0, segment 1', ...next },
    { of: 'device 0, mapping 1', ...next },
  ]);
});
