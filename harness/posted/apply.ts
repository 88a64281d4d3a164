// SPDX-License-Identifier: GPL-2.0-only
/** A posted series on a kernel tree, in memory: a tree for every prefix, and where each hunk went. */
import { UserError } from '../text/user-error.ts';
import { blobId, type KernelTree, type SourceFile } from './kernel-tree.ts';
import type { FileDiff, Hunk } from './mail-diff.ts';
import { placeHunks } from './place.ts';
import type { PostedPatchMail, PostedSeries } from './series.ts';
import { shown } from './words.ts';

/** Where a hunk was applied. */
export interface AppliedHunk {
  readonly hunk: Hunk;
  /** Lines between where the mail says that it belongs and where it went, after the hunks before it. */
  readonly offset: number;
  /** Its first line in the file before and after the patch, from 1. */
  readonly oldLine: number;
  readonly newLine: number;
}

/** What a patch did to a file. */
export interface AppliedFile {
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** Lines of context per hunk that may differ: 0 is what `git am` takes. */
  readonly fuzz: number;
  readonly hunks: readonly AppliedHunk[];
  /** Whether the file became what the author's did, by the ids in the mail; undefined when it has none. */
  readonly isAsPosted: boolean | undefined;
}

/** What came of one patch. */
export interface AppliedPatch {
  readonly patch: PostedPatchMail;
  readonly files: readonly AppliedFile[];
  /** Files that the tree lacks. */
  readonly skipped: readonly string[];
}

/** A series on a tree. */
export interface AppliedSeries {
  /** After no patch, the first, … all of them. */
  readonly prefixes: readonly PatchedTree[];
  readonly patches: readonly AppliedPatch[];
  /** Fuzz, offsets and what was skipped: a line each. */
  readonly notes: readonly string[];
}

/** A tree with patches on it; what they do not touch is the tree's. */
export class PatchedTree implements KernelTree {
  readonly name: string;
  readonly version: string;
  readonly git: KernelTree['git'];
  readonly #tree: KernelTree;
  /** undefined: deleted. */
  readonly #changed: ReadonlyMap<string, SourceFile | undefined>;

  constructor(tree: KernelTree, changed: ReadonlyMap<string, SourceFile | undefined> = new Map()) {
    this.name = tree.name;
    this.version = tree.version;
    this.git = tree.git;
    this.#tree = tree;
    this.#changed = changed;
  }

