// SPDX-License-Identifier: GPL-2.0-only
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { execa } from 'execa';

const SCRIPT = fileURLToPath(new URL('explore.ts', import.meta.url));

async function explore(...args: string[]) {
  return execa('node', ['--import', 'tsx', SCRIPT, ...args], { reject: false });
}

test('reports findings, each with a command that prints it again', async () => {
  const { exitCode, stdout } = await explore('v2', 'v3', '--runs', '20', '--seed', '1');
  expect(exitCode).toBe(1);
  const sections = stdout.split(/^(?=### )/m).slice(1);
  expect(sections.length).toBeGreaterThan(1);
  const section = sections.at(-1) ?? '';
  const replay = /^Replay: `npm run explore -- (.*)`$/m.exec(section)?.[1] ?? '';
  const again = await explore(...replay.split(' '));
  expect(again.exitCode).toBe(1);
  expect(again.stdout.trim()).toBe(section.trim());
});

test('equal code, nothing found', async () => {
  const { exitCode, stdout } = await explore('v5', 'v6', '--runs', '30');
  expect(exitCode).toBe(0);
  expect(stdout).toContain('No difference.');
});

test.each([
  [['v2', 'v3', '--seed', '1e9'], '--seed "1e9" is not a whole number'],
  [['v2', 'v3', '--time', 'soon'], '--time "soon" is not a time'],
  [['v2', 'v3', '--runs', '0'], '--runs "0" is not a whole number'],
  [['v2', 'v33'], 'unknown state "v33"'],
  [['v2', '--clause', 'revocatio'], 'unknown clause "revocatio"'],
])('%j is one line and exit code 2', async (args, message) => {
  const { exitCode, stderr } = await explore(...args);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});
