// SPDX-License-Identifier: GPL-2.0-only
/** A kernel tree that lies unpacked in a folder. */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { UserError } from '../text/user-error.ts';
import {
  isTreePath,
  leadsOut,
  MAX_FILE,
  sourceFile,
  tooLarge,
  type KernelTree,
  type SourceFile,
} from './kernel-tree.ts';
import { reason, shown } from './words.ts';

/** The files of a folder; symbolic links are followed as long as they stay inside. */
export class FolderTree implements Omit<KernelTree, 'version'> {
  readonly name: string;
  readonly #root: string;

  /** `folder` must exist. */
  constructor(folder: string) {
    this.name = folder;
    this.#root = realpathSync(folder);
  }

  has(path: string): boolean {
    return this.#find(path) !== undefined;
  }

  async read(path: string): Promise<SourceFile | undefined> {
    const found = this.#find(path);
    if (found === undefined) return undefined;
    if (found.size > MAX_FILE) throw tooLarge(path, this.name);
    try {
      return sourceFile(readFileSync(found.file));
    } catch (error) {
      throw this.#unreadable(path, error);
    }
  }

  #find(path: string): { file: string; size: number } | undefined {
    if (!isTreePath(path)) return undefined;
    const file = join(this.#root, path);
    try {
      const stats = statSync(file, { throwIfNoEntry: false });
      if (stats === undefined || !stats.isFile()) return undefined;
      if (!realpathSync(file).startsWith(this.#root + sep)) throw leadsOut(path, this.name);
      return { file, size: stats.size };
    } catch (error) {
      if (error instanceof UserError) throw error;
      if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
      throw this.#unreadable(path, error);
    }
  }

  #unreadable(path: string, error: unknown): UserError {
    return new UserError(`cannot read ${shown(path)} in ${shown(this.name)}: ${reason(error)}`);
  }
}