  /** Paths that the patches changed, made or deleted, sorted. */
  changedFiles(): string[] {
    return [...this.#changed.keys()].sort();
  }

  has(path: string): boolean {
    return this.#changed.has(path) ? this.#changed.get(path) !== undefined : this.#tree.has(path);
  }

  async read(path: string): Promise<SourceFile | undefined> {
    return this.#changed.has(path) ? this.#changed.get(path) : this.#tree.read(path);
  }

  /** What the patches made of a file; undefined: they left it alone, or took it away. */
  changed(path: string): SourceFile | undefined {
    return this.#changed.get(path);
  }

  /** With more files changed. */
  with(changes: ReadonlyMap<string, SourceFile | undefined>): PatchedTree {
    return new PatchedTree(this.#tree, new Map([...this.#changed, ...changes]));
  }
}

/**
 * Applies every patch of the series. UserError when one does not apply, or when the tree lacks one of the
 * `required` files that it changes; other files that the tree lacks are skipped.
 */
export async function applySeries(
  tree: KernelTree,
  series: PostedSeries,
  options: { required?: readonly string[] } = {},
): Promise<AppliedSeries> {
  return applyPatches(tree, await originalsOf(tree, series), series, options);
}

/** The files of the tree that the series changes, as far as the tree has them. */
export async function originalsOf(
  tree: KernelTree,
  { patches }: PostedSeries,
): Promise<Map<string, SourceFile>> {
  const originals = new Map<string, SourceFile>();
  for (const { from } of patches.flatMap(({ files }) => files)) {
    if (from === undefined || originals.has(from) || !tree.has(from)) continue;
    const file = await tree.read(from);
    if (file !== undefined) originals.set(from, file);
  }
  return originals;
}

/** applySeries() with the files that it changes at hand. */
export function applyPatches(
  tree: KernelTree,
  originals: ReadonlyMap<string, SourceFile>,
  series: PostedSeries,
  { required = [] }: { required?: readonly string[] } = {},
): AppliedSeries {
  const prefixes = [new PatchedTree(tree)];
  const patches: AppliedPatch[] = [];
  const lacking = new Set<string>();
  for (const patch of series.patches) {
    const before = prefixes.at(-1) as PatchedTree;
    const applied = applyPatchMail(before, patch, { required, lacking, series, originals });
    patches.push(applied.patch);
    prefixes.push(applied.after);
  }
  return { prefixes, patches, notes: patches.flatMap((patch) => notesOf(patch, tree)) };
}

interface Context {
  readonly required: readonly string[];
  /** Files that the tree lacks; a later patch may move them. */
  readonly lacking: Set<string>;
  readonly series: PostedSeries;
  /** Files as they were before every patch. */
  readonly originals: ReadonlyMap<string, SourceFile>;
}

function applyPatchMail(
  before: PatchedTree,
  patch: PostedPatchMail,
  context: Context,
): { patch: AppliedPatch; after: PatchedTree } {
  const files: AppliedFile[] = [];
  const skipped: string[] = [];
  let after = before;
  for (const diff of patch.files) {
    // A copy, as git writes it, is of the file before the patch, even when the same patch changes that.
    const source = diff.isCopy ? before : after;
    const { from, to } = diff;
    if (from !== undefined && !source.has(from)) {
      skip(diff, from, patch, after, context);
      skipped.push(from);
      continue;
    }
    const old = from === undefined ? undefined : (source.changed(from) ?? context.originals.get(from));
    if (to !== undefined && to !== from && after.has(to)) {
      throw new UserError(`${titleOf(patch)} makes ${shown(to)}, which ${shown(after.name)} has already`);
    }
    const { file, result } = applyFile(diff, old, patch, context);
    files.push(file);
    const changes = new Map<string, SourceFile | undefined>();
    if (from !== undefined && from !== to && !diff.isCopy) changes.set(from, undefined);
    if (to !== undefined) changes.set(to, result);
    after = after.with(changes);
  }
  return { patch: { patch, files, skipped }, after };
}

function skip(
  diff: FileDiff,
  from: string,
  patch: PostedPatchMail,
  tree: KernelTree,
  context: Context,
): void {
  const { required, lacking } = context;
  const wasDeleted = tree instanceof PatchedTree && tree.changedFiles().includes(from);
  const needed = [from, diff.to].find((path) => path !== undefined && required.includes(path));
  if (needed !== undefined || wasDeleted) {
    throw new UserError(
      `${titleOf(patch)} does not apply: ${wasDeleted ? 'an earlier patch took away' : `${shown(tree.name)} lacks`} ${shown(from)}`,
    );
  }
  lacking.add(from);
  if (diff.to !== undefined) lacking.add(diff.to);
}

function applyFile(
  diff: FileDiff,
  old: SourceFile | undefined,
  patch: PostedPatchMail,
  { series }: Context,
): { file: AppliedFile; result: SourceFile } {
  const text = old?.text.replaceAll('\r\n', '\n') ?? '';
  const { from, to, blobs, hunks } = diff;
  const placed = hunks.length === 0 ? { text, fuzz: 0, starts: [] } : placeHunks(text, hunks);
  const path = shown(from ?? to ?? '');
  if ('problem' in placed) {
    const hunk = shown(placed.hunk.header);
    const base = series.baseCommit === undefined ? '' : `; it was made on ${series.baseCommit.slice(0, 12)}`;
    throw new UserError(
      `${titleOf(patch)} does not apply to ${path}: hunk ${hunk}, mail line ${placed.hunk.mailLine}: ${placed.problem}${base}`,
    );
  }
  if (to === undefined && placed.text !== '') {
    throw new UserError(`${titleOf(patch)} deletes ${path}, but the file has more lines than the patch`);
  }
  const result = { text: placed.text, blob: blobId(placed.text) };
  const applied = appliedHunks(hunks, placed.starts);
  const isAsPosted = to === undefined || blobs === undefined ? undefined : result.blob.startsWith(blobs.to);
  return { file: { from, to, fuzz: placed.fuzz, hunks: applied, isAsPosted }, result };
}

function appliedHunks(hunks: readonly Hunk[], starts: readonly number[]): AppliedHunk[] {
  let grown = 0;
  return hunks.map((hunk, index) => {
    const oldLine = starts[index] ?? 1;
    const newLine = oldLine + grown;
    grown += hunk.newLines - hunk.oldLines;
    const posted = hunk.oldLines === 0 ? hunk.oldStart + 1 : hunk.oldStart;
    return { hunk, offset: oldLine - posted, oldLine, newLine };
  });
}

/** `v3 2/5 "dma-iommu: fix it"` */
function titleOf({ title, subject }: PostedPatchMail): string {
  return `${title} ${shown(subject)}`;
}

function notesOf({ patch, files, skipped }: AppliedPatch, tree: KernelTree): string[] {
  return [
    ...skipped.map((path) => `${patch.title}: skipped ${shown(path)}, which ${shown(tree.name)} lacks`),
    ...files.flatMap(({ from, to, fuzz, hunks }) => {
      const offsets = hunks.map(({ offset }) => offset).filter((offset) => offset !== 0);
      const how = [
        ...(fuzz > 0 ? [`fuzz ${fuzz}`] : []),
        ...(offsets.length > 0 ? [`an offset of ${[...new Set(offsets)].join(', ')} lines`] : []),
      ];
      return how.length > 0
        ? [`${patch.title}: ${shown(to ?? from ?? '')} applied with ${how.join(' and ')}`]
        : [];
    }),
  ];
}
