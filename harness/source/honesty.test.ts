// SPDX-License-Identifier: GPL-2.0-only
/** What counts as the same code, on made-up states: never more than was compared. */
import { rmSync } from 'node:fs';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { FunctionDiff, Sources, StateRef } from './effective-source.ts';
import { findState } from '../../variants/registry.ts';
import { openSources } from './sources.ts';
import { tinySeries } from './testing/tiny-series.ts';

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

async function open(baseline: string, ...patches: string[]): Promise<[Sources, readonly StateRef[]]> {
  const { root, states } = tinySeries(baseline, ...patches);
  roots.push(root);
  return [await openSources(root), states];
}

/** How the last patch changes what is below it. */
async function differences(baseline: string, ...patches: string[]): Promise<FunctionDiff[]> {
  const [sources, states] = await open(baseline, ...patches);
  const [x, y] = states.slice(-2);
  if (x === undefined || y === undefined) throw new Error('expected a patch');
  return sources.diffStates(x, y);
}

function outline(diffs: readonly FunctionDiff[]): string[] {
  return diffs.map(({ method, kind }) => `${kind} ${method}`);
}

function body(statements: string): string {
  return `mapPage(a: number, b: number): number { ${statements} }`;
}

describe('the same code', () => {
  test.each([
    ['layout and comments', 'return a + b;', 'return a\n + /* plus */ b; // sum'],
    ['names of locals', 'const x = a; const y = b; return x * y;', 'const y = a; const x = b; return y * x;'],
    [
      'braces around one statement',
      'if (a) return b; else return a;',
      'if (a) { return b; } else { return a; }',
    ],
    ['braces in a loop', 'for (const i of b) a += i; return a;', 'for (const n of b) { a += n; } return a;'],
    ['a trailing comma', 'return this.mapPage(a, b);', 'return this.mapPage(\na,\nb,\n);'],
    ['names taken out of a list', 'const [x] = a; return x;', 'const [y] = a; return y;'],
  ])('%s', async (_, before, after) => {
    expect(outline(await differences(body(before), body(after)))).toEqual([]);
  });

  test('names of parameters, and the override keyword', async () => {
    const patch = 'override mapPage(p: number, q: number): number { return p - q; }';
    expect(await differences(body('return a - b;'), patch)).toEqual([]);
  });
});

describe('other code', () => {
  test.each([
    ['parameters exchanged', 'return a - b;', 'return b - a;'],
    ['an operator', 'return a + b;', 'return a - b;'],
    ['a prefix', 'return !a;', 'return -a;'],
    ['const or let', 'const x = a; return x;', 'let x = a; return x;'],
    ['grouping', 'return (a - b) - a;', 'return a - (b - a);'],
    [
      'which if an else belongs to',
      'if (a) { if (b) a = 1; } else b = 1;',
      'if (a) { if (b) a = 1; else b = 1; }',
    ],
    ['what a block declares', 'if (a) { b = 2; b = 3; } return b;', 'if (a) b = 2; b = 3; return b;'],
    ['a shadowed name', 'const x = a; { const x = b; return x; }', 'const x = a; { const y = b; return x; }'],
    ['a property', 'return a.x;', 'return a.y;'],
    ['a property by shorthand', 'const x = a; return { x };', 'const y = a; return { y };'],
    ['a property that is unpacked', 'const { x } = a; return x;', 'const { y } = a; return y;'],
    ['a callee', 'return this.kernel.x(a);', 'return this.kernel.y(a);'],
    ['a literal', "return 'a b';", "return 'a  b';"],
    ['a hole in a list', 'return [a, , b];', 'return [a, b];'],
    ['a return that is not there', 'return this.kernel.x(a);', 'this.kernel.x(a);'],
    ['the order of statements', 'a = b; b = 1; return a;', 'b = 1; a = b; return a;'],
  ])('%s', async (_, before, after) => {
    expect(outline(await differences(body(before), body(after)))).toEqual(['changed mapPage']);
  });

  test.each([
    ['the type of a parameter', 'mapPage(a: number, b: string): number { return a; }'],
    ['the type of the result', 'mapPage(a: number, b: number): string { return a; }'],
    ['a default', 'mapPage(a: number, b: number = 1): number { return a; }'],
    ['an optional parameter', 'mapPage(a: number, b?: number): number { return a; }'],
  ])('%s', async (_, patch) => {
    expect(outline(await differences(body('return a;'), patch))).toEqual(['changed mapPage']);
  });
});

