// SPDX-License-Identifier: GPL-2.0-only
/** Git on a repository that the user named: it only reads, whatever the configuration says. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { UserError } from '../text/user-error.ts';
import { reason } from './words.ts';

/** Nothing of the caller's own repository, no question, no fetching of what a partial clone lacks. */
export const GIT_ENVIRONMENT = {
  GIT_DIR: undefined,
  GIT_WORK_TREE: undefined,
  GIT_INDEX_FILE: undefined,
  GIT_OBJECT_DIRECTORY: undefined,
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
  GIT_NO_LAZY_FETCH: '1',
  LC_ALL: 'C',
};

/** The git directory of a work tree's top folder or of a bare repository; undefined for another folder. */
export function gitDirOf(folder: string): string | undefined {
  const inside = join(folder, '.git');
  if (existsSync(inside)) return inside;
  const isBare = ['objects', 'refs'].every((name) =>
    statSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory(),
  );
  return isBare && existsSync(join(folder, 'HEAD')) ? folder : undefined;
}

/** What git prints; UserError with the first line of what it complains about, or `refusal` instead. */
export async function git(
  gitDir: string,
  args: readonly string[],
  { limit = 64 * 1024 * 1024, refusal }: { limit?: number; refusal?: string } = {},
): Promise<Buffer> {
  const result = await execa('git', [`--git-dir=${gitDir}`, ...args], {
    env: GIT_ENVIRONMENT,
    encoding: 'buffer',
    maxBuffer: limit,
    stdin: 'ignore',
    reject: false,
  });
  if (!result.failed) return Buffer.from(result.stdout);
  if (result.code === 'ENOENT') throw new UserError('git is not installed; it reads the kernel repository');
  if (result.isMaxBuffer) {
    throw new UserError(`git ${args[0] ?? ''} prints more than ${Math.floor(limit / 1024 / 1024)} MiB`);
  }
  const said = Buffer.from(result.stderr)
    .toString()
    .replace(/^(?:fatal|error): /, '');
  throw new UserError(
    refusal ?? `git ${args[0] ?? ''}: ${reason(said) || (result.shortMessage ?? 'failed')}`,
  );
}
