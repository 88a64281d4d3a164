// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { compare } from '../compare/comparison.ts';
import { findingIds } from '../compare/finding-ids.ts';
import { buildMatrix } from '../compare/matrix.ts';
import { reportOf } from '../report/testing/make.ts';
import { pageMatrix } from './matrix-data.ts';

const { comparison } = reportOf('v2', 'v3', 'min-align-mask/neighbour-slot');
const { from, to, findings } = comparison;
const scenarios = [...new Set(findings.flatMap(({ cases }) => cases.map(({ scenario }) => scenario)))];
const states = [from.root, from, to];
const built = buildMatrix(states, scenarios, () => undefined);

test('a cell counts, and its marks lead to what changed against the state to the left', () => {
  const matrix = pageMatrix(built, [{ comparison, page: 'v2-v3.html' }], ['v2', 'v3']);
  expect(matrix.states).toEqual(['baseline', 'v2', 'v3']);
  expect(matrix.here).toEqual([1, 2]);
  const row = matrix.rows.find(({ clause }) => clause === 'isolation');
  const finding = findings.find(({ clause, kind }) => clause === 'isolation' && kind === 'regressed');
  expect(row?.cells.map(({ broken }) => broken)).toEqual([0, 0, 1]);
  expect(row?.cells[2]?.marks).toContainEqual({
    sign: '✗',
    cause: 'cleared-by-operation',
    cases: 1,
    href: `v2-v3.html#finding=${findingIds(findings).get(finding!)}`,
  });
  // Nobody has compared the first two.
  expect(matrix.rows.flatMap(({ cells }) => cells[1]?.marks)).toEqual([]);
});

test('a step without a page has marks that lead nowhere', () => {
  const step = { comparison: compare(from, to, scenarios), page: undefined };
  const marks = pageMatrix(built, [step], []).rows.flatMap(({ cells }) => cells[2]?.marks ?? []);
  expect(marks.length).toBeGreaterThan(0);
  expect(new Set(marks.map(({ href }) => href))).toEqual(new Set(['']));
});
