// SPDX-License-Identifier: GPL-2.0-only
/** A copy of the project whose corpus may be damaged, and folders for a test's files. */
import { cpSync, mkdtempSync, realpathSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUILD, ROOT } from './run.ts';

/** A new folder, free of symlinks in its path; who asks for it removes it. */
export function temporaryFolder(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), 'bouncediff-')));
}

/**
 * The project in a new folder, with these scenarios only: few are read sooner. Its code looks for the
 * corpus there, not where it was copied from.
 */
export function copyProject(scenarios: readonly string[]): string {
  const root = temporaryFolder();
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  const files = ['scenario.schema.json', 'expectations.yaml', ...scenarios.map((id) => `${id}.yaml`)];
  const corpus = files.map((file) => join('corpus', file));
  for (const name of [
    'package.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'harness',
    'scripts',
    'variants',
    ...corpus,
  ]) {
    cpSync(join(ROOT, name), join(root, name), { recursive: true, filter: isNeeded });
  }
  cpSync(BUILD, join(root, 'dist'), { recursive: true });
  return root;
}

/** Tests and recordings stay where they are. */
function isNeeded(path: string): boolean {
  return !/\.test\.ts$|\.gz$/.test(path);
}
