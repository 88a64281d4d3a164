// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { assertReady, NotReady, Together } from './not-ready.ts';
import type { State } from './state.ts';

const BUILD = { pageSize: 4096, swiotlb: true };

function stateThat(isReady: boolean, id: string): State {
  return { id, isReady: () => isReady } as unknown as State;
}

function ask(state: State): string {
  assertReady(state, BUILD);
  return state.id;
}

describe('Together', () => {
  test('what several pieces of work lack is asked for at once', () => {
    const [a, b, c] = [stateThat(false, 'a'), stateThat(true, 'b'), stateThat(false, 'c')];
    const together = new Together();
    expect([a, b, c].map((state) => together.try(() => ask(state)))).toEqual([undefined, 'b', undefined]);
    // Many findings want the same state.
    expect(together.try(() => ask(a))).toBeUndefined();
    let thrown: unknown;
    try {
      together.done();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(NotReady);
    expect((thrown as NotReady).wanted).toEqual([
      { state: a, build: BUILD },
      { state: c, build: BUILD },
    ]);
  });

  test('nothing is asked for when all is there; other errors are no request', () => {
    const together = new Together();
    expect(together.try(() => ask(stateThat(true, 'a')))).toBe('a');
    expect(() => together.try(() => JSON.parse('{') as string)).toThrow(SyntaxError);
    expect(() => together.done()).not.toThrow();
  });
});
