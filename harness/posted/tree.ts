// SPDX-License-Identifier: GPL-2.0-only
/** Opens the kernel tree that the user names. */
import { statSync, type Stats } from 'node:fs';
import { UserError } from '../text/user-error.ts';
import { FolderTree } from './folder-tree.ts';
import { GitTree } from './git-tree.ts';
import { gitDirOf } from './git.ts';
import type { KernelTree } from './kernel-tree.ts';
import { reason, shown } from './words.ts';

/** A header that every kernel has, and a partly unpacked one that is of use. */
const HEADER = 'include/linux/types.h';

/**
 * The kernel tree in a folder. In a git repository, with a work tree or bare, it is the commit `base`, HEAD
 * if absent: what is not committed does not count. UserError for what is no kernel tree.
 */
export async function openTree(path: string, { base }: { base?: string } = {}): Promise<KernelTree> {
  if (!statsOf(path)?.isDirectory()) throw new UserError(`no folder ${shown(path)}`);
  const gitDir = gitDirOf(path);
  if (gitDir === undefined && base !== undefined) {
    throw new UserError(`${shown(path)} is no git repository, so it has no revision ${shown(base)}`);
  }
  const name = base === undefined ? path : `${path}@${base}`;
  const files =
    gitDir === undefined ? new FolderTree(path) : await GitTree.open(name, gitDir, base ?? 'HEAD');
  const version = versionOf((await files.read('Makefile'))?.text);
  const missing = version === undefined ? 'a Makefile with VERSION and PATCHLEVEL' : HEADER;
  if (version === undefined || !files.has(HEADER)) {
    throw new UserError(`${shown(name)} is no kernel tree: it lacks ${missing}`);
  }
  return {
    name,
    version,
    git: files instanceof GitTree ? files.git : undefined,
    has: (file) => files.has(file),
    read: (file) => files.read(file),
  };
}

function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw new UserError(`cannot read ${shown(path)}: ${reason(error)}`);
  }
}

/** What `make kernelversion` makes of the top Makefile. */
function versionOf(makefile = ''): string | undefined {
  const [version, patchLevel, subLevel, extra] = ['VERSION', 'PATCHLEVEL', 'SUBLEVEL', 'EXTRAVERSION'].map(
    (name) => new RegExp(String.raw`^${name}[ \t]*=[ \t]*([\w.+-]*)[ \t]*$`, 'm').exec(makefile)?.[1] ?? '',
  );
  if (!version || !patchLevel) return undefined;
  return `${version}.${patchLevel}${subLevel ? `.${subLevel}` : ''}${extra ?? ''}`;
}
