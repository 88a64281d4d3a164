// SPDX-License-Identifier: GPL-2.0-only
/** What a build of a kernel tree takes: units with the files that they include, flags, frames, and keys for a cache. */
import { createHash } from 'node:crypto';
import { versionOf } from '../text/package-root.ts';
import type { Make } from '../subject/state.ts';
import { UserError } from '../text/user-error.ts';
import { includeClosure } from './closure.ts';
import { autoconf, type BuildConfiguration } from './configuration.ts';
import { ourFiles } from './files-of-ours.ts';
import { BEFORE, CHECKS, FLAGS, KERNEL_FLAGS, exportsOf, linkArgs, wrappedCalls } from './flags.ts';
import { definedFunctions, openingOf, refuseAssembly } from './kernel-file.ts';
import { shimMacros } from './prototypes.ts';
import { layeredTree, type SourceTree } from './source-tree.ts';
import type { Unit } from './toolchain.ts';

/** What compiles; its versions go into every key, for another one may do it otherwise. */
const COMPILERS = ['@yowasp/clang', 'binaryen'];
let versions: readonly string[] | undefined;

function compilers(): readonly string[] {
  return (versions ??= COMPILERS.map((name) => `${name} ${versionOf(name) ?? 'is not installed'}`));
}

export type Below = Make['below'];

/** What to build. */
export interface BuildRequest extends BuildConfiguration {
  readonly tree: SourceTree;
  readonly below: Below;
  /** Where objects and modules are kept; undefined: nowhere. */
  readonly cacheFolder: string | undefined;
  /** What is built, for errors: `v3 2/5 "swiotlb: fix it"`. */
  readonly title: string;
}

/** A unit with all that it reads. */
export interface PlannedUnit extends Unit {
  readonly files: Readonly<Record<string, string>>;
  /** This object and no other: a hash of all that goes in. */
  readonly key: string;
}

export interface Plan {
  readonly title: string;
  readonly units: readonly PlannedUnit[];
  readonly linkArgs: readonly string[];
  /** C functions that shall announce themselves. */
  readonly frames: readonly string[];
  /** This module and no other. */
  readonly key: string;
}

/** A translation unit: the file of ours that includes the tree's. */
interface UnitSource {
  readonly name: string;
  readonly kernelFile: string | undefined;
  /** Instrumented: counted, announced, checked. */
  readonly checked: boolean;
}

const DMA_IOMMU: UnitSource = {
  name: 'dma-iommu-unit.c',
  kernelFile: 'drivers/iommu/dma-iommu.c',
  checked: true,
};
const RUNTIME: UnitSource = { name: 'runtime.c', kernelFile: undefined, checked: false };
const IOVA: UnitSource = { name: 'iova-unit.c', kernelFile: 'drivers/iommu/iova.c', checked: true };
const SWIOTLB: UnitSource = { name: 'swiotlb-unit.c', kernelFile: 'kernel/dma/swiotlb.c', checked: true };
const RBTREE: UnitSource = { name: 'rbtree-unit.c', kernelFile: 'lib/rbtree.c', checked: true };

/** The kernel's .c files that are compiled, in the order of their frames. */
export function compiledFiles(below: Below): string[] {
  return unitsOf({ below, swiotlb: true }).flatMap(({ kernelFile }) => kernelFile ?? []);
}

function unitsOf({ below, swiotlb }: Pick<BuildRequest, 'below' | 'swiotlb'>): readonly UnitSource[] {
  if (below === 'machine') return [DMA_IOMMU, RUNTIME];
  return [DMA_IOMMU, IOVA, RBTREE, ...(swiotlb ? [SWIOTLB] : []), RUNTIME];
}

/** Changes when a build of the same sources would come out otherwise. */
const FORMAT = 4;
/** A call path tells this many functions apart. */
const MAX_FRAMES = 256;

/** What was planned before, by tree: ahead of the runs, and when one begins. */
const plans = new WeakMap<SourceTree, Map<string, Plan>>();

/** UserError says in one line why such a tree cannot be built. */
export function planOf(request: BuildRequest): Plan {
  const { tree, below, pageSize, swiotlb } = request;
  let known = plans.get(tree);
  if (known === undefined) plans.set(tree, (known = new Map<string, Plan>()));
  const key = `${below} ${pageSize} ${swiotlb}`;
  let plan = known.get(key);
  if (plan === undefined) known.set(key, (plan = makePlan(request)));
  return plan;
}

