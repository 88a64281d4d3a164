// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { runHere } from './testing/in-process.ts';

const ARGS = ['v2', 'v3', '--scenario', 'min-align-mask/neighbour-slot'];

test('--format html is one page with the matrix, the scenarios and the costs that differ', async () => {
  const { exitCode, stdout } = await runHere('matrix', [...ARGS, '--format', 'html']);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^<!doctype html>\n/);
  expect(stdout).toContain('<td>isolation: cleared-by-operation</td>');
  expect(stdout).toContain('<summary><code>min-align-mask/neighbour-slot</code></summary>');
  expect(stdout).toMatch(/<tr><td>v3<\/td><td>[^<]*isolation \(cleared-by-operation\) 1/);
  expect(stdout).toMatch(/<h2>Costs<\/h2>\n<table class="t">/);
});

test('--format json is --json', async () => {
  const { stdout } = await runHere('matrix', [...ARGS, '--format', 'json']);
  expect(JSON.parse(stdout)).toMatchObject({ schema: 'bouncediff/matrix/1', states: ['v2', 'v3'] });
});
