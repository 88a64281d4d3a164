// SPDX-License-Identifier: GPL-2.0-only
/** Which tests of a room come to a module of it. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** What a module imports of this project, types left out. */
const IMPORT = /^(?:import|export)\s(?!type\s)(?:[^;']*?\sfrom\s)?'(\.[^']+)';/gm;

/** Paths, from the root, of the files of a room, folders below it and all. */
export function filesOf(root: string, room: string): string[] {
  return readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
    .map((name) => join(room, name).replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'))
    .toSorted();
}

/** The tests of a room, by what they import. */
export class ModuleTests {
  readonly #root: string;
  /** All of them, paths from the root. */
  readonly all: readonly string[];
  readonly #imports = new Map<string, readonly string[]>();
  readonly #distances = new Map<string, ReadonlyMap<string, number>>();

  constructor(root: string, room: string) {
    this.#root = root;
    this.all = filesOf(root, room).filter((path) => path.endsWith('.test.ts'));
  }

  /** The tests that import the module, be it through others: its own first, then the nearest. Paths from the root. */
  of(module: string): string[] {
    const own = module.replace(/\.ts$/, '');
    const far = (test: string): number => {
      if (test === `${own}.test.ts`) return 0;
      return (this.#distancesFrom(test).get(module) ?? Infinity) + (isNamesake(test, own) ? 0 : 1);
    };
    return this.all.filter((test) => far(test) < Infinity).toSorted((a, b) => far(a) - far(b));
  }

  /** How many imports lead from a file to each that it imports, itself or through others. */
  #distancesFrom(file: string): ReadonlyMap<string, number> {
    const known = this.#distances.get(file);
    if (known !== undefined) return known;
    const found = new Map([[file, 0]]);
    // What is added meanwhile is gone through as well, the nearest first.
    for (const [at, distance] of found) {
      for (const next of this.#importsOf(at)) if (!found.has(next)) found.set(next, distance + 1);
    }
    this.#distances.set(file, found);
    return found;
  }

  #importsOf(file: string): readonly string[] {
    const known = this.#imports.get(file);
    if (known !== undefined) return known;
    const text = readFileSync(join(this.#root, file), 'utf8');
    const found = [...text.matchAll(IMPORT)]
      .map(([, path = '']) => join(dirname(file), path).replaceAll('\\', '/'))
      .filter((path) => path.endsWith('.ts'));
    this.#imports.set(file, found);
    return found;
  }
}

/** `iova-full.test.ts` of `iova.ts`. */
function isNamesake(test: string, own: string): boolean {
  return dirname(test) === dirname(own) && basename(test).startsWith(`${basename(own)}-`);
}
