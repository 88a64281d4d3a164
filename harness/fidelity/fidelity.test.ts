// SPDX-License-Identifier: GPL-2.0-only
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { findState } from '../../variants/registry.ts';
import { Machine } from '../machine/machine.ts';
import { compareWithVectors } from './compare.ts';
import { loadVectors } from './vectors.ts';

const vectors = loadVectors(join(import.meta.dirname, 'data'));
const machine = new Machine();
const PROGRAMS = 651;
/** Every state that was recorded: the baseline, each prefix of each series, each suggestion. */
const STATES = [
  'baseline',
  ...prefixes('v1', 2),
  ...prefixes('v2', 4),
  ...prefixes('v3', 5),
  ...prefixes('v4', 6),
  ...prefixes('v5', 7),
  ...prefixes('v6', 7),
  ...prefixes('v7', 7),
  ...prefixes('v8', 7),
  ...[
    'arch-sync-else-swiotlb',
    'else-if-arch-sync',
    'fold-coherent-check',
    'fold-map-swiotlb',
    'granule-aligned-bounce',
    'map-aligned-from-start',
    'no-dead-attrs',
    'raw-arch-sync-on-unmap',
    'unmap-sg-sync-below',
    'v2-always-sync-single',
  ].map((name) => `review/${name}`),
];

function prefixes(series: string, patches: number): string[] {
  return Array.from({ length: patches }, (_, i) => `${series}.${i + 1}`);
}

describe("the kernel's own C, recorded", () => {
  test('no program and no state went missing', () => {
    expect(vectors.programs).toHaveLength(PROGRAMS);
    expect(vectors.states).toEqual(STATES);
    expect(STATES).toHaveLength(56);
  });

  test.each(STATES)('%s: every call, result and byte matches', (id) => {
    const state = findState(id);
    if (state === undefined) throw new Error(`${id} is not in the registry`);
    const result = compareWithVectors(machine, state, vectors.programs, vectors.results(id));
    expect(result).toEqual({ state: state.id, matched: PROGRAMS, total: PROGRAMS, first: undefined });
  });

  test('a state that does something else is found out, with the call that differs', () => {
    const other = findState('v1');
    if (other === undefined) throw new Error('v1 is not in the registry');
    const result = compareWithVectors(machine, other, vectors.programs, vectors.results('baseline'));
    expect(result.matched).toBeLessThan(PROGRAMS);
    expect(result.first).toMatchObject({ program: expect.stringMatching(/^fv-/), what: expect.any(String) });
  });
});
