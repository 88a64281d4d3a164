// SPDX-License-Identifier: GPL-2.0-only
/** Files that are read: regular ones, not larger than they may be; what goes wrong is one line. */
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { UserError } from './user-error.ts';

/** Bytes of a regular file. Throws UserError: it is none, it is too large, or it cannot be read. */
export function readBytes(file: string, maxSize: number): Buffer {
  const descriptor = attempt(file, () => open(file));
  try {
    const { size } = attempt(file, () => fstatSync(descriptor));
    if (size > maxSize) throw new UserError(`${file}: larger than ${inUnits(maxSize)}`);
    const bytes = Buffer.alloc(size);
    const length = attempt(file, () => readSync(descriptor, bytes, 0, size, 0));
    return bytes.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}

/** Text of a regular file. Throws UserError for what readBytes() refuses, and for what is not UTF-8. */
export function readText(file: string, maxSize: number): string {
  return decode(readBytes(file, maxSize), file);
}

/** The bytes as text. Throws UserError for what is not UTF-8. */
export function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UserError(`${file}: not UTF-8`);
  }
}

/** Runs a file system call; what it cannot do is the user's to mend. */
export function attempt<T>(path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof UserError) throw error;
    const reason =
      typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);
    throw new UserError(`${path}: cannot be read (${reason})`);
  }
}

/** Opened without waiting for whoever writes into a pipe, and looked at before and after. */
function open(file: string): number {
  refuseUnlessRegular(file, statSync(file));
  const descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    refuseUnlessRegular(file, fstatSync(descriptor));
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  return descriptor;
}

function refuseUnlessRegular(file: string, stats: { isFile(): boolean; isDirectory(): boolean }): void {
  if (stats.isFile()) return;
  throw new UserError(`${file}: ${stats.isDirectory() ? 'a folder' : 'a pipe or a device'}, not a file`);
}

function inUnits(bytes: number): string {
  return bytes >= 2 ** 20 ? `${bytes / 2 ** 20} MiB` : `${bytes / 2 ** 10} KiB`;
}
