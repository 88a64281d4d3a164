// SPDX-License-Identifier: GPL-2.0-only
import {
  importNames,
  openBase,
  openSeries,
  type OpenSuggestion,
  type SeriesRequest,
} from '../harness/c-states/open-series.ts';
import { NAME, Workspace } from '../harness/c-states/workspace.ts';
import type { Family, SeriesStates } from '../harness/c-states/family.ts';
import { compileAhead } from '../harness/kernel-c/compiled-state.ts';
import { UserError } from '../harness/text/user-error.ts';
import { allStates } from '../variants/registry.ts';
import { EXIT_OK, OUTPUT, quote, type Args, type Command } from './cli.ts';
import { printAside } from './print.ts';
import { formatOption, outputBlocks, PAGE } from './rendered.ts';
import { TREE, treeOf } from './review.ts';
import { listed } from './states.ts';
import { endProgress, showProgress } from './terminal.ts';
import { WORKSPACE, workspaceFolder } from './workspace.ts';

export const importCommand: Command = {
  usage: '[series...]',
  options: {
    ...TREE,
    workspace: WORKSPACE,
    as: { type: 'string', value: 'NAME', help: 'what the tree is called from now on (linux-VERSION)' },
    list: { type: 'boolean', help: 'what the workspace has' },
    clean: { type: 'boolean', help: 'empty the workspace' },
    format: formatOption(PAGE),
    output: OUTPUT,
  },
  examples: [
    '--tree <linux> --as linux-6.12',
    '--tree <linux> --base v5.14 --as c <v2.mbox> <v3.mbox>',
    '--list',
  ],
  run,
};

async function run(args: Args): Promise<number> {
  const workspace = new Workspace(workspaceFolder(args));
  if (args.flag('clean')) {
    workspace.clean();
    return EXIT_OK;
  }
  if (args.flag('list')) {
    const states = workspace.names().flatMap((name) => workspace.states(name));
    outputBlocks(args, PAGE, listed(states));
    return EXIT_OK;
  }
  const given = args.text('as');
  if (given !== undefined) checkName(given);
  const request = {
    ...treeOf(args),
    series: args.positionals,
    version: args.text('series'),
    suggestions: args.texts('suggest'),
  };
  if (request.series.length === 0 && request.suggestions.length > 0) {
    throw new UserError('--suggest needs the series that the suggestion stands on');
  }
  const { family, name, series, suggestions, notes } = await opened(request, given);
  // What does not compile is not kept.
  await compileAhead(family.states(), [{ pageSize: 4096, swiotlb: true }], {
    onProgress(title, done, total) {
      if (done === total) endProgress();
      else showProgress(() => `compiling ${title}, ${done}/${total}`);
    },
  });
  workspace.write(name, family.snapshot, {
    below: request.below,
    series: series.map((one) => one.series),
    suggestions: suggestions.map((one) => ({ name: one.name, on: one.on.id, series: one.series })),
  });
  for (const note of notes) printAside(`${note}\n`);
  outputBlocks(args, PAGE, listed(workspace.states(name)));
  return EXIT_OK;
}

interface Opened {
  readonly family: Family;
  readonly name: string;
  readonly series: readonly SeriesStates[];
  readonly suggestions: readonly OpenSuggestion[];
  readonly notes: readonly string[];
}

/** The name that a tree gets which nobody named is known when it is open. */
async function opened(request: SeriesRequest, given: string | undefined): Promise<Opened> {
  const base = await openBase(request, given ?? 'linux');
  const { version } = base.snapshot;
  const name = given ?? `linux-${version.toLowerCase().replaceAll(/[^a-z0-9._-]/g, '-')}`;
  if (request.series.length === 0) {
    const family = given === undefined ? await openBase(request, name) : base;
    return { family, name, series: [], suggestions: [], notes: [] };
  }
  const { series: all, suggestions } = await openSeries(request, importNames(name));
  const [first] = all;
  if (first === undefined) throw new RangeError('no series');
  const stray = all.find(({ family }) => family !== first.family);
  if (stray !== undefined) {
    throw new UserError(
      `${first.end.id} and ${stray.end.id} stand on two revisions: import each under a name of its own`,
    );
  }
  const versions = all.map(({ series }) => series.version);
  const twin = versions.find((version_, index) => versions.indexOf(version_) !== index);
  if (twin !== undefined) {
    throw new UserError(`two of the series are ${twin}: import each under a name of its own`);
  }
  const notes = [...all, ...suggestions].flatMap((one) => one.notes);
  return { family: first.family, name, series: all, suggestions, notes };
}

/** No other state may go by a name that begins so. */
function checkName(name: string): void {
  if (!NAME.test(name) || /^\.+$/.test(name)) {
    throw new UserError(`--as ${quote(name)}: a name is made of a-z, 0-9, ".", "_" and "-"`);
  }
  const taken = allStates().flatMap(({ id, alias = id }) => [id, alias, id.split('/')[0]]);
  if (taken.includes(name)) throw new UserError(`--as ${quote(name)}: a state is called so already`);
}
