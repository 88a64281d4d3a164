// SPDX-License-Identifier: GPL-2.0-only
/** From a kernel tree to a WebAssembly module: closure, overlay, flags, cache. */
import { createHash } from 'node:crypto';
import type { KernelTree } from '../posted/kernel-tree.ts';
import { ourFiles } from './files-of-ours.ts';
import { cacheIn } from './object-cache.ts';
import { includeClosure } from './closure.ts';
import { autoconf, type BuildConfiguration } from './configuration.ts';
import { BEFORE, CHECKS, FLAGS, KERNEL_FLAGS, exportsOf, linkArgs, wrappedCalls } from './flags.ts';
import { definedFunctions, refuseAssembly } from './kernel-file.ts';
import { PROBED_FILES, archSync, shimMacros, type ArchSync } from './prototypes.ts';
import { gatherSources, layeredTree, type SourceTree } from './source-tree.ts';
import { runToolchain, type Unit } from './toolchain.ts';
import { UserError } from '../text/user-error.ts';

/** Who does what dma-iommu.c calls below: the machine's model, or the tree's own swiotlb.c and iova.c. */
export type Below = 'machine' | 'tree';

/** What to build. */
export interface BuildRequest extends BuildConfiguration {
  readonly tree: SourceTree;
  readonly below: Below;
  /** Where objects and modules are kept; undefined: nowhere. */
  readonly cacheFolder: string | undefined;
}

