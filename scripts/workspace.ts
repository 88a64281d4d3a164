// SPDX-License-Identifier: GPL-2.0-only
/** Where commands keep what they compile, and what was imported. */
import { realpathSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { UserError } from '../harness/text/user-error.ts';
import { quote, type Args, type Option } from './cli.ts';

/** What reads or writes the workspace takes this. */
export const WORKSPACE: Option = {
  type: 'string',
  value: 'DIR',
  help: 'where compiled and imported states are kept (.bouncediff here); safe to delete',
};

/** The workspace's folder, be it there yet or not. */
export function workspaceFolder(args: Args): string {
  return resolve(args.text('workspace') ?? '.bouncediff');
}

/** The folder for compiled objects; UserError when it would lie in the kernel tree. */
export function objectsFolder(args: Args, tree: string): string {
  const folder = workspaceFolder(args);
  const root = resolved(tree);
  if (root !== undefined && `${resolved(folder) ?? folder}${sep}`.startsWith(`${root}${sep}`)) {
    throw new UserError(
      `the workspace ${quote(folder)} would lie in the kernel tree, where nothing is written; name another: --workspace DIR`,
    );
  }
  return join(folder, 'objects');
}

function resolved(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
