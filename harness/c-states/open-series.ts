// SPDX-License-Identifier: GPL-2.0-only
/** From what a reviewer types, a tree and mails, to states. */
import { existsSync } from 'node:fs';
import type { Below } from '../kernel-c/plan.ts';
import { commitOf } from '../posted/git-tree.ts';
import type { KernelTree } from '../posted/kernel-tree.ts';
import { readMailbox } from '../posted/mailbox.ts';
import { postedSeries, type PostedSeries } from '../posted/series.ts';
import { openTree } from '../posted/tree.ts';
import { shown } from '../posted/words.ts';
import { UserError } from '../text/user-error.ts';
import type { State } from '../subject/state.ts';
import { Family, type SeriesStates } from './family.ts';
import { takeSnapshot } from './snapshot.ts';
import { readSuggestion, Standing, type Suggested } from './suggestions.ts';

/** What the reviewer typed. */
export interface SeriesRequest {
  /** Folder or git repository. */
  readonly tree: string;
  /** Revision that series stand on which say nothing else. */
  readonly base?: string | undefined;
  /** Which version to take out of a mailbox that has several. */
  readonly version?: string | undefined;
  /** Mailboxes, folders, `-`, `A..B`; each may end in `@REV`. */
  readonly series: readonly string[];
  /** `FILE@STATE`: patches that somebody has posted on a state of the series, or on a suggestion before it. */
  readonly suggestions?: readonly string[] | undefined;
  readonly below: Below;
  readonly cacheFolder: string | undefined;
}

/** A series to be applied, and what it stands on. */
interface Placed {
  readonly series: PostedSeries;
  readonly tree: KernelTree;
  readonly notes: readonly string[];
}

/** A series as states, with its family and everything that its reader should know. */
export interface OpenSeries extends SeriesStates {
  readonly family: Family;
  /** What was left out, skipped, moved: a line each. */
  readonly notes: readonly string[];
}

/** A suggestion as states. */
export interface OpenSuggestion extends OpenSeries {
  /** Its own state, and the one that it stands on. */
  readonly name: string;
  readonly on: State;
}

/** How the states are called. */
export interface Names {
  /** Of a tree: `bases` says how many there are, `series` what stands on it first. */
  base(series: string, bases: number): string;
  /** Of the last state of a series, by its version; `index` is its place among all. */
  series(version: string, index: number, all: readonly string[]): string;
  /** The state that goes by a short name: `v3.3`, a suggestion's file without its extension. */
  inside(name: string): string;
}

/** The names of what was imported as `name`. */
export function importNames(name: string): Names {
  return {
    base: () => name,
    series: (version) => `${name}/${version}`,
    inside: (short) => (short === name || short.startsWith(`${name}/`) ? short : `${name}/${short}`),
  };
}

/** The names of a review: `base` and `v3`, `v3.1`, …; with two bases, `v2.0` and `v3.0`. */
export const REVIEW_NAMES: Names = {
  base: (series, bases) => (bases === 1 ? 'base' : `${series}.0`),
  series: (version, index, all) =>
    all.filter((other) => other === version).length > 1 ? `${index + 1}/${version}` : version,
  inside: (name) => name,
};

