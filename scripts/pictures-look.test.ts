// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { expectTrouble, run } from './testing/run.ts';

const FOLDER = join(tmpdir(), 'never-made');

test.each([
  [
    'no browser at all',
    { PATH: '' },
    /^no browser; set CHROMIUM to one, or have one of chromium, .* in the PATH$/,
  ],
  ['a browser that is not there', { CHROMIUM: '/no/such' }, 'CHROMIUM is "/no/such", which is no file'],
] as const)('%s: one line, and no folder', async (_, env, message) => {
  expectTrouble(await run('pictures:look', [FOLDER], { env }), message);
  expect(existsSync(FOLDER)).toBe(false);
});
