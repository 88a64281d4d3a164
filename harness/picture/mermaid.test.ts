// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { visible } from '../text/visible.ts';
import { wrap, wrapMermaid } from './mermaid.ts';

const ANYTHING = fc.string({
  unit: fc.constantFrom(
    ...'#;<>"\'`&%$\\ab01:,(){}[]|_'.split(''),
    ' ',
    '\n',
    '\r',
    '\u2028',
    '\u0000',
    '🙂',
  ),
  maxLength: 120,
});

describe('wrapMermaid', () => {
  test.each([
    ['memset(a, 0, size 4)', 'memset(a, 0, size 4)'],
    ['a;b', 'a#59;b'],
    ['<b>#1', '#60;b#62;#35;1'],
    ['one\ntwo', 'one#92;u{a}two'],
  ])('%j becomes %j', (value, escaped) => {
    expect(wrapMermaid(value)).toBe(escaped);
  });

  test('leaves entities and line breaks, and nothing else that Mermaid reads', () => {
    fc.assert(
      fc.property(ANYTHING, (value) => {
        const left = wrapMermaid(value).replaceAll('<br/>', ' ').replaceAll(/#\d+;/g, '');
        expect(left).not.toMatch(/[#;<>"'`&%$\\\p{Cc}\u2028]/u);
      }),
    );
  });

  test('loses no character but spaces', () => {
    fc.assert(
      fc.property(ANYTHING, (value) => {
        const back = wrapMermaid(value)
          .replaceAll('<br/>', ' ')
          .replaceAll(/#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
        const bare = (text: string): string => text.replaceAll(' ', '');
        expect(bare(back)).toBe(bare(visible(value)));
      }),
    );
  });
});

describe('wrap', () => {
  test('breaks at spaces, and cuts a longer word', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('abcdefgh', 3)).toEqual(['abc', 'def', 'gh']);
    expect(wrap('', 3)).toEqual(['']);
  });
});
