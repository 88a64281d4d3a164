// SPDX-License-Identifier: GPL-2.0-only
/** A kernel tree as a state, like those of the registry. */
import type { Wanted } from '../subject/not-ready.ts';
import type { CCode, ChainLink, Frame, MachineBuild, Make, State } from '../subject/state.ts';
import type { KernelTree } from '../posted/kernel-tree.ts';
import { UserError } from '../text/user-error.ts';
import { build, buildAhead, sourcesFor, type AheadOptions } from './build.ts';
import { CompiledKernel } from './compiled-kernel.ts';
import { CompiledOps } from './compiled-ops.ts';
import type { BuildConfiguration } from './configuration.ts';
import { modelFits, planOf, type Below, type BuildRequest } from './plan.ts';
import { archSync } from './prototypes.ts';
import type { SourceTree } from './source-tree.ts';

/** A state of C that is compiled when it first runs, if it was not before. */
export interface CompiledState extends State {
  /** What is built for such a machine. */
  buildRequest(configuration: BuildConfiguration): BuildRequest;
  prepare(configuration: MachineBuild): void;
  isReady(configuration: MachineBuild): boolean;
  /** From now on every run on such a machine ends with this error. */
  refuse(configuration: MachineBuild, error: UserError): void;
}

/** What a compiled state is made of, and what is known of it. */
export interface CompiledStateParts {
  readonly id: string;
  readonly alias?: string | undefined;
  /** What it is, for errors: `v3 2/5 "swiotlb: fix it"`. */
  readonly title: string;
  /** State.origin. */
  readonly origin: string;
  /** State.notes. */
  readonly notes?: readonly string[];
  /** Its sources, patches included. */
  readonly sources: SourceTree;
  /** Where compiled objects are kept; undefined: nowhere. */
  readonly cacheFolder: string | undefined;
  /** Who does what dma-iommu.c calls. */
  readonly below: Below;
  /** The processor's cache maintenance; the tree's own unless given. */
  readonly archSync?: Make['archSync'];
  /** What it breaks, this state has inherited; itself unless given. */
  readonly root?: State | undefined;
  /** The state before its last patch. */
  readonly base?: State | undefined;
  readonly chain?: readonly ChainLink[];
  readonly c?: CCode;
  /** The patch that wrote a C function last; the state itself unless given. */
  readonly patchOf?: (cFunction: string) => string;
  /** State.with(). */
  readonly with?: State['with'];
  /** Called with a sentence before each build that a run waits for. */
  readonly onProgress?: ((text: string) => void) | undefined;
}

/** The state. UserError, in one line, when it first needs what does not compile or is not modelled. */
export function compiledState(parts: CompiledStateParts): CompiledState {
  const { id, sources, cacheFolder, below, root, patchOf = () => id } = parts;
  const kernels = new Map<string, CompiledKernel>();
  const refused = new Map<string, UserError>();
  let frames: readonly Frame[] = [];
  const buildRequest = ({ pageSize, swiotlb }: BuildConfiguration): BuildRequest => ({
    tree: sources,
    below,
    cacheFolder,
    title: parts.title,
    pageSize,
    swiotlb,
  });
  const make = (): Make => ({ below, archSync: parts.archSync ?? archSync(sources) });
  const keyOf = ({ pageSize, swiotlb }: BuildConfiguration): string => `${pageSize} ${swiotlb}`;
  const kernelFor = ({ pageSize, swiotlb }: BuildConfiguration): CompiledKernel => {
    const key = keyOf({ pageSize, swiotlb });
    const refusal = refused.get(key);
    if (refusal !== undefined) throw refusal;
    let kernel = kernels.get(key);
    if (kernel === undefined) {
      const without = swiotlb ? '' : ', without swiotlb';
      parts.onProgress?.(`compiling ${id} for pages of ${pageSize / 1024} KiB${without}`);
      kernel = new CompiledKernel(build(buildRequest({ pageSize, swiotlb })), make().archSync);
      kernels.set(key, kernel);
      const { frames: names } = kernel.module;
      // Functions have the same numbers in all builds; the longest list has those of swiotlb.c, too.
      if (names.length > frames.length) {
        frames = names.map((method) => ({ method, patch: patchOf(method) }));
      }
    }
    return kernel;
  };
  const state: CompiledState = {
    id,
    alias: parts.alias,
    origin: parts.origin,
    ...(parts.notes === undefined ? {} : { notes: parts.notes }),
    get root() {
      return root ?? state;
    },
    below: parts.base,
    chain: parts.chain ?? [],
    get frames() {
      return frames;
    },
    code: undefined,
    ...(parts.c === undefined ? {} : { c: parts.c }),
    get make() {
      return make();
    },
    madeAs: (other) =>
      other.below === 'machine' && !modelFits(sources)
        ? undefined
        : compiledState({ ...parts, ...other, id: `${id}, made otherwise` }),
    install: (machine) =>
      new CompiledOps(
        kernelFor({ pageSize: machine.slots.pageSize, swiotlb: machine.configSwiotlb }),
        machine,
      ),
    kept(builds) {
      if (cacheFolder === undefined) return undefined;
      const modules = builds.map((one) => planOf(buildRequest(one)).key);
      return { folder: cacheFolder, key: JSON.stringify([id, make(), modules]) };
    },
    prepare: (configuration) => void kernelFor(configuration),
    isReady: (configuration) => kernels.has(keyOf(configuration)) || refused.has(keyOf(configuration)),
    refuse: (configuration, error) => void refused.set(keyOf(configuration), error),
    buildRequest,
    with:
      parts.with ??
      (() => {
        throw new UserError(`${id} was compiled: its patches cannot be taken apart`);
      }),
  };
  return state;
}

/** Compiles, side by side, what these states need on such machines; other states need nothing. */
export async function compileAhead(
  states: readonly State[],
  configurations: readonly MachineBuild[],
  options: AheadOptions = {},
): Promise<void> {
  const compiled = states.filter(isCompiled);
  const requests = compiled.flatMap((state) => configurations.map((one) => state.buildRequest(one)));
  await buildAhead(requests, options);
  for (const state of compiled) for (const one of configurations) state.prepare(one);
}

/** compileAhead() of a state that somebody tries out: what does not compile is told when it runs. */
export async function compileOnTrial({ state, build: on }: Wanted): Promise<void> {
  try {
    await compileAhead([state], [on]);
  } catch (error) {
    if (!(error instanceof UserError) || !isCompiled(state)) throw error;
    state.refuse(on, error);
  }
}

function isCompiled(state: State): state is CompiledState {
  return 'buildRequest' in state;
}

/** What to compile. */
export interface CompileRequest {
  /** The kernel's sources; patches are on it already (posted/apply.ts). */
  readonly tree: KernelTree;
  /** The state's id. */
  readonly id: string;
  /** Where compiled objects are kept; undefined: nowhere. */
  readonly cacheFolder: string | undefined;
  /** Who does what dma-iommu.c calls; the tree's own swiotlb.c and iova.c unless given. */
  readonly below?: Below;
}

/** A tree as a state that is ready to run on pages of 4 KiB. UserError for what cannot be compiled. */
export async function compileState({ tree, below = 'tree', ...rest }: CompileRequest): Promise<State> {
  const state = compiledState({
    ...rest,
    title: rest.id,
    origin: `drivers/iommu/dma-iommu.c of ${tree.name}, compiled`,
    sources: await sourcesFor(tree),
    below,
  });
  state.prepare({ pageSize: 4096, swiotlb: true });
  return state;
}
