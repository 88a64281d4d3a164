// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { differingTokens } from './tokens.ts';

const marked = (old: string, now: string): string[][] =>
  differingTokens(old, now).map((tokens) => tokens.filter(({ differs }) => differs).map(({ text }) => text));

test('what differs is marked, and nothing else', () => {
  expect(marked('memset(io+0x400, 0, size 3072)', 'memset(io-0x200, 0, size 3072)')).toEqual([
    ['+0x400'],
    ['-0x200'],
  ]);
  expect(marked('sees 4 bytes', 'sees 4 bytes')).toEqual([[], []]);
});

test('both lines are there, letter by letter', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (old, now) => {
      const [a, b] = differingTokens(old, now).map((tokens) => tokens.map(({ text }) => text).join(''));
      expect([a, b]).toEqual([old, now]);
    }),
  );
});
