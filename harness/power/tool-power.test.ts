// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Project } from 'ts-morph';
import { packageRoot } from '../text/package-root.ts';
import { whyModuleEquivalent } from './module-equivalent.ts';
import { moduleText, mutationsOfModule, parameterTypes } from './module-mutations.ts';
import { ModuleTests } from './module-tests.ts';
import { TestRuns } from './test-runs.ts';
import { TypeCheck } from './type-check.ts';

function mistakesIn(
  text: string,
): { readonly after: string; readonly operator: string; readonly reason?: string }[] {
  const file = new Project({ useInMemoryFileSystem: true }).createSourceFile('module.ts', text);
  return mutationsOfModule(file, parameterTypes([file])).map((change) => {
    const reason = whyModuleEquivalent(change);
    return { operator: change.operator, after: moduleText(change), ...(reason !== undefined && { reason }) };
  });
}

test('the mistakes in a module, in each function and constant of it', () => {
  const text = 'const LIMIT = 4;\nfunction fits(size: number): boolean {\n  return size < LIMIT;\n}\n';
  expect(mistakesIn(text)).toEqual([
    { operator: 'number ± 1', after: text.replace('4', '5') },
    { operator: 'number ± 1', after: text.replace('4', '3') },
    { operator: 'comparison', after: text.replace('<', '<=') },
  ]);
});

test('arguments of one type are swapped', () => {
  const text = 'function put(a: Size, b: Size, c: string): void {}\nput(one, two, three);\n';
  expect(mistakesIn(text).filter(({ operator }) => operator === 'arguments swapped')).toEqual([
    { operator: 'arguments swapped', after: text.replace('one, two', 'two, one') },
  ]);
});

test('no mistake is made in types, and in what is said of a bug in the tool', () => {
  expect(
    mistakesIn('type Pair = 0 | 1;\nfunction no(): never {\n  throw new RangeError(`${1 + 2}`);\n}\n'),
  ).toEqual([]);
});

test('what TypeScript wants is no question: whether something is there, and what if not', () => {
  const text =
    'function f(list: number[], at?: number): boolean {\n  return at !== undefined && (list[at] ?? 0) > 2;\n}\n';
  expect(mistakesIn(text).map(({ after }) => after)).toEqual([
    text.replace('at !== undefined && (list[at] ?? 0) > 2', '(at !== undefined)'),
    text.replace('at !== undefined && (list[at] ?? 0) > 2', '((at !== undefined) || ((list[at] ?? 0) > 2))'),
    text.replace('> 2', '>= 2'),
    text.replace('> 2', '> 3'),
    text.replace('> 2', '> 1'),
  ]);
});

test.each([
  ['two that compute', 'const b = a * 3;', 'const c = a * 5;', true],
  ['two that call what only computes', 'const b = twice(a);', 'const c = twice(3);', true],
  ['one reads what the other writes', 'this.b = a;', 'this.c = this.b;', false],
  ['one reads an element that the other writes', 'list[0] = a;', 'const b = list[1];', false],
  ['one counts what the other reads', '++a;', 'const b = twice(a);', false],
  ['one may look at what the other writes', 'this.c = a;', 'const b = look();', false],
  ['one calls what looks at no member', 'this.c = a;', 'const b = twice(a);', true],
  ['one calls what calls what looks at one', 'this.c = a;', 'const b = lookAgain();', false],
  ['one is made of constants', 'count();', 'const b = a < 3 ? 1 : 2;', true],
  [
    'one is made of a constant that was taken out of something',
    'count();',
    'const b = taken < 3 ? {} : { taken };',
    true,
  ],
  ['one is made of what changes', 'tick();', 'const b = counted < 3 ? 1 : 2;', false],
  ['one is made of what changes elsewhere', 'count();', 'const b = counted < 3 ? 1 : 2;', true],
  ['one defines a function', 'count();', 'const b = (): number => a;', true],
  ['one calls the function that the other defines', 'const b = (): number => a;', 'count(b);', false],
  ['one keeps a member that the other leaves alone', 'count();', 'const b = a + state.c;', true],
  ['one keeps a member that the other counts', 'count();', 'const b = a + state.counted;', false],
  ['one changes a list, the other keeps a member', 'list.push(a);', 'const b = state.c;', true],
  ['one changes a list, the other looks how long it is', 'list.push(a);', 'const b = list.length;', false],
  ['one looks into a list, the other changes it', 'const b = list.at(0);', 'list.shift();', false],
  ['one looks into a list, the other counts', 'const b = list.at(0);', 'count();', true],
  ['one changes what is its own alone', 'const b = own();', 'count();', true],
  ['one keeps a value for the other', 'counted = a;', 'const b = read();', false],
  ['one calls what nobody knows', 'other();', 'const b = state.c;', false],
  ['one changes a member by a name that is worked out', "state['c'] = a;", 'const b = state.c;', false],
  ['one does something, and the other looks', 'const b = list[0];', 'list.reverse();', false],
  ['they write to collections of two types', 'state.bytes.fill(1);', 'state.labels.fill(1);', true],
  ['they write to two of one type', 'state.labels.fill(1);', 'state.more.set(state.bytes);', true],
  ['one writes what the other reads', 'state.labels.fill(1);', 'state.more.set(state.labels);', false],
  ['one has a name of its own for it', 'const mine = state.more;', 'mine.set(state.labels);', false],
  ['they write to what may be one', 'state.labels.fill(1);', 'mine(state.more).fill(2);', false],
  ['one empties what the other reads', 'for (const x of list) state.sum += x;', 'list.length = 0;', false],
  ['one may not come to its end', 'check(a);', 'state.sum = a;', false],
  ['one may not come to its end, the other names a value', 'check(a);', 'const b = state.c;', true],
  ['one calls what an interface has as a property', 'told.tell(2);', 'const b = state.c;', true],
  ['and what that changes, the other reads', 'told.tell(2);', 'const b = state.sum;', false],
  ['neither may come to its end', 'check(a);', 'const b = checked(a);', false],
  ['one takes a member under another name', 'const { c: b } = state;', 'count();', true],
  ['one takes a member that the other writes', 'const { counted: b } = state;', 'count();', false],
  ['one returns', 'if (a > 2) return 0;', 'state.sum = a;', false],
  [
    'one makes an object, and the other writes to what is no matter of it',
    'const b = new D(a);',
    'count();',
    true,
  ],
  ['one makes an object of what the other writes', 'const b = new D(a);', 'state.sum = a;', false],
  [
    'one calls a function that reads what the other gives a value to',
    'c = a;',
    'state.sum = readC();',
    false,
  ],
])('statements in each other’s place: %s', (_, first, second, isEquivalent) => {
  const swapped = mistakesIn(`
class C {
  run(a: number, list: number[]): number {
    let last = 0;
    const readLast = (): number => last;
    ${first}
    ${second}
    return readLast();
  }
}
class D {
  readonly sum: number;
  constructor(a: number) {
    this.sum = a + state.sum;
  }
}
const state = {
  c: 1,
  counted: 0,
  sum: 0,
  bytes: new Uint8Array(4),
  labels: new Uint32Array(4),
  more: new Uint32Array(4),
};
function mine(list: Uint32Array): Uint32Array {
  return list;
}
function check(a: number): void {
  if (a > 3) throw new RangeError('too much');
}
function checked(a: number): number {
  check(a);
  return a;
}
interface Telling<T extends number> {
  readonly tell: (a: T) => void;
}
class Told implements Telling<number> {
  tell(a: number): void {
    state.sum = a;
  }
}
const told: Telling<2> = new Told();
function tick(): void {
  counted++;
}
let counted = 0;
const { length: taken } = [1, 2];
function twice(x: number): number {
  return x * 2;
}
function look(): number {
  return state.c;
}
function lookAgain(): number {
  return look();
}
function own(): number {
  const mine = new Set();
  mine.add(1);
  return mine.has(2) ? 1 : 2;
}
function read(): number {
  return counted;
}
function count(): void {
  state.counted++;
}
`).find(
    ({ operator, after }) => operator === 'statements swapped' && after.includes(`${second}\n    ${first}`),
  );
  expect(swapped?.reason !== undefined).toBe(isEquivalent);
});

