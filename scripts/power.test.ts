// SPDX-License-Identifier: GPL-2.0-only
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { copyProject, temporaryFolder } from './testing/project-copy.ts';
import { expectTrouble, nodeArgs, npmRun, ROOT, run } from './testing/run.ts';

test('a patch: the sentence, and line by line what nothing notices', async () => {
  const { exitCode, stdout, stderr } = await npmRun(['power', 'v3.3', 'review/no-dead-attrs']);
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(
    /^\*\*power v3\.3 → review\/no-dead-attrs\*\*: \d+ of \d+ small mistakes? on the changed lines would change a finding or a cost, \d+ only the trace, \d+ nothing\. /,
  );
});

test('--all --json: every mistake with what was noticed of it, and where', async () => {
  const args = ['--all', 'v8', '--seed', '5', '--sample', '8', '--scenario', 'map/*', '--json'];
  const { exitCode, stdout } = await npmRun(['power', '--', ...args]);
  expect(exitCode).toBe(0);
  const found = JSON.parse(stdout) as {
    to: string;
    seed: number;
    sentence: string;
    made: { notice: string; scenario?: string; line: number; before: string }[];
    equivalent: { reason: string }[];
  };
  expect(found).toMatchObject({ to: 'v8', seed: 5, sentence: expect.stringContaining('in its code') });
  expect(found.made.length + found.equivalent.length).toBe(8);
  for (const { notice, scenario, line, before } of found.made) {
    expect(scenario !== undefined).toBe(notice !== 'nothing');
    expect(line).toBeGreaterThan(1);
    expect(before).not.toBe('');
  }
});

test.each([
  [['v2'], 'power takes two states, or --all STATE'],
  [[], 'power takes two states, or --all STATE'],
  [['v2', 'v3', '--all', 'v3'], 'power takes two states, or --all STATE'],
  [['v2', '--all', 'v3'], 'power takes two states, or --all STATE'],
  [['--all', 'v33'], /^unknown state "v33"/],
  [['v2', 'v3', '--sample', '0'], /^--sample "0" is not a whole number/],
  [['v2', 'v3', '--module', 'x'], '--module is for power --machine'],
  [['--machine', '--all', 'v3'], '--all is not for power --machine'],
  [['--machine', 'v3'], 'power --machine takes no states'],
  [['--machine', '--sample', 'x'], /^--sample "x" is not a whole number/],
  [['--machine', '--module', 'harness/run/*'], /^--module "harness\/run\/\*": no file of harness\/machine /],
  [['v2', 'v3', '--seed', '-1'], /^--seed "-1" is not a whole number/],
])('%j is one line and exit code 2', async (args, message) => {
  expectTrouble(await run('power', args), message);
});

test('an unchanged state', async () => {
  const { exitCode, stdout } = await npmRun(['power', 'v8', 'v8']);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('there is no small mistake to make on the changed lines');
});

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

test('--machine where the tests are not there', async () => {
  const root = copyProject(['map/page-trusted']);
  folders.push(root);
  expectTrouble(
    await run('power', ['--machine'], { root }),
    'power --machine needs a checkout of the repository, with its tests',
  );
});

test('--machine: each mistake is held against the tests, and nothing is written', async () => {
  const status = (): string =>
    execFileSync('git', ['status', '--porcelain'], { cwd: ROOT, encoding: 'utf8' });
  const left = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('bouncediff-power-'));
  const before = [status(), left()];
  const args = ['--machine', '--module', 'harness/contract/defect.ts', '--sample', '2', '--seed', '3'];
  const { exitCode, stdout } = await run('power', [...args, '--json'], { timeout: 400_000 });
  expect(exitCode).toBe(0);
  const found = JSON.parse(stdout) as {
    seed: number;
    sentence: string;
    made: { file: string; line: number; failed?: string }[];
    equivalent: unknown[];
    refused: unknown[];
  };
  expect(found.made.length + found.equivalent.length + found.refused.length).toBe(2);
  expect(found).toMatchObject({ seed: 3 });
  const noticed = found.made.filter(({ failed }) => failed !== undefined).length;
  expect(found.sentence).toBe(
    `the tests notice ${noticed} of ${found.made.length} small mistakes in harness/contract`,
  );
  expect(noticed).toBeGreaterThan(0);
  expect([status(), left()]).toEqual(before);
}, 420_000);

test('--machine, Ctrl-C: its folder goes with it', async () => {
  const at = temporaryFolder();
  folders.push(at);
  const ours = (): string[] => readdirSync(at).filter((name) => name.startsWith('bouncediff-power-'));
  const args = nodeArgs('power', ['--machine', '--module', 'harness/contract/defect.ts', '--sample', '1']);
  const started = execa(process.execPath, args, { reject: false, stdin: 'ignore', env: { TMPDIR: at } });
  const looking = setInterval(() => {
    // Its first tests are under way.
    if (ours().some((name) => existsSync(join(at, name, '0.test.ts')))) started.kill('SIGINT');
  }, 100);
  const { exitCode } = await started;
  clearInterval(looking);
  expect({ exitCode, left: ours() }).toEqual({ exitCode: 130, left: [] });
});
