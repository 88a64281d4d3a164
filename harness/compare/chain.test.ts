// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import type { State } from '../subject/state.ts';
import { findState } from '../../variants/registry.ts';
import { walkBetween } from './chain.ts';

function state(id: string): State {
  const found = findState(id);
  if (found === undefined) throw new Error(id);
  return found;
}

describe('walkBetween', () => {
  test.each([
    ['baseline', 'v3', 'baseline', [], ['v3.1', 'v3.2', 'v3.3', 'v3.4', 'v3.5']],
    ['v3.2', 'v3.4', 'v3.2', [], ['v3.3', 'v3.4']],
    ['v3.4', 'v3.2', 'v3.2', ['v3.3', 'v3.4'], []],
    ['v2', 'v3.1', 'baseline', ['v2.1', 'v2.2', 'v2.3', 'v2.4'], ['v3.1']],
    ['v3.3', 'review/no-dead-attrs', 'v3.3', [], ['review/no-dead-attrs']],
    ['v3', 'v3', 'v3', [], []],
  ])('%s → %s', (from, to, common, back, forth) => {
    const walk = walkBetween(state(from), state(to));
    expect(walk.common.id).toBe(common);
    expect(walk.back.map(({ patch }) => patch.id)).toEqual(back);
    expect(walk.forth.map(({ patch }) => patch.id)).toEqual(forth);
  });

  test('each stage starts where the one before it ends', () => {
    const { common, forth } = walkBetween(state('baseline'), state('v4'));
    let before = common;
    for (const stage of forth) {
      expect(stage.before).toBe(before);
      before = stage.after;
    }
    expect(before.id).toBe('v4');
  });
});
