// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ExpressionError } from '../harness/subject/expression.ts';
import type { State } from '../harness/subject/state.ts';
import { merged } from './rebase.ts';
import { allStates, findExpressed, findState } from './registry.ts';
import { statementsOf } from './statements.ts';

function state(text: string): State {
  const found = findExpressed(text);
  if (found === undefined) throw new Error(`no state ${text}`);
  return found;
}

/** `mapPage v3.2` for each function that a patch of these has written last. */
function writtenBy(found: State, ...patches: readonly string[]): string[] {
  const frames = found.frames.filter(({ patch }) => patches.includes(patch));
  return frames.map(({ method, patch }) => `${method} ${patch}`).toSorted();
}

/** The patches of the state, or why there is none. */
function outcome(text: string): string {
  try {
    return state(text)
      .chain.map(({ id }) => id)
      .join(' ');
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return error.message;
  }
}

describe('names', () => {
  test('a known name wins, though it contains signs', () => {
    for (const known of allStates()) expect(findExpressed(known.id)).toBe(known);
    expect(state('review/no-dead-attrs')).toBe(findState('review/no-dead-attrs'));
    expect(outcome('review/no-dead-attrs+v3.4')).toBe('v3.1 v3.2 v3.3 review/no-dead-attrs v3.4');
  });

  test('the longest one wins: v3.5 is no v3 with something behind it', () => {
    expect(outcome('v3.5-v3.5')).toBe('v3.1 v3.2 v3.3 v3.4');
  });

  test.each(['v9', '', 'v3.1 ', 'linux-6.12', '+v3.1', 'v3.1.v3.2'])('%p begins with no state', (text) => {
    expect(findExpressed(text)).toBeUndefined();
  });

  test('id, chain and provenance are those of the terms, in order', () => {
    const found = state('v3.1+v3.2:mapSwiotlb,mapPage');
    expect(found.id).toBe('v3.1+v3.2:mapSwiotlb,mapPage');
    expect(found.below).toBe(findState('v3.1'));
    expect(found.root).toBe(findState('baseline'));
    expect(found.chain.at(-1)).toMatchObject({
      id: 'v3.2:mapSwiotlb,mapPage',
      subject: 'dma-iommu: fix arch_sync_dma for map (only mapSwiotlb, mapPage)',
      place: 'v3 2/5',
      messageId: '20210811024247.1144246-3-stevensd@google.com',
      claims: [],
    });
  });
});

describe('added', () => {
  test('what was written on the same state is the same', () => {
    expect(state('v3.1+v3.2').frames).toEqual(state('v3.2').frames);
    expect(state('v3.1+v3.2').chain).toEqual(state('v3.2').chain);
  });

  test('of a patch, only the functions that are named', () => {
    expect(writtenBy(state('v3.1+v3.2:mapPage,mapSwiotlb'), 'v3.2:mapPage,mapSwiotlb')).toEqual([
      'mapPage v3.2:mapPage,mapSwiotlb',
      'mapSwiotlb v3.2:mapPage,mapSwiotlb',
    ]);
  });

  test('two suggestions that rewrite the same function in the same way go together', () => {
    expect(outcome('v3.3+review/raw-arch-sync-on-unmap+review/unmap-sg-sync-below')).toMatch(
      /review\/raw-arch-sync-on-unmap review\/unmap-sg-sync-below$/,
    );
  });

  test.each([
    ['baseline+v3.5', 'v3.5 rewrites mapSwiotlb on top of v3.4'],
    [
      'v3.2+review/fold-map-swiotlb+review/else-if-arch-sync',
      'review/else-if-arch-sync rewrites mapSwiotlb on top of v3.2',
    ],
    ['v3+v3.2', 'v3 has v3.2 already'],
    ['v3+v3', 'v3 is not one patch; name patches, like v3.2 or a suggestion'],
    ['baseline+v3.2:mapFoo', 'v3.2 has no function mapFoo; it has mapSwiotlb, mapPage, mapSg'],
    [
      'baseline+v3.4:syncSingleForCpu',
      'syncSingleForCpu of v3.4:syncSingleForCpu calls devUseSwiotlb, which v3.4 adds',
    ],
  ])('%s is refused', (text, why) => {
    expect(outcome(text)).toBe(why);
  });
});

