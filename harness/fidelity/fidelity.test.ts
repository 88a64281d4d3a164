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
/** Recorded states that the registry has. */
const states = vectors.states.filter((id) => findState(id) !== undefined);

describe("the kernel's own C, recorded", () => {
  test('no program and no state went missing', () => {
    expect(vectors.programs).toHaveLength(PROGRAMS);
    expect(states).toEqual(expect.arrayContaining(['baseline', 'v1.2', 'v2.4', 'v3.5']));
  });

  test.each(states)('%s: every call, result and byte matches', (id) => {
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
