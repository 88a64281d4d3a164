// SPDX-License-Identifier: GPL-2.0-only
/** The mails that an argument names: a mailbox, a folder, standard input or a range of commits. */
import { readdirSync, readFileSync, statSync, type Stats } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { UserError } from '../text/user-error.ts';
import { git } from './git.ts';
import { commitOf } from './git-tree.ts';
import type { KernelTree } from './kernel-tree.ts';
import { parseMail, type Mail } from './mail.ts';
import { splitMbox } from './mbox.ts';
import { parseSubject } from './subject.ts';
import { reason, shown } from './words.ts';

/** Most bytes of mails that one argument may name, unpacked. */
export const MAX_MAILS = 32 * 1024 * 1024;
/** Most mails; reading as many takes seconds. */
const MAX_COUNT = 10_000;

const RANGE = /^([^.\s-]\S*?)(?<!\.)\.\.(?!\.)(\S*)$/;
const IN_FOLDER = /\.(?:eml|patch|mbox|mbx)(?:\.gz)?$/;

/** Mails, and what to call the place that they are from. */
export interface Mailbox {
  readonly name: string;
  /** Only those that their subject calls a patch or a cover letter have a text. */
  readonly mails: readonly Mail[];
}

export interface MailboxOptions {
  /** Where a range of commits is looked up. */
  readonly tree?: KernelTree | undefined;
  /** What `-` reads, standard input if absent. */
  readonly stdin?: AsyncIterable<Uint8Array>;
}

/**
 * The mails of an mbox or a mail (both also packed with gzip), of a folder of them, of standard input (`-`) or
 * of the commits `A..B`. UserError for what is none of these, is over 32 MiB, or cannot be read.
 */
export async function readMailbox(
  argument: string,
  { tree, stdin = process.stdin }: MailboxOptions = {},
): Promise<Mailbox> {
  if (argument === '-') return mailsOf([['standard input', await readAll(stdin)]], 'standard input');
  const stats = statsOf(argument);
  if (stats?.isDirectory()) return mailsOf(readFolder(argument), argument);
  if (stats !== undefined) return mailsOf([[basename(argument), readMails(argument, stats)]], argument);
  const [, from, to] = RANGE.exec(argument) ?? [];
  if (from === undefined || to === undefined) {
    throw new UserError(`no mailbox, folder or range of commits ${shown(argument)}`);
  }
  return mailsOf([[argument, await readRange(argument, from, to === '' ? 'HEAD' : to, tree)]], argument);
}

async function mailsOf(
  files: Iterable<readonly [name: string, bytes: Buffer]>,
  name: string,
): Promise<Mailbox> {
  const parts: { bytes: Buffer; where: string }[] = [];
  let size = 0;
  for (const [file, packed] of files) {
    const content = unpacked(packed, file);
    size += content.length;
    if (size > MAX_MAILS) throw tooMuch(name);
    const mails = splitMbox(content, file);
    const title = shown(file);
    parts.push(
      ...mails.map((bytes, i) => ({ bytes, where: mails.length > 1 ? `${title}, mail ${i + 1},` : title })),
    );
  }
  if (parts.length > MAX_COUNT) throw new UserError(`${shown(name)} holds more than ${MAX_COUNT} mails`);
  const mails: Mail[] = [];
  for (const { bytes, where } of parts) mails.push(await parsePatchMail(bytes, where));
  return { name, mails };
}

/** A text takes a hundred times as long as the headers, and most mails of a thread are replies. */
async function parsePatchMail(bytes: Buffer, where: string): Promise<Mail> {
  const end = /\n\r?\n/.exec(bytes.toString('latin1'))?.index ?? bytes.length;
  const headers = await parseMail(bytes.subarray(0, end), where);
  return parseSubject(headers.subject) === undefined ? headers : parseMail(bytes, where);
}

function tooMuch(name: string): UserError {
  return new UserError(`${shown(name)} holds more than ${MAX_MAILS / 1024 / 1024} MiB of mails`);
}

function unpacked(bytes: Buffer, name: string): Buffer {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_MAILS });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooMuch(name);
    throw new UserError(`${shown(name)} is no whole gzip file: ${reason(error)}`);
  }
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_MAILS) throw tooMuch('standard input');
  }
  return Buffer.concat(chunks);
}

function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw new UserError(`cannot read ${shown(path)}: ${reason(error)}`);
  }
}

function readMails(file: string, stats: Stats | undefined): Buffer {
  if (!stats?.isFile()) {
    throw new UserError(`${shown(file)} is no regular file; what comes through a pipe is read as -`);
  }
  if (stats.size > MAX_MAILS) throw tooMuch(file);
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UserError(`cannot read ${shown(file)}: ${reason(error)}`);
  }
}

/** In the order of their names, which `git format-patch` numbers. */
function* readFolder(folder: string): Generator<readonly [string, Buffer]> {
  const names = namesIn(folder).filter((name) => IN_FOLDER.test(name));
  if (names.length === 0) throw new UserError(`no *.mbox, *.eml or *.patch in folder ${shown(folder)}`);
  for (const name of names.sort()) {
    const file = join(folder, name);
    yield [name, readMails(file, statsOf(file))];
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw new UserError(`cannot read folder ${shown(folder)}: ${reason(error)}`);
  }
}

/** The commits as mails; the last names where the range begins as its base commit. */
async function readRange(
  range: string,
  from: string,
  to: string,
  tree: KernelTree | undefined,
): Promise<Buffer> {
  const repository = tree?.git;
  if (tree === undefined || repository === undefined) {
    throw new UserError(
      `no mailbox ${shown(range)}, and no commits either: ${tree === undefined ? 'there is no tree' : `${shown(tree.name)} is no git repository`}`,
    );
  }
  const { gitDir } = repository;
  const [first, last] = [await commitOf(gitDir, from, tree.name), await commitOf(gitDir, to, tree.name)];
  const base = await git(gitDir, ['merge-base', first, last], {
    refusal: `${shown(from)} and ${shown(to)} have no commit in common`,
  });
  const mails = await git(
    gitDir,
    [...FORMAT_PATCH, `--base=${base.toString().trim()}`, `${first}..${last}`],
    {
      limit: MAX_MAILS,
    },
  );
  if (mails.length === 0) throw new UserError(`no commit in ${shown(range)}`);
  return mails;
}

/** The same mails whatever the user's configuration says. */
const FORMAT_PATCH = [
  'format-patch',
  '--stdout',
  '--numbered',
  '--subject-prefix=PATCH',
  '--no-cover-letter',
  '--no-attach',
  '--no-thread',
  '--no-notes',
  '--no-color',
  '--no-ext-diff',
  '--no-textconv',
  '--no-relative',
  '--src-prefix=a/',
  '--dst-prefix=b/',
  '--full-index',
  '--find-renames',
  '--unified=3',
];
