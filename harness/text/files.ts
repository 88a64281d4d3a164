// SPDX-License-Identifier: GPL-2.0-only
/** Files that the user names: read, or written whole or not at all; what goes wrong is one line. */
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { UserError } from './user-error.ts';

/** Writes a file whole or not at all; into a device or a pipe, and where a symlink leads. */
export function writeFile(file: string, text: string): void {
  let temporary: string | undefined;
  try {
    const existing = statSync(file, { throwIfNoEntry: false });
    if (existing !== undefined && !existing.isFile()) {
      writeFileSync(file, text);
      return;
    }
    const target = existing === undefined ? file : realpathSync(file);
    temporary = `${target}.${process.pid}.tmp`;
    writeFileSync(temporary, text);
    renameSync(temporary, target);
  } catch (error) {
    if (temporary !== undefined) rmSync(temporary, { force: true });
    throw new UserError(`cannot write ${JSON.stringify(file)}: ${reasonOf(error)}`);
  }
}

/** Finds out, before the work is done, whether writeFile() could write the file; UserError when it could not. */
export function assertWritable(file: string): void {
  try {
    const existing = statSync(file, { throwIfNoEntry: false });
    if (existing !== undefined && !existing.isFile()) {
      closeSync(openSync(file, 'a'));
      return;
    }
    const temporary = `${existing === undefined ? file : realpathSync(file)}.${process.pid}.tmp`;
    writeFileSync(temporary, '');
    rmSync(temporary);
  } catch (error) {
    throw new UserError(`cannot write ${JSON.stringify(file)}: ${reasonOf(error)}`);
  }
}

/** Appends to a file that others write to as well. */
export function appendFile(file: string, text: string): void {
  try {
    appendFileSync(file, text);
  } catch (error) {
    throw new UserError(`cannot append to ${JSON.stringify(file)}: ${reasonOf(error)}`);
  }
}

/** Reads a file that an argument names. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`cannot read ${JSON.stringify(file)}: ${reasonOf(error)}`);
  }
}

/** Makes a folder that an argument names, unless it is there. */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new UserError(`cannot make ${JSON.stringify(folder)}: ${reasonOf(error)}`);
  }
}

/** `ENOENT: no such file or directory` */
function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split(',')[0] ?? '';
}
