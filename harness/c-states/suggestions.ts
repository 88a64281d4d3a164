// SPDX-License-Identifier: GPL-2.0-only
/** Patches that somebody has posted on a state of a series: which state, and what all stands below them. */
import { existsSync } from 'node:fs';
import { basename, extname } from 'node:path';
import type { KernelTree } from '../posted/kernel-tree.ts';
import { readMailbox } from '../posted/mailbox.ts';
import { postedSeries, type PostedPatchMail, type PostedSeries } from '../posted/series.ts';
import { shown } from '../posted/words.ts';
import { suggestion, UserError } from '../text/user-error.ts';

/** What a suggestion's name may be made of. */
const NAME = /^[a-z0-9_][a-z0-9._-]*$/;

/** A suggestion as it was read: `FILE@STATE`. */
interface Read {
  readonly series: PostedSeries;
  /** The file without its folder and extension. */
  readonly name: string;
  readonly on: string;
}

/** A suggestion, and all that it stands on; `name` and `on` are ids. */
export interface Suggested extends Read {
  readonly tree: KernelTree;
  /** The mails from the tree up to its own. */
  readonly whole: PostedSeries;
}

/** Reads a suggestion. UserError for what is none. */
export async function readSuggestion(argument: string, version: string | undefined): Promise<Read> {
  const at = argument.lastIndexOf('@');
  const file = argument.slice(0, at);
  if (at <= 0 || at === argument.length - 1 || existsSync(argument)) {
    throw new UserError(
      `--suggest ${shown(argument)}: FILE@STATE, the mails and the state that they stand on, like raw.patch@v3.3`,
    );
  }
  const name = basename(file, extname(file)).toLowerCase();
  if (!NAME.test(name)) {
    throw new UserError(
      `--suggest ${shown(argument)}: the file gives the state its name, and ${shown(name)} is none: a-z, 0-9, ".", "_" and "-"`,
    );
  }
  const series = postedSeries(await readMailbox(file, {}), { series: version });
  return { series, name, on: argument.slice(at + 1) };
}

/** The states that a suggestion can stand on, by id: tree and mails. */
export class Standing {
  private readonly known = new Map<string, { tree: KernelTree; mails: readonly PostedPatchMail[] }>();

  add(id: string, tree: KernelTree, mails: readonly PostedPatchMail[]): void {
    this.known.set(id, { tree, mails });
  }

  /** Every prefix of it. */
  addSeries(
    id: string,
    tree: KernelTree,
    { patches }: PostedSeries,
    below: readonly PostedPatchMail[] = [],
  ): void {
    for (const [index, { number }] of patches.entries()) {
      this.add(`${id}.${number}`, tree, [...below, ...patches.slice(0, index + 1)]);
    }
    this.add(id, tree, [...below, ...patches]);
  }

  /** The suggestion in its place; later ones may stand on it. UserError when it has none, or its name is taken. */
  suggest({ series, name, on }: Read, names: { inside(name: string): string }): Suggested {
    const [id, base] = [names.inside(name), names.inside(on)];
    const found = this.known.get(base);
    if (found === undefined) {
      throw new UserError(
        `--suggest ${shown(name)}: no state ${shown(on)} to stand on; ${suggestion(base, [...this.known.keys()])}`,
      );
    }
    if (this.known.has(id)) throw new UserError(`--suggest ${shown(name)}: there is a state ${id} already`);
    const { tree, mails } = found;
    this.addSeries(id, tree, series, mails);
    return { series, name: id, on: base, tree, whole: { ...series, patches: [...mails, ...series.patches] } };
  }
}
