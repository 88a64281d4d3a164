// SPDX-License-Identifier: GPL-2.0-only
import { afterAll, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readText } from './read-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'bouncediff-'));
const file = join(folder, 'file');
afterAll(() => rmSync(folder, { recursive: true }));

test.each<[string, () => void, string]>([
  ['a pipe that nobody writes into', () => execFileSync('mkfifo', [file]), 'a pipe or a device, not a file'],
  ['a link to a device', () => symlinkSync('/dev/zero', file), 'a pipe or a device, not a file'],
  ['a folder', () => mkdirSync(file), 'a folder, not a file'],
  ['a dangling link', () => symlinkSync('nowhere', file), 'cannot be read (ENOENT)'],
  ['nothing', () => undefined, 'cannot be read (ENOENT)'],
  ['bytes that are no UTF-8', () => writeFileSync(file, Buffer.of(0x61, 0xff)), 'not UTF-8'],
  [
    'a file of 600 MB',
    () => {
      writeFileSync(file, '');
      truncateSync(file, 600e6);
    },
    'larger than 64 KiB',
  ],
])('%s', (_, make, problem) => {
  rmSync(file, { force: true, recursive: true });
  make();
  expect(() => readText(file, 65536)).toThrow(`${file}: ${problem}`);
});

test('a regular file', () => {
  rmSync(file, { force: true, recursive: true });
  writeFileSync(file, 'grün\n');
  expect(readText(file, 6)).toBe('grün\n');
});
