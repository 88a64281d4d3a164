// SPDX-License-Identifier: GPL-2.0-only
/** What a branch has changed in this folder, from git. */
import { parsePatch } from 'diff';
import { execa } from 'execa';
import { packageRoot } from '../harness/text/package-root.ts';
import { UserError } from '../harness/text/user-error.ts';
import { quote } from './cli.ts';

/** Lines of a file as it is now, from 1, both ends included. */
export interface LineRange {
  readonly from: number;
  readonly to: number;
}

/** The changed lines of each file, by its path from the root; where lines are only gone, the one before them. */
export type ChangedLines = ReadonlyMap<string, readonly LineRange[]>;

/** Files that a branch has changed since it left `base`, those that are gone included. UserError when git cannot tell. */
export async function changedFiles(base: string): Promise<string[]> {
  const names = await diff(base, ['--name-only', '-z']);
  return names.split('\0').filter((file) => file !== '');
}

/** The lines that a branch has changed since it left `base`. UserError when git cannot tell. */
export async function changedLines(base: string): Promise<ChangedLines> {
  return linesOf(await diff(base, ['--unified=0', '--no-renames', '--src-prefix=a/', '--dst-prefix=b/']));
}

/** The lines that a patch of git's without context changes. */
export function linesOf(patch: string): ChangedLines {
  const changed = new Map<string, LineRange[]>();
  for (const { newFileName, hunks } of parsePatch(patch)) {
    if (newFileName?.startsWith('b/') !== true) continue;
    const ranges = hunks.map(({ newStart, newLines }): LineRange => {
      const to = Math.max(1, newStart + newLines - 1);
      return { from: Math.min(newStart, to), to };
    });
    if (ranges.length > 0) changed.set(newFileName.slice('b/'.length), ranges);
  }
  return changed;
}

async function diff(base: string, options: readonly string[]): Promise<string> {
  const how = ['-c', 'core.quotePath=false', 'diff', '--relative', '--no-color', '--no-ext-diff'];
  const args = [...how, ...options, `${base}...HEAD`, '--', '.'];
  const { stdout, stderr, failed } = await execa('git', args, { cwd: packageRoot(), reject: false });
  if (!failed) return stdout;
  const reason = typeof stderr === 'string' ? (stderr.split('\n')[0] ?? '') : '';
  throw new UserError(`git cannot tell what has changed since ${quote(base)}: ${reason}`);
}