function makePlan(request: BuildRequest): Plan {
  const { tree, below, title } = request;
  const macros = macrosOf(tree);
  if (below === 'machine' && !fits(macros)) {
    throw new UserError(
      "this tree's dma-iommu.c stands on another swiotlb.c and iova.c than the machine models: compile those, too",
    );
  }
  const overlay = ourFiles('overlay');
  overlay.set('generated/autoconf.h', autoconf(tree, request));
  if (tree.has('include/linux/stdarg.h')) overlay.delete('stdarg.h');
  const shim = ourFiles('shim');
  const defines = [...macros].map(([name, value]) => `-D${name}=${value}`);
  defines.push(`-DKERNEL_C_TREE_BELOW=${below === 'tree' ? 1 : 0}`);
  const frames: string[] = [];
  const units = unitsOf(request).map((source): PlannedUnit => {
    const { unit, functions } = plannedUnit(source, { tree, overlay, shim, defines });
    frames.push(...functions);
    return unit;
  });
  const link = linkArgs(
    units.map(({ name }) => name),
    wrappedCalls(macros),
    exportsOf(shim),
  );
  const announced = [...new Set(frames)].slice(0, MAX_FRAMES);
  const key = digestOf([FORMAT, compilers(), units.map((unit) => unit.key), link, announced]);
  return { title, units, linkArgs: link, frames: announced, key };
}

interface UnitContext {
  readonly tree: SourceTree;
  readonly overlay: ReadonlyMap<string, string>;
  readonly shim: ReadonlyMap<string, string>;
  readonly defines: readonly string[];
}

function plannedUnit(
  { name, kernelFile, checked }: UnitSource,
  { tree, overlay, shim, defines }: UnitContext,
): { unit: PlannedUnit; functions: string[] } {
  const root = `.ours/shim/${name}`;
  const flags = [...FLAGS, ...(checked ? CHECKS : [])];
  const files: Record<string, string> = {};
  for (const [path, text] of shim) files[`.ours/shim/${path}`] = text;
  const reads = [shim.get(name) ?? '', shim.get('machine.h') ?? ''];
  const functions: string[] = [];
  const unit = { name: name.replace(/\.c$/, '.o'), file: root, flags, files };
  let opening: PlannedUnit['opening'];
  if (kernelFile === undefined) {
    flags.push('-I/.ours/shim');
  } else {
    const text = tree.read(kernelFile);
    if (text === undefined) throw new UserError(`${kernelFile}: the kernel tree has no such file`);
    refuseAssembly(kernelFile, text);
    functions.push(...definedFunctions(text));
    const before = BEFORE.map((header) => `#include <${header}>\n`).join('');
    const closure = includeClosure(
      layeredTree(new Map([...shim].map(([path, content]) => [`.ours/shim/${path}`, content])), tree),
      overlay,
      new Map([[root, before + (shim.get(name) ?? '')]]),
    );
    for (const [path, content] of overlay) files[`.ours/overlay/${path}`] = content;
    for (const [path, content] of closure.tree) files[path] = content;
    for (const [path, content] of closure.wrappers) files[`.ours/generated/${path}`] = content;
    reads.push(...[closure.tree, closure.wrappers, overlay].flatMap((map) => [...map].flat()));
    flags.push(...KERNEL_FLAGS, `-I/${kernelFile.slice(0, kernelFile.lastIndexOf('/'))}`, ...defines);
    const begin = openingOf(text);
    const headers = [...closure.tree].flatMap(([path, content]) =>
      path === kernelFile ? [] : [path, content],
    );
    opening = {
      text: begin,
      key: keyOf(flags, [
        begin,
        ...headers,
        ...[closure.wrappers, overlay].flatMap((map) => [...map].flat()),
      ]),
    };
  }
  const before = kernelFile === undefined ? [] : BEFORE;
  return { unit: { ...unit, before, opening, key: keyOf([...flags, ...before, root], reads) }, functions };
}

/** What was read of trees before: the states of a series have most of it in common. */
const macros = new WeakMap<SourceTree, ReadonlyMap<string, string>>();

function macrosOf(tree: SourceTree): ReadonlyMap<string, string> {
  let known = macros.get(tree);
  if (known === undefined) macros.set(tree, (known = shimMacros(tree)));
  return known;
}

/** True when a tree's dma-iommu.c stands on such a swiotlb.c and iova.c as the machine models. */
export function modelFits(tree: SourceTree): boolean {
  return fits(macrosOf(tree));
}

function fits(known: ReadonlyMap<string, string>): boolean {
  return known.get('KERNEL_C_DEFAULT_MEM_POINTER') === '1' && known.get('KERNEL_C_QUEUE_IOVA') !== '0';
}

function keyOf(args: readonly string[], reads: readonly string[]): string {
  return digestOf([FORMAT, compilers(), args, ...reads.map(textDigest)]);
}

const digests = new Map<string, string>();

function textDigest(text: string): string {
  let digest = digests.get(text);
  if (digest === undefined) {
    digest = createHash('sha256').update(text).digest('base64');
    digests.set(text, digest);
  }
  return digest;
}

function digestOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
