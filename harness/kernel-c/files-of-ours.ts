// SPDX-License-Identifier: GPL-2.0-only
/** The C of this folder: overlay headers that stand before a tree's, and the units around its files. */
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { packageRoot } from '../text/package-root.ts';

/** Every file below `harness/kernel-c/<folder>`, by path from there. */
export function ourFiles(folder: 'overlay' | 'shim'): Map<string, string> {
  const root = join(packageRoot(), 'harness/kernel-c', folder);
  const files = new Map<string, string>();
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(relative(root, path).split(sep).join('/'), readFileSync(path, 'utf8'));
  }
  return files;
}
