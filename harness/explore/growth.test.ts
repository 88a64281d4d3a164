// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { DMA_IOMMU, findState } from '../../variants/registry.ts';
import { openCorpus } from '../scenario/load.ts';
import { growing, measureGrowth } from './growth.ts';

const state = (id: string) => findState(id) ?? DMA_IOMMU.root;
const cases = openCorpus('corpus').scenarios.slice(0, 2);
const STATES = ['baseline', 'v1', 'v2'].map(state);

describe('growth', () => {
  const all = growing(STATES, [state('v2'), state('v3')], cases, 1000);

  test('1, 4 and 16 times the cases, 2 and all states, 1000 programs and no more than asked for', () => {
    expect(all.map(({ of, amount }) => `${amount} ${of}`)).toEqual([
      '2 case',
      '8 case',
      '32 case',
      '2 state',
      '3 state',
      '1000 program',
    ]);
  });

  test('the work is done, and what it took is said', () => {
    for (const one of all.filter(({ of }) => of !== 'program')) {
      const row = measureGrowth(one);
      expect(row).toMatchObject({ of: one.of, amount: one.amount });
      expect(row.seconds).toBeGreaterThan(0);
      expect(row.residentMiB).toBeGreaterThan(0);
    }
  });
});
