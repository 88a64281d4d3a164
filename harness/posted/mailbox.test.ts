// SPDX-License-Identifier: GPL-2.0-only
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { UserError } from '../text/user-error.ts';
import { applySeries } from './apply.ts';
import { MAX_MAILS, readMailbox } from './mailbox.ts';
import { postedSeries } from './series.ts';
import {
  FILE,
  FIRST,
  KETTLE,
  makePipe,
  mboxText,
  memoryTree,
  patchText,
  SERIES,
  writeTree,
} from './testing/kettle.ts';
import { openTree } from './tree.ts';

const EMPTY_MAIL = `Subject: a\n\n${'\n'.repeat(1024 * 1024)}`;
const ONE = patchText('[PATCH v2 1/2] kettle: check', FIRST);
const TWO = patchText('[PATCH v2 2/2] kettle: again', FIRST);
let folder = '';

beforeAll(async () => {
  folder = writeTree({
    'box.mbox': SERIES,
    't.mbox.gz': gzipSync(SERIES),
    'damaged.gz': gzipSync(SERIES).subarray(0, 300),
    'bomb.gz': gzipSync(Buffer.alloc(MAX_MAILS + 1, 'Subject: a\n')),
    'one.eml': ONE,
    'series/0001-a.patch': ONE,
    'series/0002-b.patch': TWO,
    'series/README': 'no mail',
    'none/README': 'no mail',
    'empty.mbox': '',
  });
  mkdirSync(join(folder, 'large'));
  for (let i = 0; i < 33; i++) writeFileSync(join(folder, 'large', `${i}.eml`), EMPTY_MAIL);
  makePipe(join(folder, 'pipe'));
  makePipe(join(folder, 'none', 'pipe'));
});

afterAll(() => rmSync(folder, { recursive: true }));

async function subjects(name: string): Promise<string[]> {
  const { mails } = await readMailbox(join(folder, name));
  return mails.map(({ subject }) => subject);
}

const IN_BOX = [
  '[PATCH v2 0/2] Kettle fixes',
  '[PATCH v2 1/2] kettle: check for overflow',
  '[PATCH v2 2/2] kettle: boil only water',
];

test.each([
  ['box.mbox', IN_BOX],
  ['t.mbox.gz', IN_BOX],
  ['one.eml', ['[PATCH v2 1/2] kettle: check']],
  ['series', ['[PATCH v2 1/2] kettle: check', '[PATCH v2 2/2] kettle: again']],
])('%s', async (name, expected) => {
  expect(await subjects(name)).toEqual(expected);
});

async function* chunks(bytes: Buffer, size = 100): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

test.each([
  ['as it is', Buffer.from(SERIES)],
  ['gzip', gzipSync(SERIES)],
])('standard input, %s', async (_, bytes) => {
  const { name, mails } = await readMailbox('-', { stdin: chunks(bytes) });
  expect({ name, subjects: mails.map(({ subject }) => subject) }).toEqual({
    name: 'standard input',
    subjects: IN_BOX,
  });
});

