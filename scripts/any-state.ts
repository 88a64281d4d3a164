// SPDX-License-Identifier: GPL-2.0-only
/** States by what the user calls them: of the registry, or imported into the workspace. */
import { allStates, findState } from '../variants/registry.ts';
import type { State } from '../harness/subject/state.ts';
import { suggestion, UserError } from '../harness/text/user-error.ts';
import { short } from '../harness/subject/expression.ts';
import { expressed, quote, stateNamed, type Args } from './cli.ts';
import { workspaceFolder } from './workspace.ts';

/** The state of that id or expression; UserError that names the nearest ones, or says why it is none. */
export async function anyState(id: string, args: Args): Promise<State> {
  const state = findState(id);
  if (state !== undefined) return state;
  const workspace = await openWorkspace(args);
  const imported = expressed(id, (text) => workspace.find(text));
  if (imported !== undefined) return imported;
  const own = workspace.namesIn(id).flatMap((name) => workspace.states(name));
  if (own.length === 0) {
    // Says which states there are.
    return stateNamed(id, workspace.names());
  }
  const names = own.flatMap(({ id: known, alias }) => (alias === undefined ? [known] : [known, alias]));
  throw new UserError(
    `unknown state ${quote(short(id))}; ${suggestion(short(id), names)} (the command states lists all)`,
  );
}

/** The imported state of that id or expression; undefined when the workspace has none. */
export async function importedState(id: string, args: Args): Promise<State | undefined> {
  const workspace = await openWorkspace(args);
  return expressed(id, (text) => workspace.find(text));
}

/** All of them, imported ones last. */
export async function everyState(args: Args): Promise<readonly State[]> {
  const workspace = await openWorkspace(args);
  return [...allStates(), ...workspace.names().flatMap((name) => workspace.states(name))];
}

/** Loading what reads it takes longer than most commands want to wait for nothing. */
async function openWorkspace(args: Args) {
  const { Workspace } = await import('../harness/c-states/workspace.ts');
  return new Workspace(workspaceFolder(args));
}
