// SPDX-License-Identifier: GPL-2.0-only
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { UserError } from '../text/user-error.ts';
import { MAX_FILE } from './kernel-tree.ts';
import { FILE, KETTLE, makePipe, TREE_FILES, writeTree } from './testing/kettle.ts';
import { openTree } from './tree.ts';

let folder = '';
let repository = '';
let bare = '';
let outside = '';

const EXTRA = {
  'lib/latin.c': Buffer.from('/* \xe4 */\n', 'latin1'),
  'lib/large.h': Buffer.alloc(MAX_FILE + 1, 'x'),
  'lib/after.h': 'after\n',
};

beforeAll(async () => {
  outside = writeTree({ secret: 'secret' });
  const links = (top: string): void => {
    symlinkSync('../drivers/kitchen/kettle.c', join(top, 'lib', 'link.c'));
    symlinkSync(join(outside, 'secret'), join(top, 'lib', 'out'));
    symlinkSync('../../../../../../../etc/passwd', join(top, 'lib', 'up'));
    symlinkSync('round', join(top, 'lib', 'round'));
  };
  folder = writeTree({ ...TREE_FILES, ...EXTRA });
  links(folder);
  makePipe(join(folder, 'lib', 'pipe'));
  repository = writeTree({ ...TREE_FILES, ...EXTRA });
  links(repository);
  const git = async (...args: readonly string[]): Promise<unknown> =>
    execa('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@brew.invalid', ...args], { cwd: repository });
  await git('init', '-q', '-b', 'main');
  await git('add', '.');
  await git('commit', '-qm', 'one');
  await git('tag', 'v5.14-rc5');
  writeFileSync(join(repository, 'Makefile'), 'VERSION = 5\nPATCHLEVEL = 15\nSUBLEVEL =\nEXTRAVERSION =\n');
  await git('commit', '-qam', 'two');
  bare = `${repository}.git`;
  await git('clone', '-q', '--bare', repository, bare);
  writeFileSync(join(repository, FILE), 'not committed');
});

afterAll(() => {
  for (const path of [folder, repository, bare, outside]) rmSync(path, { recursive: true });
});

const KINDS: readonly [string, () => Promise<Awaited<ReturnType<typeof openTree>>>][] = [
  ['a folder', async () => openTree(folder)],
  ['a work tree', async () => openTree(repository)],
  ['a bare repository', async () => openTree(bare, { base: 'v5.14-rc5' })],
];

describe.each(KINDS)('%s', (_, open) => {
  test('its files', async () => {
    const tree = await open();
    expect(await tree.read(FILE)).toEqual({ text: KETTLE, blob: expect.stringMatching(/^[0-9a-f]{40}$/) });
    expect((await tree.read('lib/link.c'))?.text).toBe(KETTLE);
    expect(await tree.read('lib/latin.c')).toEqual({
      text: '/* ä */\n',
      blob: 'e39fb34956ab4e8c62b1c7a6754853953092e74b',
    });
    expect([FILE, 'lib/link.c', 'lib', 'lib/none.c', 'Makefile/x'].map((path) => tree.has(path))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  test.each([
    '',
    '/etc/passwd',
    '../secret',
    'lib/../Makefile',
    './Makefile',
    'lib//link.c',
    '.git/HEAD',
    'a\0',
  ])('no path of it: %j', async (path) => {
    const tree = await open();
    expect(tree.has(path)).toBe(false);
    expect(await tree.read(path)).toBeUndefined();
  });

  test('what leads out or is too large', async () => {
    const tree = await open();
    for (const path of ['lib/out', 'lib/up']) {
      await expect(tree.read(path)).rejects.toThrow(
        /^"lib\/\w+" in ".*" is a symbolic link out of the tree$/,
      );
      await expect(tree.read(path)).rejects.toThrow(UserError);
    }
    const [large, after] = await Promise.allSettled([tree.read('lib/large.h'), tree.read('lib/after.h')]);
    expect(large).toMatchObject({
      reason: { message: expect.stringMatching(/"lib\/large.h" in .* larger than 16 MiB/) },
    });
    expect(after).toMatchObject({ value: { text: 'after\n' } });
  });

  test('many files at once', async () => {
    const tree = await open();
    const paths = Array.from({ length: 500 }, (_unused, i) => (i % 2 === 0 ? FILE : 'lib/after.h'));
    const texts = await Promise.all(paths.map(async (path) => (await tree.read(path))?.text));
    expect(texts).toEqual(paths.map((path) => (path === FILE ? KETTLE : 'after\n')));
  });
});

test('a pipe in a folder is not read', async () => {
  const tree = await openTree(folder);
  expect(await tree.read('lib/pipe')).toBeUndefined();
});

test('versions, names and commits', async () => {
  const trees = await Promise.all([
    openTree(folder),
    openTree(repository),
    openTree(repository, { base: 'v5.14-rc5' }),
  ]);
  expect(trees.map(({ name, version }) => [name, version])).toEqual([
    [folder, '5.14.0-rc5'],
    [repository, '5.15'],
    [`${repository}@v5.14-rc5`, '5.14.0-rc5'],
  ]);
  expect(trees.map((tree) => tree.git?.commit.length)).toEqual([undefined, 40, 40]);
});

test('nothing is written', async () => {
  const before = readdirSync(bare, { recursive: true });
  await (await openTree(bare)).read(FILE);
  expect(readdirSync(bare, { recursive: true })).toEqual(before);
});

describe('refused in one line', () => {
  test.each([
    ['no folder', () => join(folder, 'none'), undefined, /^no folder ".*none"$/],
    ['a file', () => join(folder, 'Makefile'), undefined, /^no folder ".*Makefile"$/],
    [
      'no kernel',
      () => outside,
      undefined,
      /is no kernel tree: it lacks a Makefile with VERSION and PATCHLEVEL$/,
    ],
    ['no repository', () => folder, 'v5.14', /^".*" is no git repository, so it has no revision "v5.14"$/],
    ['no revision', () => bare, 'v9.9', /^no revision "v9.9" in ".*\.git@v9.9"$/],
    ['an option', () => bare, '--all', /^no revision "--all" in/],
  ])('%s', async (_, path, base, message) => {
    const open = openTree(path(), base === undefined ? {} : { base });
    await expect(open).rejects.toThrow(message);
    await expect(open).rejects.toThrow(UserError);
  });

  test('a Makefile alone', async () => {
    const top = writeTree({ Makefile: TREE_FILES['Makefile'] ?? '' });
    await expect(openTree(top)).rejects.toThrow(/is no kernel tree: it lacks include\/linux\/types.h$/);
    mkdirSync(join(top, '.git'));
    await expect(openTree(top)).rejects.toThrow(/^no revision "HEAD" in/);
    rmSync(top, { recursive: true });
  });
});
