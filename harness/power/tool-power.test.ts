// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { Project } from 'ts-morph';
import { packageRoot } from '../text/package-root.ts';
import { whyModuleEquivalent } from './module-equivalent.ts';
import { moduleText, mutationsOfModule, parameterTypes } from './module-mutations.ts';
import { ModuleTests } from './module-tests.ts';
import { TestRuns } from './test-runs.ts';

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

test('two statements that do not touch each other are not told apart', () => {
  const swapped = mistakesIn(
    'function f(a: number): number {\n  const b = a * 3;\n  const c = a * 5;\n  return b - c;\n}\n',
  );
  expect(swapped.find(({ operator }) => operator === 'statements swapped')).toMatchObject({
    reason: 'neither of the two statements depends on the other',
  });
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
  const endless = { file, text: 'for (;;);\n' };
  expect(await runs.run(tests, endless, 5000)).toMatchObject({ failed: 'the tests come to an end' });
  expect(await runs.run(tests, undefined, 100_000)).toMatchObject({ failed: undefined });
}, 200_000);
