// SPDX-License-Identifier: GPL-2.0-only
/** The states of one kernel tree: the tree itself, series that were posted on it, and any choice of their patches. */
import { compiledState, type CompiledState } from '../kernel-c/compiled-state.ts';
import { compiledFiles, planOf, type Below } from '../kernel-c/plan.ts';
import { applyPatches, type AppliedPatch, type AppliedSeries } from '../posted/apply.ts';
import { partsOf } from '../posted/parts.ts';
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

/** A posted patch, or some parts of one, as it comes to stand on other patches. */
export interface Piece {
  readonly link: ChainLink;
  readonly mail: PostedPatchMail;
  /** The id of the whole patch. */
  readonly patch: string;
  /** The parts of it (posted/parts.ts). */
  readonly numbers: readonly number[];
}

/** How a state is called. */
interface Name {
  readonly id: string;
  readonly alias?: string | undefined;
  /** What it is, for errors. */
  readonly title: string;
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
  private readonly pieces = new Map<State, readonly Piece[]>();
  private readonly posted = new Map<string, Piece>();
  private readonly added: CompiledState[] = [];
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
    this.added.push(this.base);
  }

  /** The tree's own state and every prefix of what was added. */
  states(): readonly CompiledState[] {
    return this.added;
  }

  /** The patches of what was added, by id. */
  patches(): ReadonlyMap<string, Piece> {
    return this.posted;
  }

  /** What leads from the tree to a state of this family. */
  piecesOf(state: State): readonly Piece[] {
    return this.pieces.get(state) ?? [];
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
    const pieces = series.patches.map((mail) => this.pieceOf(mail, `${name}.${mail.number}`, mail.title));
    return this.addOn(this.base, series, pieces, name);
  }

  /** A suggestion that was posted as patches on a state of this family. UserError when one does not apply. */
  suggest(series: PostedSeries, name: string, on: State): SeriesStates {
    const isOne = series.patches.length === 1;
    const pieces = series.patches.map((mail) =>
      this.pieceOf(mail, isOne ? name : `${name}.${mail.number}`, `suggestion on ${on.id}`),
    );
    return this.addOn(on, series, pieces, name);
  }

  private addOn(on: State, series: PostedSeries, pieces: readonly Piece[], name: string): SeriesStates {
    const names = pieces.map(({ patch, mail }, i): Name => {
      const title = `${mail.title} ${shown(mail.subject)}`;
      if (i + 1 < pieces.length) return { id: patch, title };
      return { id: name, alias: patch === name ? undefined : patch, title };
    });
    const { states, applied } = this.stack(on, on, pieces, names);
    for (const piece of pieces) this.posted.set(piece.patch, piece);
    this.added.push(...states);
    const end = states.at(-1);
    if (end === undefined) throw new RangeError('a series without a patch');
    return { series, applied, states, end, notModelled: this.notModelled(end, series) };
  }

  /** A state that nobody posted: one more piece on another. UserError when it does not apply. */
  stacked(id: string, on: State, piece: Piece): CompiledState {
    this.mails.set(piece.link.id, piece.mail);
    const [state] = this.stack(on, on.root, [piece], [{ id, title: id }]).states;
    if (state === undefined) throw new RangeError('a state without a patch');
    return state;
  }

  /** The states after each of the pieces. */
  private stack(
    on: State,
    root: State,
    pieces: readonly Piece[],
    names: readonly Name[],
  ): { states: CompiledState[]; applied: AppliedSeries } {
    const { snapshot, base, options } = this;
    const all = [...this.piecesOf(on), ...pieces];
    const applied = this.applied(all);
    const trees = applied.prefixes.map((prefix) => textsOf(snapshot, prefix));
    const steps = applied.patches.map((patch, index) => ({
      id: all[index]?.link.id ?? '',
      numbers: all[index]?.numbers ?? [],
      applied: patch,
      after: trees[index + 1] ?? textsOf(snapshot),
    }));
    const code = new CChain(base.id, textsOf(snapshot), steps, this.files);
    const states: CompiledState[] = [];
    for (const [index, name] of names.entries()) {
      const count = all.length - pieces.length + index + 1;
      const { patchOf, ...c } = code.after(count);
      const below = states.at(-1) ?? on;
      const notes = [...(below.notes ?? []), ...fuzzOf(applied.patches[count - 1])];
      const chain = all.slice(0, count).map(({ link }) => link);
      const state = compiledState({
        ...options,
        ...name,
        origin: base.origin,
        sources: trees[count] ?? textsOf(snapshot),
        ...(notes.length === 0 ? {} : { notes }),
        root,
        base: below,
        chain,
        c,
        patchOf,
        with: (patches) => this.choose(chain, patches),
      });
      this.pieces.set(state, all.slice(0, count));
      states.push(state);
    }
    return { states, applied };
  }

  private pieceOf(mail: PostedPatchMail, id: string, place: string): Piece {
    const { subject, author, date, messageId = '', link } = mail;
    this.mails.set(id, mail);
    return {
      link: { id, place, author, date, subject, messageId, link, claims: [], declared: [] },
      mail,
      patch: id,
      numbers: partsOf(mail).map(({ number }) => number),
    };
  }

  private notModelled(end: CompiledState, { patches }: PostedSeries): string[] {
    const { units } = planOf(end.buildRequest({ pageSize: 4096, swiotlb: true }));
    const read = new Set(units.flatMap(({ files }) => Object.keys(files)));
    const changed = patches.flatMap(({ files }) => files.map(({ from, to }) => to ?? from ?? ''));
    return [...new Set(changed)].filter((path) => !read.has(path)).sort();
  }

  private applied(pieces: readonly Pick<Piece, 'mail'>[]): AppliedSeries {
    const { snapshot, files } = this;
    const series: PostedSeries = {
      version: '',
      name: '',
      cover: undefined,
      patches: pieces.map(({ mail }) => mail),
      baseCommit: undefined,
      notes: [],
    };
    return applyPatches(snapshot, snapshot.files, series, { required: files });
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
    const pieces = links.map((link) => {
      const mail = this.mails.get(link.id);
      if (mail === undefined) throw new RangeError(`no patch ${link.id} on this tree`);
      return { mail };
    });
    const { snapshot, base, options } = this;
    try {
      return compiledState({
        ...options,
        id,
        title: id,
        origin: base.origin,
        sources: textsOf(snapshot, this.applied(pieces).prefixes.at(-1)),
        root: base,
      });
    } catch (error) {
      if (error instanceof UserError) return error;
      throw error;
    }
  }
}

/** What `git am` would have refused of a patch. */
function fuzzOf(applied: AppliedPatch | undefined): string[] {
  if (applied === undefined) return [];
  const { patch, files } = applied;
  return files
    .filter(({ fuzz }) => fuzz > 0)
    .map(({ from, to, fuzz }) => `${patch.title}: ${shown(to ?? from ?? '')} applied with fuzz ${fuzz}`);
}
