// SPDX-License-Identifier: GPL-2.0-only
/** A folder with kernel trees and series that were imported: their sources by content, and what was compiled. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { SourceFile } from '../posted/kernel-tree.ts';
import type { PostedSeries } from '../posted/series.ts';
import { cannot, makeFolder, writeFile } from '../text/files.ts';
import { UserError } from '../text/user-error.ts';
import type { State } from '../subject/state.ts';
import { CExpressions } from './expressions.ts';
import { Family } from './family.ts';
import { snapshotOf, type Snapshot } from './snapshot.ts';

/** What a name may be made of. */
export const NAME = /^[a-z0-9._-]+$/;

const BLOB = z.string().regex(/^[0-9a-f]{40}$/);
/** What is in the file of a name. The series is what posted/ made of mails, and goes back there as it is. */
const manifestSchema = z.object({
  format: z.literal(1),
  tree: z.object({
    name: z.string(),
    version: z.string(),
    git: z.object({ gitDir: z.string(), commit: z.string() }).optional(),
  }),
  below: z.enum(['tree', 'machine']),
  files: z.record(z.string(), BLOB),
  series: z.array(z.object({ version: z.string(), patches: z.array(z.unknown()) }).loose()),
  suggestions: z
    .array(
      z.object({
        name: z.string(),
        on: z.string(),
        series: z.object({ version: z.string(), patches: z.array(z.unknown()) }).loose(),
      }),
    )
    .default([]),
});

/** A tree's series, and what was suggested on their states. */
interface Content {
  readonly below: 'tree' | 'machine';
  readonly series: readonly PostedSeries[];
  /** By the id of the state, and of the one that it stands on. */
  readonly suggestions: readonly { name: string; on: string; series: PostedSeries }[];
}

export class Workspace {
  private readonly folder: string;
  private readonly opened = new Map<string, CExpressions>();

  /** `folder` need not be there. */
  constructor(folder: string) {
    this.folder = folder;
  }

  /** Where compiled objects are kept. */
  get objects(): string {
    return join(this.folder, 'objects');
  }

  /** The names that were imported, sorted. */
  names(): string[] {
    const folder = join(this.folder, 'states');
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((file) => file.endsWith('.json'))
      .map((file) => file.slice(0, -'.json'.length))
      .filter((name) => NAME.test(name))
      .sort();
  }

  /** Keeps a tree and its series; what went by that name before is replaced. */
  write(name: string, snapshot: Snapshot, { below, series, suggestions }: Content): void {
    for (const folder of ['files', 'states', 'objects']) makeFolder(join(this.folder, folder));
    const files: Record<string, string> = {};
    for (const [path, { text, blob }] of snapshot.files) {
      files[path] = blob;
      const file = join(this.folder, 'files', blob);
      if (!existsSync(file)) writeFile(file, text);
    }
    const { name: tree, version, git } = snapshot;
    const manifest = { format: 1, tree: { name: tree, version, git }, below, files, series, suggestions };
    writeFile(this.file(name), `${JSON.stringify(manifest)}\n`);
    this.opened.delete(name);
  }

  /** The states of a name, the tree's own first; none if nobody imported it. */
  states(name: string): readonly State[] {
    return this.expressions(name)?.states() ?? [];
  }

  /**
   * The state of that id or alias, `c`, `c/v3`, `c/v3.1`, or the one that an expression stands for; undefined when
   * the text begins with none. ExpressionError when there is no such state.
   */
  find(text: string): State | undefined {
    for (const name of this.namesIn(text)) {
      const state = this.expressions(name)?.state(text);
      if (state !== undefined) return state;
    }
    return undefined;
  }

  /** The names that a text can begin with, the longest first: they may have signs in them. */
  namesIn(text: string): string[] {
    return this.names()
      .filter((name) => text.startsWith(name) && /^[/+-]?$/.test(text.charAt(name.length)))
      .toSorted((a, b) => b.length - a.length);
  }

  private expressions(name: string): CExpressions | undefined {
    if (!NAME.test(name) || !existsSync(this.file(name))) return undefined;
    let found = this.opened.get(name);
    if (found === undefined) this.opened.set(name, (found = new CExpressions(this.open(name))));
    return found;
  }

  /** Deletes all of it. */
  clean(): void {
    for (const folder of ['files', 'states', 'objects']) {
      try {
        rmSync(join(this.folder, folder), { recursive: true, force: true });
      } catch (error) {
        throw cannot('delete', join(this.folder, folder), error);
      }
    }
    this.opened.clear();
  }

  private file(name: string): string {
    return join(this.folder, 'states', `${name}.json`);
  }

  private open(name: string): Family {
    const { tree, below, files, ...manifest } = this.manifest(name);
    const contents = new Map<string, SourceFile>();
    for (const [path, blob] of Object.entries(files)) {
      contents.set(path, { text: this.content(name, blob), blob });
    }
    const family = new Family(snapshotOf({ ...tree, git: tree.git }, contents), {
      id: name,
      cacheFolder: this.objects,
      below,
    });
    const { series, suggestions } = manifest as unknown as Content;
    for (const one of series) family.add(one, `${name}/${one.version}`);
    for (const one of suggestions) {
      const on = family.states().find(({ id }) => id === one.on);
      if (on === undefined) throw this.damaged(name);
      family.suggest(one.series, one.name, on);
    }
    return family;
  }

  private manifest(name: string): z.infer<typeof manifestSchema> {
    try {
      return manifestSchema.parse(JSON.parse(readFileSync(this.file(name), 'utf8')));
    } catch {
      throw this.damaged(name);
    }
  }

  private content(name: string, blob: string): string {
    try {
      return readFileSync(join(this.folder, 'files', blob), 'utf8');
    } catch {
      throw this.damaged(name);
    }
  }

  private damaged(name: string): UserError {
    return new UserError(
      `${name} in the workspace ${JSON.stringify(this.folder)} is damaged: import it again`,
    );
  }
}
