// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fitText, svg, text } from './svg.ts';
import { whatIsWrong } from './testing/well-formed.ts';

const picture = (words: string): string =>
  svg({ width: 10, height: 10, title: words, description: words, fills: {}, body: [text(1, 2, words)] });

describe('svg', () => {
  test('is well-formed whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (words) => {
        expect(whatIsWrong(picture(words))).toBeUndefined();
      }),
    );
  });

  test('has a title, a description and colours for light and dark', () => {
    const drawn = picture('a < b');
    expect(drawn).toContain('<title id="title">a &lt; b</title>');
    expect(drawn).toContain('<desc id="desc">a &lt; b</desc>');
    expect(drawn).toMatch(
      /\.page\{fill:#ffffff\}.*@media\(prefers-color-scheme:dark\)\{\.page\{fill:#0d1117\}/s,
    );
  });
});

test.each([
  ['abc', 67, 'abc'],
  ['abcdefghijk', 67, 'abcdefghi…'],
  ['🙂🙂🙂', 14, '🙂…'],
])('fitText(%j, %i) is %j', (value, width, shown) => {
  expect(fitText(value, width)).toBe(shown);
});

describe('the reader of the tests itself', () => {
  test.each([
    ['<a><b/></a>', undefined],
    ['<a><b></a></b>', '</a> closes <b>'],
    ['<a>', '<a> left open'],
    ['<a>&</a>', 'a stray character or ampersand: &'],
    ['<a x=1/>', 'not XML: <a x=1/>'],
    ['<a/><b/>', '2 roots'],
  ])('%s: %s', (xml, wrong) => {
    expect(whatIsWrong(xml)).toBe(wrong);
  });
});
