// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { temporaryFolder } from './testing/project-copy.ts';
import { BUILD, execute, nodeArgs } from './testing/run.ts';

/** Progress is shown at once on a terminal only. */
const TERMINAL = 'data:text/javascript,Object.assign(process.stderr, { isTTY: true, columns: 70 })';
/** From the signal to the end, milliseconds; a busy machine takes a multiple of what a user sees. */
const SOON = 5000;

let folder: string;
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts a command and sends the signal once it has said how far it is. */
async function interrupt(signal: NodeJS.Signals, name: string, args: readonly string[]) {
  const at = mkdtempSync(join(folder, 'run-'));
  const file = join(at, 'out');
  const started = execa(
    process.execPath,
    ['--import', TERMINAL, ...nodeArgs(name, [...args, '--output', file], { long: true })],
    { reject: false, stdin: 'ignore', env: { TMPDIR: at }, timeout: 120_000, killSignal: 'SIGKILL' },
  );
  let sent = Infinity;
  started.stderr.on('data', () => {
    if (sent < Infinity) return;
    sent = performance.now();
    started.kill(signal);
  });
  const { exitCode, signal: killedBy, stdout, stderr } = await started;
  const took = performance.now() - sent;
  const said = stripVTControlCharacters(stderr);
  return { exitCode, killedBy, stdout, said, took, file, files: readdirSync(at) };
}

test.each([
  ['compare', ['v1', 'v8', '--claims']],
  ['matrix', []],
  ['fidelity', []],
  ['bench', []],
] as const)(
  'Ctrl-C in %s',
  async (name, args) => {
    const { exitCode, stdout, said, took, files } = await interrupt('SIGINT', name, args);
    expect({ exitCode, stdout, files }).toEqual({ exitCode: 130, stdout: '', files: [] });
    expect(said).toMatch(/^\r[a-z]+ .*\d+\/\d+\rstopping…$/s);
    expect(took).toBeLessThan(SOON);
  },
  120_000,
);

test.each([
  ['SIGINT', '1'],
  ['SIGINT', '3'],
  ['SIGTERM', '2'],
] as const)(
  '%s in explore with %s workers leaves what was found until then',
  async (signal, workers) => {
    const args = ['v2', 'v3', '--time', '100s', '--workers', workers, '--seed', workers];
    const { exitCode, said, took, file, files } = await interrupt(signal, 'explore', args);
    expect({ exitCode, files }).toEqual({ exitCode: 130, files: ['out'] });
    expect(existsSync(file)).toBe(true);
    expect(said).toMatch(/^\rprograms .*\rstopping…$/s);
    expect(took).toBeLessThan(SOON);
  },
  120_000,
);

test('SIGTERM kills what is busy', async () => {
  const { exitCode, killedBy, took, files } = await interrupt('SIGTERM', 'matrix', []);
  expect({ exitCode, killedBy, files }).toEqual({ exitCode: undefined, killedBy: 'SIGTERM', files: [] });
  expect(took).toBeLessThan(SOON);
});

test('a signal that comes between two pieces of work is not lost', async () => {
  const module = JSON.stringify(pathToFileURL(join(BUILD, 'scripts', 'interrupt.js')).href);
  const code = `
    import { heedSignals, interruptible } from ${module};
    heedSignals();
    process.kill(process.pid, 'SIGINT');
    await interruptible(() => undefined);
    process.exitCode = 3;`;
  const outcome = await execute(process.execPath, ['--input-type=module', '--eval', code]);
  expect(outcome).toEqual({ exitCode: 130, stdout: '', stderr: 'stopping…\n' });
});
