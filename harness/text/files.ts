// SPDX-License-Identifier: GPL-2.0-only
/** Files that the user names: read, or written whole or not at all; what goes wrong is one line. */
import {
  accessSync,
  appendFileSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  mkdirSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { sweepFiles, temporaryIn } from './temporary.ts';
import { UserError } from './user-error.ts';

/** Links that are followed, one after the other, as Linux does. */
const MAX_LINKS = 40;
/** What a new file may have, less the umask. */
const NEW_FILE = 0o666;

/**
 * Writes a file whole or not at all, where a link leads; it keeps its mode. Written in place, and so not
 * whole if the process is killed in that moment: a device or a pipe, a file that has other names (hard
 * links) or another owner, and one in a folder that takes no new files. UserError if it cannot be written.
 */
export function writeFile(file: string, text: string): void {
  const temporary: string[] = [];
  try {
    const { path, stats } = targetOf(file);
    if (stats !== undefined && !isReplaceable(path, stats)) {
      writeFileSync(path, text);
      return;
    }
    const folder = dirname(path);
    sweepFiles(folder);
    const next = temporaryIn(folder);
    temporary.push(next);
    writeNew(next, text, stats?.mode);
    renameSync(next, path);
  } catch (error) {
    // Below a file, rmSync() with `force` is an error in itself from Node 22 on.
    for (const next of temporary) if (existsSync(next)) rmSync(next);
    throw cannot('write', file, error);
  }
}

/** Throws the UserError that writeFile() would, if that can be known beforehand. Writes nothing. */
export function assertWritable(file: string): void {
  try {
    const { path, stats } = targetOf(file);
    if (stats !== undefined) accessSync(path, constants.W_OK);
    else {
      const folder = dirname(path);
      if (!statSync(folder).isDirectory()) throw new Error('ENOTDIR: not a directory');
      accessSync(folder, constants.W_OK | constants.X_OK);
    }
  } catch (error) {
    throw cannot('write', file, error);
  }
}

/** A file that did not exist, with that mode if there is one. */
export function writeNew(file: string, text: string, mode: number | undefined): void {
  const fd = openSync(file, 'wx', mode === undefined ? NEW_FILE : 0o600);
  try {
    writeFileSync(fd, text);
    if (mode !== undefined) fchmodSync(fd, mode & 0o7777);
  } finally {
    closeSync(fd);
  }
}

/** What is written when `file` is: itself, or where its links lead, be it nowhere yet. */
function targetOf(file: string): { readonly path: string; readonly stats: Stats | undefined } {
  if (file === '') throw new Error('ENOENT: no such file or directory');
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats?.isDirectory() === true || file.endsWith('/')) {
    throw new Error('EISDIR: illegal operation on a directory');
  }
  // What is no file may be a link to no path, as /dev/stdout is.
  if (stats?.isFile() === true) return { path: realpathSync(file), stats };
  return { path: stats === undefined ? endOfLinks(file) : file, stats };
}

/** Where links lead from there, be it nowhere yet; the path itself if it is none. */
export function endOfLinks(file: string): string {
  let path = resolve(file);
  for (let links = 0; links < MAX_LINKS; links++) {
    const to = linkTarget(path);
    if (to === undefined) return path;
    path = resolve(realpathSync(dirname(path)), to);
  }
  throw new Error('ELOOP: too many symbolic links encountered');
}

/** undefined: no link. */
function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** Another file in its place would be the same to everybody. */
function isReplaceable(path: string, stats: Stats): boolean {
  return (
    stats.isFile() &&
    stats.nlink === 1 &&
    (process.geteuid === undefined || stats.uid === process.geteuid()) &&
    mayWriteIn(dirname(path))
  );
}

function mayWriteIn(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Appends to a file that others write to as well. */
export function appendFile(file: string, text: string): void {
  try {
    appendFileSync(file, text);
  } catch (error) {
    throw cannot('append to', file, error);
  }
}

/** Makes a folder that an argument names, unless it is there. */
export function makeFolder(folder: string): void {
  try {
    makeUnlessThere(resolve(folder));
  } catch (error) {
    throw cannot('make', folder, error);
  }
}

/** mkdirSync() with `recursive` never ends in /proc, where a folder that is there takes no other. */
function makeUnlessThere(folder: string): void {
  if (isFolder(folder)) return;
  if (dirname(folder) !== folder) makeUnlessThere(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (!isFolder(folder)) throw error;
  }
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

/** `cannot write "a/b": ENOENT: no such file or directory` */
export function cannot(what: string, file: string, error: unknown): UserError {
  const said = typeof error === 'object' && error !== null && 'message' in error ? error.message : error;
  return new UserError(`cannot ${what} ${JSON.stringify(file)}: ${String(said).split(',')[0] ?? ''}`);
}
