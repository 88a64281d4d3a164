// SPDX-License-Identifier: GPL-2.0-only
/** What a kernel tree is to whoever reads from it, be it a folder, a commit, or either with patches on it. */
import { createHash } from 'node:crypto';
import { UserError } from '../text/user-error.ts';
import { shown } from './words.ts';

/** Largest file that is read, bytes. */
export const MAX_FILE = 16 * 1024 * 1024;

/** A file as it is in a tree. */
export interface SourceFile {
  readonly text: string;
  /** Git's id of the content: what `index` lines of a diff name, and a key for caches. */
  readonly blob: string;
}

/** Files by their path from the top of the tree, as in `include/linux/types.h`; nothing is ever written. */
export interface KernelTree {
  /** The tree as the user named it, with the revision if one was asked for. */
  readonly name: string;
  /** What `make kernelversion` says: `5.14.0-rc5`. */
  readonly version: string;
  /** The repository, and the commit that is read; undefined for a plain folder. */
  readonly git?: { readonly gitDir: string; readonly commit: string } | undefined;
  /** True for a regular file inside the tree; UserError when it is a symbolic link out of it. */
  has(path: string): boolean;
  /** The file, undefined when there is none; UserError when it is too large or leads out of the tree. */
  read(path: string): Promise<SourceFile | undefined>;
}

/** True for a path that can only lead down from the top of a tree. */
export function isTreePath(path: string): boolean {
  return (
    path.length <= 4096 &&
    !path.includes('\0') &&
    !path.includes('\\') &&
    path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && part !== '.git')
  );
}

/** Git's id of a file's content (SHA-1). */
export function blobId(content: string | Uint8Array): string {
  const bytes = Buffer.from(content);
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

/** UTF-8, and Latin-1 for the few files of older kernels that are not. */
export function sourceFile(bytes: Uint8Array, blob = blobId(bytes)): SourceFile {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), blob };
  } catch {
    return { text: Buffer.from(bytes).toString('latin1'), blob };
  }
}

export function tooLarge(path: string, tree: string): UserError {
  return new UserError(`${shown(path)} in ${shown(tree)} is larger than ${MAX_FILE / 1024 / 1024} MiB`);
}

export function leadsOut(path: string, tree: string): UserError {
  return new UserError(`${shown(path)} in ${shown(tree)} is a symbolic link out of the tree`);
}
