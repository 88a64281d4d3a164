// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { plural } from './document.ts';
import { visible } from './visible.ts';
import { readInline } from '../report/testing/read-markdown.ts';
import { cellCode, code, fence, htmlText, lineStart, text } from './escape.ts';

const HOSTILE = fc.string({
  unit: fc.constantFrom('`', '|', '<', '>', '*', '_', '[', ']', '\\', '#', '@', '1', 'a', ' ', '\n'),
});

describe('escape', () => {
  test.each([
    [0, '0 cases'],
    [1, '1 case'],
    [2, '2 cases'],
  ])('plural(%i)', (n, words) => {
    expect(plural(n, 'case')).toBe(words);
  });

  test('code is one code span, whatever is in it', () => {
    fc.assert(
      fc.property(
        HOSTILE.filter((value) => value.trim() !== ''),
        (value) => {
          const { bare, code: found } = readInline(code(value));
          expect(bare).toBe(' ');
          expect(found.map((inside) => inside.trim())).toEqual([visible(value).trim()]);
        },
      ),
    );
  });

  test('code in a table has no pipe that ends its cell', () => {
    fc.assert(
      fc.property(HOSTILE, (value) => {
        expect(cellCode(value).replaceAll(/\\[\\|]/g, '')).not.toContain('|');
      }),
    );
  });

  test.each([
    ['a|b', '`a|b`', String.raw`\`a\|b\``.replaceAll('\\`', '`')],
    [String.raw`a\|b`, '`a\\|b`', '<code>a&#92;&#124;b</code>'],
    ['a`b', '``a`b``', '``a`b``'],
    [' `', '``  ` ``', '``  ` ``'],
  ])('code(%j)', (value, inLine, inCell) => {
    expect([code(value), cellCode(value)]).toEqual([inLine, inCell]);
  });

  test('text leaves nothing that Markdown or GitHub would read', () => {
    fc.assert(
      fc.property(HOSTILE, (value) => {
        const { bare } = readInline(text(value));
        expect(bare).not.toMatch(/[\\`*[\]<>|\n]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|@\w|#\d/u);
      }),
    );
  });

  test.each([
    ['min_align_mask', 'min_align_mask'],
    ['_private_', String.raw`\_private\_`],
    ['fixes #12 as @you said', 'fixes `#12` as `@you` said'],
    ['stevensd@google.com, GH-3', '`stevensd@google.com,` `GH-3`'],
    ['a &lt; b & c', 'a &amp;lt; b & c'],
    ['two\nlines', String.raw`two\\u{a}lines`],
    ['right\u202Eto left', String.raw`right\\u{202e}to left`],
  ])('text(%j)', (value, markdown) => {
    expect(text(value)).toBe(markdown);
  });

  test.each([
    ['- a', String.raw`\- a`],
    ['1. a', String.raw`1\. a`],
    ['# a', String.raw`\# a`],
    ['a - b', 'a - b'],
  ])('lineStart(%j)', (value, markdown) => {
    expect(lineStart(value)).toBe(markdown);
  });

  test('a summary has no tag but its own', () => {
    expect(htmlText('<b> & "@me"')).toBe('&lt;b&gt; &amp; <code>&quot;@me&quot;</code>');
  });

  test('a fence is longer than any run of backticks in it', () => {
    const lines = fence('diff', ['a', '````', '- ```']);
    expect(lines.startsWith('`````diff\n')).toBe(true);
    expect(lines.endsWith('\n`````')).toBe(true);
  });

  test('visible leaves ordinary letters alone', () => {
    expect(visible('bounce(io) → Ä “x” …')).toBe('bounce(io) → Ä “x” …');
  });
});