/** Series and suggestions in the order of the arguments. UserError for what cannot be read or applied. */
export async function openSeries(
  request: SeriesRequest,
  names: Names,
): Promise<{ series: OpenSeries[]; suggestions: OpenSuggestion[] }> {
  const trees = new Trees(request.tree);
  const placed: Placed[] = [];
  for (const argument of request.series) placed.push(await place(argument, request, trees));
  const versions = placed.map(({ series }) => series.version);
  const ids = placed.map(({ series }, index) => names.series(series.version, index, versions));
  const bases = [...new Set(placed.map(({ tree }) => tree))];
  const baseNames = bases.map((tree) =>
    names.base(ids[placed.findIndex((one) => one.tree === tree)] ?? '', bases.length),
  );
  const stands = new Standing();
  for (const [index, tree] of bases.entries()) stands.add(baseNames[index] ?? '', tree, []);
  for (const [index, { series, tree }] of placed.entries()) stands.addSeries(ids[index] ?? '', tree, series);
  const suggested: Suggested[] = [];
  for (const argument of request.suggestions ?? []) {
    suggested.push(stands.suggest(await readSuggestion(argument, request.version), names));
  }
  const families = new Map<KernelTree, Family>();
  for (const [index, tree] of bases.entries()) {
    const own = [...placed, ...suggested].filter((one) => one.tree === tree);
    const snapshot = await takeSnapshot(
      tree,
      own.map((one) => ('whole' in one ? one.whole : one.series)),
    );
    families.set(tree, new Family(snapshot, { ...request, id: baseNames[index] ?? '' }));
  }
  const series = placed.map((one, index): OpenSeries => {
    const family = families.get(one.tree) as Family;
    const states = family.add(one.series, ids[index] ?? '');
    return { ...states, family, notes: [...one.notes, ...one.series.notes, ...states.applied.notes] };
  });
  const suggestions = suggested.map((one): OpenSuggestion => {
    const family = families.get(one.tree) as Family;
    const on = family.states().find(({ id, alias }) => id === one.on || alias === one.on) ?? family.base;
    const states = family.suggest(one.series, one.name, on);
    return { ...states, family, name: one.name, on, notes: one.series.notes };
  });
  return { series, suggestions };
}

/** A tree without any series. */
export async function openBase(
  { tree, base, below, cacheFolder }: Omit<SeriesRequest, 'series'>,
  id: string,
): Promise<Family> {
  const opened = await new Trees(tree).at(base);
  return new Family(await takeSnapshot(opened, []), { id, below, cacheFolder });
}

async function place(argument: string, request: SeriesRequest, trees: Trees): Promise<Placed> {
  const { name, revision } = splitRevision(argument);
  const isRange = name !== '-' && !existsSync(name) && name.includes('..');
  const tree = isRange ? await trees.at(request.base) : undefined;
  const series = postedSeries(await readMailbox(name, { tree }), { series: request.version });
  const asked = revision ?? request.base;
  if (asked !== undefined) return { series, tree: await trees.at(asked), notes: [] };
  const { baseCommit } = series;
  const opened = await trees.at(undefined);
  if (baseCommit === undefined || opened.git === undefined) return { series, tree: opened, notes: [] };
  const commit = await known(opened, baseCommit);
  if (commit !== undefined) return { series, tree: await trees.at(commit), notes: [] };
  const note = `${series.version} says that it stands on commit ${baseCommit.slice(0, 12)}, which ${shown(request.tree)} lacks: applied to HEAD`;
  return { series, tree: opened, notes: [note] };
}

/** `v3.mbox@v5.14` is a series and its base, unless there is a file of that name. */
function splitRevision(argument: string): { name: string; revision: string | undefined } {
  const at = argument.lastIndexOf('@');
  if (at <= 0 || at === argument.length - 1 || existsSync(argument)) {
    return { name: argument, revision: undefined };
  }
  return { name: argument.slice(0, at), revision: argument.slice(at + 1) };
}

async function known({ git, name }: KernelTree, commit: string): Promise<string | undefined> {
  try {
    return git === undefined ? undefined : await commitOf(git.gitDir, commit, name);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** The revisions of one tree, each opened once. */
class Trees {
  private readonly path: string;
  private readonly open = new Map<string, KernelTree>();

  constructor(path: string) {
    this.path = path;
  }

  async at(revision: string | undefined): Promise<KernelTree> {
    const name = revision ?? '';
    let tree = this.open.get(name);
    if (tree === undefined) {
      tree = await openTree(this.path, revision === undefined ? {} : { base: revision });
      const commit = tree.git?.commit;
      // Two names of one commit are one tree.
      for (const other of this.open.values()) {
        if (commit !== undefined && other.git?.commit === commit) tree = other;
      }
      this.open.set(name, tree);
    }
    return tree;
  }
}