/** A module and what it was made from. */
export interface Build {
  readonly module: Uint8Array<ArrayBuffer>;
  /** C functions that announce themselves, by number. */
  readonly frames: readonly string[];
  /** The processor's cache maintenance. */
  readonly archSync: ArchSync;
  /** This module and no other: a hash of all that went in. */
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

function unitsOf({ below, swiotlb }: BuildRequest): readonly UnitSource[] {
  if (below === 'machine') return [DMA_IOMMU, RUNTIME];
  return [DMA_IOMMU, IOVA, RBTREE, ...(swiotlb ? [SWIOTLB] : []), RUNTIME];
}

/** Changes when a build of the same sources would come out otherwise. */
const FORMAT = 1;

/** Builds, or takes from the cache. UserError says in one line why it cannot. */
export function build(request: BuildRequest): Build {
  const prepared = prepare(request);
  const { cacheFolder } = request;
  const cache = cacheIn(cacheFolder);
  const units = prepared.units.map((unit) => ({ ...unit, key: hash([FORMAT, unit.args, ...unit.reads]) }));
  const key = hash([FORMAT, units.map((unit) => unit.key), prepared.linkArgs, prepared.frames]);
  const known = cache.readModule(key);
  if (known !== undefined) return { ...known, archSync: archSync(request.tree), key };
  const objects: Record<string, string> = {};
  const missing: (Unit & { key: string })[] = [];
  for (const unit of units) {
    const object = cache.readObject(unit.key);
    if (object === undefined) missing.push(unit);
    else objects[unit.name] = object;
  }
  const linked = runToolchain({
    files: missing.length === 0 ? {} : prepared.files,
    units: missing.map(({ name, args }) => ({ name, args })),
    link: { args: prepared.linkArgs, objects },
    lowering: { frames: prepared.frames },
  });
  for (const { name, key: unitKey } of missing) cache.writeObject(unitKey, linked.objects[name] ?? '');
  const made = { module: new Uint8Array(Buffer.from(linked.module, 'base64')), frames: linked.frames };
  cache.writeModule(key, made);
  return { ...made, archSync: archSync(request.tree), key };
}

/** All that a build of `tree` can need of it, in memory. */
export async function sourcesFor(tree: KernelTree): Promise<SourceTree> {
  const ours = [...ourFiles('shim').values(), ...ourFiles('overlay').values()];
  const before = BEFORE.map((header) => `#include <${header}>\n`);
  return gatherSources(tree, [...ours, ...before], PROBED_FILES);
}

interface Prepared {
  readonly files: Record<string, string>;
  readonly units: readonly (Unit & { readonly reads: readonly string[] })[];
  readonly linkArgs: readonly string[];
  readonly frames: readonly string[];
}

function prepare(request: BuildRequest): Prepared {
  const { tree, below } = request;
  const macros = shimMacros(tree);
  if (below === 'machine' && !modelFits(macros)) {
    throw new UserError(
      "this tree's dma-iommu.c stands on another swiotlb.c and iova.c than the machine models: compile those, too",
    );
  }
  const overlay = ourFiles('overlay');
  overlay.set('generated/autoconf.h', autoconf(tree, request));
  if (tree.has('include/linux/stdarg.h')) overlay.delete('stdarg.h');
  const shim = ourFiles('shim');
  const sources = unitsOf(request);
  const files: Record<string, string> = {};
  for (const [path, text] of overlay) files[`.ours/overlay/${path}`] = text;
  for (const [path, text] of shim) files[`.ours/shim/${path}`] = text;
  const defines = [...macros].map(([name, value]) => `-D${name}=${value}`);
  defines.push(`-DKERNEL_C_TREE_BELOW=${below === 'tree' ? 1 : 0}`);
  const frames: string[] = [];
  const units = sources.map(({ name, kernelFile, checked }) => {
    const args = [...FLAGS, ...(checked ? CHECKS : [])];
    if (kernelFile === undefined) {
      args.push('-I.ours/shim', '-c', `.ours/shim/${name}`);
      return { name: objectName(name), args, reads: [shim.get(name) ?? '', shim.get('machine.h') ?? ''] };
    }
    const text = tree.read(kernelFile);
    if (text === undefined) throw new UserError(`${kernelFile}: the kernel tree has no such file`);
    refuseAssembly(kernelFile, text);
    frames.push(...definedFunctions(text));
    const before = BEFORE.map((header) => `#include <${header}>\n`).join('');
    const root = `.ours/shim/${name}`;
    const closure = includeClosure(
      layeredTree(new Map([...shim].map(([path, content]) => [`.ours/shim/${path}`, content])), tree),
      overlay,
      new Map([[root, before + (shim.get(name) ?? '')]]),
    );
    for (const [path, content] of closure.tree) files[path] = content;
    for (const [path, content] of closure.wrappers) files[`.ours/generated/${path}`] = content;
    args.push(...KERNEL_FLAGS, `-I${kernelFile.slice(0, kernelFile.lastIndexOf('/'))}`, ...defines);
    for (const header of BEFORE) args.push('-include', header);
    args.push('-c', root);
    const reads = [...[...closure.tree].flat(), ...[...closure.wrappers].flat(), ...[...overlay].flat()];
    return {
      name: objectName(name),
      args,
      reads: [...reads, shim.get(name) ?? '', shim.get('machine.h') ?? ''],
    };
  });
  if (new Set(frames).size > MAX_FRAMES) frames.length = MAX_FRAMES;
  return {
    files,
    units,
    linkArgs: linkArgs(
      units.map(({ name }) => name),
      wrappedCalls(macros),
      exportsOf(shim),
    ),
    frames: [...new Set(frames)],
  };
}

/** A call path tells this many functions apart. */
const MAX_FRAMES = 256;

function modelFits(macros: ReadonlyMap<string, string>): boolean {
  return macros.get('KERNEL_C_DEFAULT_MEM_POINTER') === '1' && macros.get('KERNEL_C_QUEUE_IOVA') !== '0';
}

function objectName(unit: string): string {
  return unit.replace(/\.c$/, '.o');
}

function hash(parts: readonly unknown[]): string {
  const digest = createHash('sha256');
  for (const part of parts) {
    digest.update(typeof part === 'string' ? part : JSON.stringify(part)).update('\0');
  }
  return digest.digest('hex');
}