describe('left out', () => {
  // Every patch of v3 and of v8 in turn: runs, or why not.
  test.each([
    ['v3-v3.1', 'v3.4 rewrites syncSgForCpu on top of v3.1'],
    ['v3-v3.2', 'v3.3 rewrites mapSg on top of v3.2'],
    ['v3-v3.3', 'v3.1 v3.2 v3.4 v3.5'],
    ['v3-v3.4', 'v3.5 rewrites mapSwiotlb on top of v3.4'],
    ['v3-v3.5', 'v3.1 v3.2 v3.3 v3.4'],
    ['v8-v8.1', 'v8.5 rewrites syncSgForCpu on top of v8.1'],
    ['v8-v8.2', 'v8.4 rewrites mapSwiotlb on top of v8.2'],
    ['v8-v8.3', 'v8.4 rewrites unmapSwiotlb on top of v8.3'],
    ['v8-v8.4', 'v8.5 rewrites mapPage on top of v8.4'],
    ['v8-v8.5', 'v8.6 rewrites mapPage on top of v8.5'],
    ['v8-v8.6', 'v8.7 rewrites mapPage on top of v8.6'],
    ['v8-v8.7', 'v8.1 v8.2 v8.3 v8.4 v8.5 v8.6'],
  ])('%s: %s', (text, expected) => {
    expect(outcome(text)).toBe(expected);
  });

  test('what comes later does not bring it back: merged bodies are those of a series that never had it', () => {
    const found = state('v3-v3.3');
    const modules = (found.code ?? []).filter(({ id }) => id === 'v3.4');
    const merges = modules.filter(({ module }) => !module.includes('/v3/'));
    expect(merges.flatMap(({ methods }) => methods).toSorted()).toEqual(['mapSg', 'unmapSg']);
    expect(writtenBy(found, 'v3.3')).toEqual([]);
  });

  test('the last patch: the state before it, by the name that was asked for', () => {
    expect(state('v3-v3.5').id).toBe('v3-v3.5');
    expect(state('v3-v3.5').frames).toEqual(state('v3.4').frames);
    expect(state('v3-v3.5+v3.5').frames).toEqual(state('v3').frames);
  });

  test.each([
    ['v3-v2.1', 'v3 has no patch v2.1 to leave out; it has v3.1, v3.2, v3.3, v3.4, v3.5'],
    ['baseline-v3.1', 'baseline has no patch v3.1 to leave out; it has none'],
    ['v3-v3.2:mapSg', '-v3.2:mapSg: only a whole patch can be left out'],
  ])('%s is refused', (text, why) => {
    expect(outcome(text)).toBe(why);
  });
});

describe('hostile', () => {
  test.each([
    ['v3', '+v3.1-v3.1'.repeat(5000)],
    ['v3', '-v3.5+v3.5'.repeat(5000)],
    ['v3', `+${'x'.repeat(100_000)}`],
    ['v3', `+v3.2:${'y'.repeat(100_000)}`],
    ['v3', '+'],
    ['v3', '+-'],
    ['v3', '+v3.2:'],
    ['v3', '+v3.2:a,,b'],
    ['v3', '+v3.2;id'],
    ['v3', '+$(id)'],
    ['v3', '+v3.2:`id`'],
    ['baseline', '+v3.2:constructor'],
    ['baseline', '+v3.2:__proto__'],
  ])('%s%.20s…: one short line', (head, terms) => {
    const why = outcome(head + terms);
    expect(why).not.toContain('\n');
    expect(why.length).toBeLessThan(300);
    expect(() => findExpressed(head + terms)).toThrow(ExpressionError);
  });

  test('whatever follows a state: a state, or one line', () => {
    const word = fc.oneof(
      fc.constantFrom('v3.1', 'v3.2', 'v3.5', 'v3', 'review/no-dead-attrs', ':mapSg', ',', '+', '-', ':'),
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (words) => {
        expect(outcome(`v3+${words.join('')}`)).not.toContain('\n\n');
      }),
    );
  });
});

describe('three-way merge of statements', () => {
  const base = ['a', 'b', 'c', 'd'];

  test.each([
    ['both sides, apart', ['A', 'b', 'c', 'd'], ['a', 'b', 'c', 'D'], ['A', 'b', 'c', 'D']],
    ['statements beside each other', ['A', 'b', 'c', 'd'], ['a', 'B', 'c', 'd'], ['A', 'B', 'c', 'd']],
    ['the same on both sides', ['a', 'X', 'c', 'd'], ['a', 'X', 'c', 'd'], ['a', 'X', 'c', 'd']],
    ['one side only', base, ['a', 'c', 'd', 'e'], ['a', 'c', 'd', 'e']],
    ['the same statement', ['a', 'X', 'c', 'd'], ['a', 'Y', 'c', 'd'], undefined],
    ['insertions at one place', ['a', 'x', 'b', 'c', 'd'], ['a', 'y', 'b', 'c', 'd'], undefined],
    ['an insertion into what the other side deletes', ['d'], ['a', 'x', 'b', 'c', 'd'], undefined],
    ['the function is gone on one side', [], ['a', 'b', 'c', 'D'], undefined],
  ])('%s', (_, ours, theirs, expected) => {
    expect(merged(base, ours, theirs)).toEqual(expected);
    expect(merged(base, theirs, ours)).toEqual(expected);
  });

  test('statements do not depend on layout, comments and braces around one statement', () => {
    const loose = 'f(a) { // x\n  if (a === 0) return g(a);\n  else { h(); }\n for (const b of c)\n d(b);\n}';
    const tight = 'f(a){if(a===0){return g(a);}else h();/* y */for(const b of c){d(b);}}';
    expect(statementsOf(loose)).toEqual(statementsOf(tight));
    expect(statementsOf(tight)).toContain('return g ( a ) ;');
  });
});
