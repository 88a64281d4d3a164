// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { DEFAULT_FILTER, findingHash, reportHash, routeOf } from './route.ts';

test.each(['', '#', '#report', '#nonsense', '#report?', '#report?kind'])('%j is the report', (hash) => {
  const route = routeOf(hash);
  expect(route.view).toBe('report');
});

test('a filter goes into the address and comes back', () => {
  const filter = { kinds: ['regressed', 'inherited'], clause: 'isolation', patch: 'c/v3.1 &x' } as const;
  expect(reportHash(filter)).toBe('#report?kind=regressed,inherited&clause=isolation&patch=c%2Fv3.1%20%26x');
  expect(routeOf(reportHash(filter))).toEqual({ view: 'report', filter });
  expect(reportHash(DEFAULT_FILTER)).toBe('#report');
});

test('a finding, its line and its stretch go into the address and come back', () => {
  const at = { state: 'c/v3&step=9', phys: 0x1001000 };
  const hash = findingHash('isolation-0a1b2c', 11, at);
  expect(hash).toBe('#finding=isolation-0a1b2c&step=11&at=c%2Fv3%26step%3D9:0x1001000');
  expect(routeOf(hash)).toEqual({ view: 'finding', id: 'isolation-0a1b2c', step: 11, at });
});

test.each(['0', '-1', '1.5', 'x', ''])('step %j is none', (step) => {
  expect(routeOf(`#finding=a&step=${step}`)).toMatchObject({ id: 'a', step: undefined });
});
