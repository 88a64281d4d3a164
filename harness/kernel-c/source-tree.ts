// SPDX-License-Identifier: GPL-2.0-only
/** Where a kernel's source text comes from, once all of it that can be needed is in memory. */
import type { KernelTree } from '../posted/kernel-tree.ts';
import { UserError } from '../text/user-error.ts';
import { MAX_DEPTH, MAX_FILES, includesIn, lookUp } from './includes.ts';

/** Source files by path from the root of a kernel tree: `drivers/iommu/dma-iommu.c`. */
export interface SourceTree {
  /** The text of a file; undefined when the tree has no such file. */
  read(path: string): string | undefined;
  /** True when the tree has that file. */
  has(path: string): boolean;
}

/** Files by path, and the tree below for all others. */
export function layeredTree(files: ReadonlyMap<string, string>, below?: SourceTree): SourceTree {
  return {
    read: (path) => files.get(path) ?? below?.read(path),
    has: (path) => files.has(path) || below?.has(path) === true,
  };
}

/**
 * Reads what `roots` can include of a tree, and the files `wanted` with all that those can include. The
 * result throws RangeError for a file of the tree that was not read.
 */
export async function gatherSources(
  tree: KernelTree,
  roots: readonly string[],
  wanted: readonly string[],
): Promise<SourceTree> {
  const files = new Map<string, string>();
  const seen = new Set<string>();
  let layer: { path: string; text: string }[] = roots.map((text) => ({ path: '', text }));
  let paths = [...wanted];
  let depth = 0;
  while (layer.length > 0 || paths.length > 0) {
    if (++depth > MAX_DEPTH || files.size > MAX_FILES) {
      throw new UserError(
        `${tree.name}: more than ${MAX_FILES} files are included, or deeper than ${MAX_DEPTH}`,
      );
    }
    for (const { path, text } of layer) {
      for (const include of includesIn(text)) {
        const { places, genericPlaces } = lookUp(include, path);
        paths.push(...places, ...genericPlaces);
      }
    }
    const fresh = [...new Set(paths)].filter((path) => !seen.has(path));
    for (const path of fresh) seen.add(path);
    const read = await Promise.all(
      fresh.filter((path) => tree.has(path)).map(async (path) => ({ path, file: await tree.read(path) })),
    );
    layer = [];
    paths = [];
    for (const { path, file } of read) {
      if (file === undefined) continue;
      files.set(path, file.text);
      layer.push({ path, text: file.text });
    }
  }
  return {
    read(path) {
      const text = files.get(path);
      if (text === undefined && tree.has(path)) throw new RangeError(`${path} was not read`);
      return text;
    },
    has: (path) => tree.has(path),
  };
}
