// SPDX-License-Identifier: GPL-2.0-only
/** When a byte was handed to the device again, and what is said where nothing was copied then. */
import { describe, expect, test } from '@jest/globals';
import { FIRST_LABEL } from '../machine/labels.ts';
import { Facts } from './facts.ts';
import { handedOverAgain } from './hand-over.ts';
import { HonestOps } from './testing/honest-ops.ts';
import { caseOf, evidenceOf, verdictOf } from './testing/judging.ts';
import { logged, outcome } from './testing/recordings.ts';

const PIECES = caseOf(`
buffers: { a: { size: 256 }, b: { size: 64 }, c: { size: 256 } }
steps:
  - map_page: { id: m, buffer: a, dir: BIDIRECTIONAL }
  - map_sg: { id: n, sgl: [b, { buffer: c, offset: 128, size: 64 }], dir: BIDIRECTIONAL }
  - sync_single_for_device: { id: m, offset: 0, size: 192 }
  - sync_single_for_cpu: m
  - sync_single_for_device: { id: m, offset: 64, size: 64 }
  - sync_sg_for_device: n
  - sync_single_for_device: m
`);
/** Each step has ten events; the last sync failed. */
const STEPS = [0, 1, 2, 3, 4, 5].map((step) => outcome('done', 10 * step, 10 * step + 10));
const facts = new Facts(logged(() => undefined, PIECES, { steps: [...STEPS, outcome('failed', 60, 70)] }));

describe('the last sync that handed a byte to the device', () => {
  const [M, N] = [0, 1];
  const [A, B, C] = [0, 1, 2];
  test.each<[string, number, number, number, number, number, number]>([
    ['by the first sync, up to where the second begins', M, A, 0, 6, 20, 64],
    ['by the second', M, A, 64, 6, 40, 64],
    ['by the second, its last byte', M, A, 127, 6, 40, 1],
    ['behind the second, by the first', M, A, 128, 6, 20, 64],
    ['by none that is done', M, A, 192, 6, 0, Infinity],
    ['before the second', M, A, 64, 3, 20, 128],
    ['before the first', M, A, 64, 1, 0, Infinity],
    ['of a list', N, B, 3, 6, 50, 61],
    ['of a list, the second entry', N, C, 128, 6, 50, 64],
    ['of a list, in front of its entry', N, C, 100, 6, 0, 28],
    ['of another mapping', M, B, 3, 6, 0, Infinity],
  ])('%s', (_, map, buffer, offset, last, since, alike) => {
    expect(handedOverAgain(facts, map, { buffer, offset }, last)).toEqual({ since, alike });
  });
});

/** Copies at the map and the unmap only. */
class IgnoresSyncs extends HonestOps {
  override syncSingleForCpu(): void {
    // The CPU keeps what it has.
  }
  override syncSingleForDevice(): void {
    // So does the device.
  }
}

// The bounce buffer has the device's own bytes when the buffer is handed over again, with what the CPU had at first.
describe('the device finds its own bytes, since nothing was copied out after it wrote them', () => {
  const yaml = `
device: { untrusted: true }
buffers: { a: { size: 256 } }
steps:
  - map_page: { id: m, buffer: a, dir: BIDIRECTIONAL }
  - device_write: { id: m, offset: 64, size: 128 }
  - sync_single_for_cpu: m
  - sync_single_for_device: m
  - unmap_page: m
`;
  const own = FIRST_LABEL + 256;
  const at = { mapping: 0, buffer: 0, offset: 64, count: 128, expected: FIRST_LABEL + 64, observed: own };
  test.each([
    ['to-device-data', 3],
    ['partial-write-preserved', 4],
  ] as const)('%s', (clause, step) => {
    const verdict = verdictOf(clause, IgnoresSyncs, yaml);
    expect(evidenceOf(verdict, 'not-copied')).toEqual({ step, ...at });
    expect(verdict.breaks.map(({ cause }) => cause)).toEqual(['not-copied']);
  });
});
