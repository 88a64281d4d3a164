// SPDX-License-Identifier: GPL-2.0-only
/** The thread on the command line; that all of docs/thread.md still holds is asked by `npm run check`. */
import { expect, test } from '@jest/globals';
import { findExpressed } from '../variants/registry.ts';
import { expectTrouble, run } from './testing/run.ts';
import { MAILS } from './thread-points.ts';

test('the mails on a patch, each point with its command and what it comes to', async () => {
  const { exitCode, stdout } = await run('thread', ['1/5']);
  expect(exitCode).toBe(0);
  expect(stdout.match(/^## .*on v3 1\/5$/gm)).toHaveLength(2);
  expect(stdout).toContain('npm run compare v3.1 review/fold-coherent-check\n');
  expect(stdout).toContain('**same**: 0 fixed; 0 regressed');
});

test('a mail without a question runs nothing and says why', async () => {
  const { exitCode, stdout } = await run('thread', [
    '<PH0PR11MB48249799E5C66534F9C37D8BCDF89@PH0PR11MB4824.namprd11.prod.outlook.com>',
  ]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('No run can tell');
});

test('no such mail: one line', async () => {
  expectTrouble(await run('thread', ['9/5']), /^no mail "9\/5"; a patch from 0\/5 to 5\/5/);
});

test('every mail goes by its Message-Id', () => {
  const ids = MAILS.map(({ messageId }) => messageId);
  for (const id of ids) expect(id).toMatch(/^[\w+=.-]+@[\w.-]+$/);
  expect(new Set(ids).size).toBe(ids.length);
});

test('every state of a point is there, and every point without one says why', () => {
  for (const { points } of MAILS) {
    expect(points.length).toBeGreaterThan(0);
    for (const { compare, expects, answer } of points) {
      for (const state of compare ?? []) expect(findExpressed(state)?.id).toBe(state);
      expect(answer).not.toBe('');
      expect(compare === undefined).toBe(expects === undefined);
    }
  }
});
