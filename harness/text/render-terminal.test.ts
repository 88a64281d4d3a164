// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import stringWidth from 'string-width';
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

describe('a line is as wide as a terminal shows it', () => {
  test('wide characters take two columns, combining marks none', () => {
    expect(wrapped('界界界界', 4, bare)).toEqual([
      { printed: '界界', width: 4 },
      { printed: '界界', width: 4 },
    ]);
    expect(wrapped('q\u0307q\u0307 q\u0307', 2, bare)).toEqual([
      { printed: 'q\u0307q\u0307', width: 2 },
      { printed: 'q\u0307', width: 1 },
    ]);
  });

  test('columns of a table stand under each other', () => {
    const rows = [
      ['界', 'x'],
      ['q\u0307', 'x'],
    ];
    expect(linesOf([table(['a', 'b'], rows)], 40).slice(2)).toEqual(['界  x', 'q\u0307   x']);
  });

  test('colours take none, and begin again on the next line', () => {
    const [first, second] = wrapped([code('iommu dma')], 6, painter(true));
    expect(first).toEqual({ printed: '\u001B[36miommu\u001B[39m', width: 5 });
    expect(second).toEqual({ printed: '\u001B[36mdma\u001B[39m', width: 3 });
  });

  test('a path that is too long parts after its marks', () => {
    expect(linesOf([table(['case'], [['min-align-mask/two-sectors-across-pages']])], 40)).toHaveLength(3);
    const lines = wrapped('min-align-mask/two-sectors[dir=TO]', 20, bare);
    expect(lines.map(({ printed }) => printed)).toEqual(['min-align-mask/two-', 'sectors[dir=TO]']);
  });
});

test('wrapping loses nothing and keeps to the width', () => {
  const spans = fc.array(
    fc.oneof(
      fc.string({ unit: fc.constantFrom('a', ' ', '/', '-', 'é', '界') }),
      fc.string({ unit: fc.constantFrom('b', ',', ' ', 'e\u0301') }).map(code),
    ),
  );
  fc.assert(
    fc.property(spans, fc.integer({ min: 2, max: 20 }), (text, width) => {
      const lines = wrapped(text, width, bare);
      for (const line of lines) {
        expect(line.width).toBeLessThanOrEqual(width);
        expect(line.width).toBe(stringWidth(line.printed));
      }
      const printed = lines.map((line) => line.printed).join('');
      expect(printed.replaceAll(' ', '').normalize()).toBe(plain(text).replaceAll(/[ `]/g, '').normalize());
    }),
  );
});
