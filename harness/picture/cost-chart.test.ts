// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { allStates } from '../../variants/registry.ts';
import type { Matrix } from '../compare/matrix.ts';
import { noCosts, type Costs } from '../run/costs.ts';
import { costChartSvg } from './cost-chart.ts';
import { whatIsWrong } from './testing/well-formed.ts';

/** A matrix of the first states, with these costs. */
function matrixOf(costs: readonly Partial<Costs>[]): Matrix {
  return {
    states: allStates().slice(0, costs.length),
    cases: 9,
    clauses: new Map(),
    scenarios: new Map(),
    costs: costs.map((cost) => ({ ...noCosts(), ...cost })),
    comparableCases: 7,
    notExercised: [],
  };
}

const [first, second, third] = allStates().map(({ id }) => id);
const matrix = matrixOf([
  { walks: 100, cleared: 5, 'iommu-maps': 4 },
  { walks: 50, cleared: 5, 'iommu-maps': 4 },
  { walks: 200, cleared: 5, 'iommu-maps': 4 },
]);
const chart = costChartSvg(matrix) ?? '';
const texts = [...chart.matchAll(/<text [^>]*>([^<]*)</g)].map(([, words]) => words);
const bars = [...chart.matchAll(/width="(\d+)" height="10" class="(\w+)"/g)].map(([, width, kind]) => [
  kind,
  width,
]);

describe('the costs per state', () => {
  test('one panel for the cost that varies, none for the others', () => {
    expect(texts).toContain('page-table walks (calls)');
    expect(texts.join()).not.toMatch(/bytes cleared|IOMMU map calls/);
  });

  test('states in their order, bars from 0 to the greatest, by how much they differ from the first', () => {
    const order = [first, second, third].map((id) => texts.indexOf(id ?? ''));
    expect(order.every((at) => at >= 0)).toBe(true);
    expect(order.toSorted((a, b) => a - b)).toEqual(order);
    expect(bars).toEqual([
      ['same', '37'],
      ['less', '19'],
      ['more', '74'],
    ]);
    expect(texts).toEqual(expect.arrayContaining(['100', '50 ▼50%', '200 ▲100%']));
  });

  test('neighbours that cost the same share a row', () => {
    const shared = costChartSvg(matrixOf([{ walks: 1 }, { walks: 2 }, { walks: 2 }])) ?? '';
    expect(shared).toContain(`>${second ?? ''} … ${third ?? ''}<`);
  });

  test('nothing varies: no picture', () => {
    expect(costChartSvg(matrixOf([{ walks: 1 }, { walks: 1 }]))).toBeUndefined();
  });

  test('is well-formed, the same again, and has every number in its description', () => {
    expect(whatIsWrong(chart)).toBeUndefined();
    expect(costChartSvg(matrix)).toBe(chart);
    expect(chart).toContain(
      `<desc id="desc">page-table walks: ${first ?? ''} 100, ${second ?? ''} 50, ${third ?? ''} 200.</desc>`,
    );
  });
});
