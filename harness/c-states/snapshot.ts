// SPDX-License-Identifier: GPL-2.0-only
/** All of a kernel tree that states made of it can need, in memory: from here on nothing waits for a disk. */
import { sourcesFor } from '../kernel-c/build.ts';
import type { SourceTree } from '../kernel-c/source-tree.ts';
import { applyPatches, originalsOf, type PatchedTree } from '../posted/apply.ts';
import type { KernelTree, SourceFile } from '../posted/kernel-tree.ts';
import type { PostedSeries } from '../posted/series.ts';

/** Its existence alone decides about the configuration. */
const MARKS = ['mm/slob.c'];

/** Files of a tree before every patch. What is not among them, no state of these series reads. */
export interface Snapshot extends KernelTree {
  readonly files: ReadonlyMap<string, SourceFile>;
}

/** Reads what the tree and these series on it can include, and what the series change. */
export async function takeSnapshot(tree: KernelTree, series: readonly PostedSeries[]): Promise<Snapshot> {
  const files = new Map<string, SourceFile>();
  const remembering: KernelTree = {
    ...tree,
    has: (path) => tree.has(path),
    async read(path) {
      const known = files.get(path);
      const file = known ?? (await tree.read(path));
      if (file !== undefined) files.set(path, file);
      return file;
    },
  };
  await sourcesFor(remembering);
  for (const path of MARKS) if (tree.has(path)) await remembering.read(path);
  for (const one of series) {
    const originals = await originalsOf(remembering, one);
    for (const prefix of applyPatches(remembering, originals, one).prefixes.slice(1)) {
      await sourcesFor(prefix);
    }
  }
  return snapshotOf(tree, files);
}

/** A snapshot of these files. */
export function snapshotOf(
  { name, version, git }: Pick<KernelTree, 'name' | 'version' | 'git'>,
  files: ReadonlyMap<string, SourceFile>,
): Snapshot {
  return {
    name,
    version,
    git,
    files,
    has: (path) => files.has(path),
    read: async (path) => files.get(path),
  };
}

/** The text of a snapshot with patches on it. */
export function textsOf({ files }: Snapshot, patched?: PatchedTree): SourceTree {
  if (patched === undefined) return { read: (path) => files.get(path)?.text, has: (path) => files.has(path) };
  return {
    has: (path) => patched.has(path),
    read: (path) => (patched.has(path) ? (patched.changed(path) ?? files.get(path))?.text : undefined),
  };
}
