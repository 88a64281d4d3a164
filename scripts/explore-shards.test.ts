// SPDX-License-Identifier: GPL-2.0-only
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { expectTrouble, run, type Outcome } from './testing/run.ts';

// A search is worth V8's optimiser.
const search = async (...args: string[]): Promise<Outcome> => run('explore', args, { long: true });

const SEARCH = ['v2', 'v3', '--runs', '150', '--seed', '1', '--workers', '1'];
let folder: string;
const file = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bouncediff-'));
  const shards = [1, 2, 3].map(async (index) =>
    search(...SEARCH, '--shard', `${index}/3`, '--output', file(`${index}.json`)),
  );
  for (const outcome of await Promise.all(shards)) {
    expect(outcome).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  }
}, 240_000);
afterAll(() => rmSync(folder, { recursive: true }));

async function merge(...args: string[]): Promise<Outcome> {
  return search(...args.flatMap((arg) => (arg.startsWith('--') ? [arg] : ['--merge', file(arg)])));
}

test('shards of separate processes, merged in any order, print what one search prints', async () => {
  const one = await search(...SEARCH, '--no-corpus', '--no-learning');
  expect(one.exitCode).toBe(1);
  expect(await merge('3.json', '1.json', '2.json')).toEqual(one);
}, 240_000);

test('a finding that depends on the layout goes through a shard, too', async () => {
  const what = ['v3', 'review/map-aligned-from-start', '--runs', '360', '--workers', '1'];
  const one = await search(...what, '--no-corpus', '--no-learning');
  expect(one.stdout).toContain('layout-dependent');
  await search(...what, '--shard', '1/1', '--output', file('whole.json'));
  expect(await merge('whole.json')).toEqual(one);
}, 240_000);

test('a shard that is lost is said', async () => {
  expectTrouble(
    await merge('1.json', '3.json'),
    '2 of 3 shards: 2/3 is missing; --allow-missing merges the others',
  );
  const { exitCode, stdout } = await merge('1.json', '3.json', '--allow-missing');
  expect(exitCode).toBe(1);
  expect(stdout).toContain('(2 of 3 shards merged)');
}, 240_000);

test('what is no shard, or of another search, is one line', async () => {
  writeFileSync(file('none.json'), '{}');
  writeFileSync(file('text.json'), 'no');
  const other = readFileSync(file('2.json'), 'utf8').replace('"seed": 1', '"seed": 2');
  writeFileSync(file('other.json'), other);
  expectTrouble(await merge('none.json'), /none\.json is no shard: /);
  expectTrouble(await merge('text.json'), /text\.json is no JSON of a shard$/);
  expectTrouble(await merge('gone.json'), /gone\.json: cannot be read/);
  expectTrouble(await merge('1.json', 'other.json'), /other\.json is of another search than .*1\.json$/);
  expectTrouble(await merge('1.json', '1.json'), /are the same shard, 1\/3$/);
}, 240_000);

test.each([
  [['v2', 'v3', '--shard', '4/3'], '--shard "4/3" is none; expected one of several, like 3/8'],
  [['v2', 'v3', '--shard', 'x'], /^--shard "x" is none/],
  [['v2', 'v3', '--shard', '1/2', '--time', '3s'], '--shard and --time do not go together'],
  [['v2', '--merge', 'x'], '--merge takes no states: the shards say which'],
  [['--merge', 'x', '--seed', '2'], '--merge and --seed do not go together'],
  [[], /^explore takes one state or two, or --merge FILE/],
])('%j is one line and exit code 2', async (args, message) => {
  expectTrouble(await run('explore', args), message);
});