test('a remark between two statements is none of them', () => {
  const text = `
function count(list: number[]): number {
  list.push(1);
  // How many there are.
  const counted = (): number => list.length;
  return counted();
}
`;
  const swapped = mistakesIn(text).filter(({ operator }) => operator === 'statements swapped');
  expect(swapped.map(({ reason }) => reason)).toEqual([
    'the function that one of the two defines is called later',
  ]);
});

test('the last break of a switch ends nothing', () => {
  const text = `
function run(a: number): number {
  switch (a) {
    case 1:
      count();
      break;
    default:
      break;
  }
  return a;
}
`;
  const gone = mistakesIn(text).filter(
    ({ operator, after }) => operator === 'statement deleted' && after.includes('count'),
  );
  expect(gone.map(({ reason }) => reason !== undefined)).toEqual([false, true]);
});

test('what the compiler refuses', () => {
  const types = new TypeCheck(packageRoot());
  const file = 'harness/machine/u64.ts';
  const text = readFileSync(join(packageRoot(), file), 'utf8');
  expect(types.refusal(file, text)).toBeUndefined();
  const refused = types.refusal(
    file,
    text.replace('return below(a, b) ? a : b;', "return below(a, b) ? a : 'b';"),
  );
  expect(refused).toBe("Type 'string' is not assignable to type 'number'.");
  expect(types.refusal(file, `${text}const unused = 1;\n`)).toBeUndefined();
  expect(types.refusal(file, text)).toBeUndefined();
});

test('the tests that come to a module: its own first', () => {
  const machine = new ModuleTests(packageRoot(), 'harness/machine');
  const of = machine.of('harness/machine/iova.ts');
  expect(of[0]).toBe('harness/machine/iova.test.ts');
  expect(of).toContain('harness/machine/machine.test.ts');
  expect(of).not.toContain('harness/machine/memory.test.ts');
  expect(new Set(of).size).toBe(of.length);
});

test('tests run as if a file were written otherwise', async () => {
  const runs = await TestRuns.in(packageRoot());
  const tests = { files: ['harness/machine/u64.test.ts'] };
  const file = 'harness/machine/u64.ts';
  expect(await runs.run(tests, undefined, 100_000)).toMatchObject({ failed: undefined });
  const broken = { file, text: 'export const nothing = 0;\n' };
  expect(await runs.run(tests, broken, 100_000)).toMatchObject({ failed: 'the tests can be loaded' });
  const endless = { file, text: `${readFileSync(join(packageRoot(), file), 'utf8')}for (;;);\n` };
  expect(await runs.run(tests, endless, 5000)).toMatchObject({ failed: 'the tests come to an end' });
  expect(await runs.run(tests, undefined, 100_000)).toMatchObject({ failed: undefined });
  runs.close();
}, 200_000);
