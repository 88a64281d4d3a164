// SPDX-License-Identifier: GPL-2.0-only
/** `compare --format html` as a user starts it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import type { PageData } from '../harness/page/page-data.ts';
import { runHere } from './testing/in-process.ts';
import { run } from './testing/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'bouncediff-html-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ARGS = ['v2', 'v3', '--scenario', 'min-align-mask/neighbour-slot'];

test('one file with the findings of the JSON, by the same ids; the exit code is that of the comparison', async () => {
  const file = join(folder, 'page.html');
  // In this process: a page shows code, and what is built for the tests stands without its sources.
  const outcome = await runHere('compare', [...ARGS, '--format', 'html', '--output', file]);
  expect({ ...outcome, stderr: '' }).toEqual({ exitCode: 1, stdout: '', stderr: '' });
  const html = readFileSync(file, 'utf8');
  const [, data = ''] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html) ?? [];
  const page = JSON.parse(data) as PageData;
  const { stdout } = await run('compare', [...ARGS, '--json']);
  const json = JSON.parse(stdout) as { findings: { id: string }[] };
  const ids = (all: readonly { readonly id: string }[]): string[] => all.map(({ id }) => id).toSorted();
  expect(ids(page.findings)).toEqual(ids(json.findings));
  expect(page.findings.length).toBeGreaterThan(0);
  // Its reply is what compare prints as a mail.
  const [worst] = page.findings;
  const mail = await runHere('compare', [...ARGS, '--format', 'mail', '--finding', worst?.id ?? '']);
  expect(mail).toEqual({ exitCode: 1, stdout: worst?.reply.join('\n'), stderr: '' });
  // The code of the functions is there without being asked for, and the build's script.
  expect(page.findings.some(({ code }) => code.length > 0)).toBe(true);
  expect(html).toContain('Preact');
});

test('a file that cannot be written costs no work', async () => {
  const outcome = await run('compare', [
    ...ARGS,
    '--format',
    'html',
    '--output',
    join(folder, 'no', 'page.html'),
  ]);
  expect(outcome.exitCode).toBe(2);
  expect(outcome.stderr).toMatch(/^bouncediff: [^\n]+\n$/);
});

test('reports --html has no generated programs, and says so', async () => {
  const outcome = await runHere('reports', ['--html', '/dev/null/pages', '--explore', '10']);
  expect(outcome.exitCode).toBe(2);
  expect(outcome.stderr).toMatch(/^bouncediff: --explore is for the Markdown reports; [^\n]+\n$/);
});

test('reports --html names a folder that cannot be, before any work', async () => {
  const outcome = await runHere('reports', ['--html', '/dev/null/pages']);
  expect(outcome.exitCode).toBe(2);
  expect(outcome.stderr).toMatch(/^bouncediff: [^\n]*\/dev\/null\/pages[^\n]*\n$/);
});
