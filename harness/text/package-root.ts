// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the package is built: for its users, and for each run of the tests (.jest/build.mjs). */
const BUILT = /^(?:dist|\.test-build\/\d+)\//;

/** Folder of package.json: where the corpus, the data and the states' sources are. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** The version of a package that this one can import; undefined: it is not installed. */
export function versionOf(name: string): string | undefined {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  const file = folders.map((folder) => join(folder, name, 'package.json')).find((path) => existsSync(path));
  if (file === undefined) return undefined;
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string };
  return version;
}

/** The source of a module by its import.meta.url, also of one that was built; from the package's root, if below it. */
export function sourcePath(module: string): string {
  const path = relative(packageRoot(), fileURLToPath(module)).replaceAll('\\', '/');
  if (path.startsWith('..')) return fileURLToPath(module);
  return path.replace(BUILT, '').replace(/\.js$/, '.ts');
}
