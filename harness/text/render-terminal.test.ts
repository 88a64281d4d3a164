// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { code, plain, table, type Block } from './document.ts';
import { renderTerminal } from './render-terminal.ts';
import { painter, wrapped } from './wrap.ts';

const bare = painter(false);

function linesOf(blocks: readonly Block[], columns: number): string[] {
  return renderTerminal(blocks, { columns, colour: false }).trimEnd().split('\n');
}

describe('renderTerminal', () => {
  test('a table stands in columns, numbers to the right', () => {
    const block = table(
      ['what', '>n'],
      [
        ['a', '1'],
        ['long name', '100'],
      ],
    );
    expect(linesOf([block], 40)).toEqual([
      'what         n',
      '─────────  ───',
      'a            1',
      'long name  100',
    ]);
  });

  test('an escape sequence in a name is shown, not obeyed', () => {
    const [line] = linesOf([{ kind: 'paragraph', text: [code('\u001B[2Jgone')] }], 80);
    expect(line).toBe(String.raw`\u{1b}[2Jgone`);
  });
});

test('wrapping loses nothing and keeps to the width', () => {
  const spans = fc.array(
    fc.oneof(
      fc.string({ unit: fc.constantFrom('a', ' ', '/', '-', 'é') }),
      fc.string({ unit: fc.constantFrom('b', ',', ' ') }).map(code),
    ),
  );
  fc.assert(
    fc.property(spans, fc.integer({ min: 1, max: 20 }), (text, width) => {
      const lines = wrapped(text, width, bare);
      for (const line of lines) {
        expect(line.width).toBeLessThanOrEqual(width);
        expect(line.printed).toHaveLength(line.width);
      }
      const printed = lines.map((line) => line.printed).join('');
      expect(printed.replaceAll(' ', '')).toBe(plain(text).replaceAll(/[ `]/g, ''));
    }),
  );
});
