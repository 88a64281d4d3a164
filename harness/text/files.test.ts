// SPDX-License-Identifier: GPL-2.0-only
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { assertWritable, makeFolder, writeFile } from './files.ts';

let folder = '';
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'bouncediff-')));
});
afterEach(() => rmSync(folder, { recursive: true }));

function at(name: string): string {
  return join(folder, name);
}

function modeOf(file: string): number {
  return statSync(file).mode & 0o7777;
}

/** A process that is gone: no Linux or macOS has numbers as high. */
const GONE = 2 ** 30;
const temporary = (pid: number): string => `.bouncediff-${pid}-0123456789abcdef.tmp`;

describe('writeFile', () => {
  test('writes a new file with the mode that the umask leaves, and nothing else', () => {
    writeFile(at('a'), 'text');
    expect(readFileSync(at('a'), 'utf8')).toBe('text');
    expect(readdirSync(folder)).toEqual(['a']);
    writeFileSync(at('b'), 'text');
    expect(modeOf(at('a'))).toBe(modeOf(at('b')));
  });

  test.each([0o600, 0o755, 0o444])('keeps mode %o', (mode) => {
    writeFileSync(at('a'), 'old');
    chmodSync(at('a'), mode);
    writeFile(at('a'), 'text');
    expect([readFileSync(at('a'), 'utf8'), modeOf(at('a'))]).toEqual(['text', mode]);
  });

  test('follows links, relative ones and through folders, and leaves them links', () => {
    mkdirSync(at('real'));
    symlinkSync('real', at('alias'));
    writeFileSync(at('real/file'), 'old');
    symlinkSync('../real/file', at('real/second'));
    symlinkSync('alias/second', at('first'));
    writeFile(at('first'), 'text');
    expect(readFileSync(at('real/file'), 'utf8')).toBe('text');
    for (const link of ['first', 'real/second']) expect(lstatSync(at(link)).isSymbolicLink()).toBe(true);
  });

  test('a link to what is not there yet is not replaced', () => {
    mkdirSync(at('real'));
    symlinkSync('real', at('alias'));
    symlinkSync('../real/new', at('real/second'));
    symlinkSync('alias/second', at('first'));
    assertWritable(at('first'));
    writeFile(at('first'), 'text');
    expect(readFileSync(at('real/new'), 'utf8')).toBe('text');
    expect(lstatSync(at('first')).isSymbolicLink()).toBe(true);
  });

  test('a file with two names keeps both', () => {
    writeFileSync(at('a'), 'a longer text than before');
    linkSync(at('a'), at('b'));
    writeFile(at('a'), 'text');
    expect([readFileSync(at('b'), 'utf8'), statSync(at('a')).nlink]).toEqual(['text', 2]);
  });

  test('a name as long as names can be', () => {
    const name = 'n'.repeat(255);
    writeFile(at(name), 'text');
    writeFile(at(name), 'again');
    expect(readFileSync(at(name), 'utf8')).toBe('again');
  });

  test('sweeps what processes that are gone have left in the folder, and nothing else', () => {
    const kept = [
      temporary(process.pid),
      temporary(process.ppid),
      `.bouncediff-${GONE}-x.tmp`,
      `${GONE}.tmp`,
    ];
    for (const name of [temporary(GONE), ...kept]) writeFileSync(at(name), 'half');
    writeFile(at('a'), 'text');
    expect(readdirSync(folder).toSorted()).toEqual([...kept, 'a'].toSorted());
  });

  test('fails in one line, and leaves nothing', () => {
    mkdirSync(at('a'));
    expect(() => writeFile(at('a'), 'text')).toThrow(
      `cannot write ${JSON.stringify(at('a'))}: EISDIR: illegal operation on a directory`,
    );
    expect(readdirSync(folder)).toEqual(['a']);
  });
});

describe('assertWritable', () => {
  beforeEach(() => {
    mkdirSync(at('folder'));
    writeFileSync(at('file'), 'old');
    symlinkSync('loop', at('loop'));
    symlinkSync('nowhere/file', at('dangling'));
  });

  test.each([
    ['', /^cannot write "": ENOENT/],
    ['folder', /folder": EISDIR/],
    ['new/', /new\/": EISDIR/],
    ['no/such/file', /file": ENOENT: no such file or directory$/],
    ['file/below', /below": ENOTDIR/],
    ['loop', /loop": ELOOP/],
    ['dangling', /dangling": ENOENT/],
    ['n'.repeat(256), /n": ENAMETOOLONG/],
  ])('%j is refused, and so by writeFile', (name, message) => {
    const file = name === '' ? '' : at(name);
    const before = readdirSync(folder, { recursive: true });
    expect(() => assertWritable(file)).toThrow(message);
    expect(() => writeFile(file, 'text')).toThrow(/^cannot write [^\n]+$/);
    expect(readdirSync(folder, { recursive: true })).toEqual(before);
  });

  test.each(['file', 'new', 'folder/new', '/dev/null', '/dev/stdout'])(
    '%j is fine, and nothing is written',
    (name) => {
      assertWritable(name.startsWith('/') ? name : at(name));
      expect(existsSync(at('new'))).toBe(false);
      expect(readFileSync(at('file'), 'utf8')).toBe('old');
    },
  );
});

describe('makeFolder', () => {
  test('makes what is missing above it, and leaves what is there', () => {
    makeFolder(at('a/b'));
    writeFileSync(at('a/b/file'), 'old');
    makeFolder(at('a/b'));
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    expect(new Set(names)).toEqual(new Set(['a', 'a/b', 'a/b/file']));
  });

  test.each([
    ['below a file', 'file/a/b', /^cannot make ".*file\/a\/b": EEXIST/],
    ['where a link leads nowhere', 'dangling/a', /^cannot make ".*dangling\/a": EEXIST/],
    // Node's own way never comes back from here.
    ['in /proc', '/proc/a/b', /^cannot make "\/proc\/a\/b": ENOENT/],
  ])('%s: refused', (_, name, message) => {
    writeFileSync(at('file'), 'old');
    symlinkSync('nowhere', at('dangling'));
    expect(() => makeFolder(name.startsWith('/') ? name : at(name))).toThrow(message);
  });
});
