// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { code, fence, plural, text } from './escape.ts';

const HOSTILE = fc.string({
  unit: fc.constantFrom('`', '|', '<', '>', '*', '_', '[', ']', '\\', '#', 'a', ' '),
});

describe('escape', () => {
  test.each([
    [0, '0 cases'],
    [1, '1 case'],
    [2, '2 cases'],
  ])('plural(%i)', (n, words) => {
    expect(plural(n, 'case')).toBe(words);
  });

  test('code is closed by as many backticks as open it, and by none inside', () => {
    fc.assert(
      fc.property(HOSTILE, (value) => {
        const [, ticks = '', inside = ''] = /^(`+) ?(.*?) ?\1$/s.exec(code(value)) ?? [];
        const runs = [...inside.matchAll(/`+/g)].map(([run]) => run.length);
        expect(runs).not.toContain(ticks.length);
        expect(code(value)).not.toMatch(/(?<!\\)\|/);
      }),
    );
  });

  test('text leaves nothing that Markdown would read', () => {
    fc.assert(
      fc.property(HOSTILE, (value) => {
        expect(text(value).replaceAll(/\\[\\`*_[\]<>|#]/g, '')).not.toMatch(/[\\`*_[\]<>|#]/);
      }),
    );
  });

  test('a fence is longer than any run of backticks in it', () => {
    const lines = fence('diff', ['a', '````', '- ```']);
    expect(lines.startsWith('`````diff\n')).toBe(true);
    expect(lines.endsWith('\n`````')).toBe(true);
  });
});
