// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { Album } from './album.ts';

test('equal pictures are one file, and only those that a page shows are kept', () => {
  const album = new Album('pictures');
  const one = album.add('v2-v3-no-crash', '<svg>1</svg>');
  expect(one).toBe('pictures/v2-v3-no-crash.svg');
  expect(album.add('other', '<svg>1</svg>')).toBe(one);
  expect(album.add('review/x (y)', '<svg>2</svg>')).toBe('pictures/review-x-y-.svg');
  expect(album.referredToBy([{ text: `![one](${one})` }, { text: '' }])).toEqual([
    { file: one, text: '<svg>1</svg>' },
  ]);
});
