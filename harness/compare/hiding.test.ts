// SPDX-License-Identifier: GPL-2.0-only
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findState } from '../../variants/registry.ts';
import { loadCorpus, selectScenarios } from '../scenario/load.ts';
import type { State } from '../subject/state.ts';
import { buildMatrix } from './matrix.ts';

const corpus = loadCorpus(join(import.meta.dirname, '..', '..', 'corpus'));

function state(id: string): State {
  const found = findState(id);
  if (found === undefined) throw new Error(id);
  return found;
}

test('what the state below breaks behind the step of a crash is hidden, and not held', () => {
  // v2.1 crashes in the unmap; v2.2 does not, and breaks what the baseline breaks.
  const states = ['baseline', 'v2.1', 'v2.2'].map(state);
  const scenarios = selectScenarios(corpus, 'sg/one-entry[untrusted=false,dir=FROM_DEVICE]');
  const matrix = buildMatrix(states, scenarios, () => undefined);
  const cells = matrix.clauses.get('partial-write-preserved') ?? [];
  expect(cells.map(({ hiddenCases }) => hiddenCases)).toEqual([0, 1, expect.any(Number)]);
  expect(cells.map(({ brokenCases }) => brokenCases)).toEqual([1, 0, expect.any(Number)]);
  const [baseline, broken] = matrix.scenarios.get('sg/one-entry') ?? [];
  expect([...(baseline?.keys() ?? [])]).toEqual(['partial-write-preserved (dropped-by-arch-invalidate)']);
  expect([...(broken?.keys() ?? [])]).toEqual([
    'no-crash (slot-index-out-of-pool)',
    'partial-write-preserved (dropped-by-arch-invalidate), hidden by the crash of step 5',
  ]);
});

test('what a crash before has hidden stays hidden in the next state that crashes there', () => {
  const states = ['baseline', 'v2.1', 'review/v2-always-sync-single'].map(state);
  const scenarios = selectScenarios(corpus, 'config/lazy-untrusted*');
  const cells = buildMatrix(states, scenarios, () => undefined).clauses.get('to-device-data') ?? [];
  const [baseline, broken, suggestion] = cells;
  expect(baseline?.brokenCases).toBeGreaterThan(0);
  expect(broken?.hidden.get('not-cleaned')).toBe(baseline?.brokenCases);
  expect(suggestion?.hidden).toEqual(broken?.hidden);
});
