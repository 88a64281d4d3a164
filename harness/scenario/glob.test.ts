// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { globOf } from './glob.ts';

test.each<[string, string, boolean]>([
  ['sync/*', 'sync/a', true],
  ['sync/*', 'sync/a/b', false],
  ['sync/**', 'sync/a/b', true],
  ['**', '', true],
  ['*', 'a/b', false],
  ['***', 'a/b', true],
  ['a?c', 'abc', true],
  ['a?c', 'a/c', false],
  ['a[x=1]', 'a[x=1]', true],
  ['a.b', 'axb', false],
  ['*b*', 'abc', true],
  ['', '', true],
  ['', 'a', false],
  ['**\n', 'a\n', true],
])('%j on %j: %j', (pattern, id, matches) => {
  expect(globOf(pattern)(id)).toBe(matches);
});

test('as the regular expression that the pattern stands for', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '?'), maxLength: 6 });
  const id = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 8 });
  fc.assert(
    fc.property(text, id, (pattern, name) => {
      const source = pattern.replaceAll(/\*\*|[*?]/g, (star) =>
        star === '**' ? '[^]*' : star === '*' ? '[^/]*' : '[^/]',
      );
      return globOf(pattern)(name) === new RegExp(`^${source}$`).test(name);
    }),
  );
});

test.each([`${'*'.repeat(15)}!`, `${'**a'.repeat(60)}!`, `${'*a'.repeat(5000)}!`])(
  'a pattern that a backtracking matcher would never be done with: %#',
  (pattern) => {
    const began = performance.now();
    expect(globOf(pattern)('a'.repeat(300))).toBe(false);
    expect(performance.now() - began).toBeLessThan(1000);
  },
);
