// SPDX-License-Identifier: GPL-2.0-only
/** The states of one kernel tree: the tree itself, series that were posted on it, and any choice of their patches. */
import { compiledState, type CompiledState } from '../kernel-c/compiled-state.ts';
import { compiledFiles, planOf, type Below } from '../kernel-c/plan.ts';
import { applyPatches, type AppliedSeries } from '../posted/apply.ts';
import type { PostedPatchMail, PostedSeries } from '../posted/series.ts';
import { shown } from '../posted/words.ts';
import { UserError } from '../text/user-error.ts';
import type { ChainLink, State } from '../subject/state.ts';
import { CChain } from './c-code.ts';
import { textsOf, type Snapshot } from './snapshot.ts';

/** How the states of a family are compiled. */
export interface FamilyOptions {
  /** Id of the tree's own state. */
  readonly id: string;
  readonly cacheFolder: string | undefined;
  /** Who does what dma-iommu.c calls. */
  readonly below: Below;
  readonly onProgress?: ((text: string) => void) | undefined;
}

/** A series as states. */
export interface SeriesStates {
  readonly series: PostedSeries;
  readonly applied: AppliedSeries;
  /** After one patch, two, … all of them. */
  readonly states: readonly CompiledState[];
  readonly end: CompiledState;
  /** Files of the series that no state is compiled from. */
  readonly notModelled: readonly string[];
}

export class Family {
  readonly snapshot: Snapshot;
  /** The tree before every patch. */
  readonly base: CompiledState;
  private readonly options: FamilyOptions;
  private readonly files: readonly string[];
  private readonly mails = new Map<string, PostedPatchMail>();
  /** States that nobody posted, by their patches, and why there is none where these do not stand alone. */
  private readonly chosen = new Map<string, State | UserError>();

  constructor(snapshot: Snapshot, options: FamilyOptions) {
    this.snapshot = snapshot;
    this.options = options;
    this.files = compiledFiles(options.below);
    const { id } = options;
    const { patchOf, ...c } = new CChain(id, textsOf(snapshot), [], this.files).after(0);
    this.base = compiledState({
      ...options,
      title: `Linux ${snapshot.version} of ${shown(snapshot.name)}`,
      origin: this.origin(),
      sources: textsOf(snapshot),
      c,
      patchOf,
      with: (patches) => this.choose([], patches),
    });
  }

  /** `Linux 6.1.170 of "linux", commit 0123456789ab: dma-iommu.c 98ba927aee1a, …` */
  private origin(): string {
    const { version, name, git, files } = this.snapshot;
    const hashes = this.files.map(
      (path) => `${path.replace(/^.*\//, '')} ${files.get(path)?.blob.slice(0, 12) ?? 'absent'}`,
    );
    const commit = git === undefined ? '' : `, commit ${git.commit.slice(0, 12)}`;
    return `Linux ${version} of ${shown(name)}${commit}: ${hashes.join(', ')}`;
  }

  /** Every prefix of a series; `name` is the id of the last one. UserError when a patch does not apply. */
  add(series: PostedSeries, name: string): SeriesStates {
    const { snapshot, base, options } = this;
    const applied = applyPatches(snapshot, snapshot.files, series, { required: this.files });
    const links = series.patches.map((mail): ChainLink => this.linkOf(mail, `${name}.${mail.number}`));
    const trees = applied.prefixes.map((prefix) => textsOf(snapshot, prefix));
    const steps = applied.patches.map((patch, index) => ({
      id: links[index]?.id ?? '',
      applied: patch,
      after: trees[index + 1] ?? textsOf(snapshot),
    }));
    const code = new CChain(base.id, textsOf(snapshot), steps, this.files);
    const states: CompiledState[] = [];
    for (const [index, { id, applied: patch, after }] of steps.entries()) {
      const isLast = index + 1 === steps.length;
      const { patchOf, ...c } = code.after(index + 1);
      const chain = links.slice(0, index + 1);
      states.push(
        compiledState({
          ...options,
          id: isLast ? name : id,
          alias: isLast ? id : undefined,
          title: `${patch.patch.title} ${shown(patch.patch.subject)}`,
          origin: base.origin,
          sources: after,
          root: base,
          base: states.at(-1) ?? base,
          chain,
          c,
          patchOf,
          with: (patches) => this.choose(chain, patches),
        }),
      );
    }
    const end = states.at(-1);
    if (end === undefined) throw new RangeError('a series without a patch');
    return { series, applied, states, end, notModelled: this.notModelled(end, series) };
  }

  private linkOf(mail: PostedPatchMail, id: string): ChainLink {
    const { title, subject, author, date, messageId = '', link } = mail;
    this.mails.set(id, mail);
    return { id, place: title, author, date, subject, messageId, link, claims: [], declared: [] };
  }

  private notModelled(end: CompiledState, { patches }: PostedSeries): string[] {
    const { units } = planOf(end.buildRequest({ pageSize: 4096, swiotlb: true }));
    const read = new Set(units.flatMap(({ files }) => Object.keys(files)));
    const changed = patches.flatMap(({ files }) => files.map(({ from, to }) => to ?? from ?? ''));
    return [...new Set(changed)].filter((path) => !read.has(path)).sort();
  }

  /** These patches on the tree, in this order. UserError when they do not stand alone. */
  private choose(chain: readonly ChainLink[], patches: readonly ChainLink[]): State {
    const links = [...chain, ...patches];
    if (links.length === 0) return this.base;
    const id = [this.base.id, ...links.map((link) => link.id)].join(' + ');
    let chosen = this.chosen.get(id);
    if (chosen === undefined) this.chosen.set(id, (chosen = this.stateOf(id, links)));
    if (chosen instanceof UserError) throw chosen;
    return chosen;
  }

  private stateOf(id: string, links: readonly ChainLink[]): State | UserError {
    const patches = links.map((link) => {
      const mail = this.mails.get(link.id);
      if (mail === undefined) throw new RangeError(`no patch ${link.id} on this tree`);
      return mail;
    });
    const { snapshot, base, options, files } = this;
    const series: PostedSeries = {
      version: '',
      name: id,
      cover: undefined,
      patches,
      baseCommit: undefined,
      notes: [],
    };
    try {
      const { prefixes } = applyPatches(snapshot, snapshot.files, series, { required: files });
      return compiledState({
        ...options,
        id,
        title: id,
        origin: base.origin,
        sources: textsOf(snapshot, prefixes.at(-1)),
        root: base,
      });
    } catch (error) {
      if (error instanceof UserError) return error;
      throw error;
    }
  }
}