describe('refused in one line', () => {
  test.each([
    ['empty.mbox', /"empty.mbox" is empty$/],
    ['damaged.gz', /"damaged.gz" is no whole gzip file: unexpected end of file$/],
    ['bomb.gz', /"bomb.gz" holds more than 32 MiB of mails$/],
    ['large', /large" holds more than 32 MiB of mails$/],
    ['none', /no \*\.mbox, \*\.eml or \*\.patch in folder ".*none"$/],
    ['pipe', /pipe" is no regular file; what comes through a pipe is read as -$/],
    ['gone.mbox', /^no mailbox, folder or range of commits ".*gone.mbox"$/],
  ])('%s', async (name, message) => {
    const read = readMailbox(join(folder, name));
    await expect(read).rejects.toThrow(message);
    await expect(read).rejects.toThrow(UserError);
  });

  test('more mails than anyone reads', async () => {
    const stdin = chunks(Buffer.from(mboxText('Subject: a\n\n').repeat(10_001)), 1024 * 1024);
    await expect(readMailbox('-', { stdin })).rejects.toThrow('"standard input" holds more than 10000 mails');
  });

  test('standard input without an end', async () => {
    const stdin = chunks(Buffer.alloc(MAX_MAILS * 2), 1024 * 1024);
    await expect(readMailbox('-', { stdin })).rejects.toThrow(
      '"standard input" holds more than 32 MiB of mails',
    );
  });

  test.each([
    ['A..B', undefined, 'no mailbox "A..B", and no commits either: there is no tree'],
    ['A..B', memoryTree(), 'no mailbox "A..B", and no commits either: "memory" is no git repository'],
    ['A...B', undefined, 'no mailbox, folder or range of commits "A...B"'],
    ['--all..B', undefined, 'no mailbox, folder or range of commits "--all..B"'],
  ])('%s without a repository', async (range, tree, message) => {
    await expect(readMailbox(range, { tree })).rejects.toThrow(message);
  });
});

describe('a range of commits', () => {
  let repository = '';
  const commit = async (subject: string, text: string): Promise<void> => {
    writeFileSync(join(repository, FILE), text);
    await inRepository('commit', '-qam', subject);
  };
  const inRepository = async (...args: readonly string[]): Promise<string> => {
    const user = ['-c', 'user.name=Ada', '-c', 'user.email=ada@brew.invalid', '-c', 'commit.gpgsign=false'];
    return (await execa('git', [...user, ...args], { cwd: repository })).stdout;
  };

  beforeAll(async () => {
    repository = writeTree();
    await inRepository('init', '-q', '-b', 'main');
    await inRepository('config', 'diff.noprefix', 'true');
    await inRepository('config', 'format.attach', 'yes');
    await inRepository('config', 'format.subjectPrefix', 'KETTLE');
    await inRepository('add', '.');
    await inRepository('commit', '-qm', 'base');
    await inRepository('tag', 'base');
    await commit('kettle: one\n\nFrom now on\nit is one.', KETTLE.replace('hot = true', 'hot = 1'));
    await commit('kettle: two', KETTLE.replace('hot = true', 'hot = 2'));
  });
  afterAll(() => rmSync(repository, { recursive: true }));

  test('as a series on where it begins', async () => {
    const tree = await openTree(repository, { base: 'base' });
    const series = postedSeries(await readMailbox('base..main', { tree }));
    expect(series).toMatchObject({
      version: 'v1',
      name: 'kettle: one',
      baseCommit: await inRepository('rev-parse', 'base'),
      patches: [
        { title: 'v1 1/2', author: 'Ada', changelog: 'From now on\nit is one.' },
        { title: 'v1 2/2', subject: 'kettle: two' },
      ],
    });
    const { prefixes, notes, patches } = await applySeries(tree, series);
    expect((await prefixes[2]?.read(FILE))?.text).toContain('hot = 2');
    expect(notes).toEqual([]);
    expect(patches.flatMap(({ files }) => files.map(({ isAsPosted }) => isAsPosted))).toEqual([true, true]);
  });

  test('HEAD ends what has no end', async () => {
    const tree = await openTree(repository);
    expect((await readMailbox('HEAD~1..', { tree })).mails.map(({ subject }) => subject)).toEqual([
      '[PATCH 1/1] kettle: two',
    ]);
  });

  test.each([
    ['main..base', 'no commit in "main..base"'],
    ['main..nowhere', 'no revision "nowhere" in'],
    ['nowhere..main', 'no revision "nowhere" in'],
  ])('%s', async (range, message) => {
    const tree = await openTree(repository);
    const read = readMailbox(range, { tree });
    await expect(read).rejects.toThrow(message);
    await expect(read).rejects.toThrow(UserError);
  });
});
