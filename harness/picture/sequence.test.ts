// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { traceOf } from '../run/trace.ts';
import { sequenceDiagram } from './sequence.ts';
import { brokenIn, HOSTILE, pairOf, renamed } from './testing/cases.ts';

const NEIGHBOUR = 'min-align-mask/neighbour-slot[scribble=false]';
const CROSSING = 'min-align-mask/two-sectors-across-pages[dir=TO_DEVICE]';

/** What Mermaid takes, as far as these diagrams use it. */
const STATEMENT =
  /^(sequenceDiagram|participant ([CFSI]|D\d+) as .+|([CFSI]|D\d+)--?>>([CFSI]|D\d+): .+|Note over ([CFSI]|D\d+)(,I)?: .+|alt .+|else .+|rect rgba\(248, 81, 73, 0\.25\)|end)$/;

function diagramOf(
  ...[from, to, id, side, clause, cause]: readonly [...Parameters<typeof pairOf>, ...RestOfBroken]
): string[] {
  const pair = pairOf(from, to, id);
  return sequenceDiagram(pair.from.run, pair.to.run, brokenIn(pair, side, clause, cause)).map((line) =>
    line.trim(),
  );
}
type RestOfBroken = Parameters<typeof brokenIn> extends [unknown, ...infer Rest] ? Rest : never;

/** The lines inside the mark. */
function marked(lines: readonly string[]): string[] {
  const from = lines.findIndex((line) => line.startsWith('rect '));
  return lines.slice(from + 1, lines.indexOf('end', from));
}

describe('the marked step is the one that breaks the clause', () => {
  test.each([
    ['v2', 'v3', CROSSING, 'to', 'no-crash', 'memset-out-of-memory', /^Note over F: CRASH: memset out of/, 1],
    [
      'v2',
      'v3',
      NEIGHBOUR,
      'to',
      'isolation',
      'cleared-by-operation',
      /^F->>F: memset\(bounce\(rx\)-0x800/,
      3,
    ],
    ['v2', 'v3', NEIGHBOUR, 'to', 'from-device-data', 'wrong-data', /^S->>S: copy bounce\(read\) → block/, 5],
    [
      'v3',
      'v4',
      NEIGHBOUR,
      'from',
      'isolation',
      'cleared-by-operation',
      /^F->>F: memset\(bounce\(rx\)-0x800/,
      3,
    ],
  ] as const)('%s → %s, %s: %s breaks %s (%s)', (from, to, id, side, clause, cause, call, step) => {
    const [line, note, ...more] = marked(diagramOf(from, to, id, side, clause, cause));
    expect(line).toMatch(call);
    const state = side === 'from' ? from : to;
    expect(note).toBe(`Note over C,I: ✗ step ${step}: ${state} breaks ${clause} (${cause})`);
    expect(more).toEqual([]);
  });

  test('and stands in the part of the state that breaks it', () => {
    const lines = diagramOf('v2', 'v3', NEIGHBOUR, 'to', 'isolation', 'cleared-by-operation');
    expect(lines.indexOf('alt v2')).toBeLessThan(lines.indexOf('else v3'));
    expect(lines.findIndex((line) => line.startsWith('rect'))).toBeGreaterThan(lines.indexOf('else v3'));
    const fixed = diagramOf('v3', 'v4', NEIGHBOUR, 'from', 'isolation', 'cleared-by-operation');
    expect(fixed.findIndex((line) => line.startsWith('rect'))).toBeLessThan(fixed.indexOf('else v4'));
  });
});

test('what both have in common stands before they part, once', () => {
  const lines = diagramOf('v2', 'v3', CROSSING, 'to', 'no-crash', 'memset-out-of-memory');
  const parting = lines.indexOf('Note over C,I: Here v2 and v3 part');
  expect(lines.slice(0, parting).filter((line) => line.startsWith('S->>S'))).toEqual([
    'S->>S: copy data → bounce(io), size 1024',
  ]);
  expect(lines.slice(parting).join('\n')).not.toContain('copy data → bounce(io)');
});

test('runs that do not differ have no alternatives', () => {
  const lines = diagramOf(
    'v7',
    'v8',
    'sg/one-entry[untrusted=false,dir=FROM_DEVICE]',
    'to',
    'partial-write-preserved',
    'dropped-by-arch-invalidate',
  );
  expect(lines.some((line) => line.startsWith('alt'))).toBe(false);
  expect(marked(lines)).toHaveLength(2);
});

test('what is cut is counted: with what is shown, it is the whole trace of each side', () => {
  const pair = pairOf('v2', 'v3', NEIGHBOUR);
  const broken = brokenIn(pair, 'to', 'isolation', 'cleared-by-operation');
  const lines = sequenceDiagram(pair.from.run, pair.to.run, broken).map((line) => line.trim());
  const told = (part: readonly string[]): number =>
    part.reduce((sum, line) => {
      const cut = /… (\d+) lines? not shown/.exec(line)?.[1];
      return sum + (cut === undefined ? Number(/^(\w+-|Note over F:)/.test(line)) : Number(cut));
    }, 0);
  const [alt, other] = [lines.indexOf('alt v2'), lines.indexOf('else v3')];
  const shared = told(lines.slice(0, alt));
  expect(shared + told(lines.slice(alt, other))).toBe(traceOf(pair.from.run).length);
  expect(shared + told(lines.slice(other))).toBe(traceOf(pair.to.run).length);
  expect(lines.length).toBeLessThanOrEqual(50);
});

test('the same runs give the same diagram', () => {
  const draw = (): string[] => diagramOf('v2', 'v3', NEIGHBOUR, 'to', 'isolation', 'cleared-by-operation');
  expect(draw()).toEqual(draw());
});

test.each(HOSTILE)('is Mermaid with everything called %j', (name) => {
  const { scenario } = pairOf('v2', 'v3', NEIGHBOUR).from.run;
  const pair = pairOf('v2', 'v3', renamed(scenario, name));
  const lines = sequenceDiagram(
    pair.from.run,
    pair.to.run,
    brokenIn(pair, 'to', 'isolation', 'cleared-by-operation'),
  );
  for (const line of lines) expect(line.trim()).toMatch(STATEMENT);
  const opened = lines.filter((line) => /^ *(alt|rect) /.test(line)).length;
  expect(lines.filter((line) => line.trim() === 'end')).toHaveLength(opened);
  const words = lines.join(' ').replaceAll(/-?->>|<br\/>|#\d+;/g, '');
  expect(words).not.toMatch(/[;#<>"'`&%$\\]/);
});
