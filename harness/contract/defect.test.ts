// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { keyOf, sameCause, sameDefect } from './defect.ts';

test.each([
  ['never-cleared', 'never-cleared', true],
  ['cleared-not-cleaned', 'cleared-not-cleaned', true],
  ['cleared-not-cleaned', 'dropped-by-arch-invalidate', true],
  ['dropped-by-arch-invalidate', 'cleared-not-cleaned', true],
  ['cleared-not-cleaned', 'never-cleared', false],
  ['never-cleared', 'dropped-by-arch-invalidate', false],
  ['never-cleared', 'other-mapping', false],
] as const)('%s and %s: %p', (a, b, same) => {
  expect(sameCause(a, b)).toBe(same);
});

test('the same cause of another clause is another defect', () => {
  const read = { clause: 'confinement-read', cause: 'not-cleaned' } as const;
  const data = { clause: 'to-device-data', cause: 'not-cleaned' } as const;
  expect(sameDefect(read, { ...read })).toBe(true);
  expect(sameDefect(read, data)).toBe(false);
  expect(sameDefect(read, { ...read, cause: 'overwritten' })).toBe(false);
  expect(
    sameDefect(
      { clause: 'confinement-read', cause: 'cleared-not-cleaned' },
      { clause: 'confinement-read', cause: 'dropped-by-arch-invalidate' },
    ),
  ).toBe(true);
});

test('in a string', () => {
  expect(keyOf({ clause: 'no-crash', cause: 'kernel-bug' })).toBe('no-crash (kernel-bug)');
});
