// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { elementAt } from './element.ts';

test.each([
  [0, 'a'],
  [1, 'b'],
  [2, undefined],
  [-1, undefined],
  [undefined, undefined],
])('%p', (index, element) => {
  expect(elementAt(['a', 'b'], index)).toBe(element);
});
