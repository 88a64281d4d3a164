// SPDX-License-Identifier: GPL-2.0-only
/** A copy of the repository to write into. */
import { cpSync, mkdtempSync, readdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../text/package-root.ts';

/** Not part of what is checked out, or of no use to a copy. */
const LEFT_OUT = new Set(['node_modules', '.git', 'dist', '.test-build', 'coverage', 'reports']);

/**
 * Copies the repository without its tests, or only `parts` of its top level, into a temporary folder
 * that the caller removes.
 */
export function copyOfRepository(parts?: readonly string[]): string {
  const root = packageRoot();
  const copy = mkdtempSync(join(tmpdir(), 'bouncediff-'));
  for (const part of parts ?? readdirSync(root).filter((name) => !LEFT_OUT.has(name))) {
    const filter = (path: string): boolean => !path.endsWith('.test.ts');
    cpSync(join(root, part), join(copy, part), { recursive: true, filter });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}
