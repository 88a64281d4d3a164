// SPDX-License-Identifier: GPL-2.0-only
/** Where a kernel's source text comes from. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../text/user-error.ts';

/** Source files by path from the root of a kernel tree: `drivers/iommu/dma-iommu.c`. */
export interface SourceTree {
  /** The text of a file; undefined when the tree has no such file. */
  read(path: string): string | undefined;
  /** True when the tree has that file. */
  has(path: string): boolean;
}

/** A kernel tree in a folder. UserError when it is none. */
export function folderTree(folder: string): SourceTree {
  const tree: SourceTree = {
    read(path) {
      const file = join(folder, path);
      return isFile(file) ? readFileSync(file, 'utf8') : undefined;
    },
    has: (path) => isFile(join(folder, path)),
  };
  if (!existsSync(folder)) throw new UserError(`no kernel tree in ${JSON.stringify(folder)}: no such folder`);
  if (!tree.has('drivers/iommu/dma-iommu.c')) {
    throw new UserError(
      `no kernel tree in ${JSON.stringify(folder)}: drivers/iommu/dma-iommu.c is not there`,
    );
  }
  return tree;
}

/** Files by path, and the tree below for all others. */
export function layeredTree(files: ReadonlyMap<string, string>, below?: SourceTree): SourceTree {
  return {
    read: (path) => files.get(path) ?? below?.read(path),
    has: (path) => files.has(path) || below?.has(path) === true,
  };
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
