// SPDX-License-Identifier: GPL-2.0-only
/** Which modules import which, types included. */
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { ts } from 'ts-morph';

export class Imported {
  readonly #root: string;
  readonly #under: string;
  readonly #known = new Map<string, readonly string[]>();

  /** Modules below the folder `under` of `root`; what lies elsewhere is not looked at. */
  constructor(root: string, under = '') {
    this.#root = root;
    this.#under = under === '' ? '' : `${under}/`;
  }

  /** The modules that a module imports itself, by their paths from the root. */
  by(path: string): readonly string[] {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const file = join(this.#root, path);
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const found = ts
      .preProcessFile(text)
      .importedFiles.map(({ fileName }) => fileName)
      .filter((name) => name.startsWith('.'))
      .map((name) => posix.join(posix.dirname(path), name))
      .filter((target) => target.startsWith(this.#under));
    this.#known.set(path, found);
    return found;
  }

  /** The modules and all that they import, directly or not. */
  closure(paths: readonly string[]): ReadonlySet<string> {
    const found = new Set(paths);
    for (const path of found) for (const target of this.by(path)) found.add(target);
    return found;
  }
}
