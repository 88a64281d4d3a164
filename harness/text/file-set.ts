// SPDX-License-Identifier: GPL-2.0-only
/**
 * Files that belong together, written all or none, whenever the process is killed. Everything is made
 * ready in a folder beside them; a journal, put there last and by one rename, makes it final. From then on
 * the files move into place one by one, and who comes next finishes what a killed process has begun.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { assertWritable, cannot, endOfLinks, makeFolder, writeNew } from './files.ts';
import { abandonedIn, sweepFiles, temporaryIn } from './temporary.ts';
import { UserError } from './user-error.ts';

/** A file by its path in a folder, with slashes. */
export interface FileText {
  readonly path: string;
  readonly text: string;
}

/** What becomes of a file; entry N has the file N in the folder of the journal, and its old text as N.old. */
interface Entry {
  readonly path: string;
  readonly becomes: 'new' | 'replaced' | 'gone';
}

interface Journal {
  /** What the writer calls the set. */
  readonly name: string;
  readonly entries: readonly Entry[];
}

/** Being put into place, or taken back because that failed. */
const FORTH = 'forth.json';
const BACK = 'back.json';

/**
 * Writes the files, in their order, and deletes those in `gone`; all or none. UserError if it cannot be;
 * then nothing has changed. Two processes that write the same files at the same time may mix them.
 */
export function writeFileSet(
  root: string,
  files: readonly FileText[],
  { gone = [], name = '' }: { readonly gone?: readonly string[]; readonly name?: string } = {},
): void {
  const staging = temporaryIn(root);
  try {
    for (const { path } of files) if (existsSync(join(root, path))) assertWritable(join(root, path));
    mkdirSync(staging);
    const written = files.map(({ path, text }, at) => stage(root, staging, path, text, at));
    const deleted = gone.map((path, at) => stageGone(root, staging, path, files.length + at));
    const journal: Journal = { name, entries: [...written, ...deleted] };
    const draft = join(staging, 'journal');
    writeNew(draft, JSON.stringify(journal), undefined);
    renameSync(draft, join(staging, FORTH));
  } catch (error) {
    discard(staging);
    throw error instanceof UserError ? error : cannot('write in', root, error);
  }
  finish(root, staging);
}

/** Makes these the only files in the folder, and below it, whose paths match `ours`. */
export function replaceFolder(folder: string, files: readonly FileText[], ours: RegExp): void {
  makeFolder(folder);
  finishFileSets(folder);
  writeFileSet(folder, files, { gone: straysIn(folder, files, ours) });
}

/** Paths in the folder that match `ours` and are none of the files. */
export function straysIn(folder: string, files: readonly FileText[], ours: RegExp): string[] {
  if (!existsSync(folder)) return [];
  const wanted = new Set(files.map(({ path }) => path));
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => ours.test(path) && !wanted.has(path));
}

/**
 * Finishes what processes that are gone have begun in `root` and made final, and deletes what they had not.
 * Returns the names of the sets that are whole now.
 */
export function finishFileSets(root: string): string[] {
  try {
    sweepFiles(root);
    return abandonedIn(root, 'folders').flatMap((abandoned) => {
      const staging = temporaryIn(root);
      // Whoever comes second does not find it any more.
      renameSync(abandoned, staging);
      const name = finish(root, staging);
      return name === undefined ? [] : [name];
    });
  } catch (error) {
    throw error instanceof UserError ? error : cannot('finish in', root, error);
  }
}

/** A file made ready; what is there now is kept, and its mode. */
function stage(root: string, staging: string, path: string, text: string, at: number): Entry {
  const stats = statSync(join(root, path), { throwIfNoEntry: false });
  writeNew(join(staging, String(at)), text, stats?.mode);
  if (stats === undefined) return { path, becomes: 'new' };
  copyFileSync(join(root, path), join(staging, `${at}.old`));
  return { path, becomes: 'replaced' };
}

function stageGone(root: string, staging: string, path: string, at: number): Entry {
  copyFileSync(join(root, path), join(staging, `${at}.old`));
  return { path, becomes: 'gone' };
}

/** Does what the journal says, as far as it is not done, and deletes it. Returns the name of a set that is whole. */
function finish(root: string, staging: string): string | undefined {
  const journal = readJournal(join(staging, FORTH));
  if (journal !== undefined) putInPlace(root, staging, journal);
  else {
    const failed = readJournal(join(staging, BACK));
    if (failed !== undefined) takeBack(root, staging, failed);
  }
  discard(staging);
  return journal?.name;
}

/** The journal first: without it, the rest means nothing. */
function discard(staging: string): void {
  if (!existsSync(staging)) return;
  for (const journal of [FORTH, BACK]) rmSync(join(staging, journal), { force: true });
  rmSync(staging, { recursive: true });
}

function readJournal(file: string): Journal | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Journal) : undefined;
}

function putInPlace(root: string, staging: string, journal: Journal): void {
  try {
    for (const [at, { path, becomes }] of journal.entries.entries()) {
      const target = endOfLinks(join(root, path));
      const ready = join(staging, String(at));
      if (becomes === 'gone') rmSync(target, { force: true });
      else if (existsSync(ready)) {
        makeFolder(dirname(target));
        renameSync(ready, target);
      }
    }
  } catch (error) {
    renameSync(join(staging, FORTH), join(staging, BACK));
    takeBack(root, staging, journal);
    discard(staging);
    throw cannot('write in', root, error);
  }
}

/** The files as they were. */
function takeBack(root: string, staging: string, { entries }: Journal): void {
  for (const [at, { path, becomes }] of entries.entries()) {
    const isMoved = becomes === 'gone' || !existsSync(join(staging, String(at)));
    const target = endOfLinks(join(root, path));
    const old = join(staging, `${at}.old`);
    if (isMoved && becomes === 'new') {
      rmSync(target, { force: true });
      removeIfEmpty(dirname(target));
    } else if (isMoved && existsSync(old)) renameSync(old, target);
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // There is something else in it.
  }
}
