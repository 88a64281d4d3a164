// SPDX-License-Identifier: GPL-2.0-only
/** Whatever goes wrong, the exit code is never one that says something about the states. */
import { appendFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { copyProject } from './testing/project-copy.ts';
import { execute, expectTrouble, nodeArgs, ROOT, run, type Outcome } from './testing/run.ts';

const SCENARIO = 'min-align-mask/neighbour-slot';
const root = copyProject([SCENARIO]);
afterAll(() => rmSync(root, { recursive: true }));

describe('a stream that fails', () => {
  const shell = async (redirection: string, ...args: string[]): Promise<Outcome> =>
    execute('sh', ['-c', `exec "$@" ${redirection}`, 'sh', process.execPath, ...nodeArgs('states', args)]);

  test.each([
    ['the result', []],
    ['the help', ['--help']],
  ])('standard output, %s', async (_, args) => {
    const outcome = await shell('>/dev/full', ...args);
    expectTrouble(outcome, /^cannot write standard output: ENOSPC: no space left on device/);
  });

  test('standard error', async () => {
    expect(await shell('2>/dev/full', 'surplus')).toEqual({ exitCode: 2, stdout: '', stderr: '' });
  });
});

test('out of memory is neither 0 nor 1', async () => {
  const args = ['--max-old-space-size=8', ...nodeArgs('compare', ['v2', 'v3'])];
  const { exitCode, stdout } = await execute('sh', ['-c', '"$@"', 'sh', process.execPath, ...args]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 134, stdout: '' });
});

describe('a state that throws', () => {
  const patch = join(root, 'dist', 'variants', 'v3', 'account-for-min-align-mask.js');
  const good = readFileSync(patch, 'utf8');
  const args = ['v2', 'v3', '--scenario', SCENARIO];
  const named = new RegExp(
    `^state v3 in mapSwiotlb \\(v3\\.5\\), step \\d+ of ${SCENARIO}(\\[.*\\])?: TypeError: Cannot read properties of null`,
  );
  /** v3 with a mistake in it; it is as before when the test is over. */
  async function broken(...more: string[]): Promise<Outcome> {
    const bad = good.replace(/(\bmapSwiotlb\(.*\) \{\n)/, '$1        null.page;\n');
    expect(bad).not.toBe(good);
    writeFileSync(patch, bad);
    try {
      return await run('compare', [...args, ...more], { root });
    } finally {
      writeFileSync(patch, good);
    }
  }

  test('is named, with method, step and scenario', async () => {
    expectTrouble(await broken(), named);
  });

  test('--debug shows where', async () => {
    const { exitCode, stderr } = await broken('--debug');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/\n +at \S+ \(file:\S+account-for-min-align-mask\.js:\d+:\d+\)\n/);
  });
});

test('an internal error is one line', async () => {
  const module = join(root, 'dist', 'scripts', 'states.js');
  const good = readFileSync(module, 'utf8');
  writeFileSync(module, good.replace(/function run\(args\) \{/, '$& undefinedName();'));
  const outcome = await run('states', [], { root });
  const debugged = await run('states', ['--debug'], { root });
  writeFileSync(module, good);
  expectTrouble(
    outcome,
    'internal error: ReferenceError: undefinedName is not defined (--debug shows where)',
  );
  expect(debugged.exitCode).toBe(2);
  expect(debugged.stderr).toMatch(/^bouncediff: internal error: .*\n[^]*\n +at Object\.run \(/);
});

describe('sources that have changed', () => {
  const checkout = copyProject([SCENARIO]);
  afterAll(() => rmSync(checkout, { recursive: true }));
  const patch = join(checkout, 'variants', 'v3', 'index.ts');
  const good = readFileSync(patch, 'utf8');
  const lines = good.split('\n').length;
  const start = async (...args: string[]): Promise<Outcome> =>
    execute(process.execPath, [join(checkout, 'scripts', 'start.mjs'), ...args], { root: checkout });

  test.each([
    ['does not parse', 'const = 1;\n', /^variants\/v3\/index\.ts:\d+:7: .* \(TS\d+[^)]*\)$/, ''],
    [
      'has a type error',
      "export const wrong: number = 'text';\n",
      /^variants\/v3\/index\.ts:\d+:14: Type 'string' is not assignable to type 'number'\. \(TS2322\)$/,
      '| state ',
    ],
  ])('a source that %s: where, and 2', async (_, added, message, printed) => {
    appendFileSync(patch, added);
    const { stdout, ...rest } = await start('states');
    writeFileSync(patch, good);
    expectTrouble({ ...rest, stdout: '' }, message);
    expect(rest.stderr).toContain(`:${lines}:`);
    expect(stdout.slice(0, 8)).toBe(printed);
  });

  test('sources without a mistake', async () => {
    writeFileSync(patch, good);
    expect(await start('states')).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test('a check that fails is trouble, too', async () => {
    const config = join(checkout, 'tsconfig.build.json');
    const text = readFileSync(config, 'utf8');
    rmSync(config);
    const { stdout: _, ...rest } = await start('states');
    writeFileSync(config, text);
    expectTrouble({ ...rest, stdout: '' }, /^the types cannot be checked: error TS\d+: /);
  });

  test('no compiler: that is said', async () => {
    rmSync(join(checkout, 'node_modules'));
    mkdirSync(join(checkout, 'node_modules'));
    const needed = [
      'tsx',
      'esbuild',
      '@esbuild',
      'get-tsconfig',
      'commander',
      'markdown-table',
      'yaml',
      'zod',
      'diff',
      'execa',
      'string-width',
      'wrap-ansi',
    ];
    for (const name of needed) {
      symlinkSync(join(ROOT, 'node_modules', name), join(checkout, 'node_modules', name));
    }
    const { exitCode, stderr } = await start('states');
    expect(exitCode).toBe(0);
    expect(stderr).toBe(
      'bouncediff: the sources have changed; no TypeScript compiler to check them: npm ci\n',
    );
  });

  test('no tsx: that is said', async () => {
    rmSync(join(checkout, 'node_modules', 'tsx'));
    expectTrouble(
      await start('states'),
      'the sources have changed, and tsx, which runs them, is missing: npm ci',
    );
  });
});
