// SPDX-License-Identifier: GPL-2.0-only
/** A kernel tree as a commit of a git repository. */
import { posix } from 'node:path';
import { UserError } from '../text/user-error.ts';
import { BlobReader } from './blob-reader.ts';
import { git } from './git.ts';
import {
  isTreePath,
  leadsOut,
  MAX_FILE,
  sourceFile,
  tooLarge,
  type KernelTree,
  type SourceFile,
} from './kernel-tree.ts';
import { shown } from './words.ts';

/** How often a symbolic link may lead to another. */
const MAX_LINKS = 8;

interface Entry {
  readonly oid: string;
  readonly isLink: boolean;
}

/** The files of a commit; links to files are followed as long as they stay inside. */
export class GitTree implements Omit<KernelTree, 'version'> {
  readonly name: string;
  readonly git: { readonly gitDir: string; readonly commit: string };
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #blobs: BlobReader;
  readonly #links: ReadonlyMap<string, string>;

  private constructor(
    name: string,
    repository: { gitDir: string; commit: string },
    entries: ReadonlyMap<string, Entry>,
    links: ReadonlyMap<string, string>,
    blobs: BlobReader,
  ) {
    this.name = name;
    this.git = repository;
    this.#entries = entries;
    this.#links = links;
    this.#blobs = blobs;
  }

  /** Lists the files of a revision; UserError when the repository has no such commit. */
  static async open(name: string, gitDir: string, revision: string): Promise<GitTree> {
    const commit = await commitOf(gitDir, revision, name);
    const list = await git(gitDir, ['ls-tree', '-r', '-z', '--full-tree', commit], {
      limit: 256 * 1024 * 1024,
    });
    const entries = new Map<string, Entry>();
    for (const line of list.toString().split('\0')) {
      const [, mode, oid, path] = /^(\d+) blob ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
      if (oid !== undefined && path !== undefined) entries.set(path, { oid, isLink: mode === '120000' });
    }
    const blobs = new BlobReader(gitDir, MAX_FILE);
    const links = await Promise.all(
      [...entries]
        .filter(([, { isLink }]) => isLink)
        .map(async ([path, { oid }]): Promise<[string, string]> => [
          path,
          (await blobs.read(oid)).toString(),
        ]),
    );
    return new GitTree(name, { gitDir, commit }, entries, new Map(links), blobs);
  }

  has(path: string): boolean {
    return this.#find(path) !== undefined;
  }

  async read(path: string): Promise<SourceFile | undefined> {
    const entry = this.#find(path);
    if (entry === undefined) return undefined;
    const content = await this.#blobs.read(entry.oid);
    if (content === 'too large') throw tooLarge(path, this.name);
    return sourceFile(content);
  }

  #find(path: string): Entry | undefined {
    let at = path;
    for (let links = 0; links < MAX_LINKS && isTreePath(at); links++) {
      const entry = this.#entries.get(at);
      if (entry === undefined || !entry.isLink) return entry;
      const target = this.#links.get(at) ?? '';
      at = posix.join(posix.dirname(at), target);
      if (posix.isAbsolute(target) || at.startsWith('..')) throw leadsOut(path, this.name);
    }
    return undefined;
  }
}

/** The commit that a revision names; UserError when there is none. */
export async function commitOf(gitDir: string, revision: string, tree: string): Promise<string> {
  const refusal = `no revision ${shown(revision)} in ${shown(tree)}`;
  if (revision === '' || /^-|\s/.test(revision)) throw new UserError(refusal);
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`];
  return (await git(gitDir, args, { refusal })).toString().trim();
}
