// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { align } from './alignment.ts';
import type { PageLine } from './page-data.ts';

type Line = Pick<PageLine, 'step' | 'kind' | 'name' | 'text'>;

const call = (step: number, text: string): Line => ({
  step,
  kind: 'call',
  name: text.split('(')[0] ?? '',
  text,
});

test('equal lines stand together, those of one function beside each other, the rest alone', () => {
  const old = [call(0, 'map(1)'), call(0, 'memset(a, 8)'), call(0, 'free(1)'), call(0, 'sync()')];
  const now = [call(0, 'map(1)'), call(0, 'memset(b, 8)'), call(0, 'sync()')];
  expect(align(old, now)).toEqual([
    [0, 0, 0],
    [1, 1, 1],
    [2, -1, 1],
    [3, 2, 0],
  ]);
});

test('of two calls of a function the one that is more alike is the partner', () => {
  const old = [call(0, 'memset(io+0x400, 0, 3072)')];
  const now = [call(0, 'memset(io-0xe00, 0, 3584)'), call(0, 'memset(io+0x400, 0, 9)')];
  expect(align(old, now)).toEqual([
    [-1, 0, 1],
    [0, 1, 1],
  ]);
});

test('a step is not aligned with another one', () => {
  const rows = align([call(0, 'a()'), call(1, 'b()')], [call(0, 'b()'), call(1, 'a()')]);
  expect(rows.filter(([, , differs]) => differs === 0)).toEqual([]);
  expect(rows).toHaveLength(4);
});

const lines = fc
  .array(
    fc
      .record({ step: fc.nat(2), name: fc.constantFrom('a', 'b', 'c'), n: fc.nat(2) })
      .map(({ step, name, n }) => call(step, `${name}(${n})`)),
    { maxLength: 12 },
  )
  .map((all) => all.toSorted((x, y) => x.step - y.step));

test('every line is there once, in its order, and only equal ones are called equal', () => {
  fc.assert(
    fc.property(lines, lines, (old, now) => {
      const rows = align(old, now);
      const side = (index: 0 | 1): number[] => rows.map((row) => row[index]).filter((line) => line >= 0);
      expect(side(0)).toEqual([...old.keys()]);
      expect(side(1)).toEqual([...now.keys()]);
      for (const [a, b, differs] of rows) {
        const isEqual = a >= 0 && b >= 0 && old[a]?.text === now[b]?.text;
        expect(differs).toBe(isEqual ? 0 : 1);
      }
    }),
  );
});