describe('folds', () => {
  const helper = 'help(a: number, b: number): number { const x = a; return x * b; }';
  const caller = `${body('return this.help(a, b);')}\n${helper}`;
  const helpIsGone = "override help(): never { return gone('help'); }";

  test('a helper under other names of its parameters', async () => {
    const patch = `mapPage(p: number, q: number): number { const y = p; return y * q; }\n${helpIsGone}`;
    expect(outline(await differences(caller, patch))).toEqual(['moved mapPage', 'moved help']);
  });

  test('a helper that nobody calls any more, but that is still there', async () => {
    const found = await differences(caller, body('const x = a; return x * b;'));
    expect(outline(found)).toEqual(['moved mapPage', 'moved help']);
  });

  test('one token more is no move', async () => {
    const found = await differences(caller, `${body('const x = a; return x * b + 1;')}\n${helpIsGone}`);
    expect(outline(found)).toEqual(['changed mapPage', 'removed help']);
    expect(found[0]).toMatchObject({
      note: 'compared with help folded in',
      lines: [
        '@@ -1,4 +1,4 @@',
        ' mapPage(a: number, b: number): number {',
        '   const x = a;',
        '-  return x * b;',
        '+  return x * b + 1;',
        ' }',
      ],
    });
  });

  test.each([
    ['exchanged', 'return this.help(b, a);'],
    ['something else', 'return this.help(a, 0);'],
    ['something made of them', 'return this.help(a, b + 0);'],
    ['something, and does more', 'a = b; return this.help(a, b);'],
    ['something, and drops the result', 'this.help(a, b);'],
  ])('a caller that hands %s on takes nothing over', async (_, statements) => {
    const baseline = `${body(statements)}\n${helper}`;
    const found = await differences(baseline, `${body('const x = a; return x * b;')}\n${helpIsGone}`);
    expect(outline(found)).toEqual(['changed mapPage', 'removed help']);
    expect(found[0]?.note).toBe('');
  });

  test('a helper that can take less than its caller hands on is left alone', async () => {
    const optional = 'help(a: number, b?: number): number { return a; }';
    const found = await differences(`${body('return this.help(a, b);')}\n${optional}`, body('return a;'));
    expect(outline(found)).toEqual(['changed mapPage', 'removed help']);
  });

  test('of two callers the one whose code says so', async () => {
    const two = `${body('return this.other(a, b) + this.one(a, b);')}
      one(a: number, b: number): number { return this.help(a, b); }
      other(a: number, b: number): number { return this.help(a, b); }\n${helper}`;
    const patch = `other(a: number, b: number): number { const x = a; return x * b; }
      one(a: number, b: number): number { return this.other(a, b); }\n${helpIsGone}`;
    expect(outline(await differences(two, patch))).toEqual(['moved one', 'moved other', 'moved help']);
  });
});

describe('super', () => {
  test('what a patch wraps is part of the state, and found again', async () => {
    const patch = 'override mapPage(a: number, b: number): number { return super.mapPage(a, b) + 1; }';
    const [sources, [, first, second]] = await open(body('return a;'), patch, patch);
    if (first === undefined || second === undefined) throw new Error('expected two patches');
    const functions = [...sources.effectiveSource(second).functions];
    expect(functions.map(([name, found]) => [name, found.method, found.patch])).toEqual([
      ['mapPage as of baseline', 'mapPage as of baseline', 'baseline'],
      ['mapPage as of s.1', 'mapPage as of s.1', 's.1'],
      ['mapPage', 'mapPage', 's.2'],
    ]);
    expect(outline(sources.diffStates(first, second))).toEqual(['added mapPage as of s.1']);
  });
});

test('sources that are not there', async () => {
  const sources = await openSources('/nowhere');
  const root = findState('baseline');
  expect(() => root && sources.effectiveSource(root)).toThrow('variants/baseline.ts is missing');
});

test('code from elsewhere has no text, and says where it is from', async () => {
  const [sources] = await open(body('return a;'));
  const strange = { id: 'c/v3', origin: 'C of v3, compiled', code: undefined };
  expect(() => sources.effectiveSource(strange)).toThrow(
    'c/v3 has no source text here: it is C of v3, compiled',
  );
});

test('a patch of another shape harms only its own state', async () => {
  const [sources, [, first, second]] = await open(body('return a;'), body('return b;'), body('return 3;'));
  if (first === undefined || second === undefined) throw new Error('expected two patches');
  const odd = {
    ...second,
    code: second.code?.map((layer, i) => (i < 2 ? layer : { ...layer, methods: ['mapPag'] })),
  };
  expect(() => sources.effectiveSource(odd)).toThrow(
    /no class in .*p1[.]ts has the methods of s[.]2: mapPag$/,
  );
  expect([...sources.effectiveSource(first).functions.keys()]).toEqual(['mapPage']);
});
