// SPDX-License-Identifier: GPL-2.0-only
/** Runs the commands of scripts/ as a user does: in a process of their own. */
import { join } from 'node:path';
import { afterAll, expect } from '@jest/globals';
import { execa } from 'execa';

/** Folder of package.json. */
export const ROOT = join(import.meta.dirname, '..', '..');
/** Where .jest/build.mjs has built the package for this test run. */
export const BUILD = process.env['BOUNCEDIFF_TEST_BUILD'] ?? join(ROOT, 'dist');
/** A busy machine is slow, a hanging command slower. Milliseconds. */
const TIMEOUT = 120_000;

/** What a user sees of a command. */
export interface Outcome {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Another project than this one. */
  readonly root?: string;
  /** Where the process starts, the project if absent. */
  readonly cwd?: string;
  /** Variables on top of PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  /** It has much to do: worth V8's optimiser, which costs a short run more than it gains. */
  readonly long?: boolean;
  /** Milliseconds that it may take on a busy machine. */
  readonly timeout?: number;
}

/** Variables of the user, none of the test run: no colours, nothing of npm. However slow it is: no progress. */
function environment(env: RunOptions['env']): Record<string, string | undefined> {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, HOME, TMPDIR, NO_PROGRESS: '1', ...env };
}

/** What a test that ran out of time leaves behind would keep its process from ending. */
const ending = new AbortController();
afterAll(() => ending.abort());

/** Any program, its output byte by byte. */
export async function execute(
  file: string,
  args: readonly string[],
  { cwd, root = ROOT, env, timeout = TIMEOUT }: RunOptions = {},
): Promise<Outcome> {
  const { exitCode, stdout, stderr } = await execa(file, args, {
    cwd: cwd ?? root,
    env: environment(env),
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    stripFinalNewline: false,
    timeout,
    cancelSignal: ending.signal,
    killSignal: 'SIGKILL',
  });
  return { exitCode, stdout, stderr };
}

/** Arguments for node that start the command as it was built (.jest/build.mjs); `bouncediff`: no command. */
export function nodeArgs(
  name: string,
  args: readonly string[],
  { root, long = false }: RunOptions = {},
): string[] {
  const command = name === 'bouncediff' ? [] : [name];
  const built = root === undefined ? BUILD : join(root, 'dist');
  const bin = join(built, 'scripts', 'bouncediff.js');
  return [...(long ? [] : ['--no-turbofan']), bin, ...command, ...args];
}

/** `npx bouncediff name args…` */
export async function run(name: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return execute(process.execPath, nodeArgs(name, args, options), options);
}

/** `npm run -s args…`; what npm itself says on standard error is left out. */
export async function npmRun(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const outcome = await execute('npm', ['run', '-s', ...args], options);
  return { ...outcome, stderr: outcome.stderr.replaceAll(/^npm .*\n/gm, '') };
}

/** Bad input: nothing on standard output, one line on standard error, exit code 2. */
export function expectTrouble(outcome: Outcome, message: string | RegExp): void {
  expect(outcome).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: expect.stringMatching(/^bouncediff: [^\n]+\n$/),
  });
  const said = outcome.stderr.slice('bouncediff: '.length, -1);
  if (typeof message === 'string') expect(said).toBe(message);
  else expect(said).toMatch(message);
}
