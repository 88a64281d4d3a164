// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { wrap } from './wrap.ts';

test('wrap breaks at spaces, and cuts a longer word', () => {
  expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  expect(wrap('abcdefgh', 3)).toEqual(['abc', 'def', 'gh']);
  expect(wrap('', 3)).toEqual(['']);
});
