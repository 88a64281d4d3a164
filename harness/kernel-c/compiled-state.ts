// SPDX-License-Identifier: GPL-2.0-only
/** A kernel tree as a state, like those of the registry. */
import type { State } from '../subject/state.ts';
import { build, type Below } from './build.ts';
import { CompiledKernel } from './compiled-kernel.ts';
import { CompiledOps } from './compiled-ops.ts';
import type { BuildConfiguration } from './configuration.ts';
import { UserError } from '../text/user-error.ts';
import type { SourceTree } from './source-tree.ts';

/** What to compile. */
export interface CompileRequest {
  /** The kernel's sources, with patches applied or not. */
  readonly tree: SourceTree;
  /** The state's id. */
  readonly id: string;
  /** What it breaks, this state has inherited; itself unless given. */
  readonly root?: State;
  /** Where compiled objects are kept; undefined: nowhere. */
  readonly cacheFolder: string | undefined;
  /** Who does what dma-iommu.c calls; the tree's own swiotlb.c and iova.c unless given. */
  readonly below?: Below;
  /** Called with a sentence before each build. */
  readonly onProgress?: (text: string) => void;
}

/** A state out of a kernel tree. The builds that it needs are made when they are first needed. */
export function compiledState(request: CompileRequest): State {
  const kernels = new Map<string, CompiledKernel>();
  const kernelFor = (configuration: BuildConfiguration): CompiledKernel => {
    const key = `${configuration.pageSize} ${configuration.swiotlb}`;
    let kernel = kernels.get(key);
    if (kernel === undefined) {
      const { pageSize, swiotlb } = configuration;
      request.onProgress?.(
        `compiling ${request.id} for pages of ${pageSize / 1024} KiB${swiotlb ? '' : ', without swiotlb'}`,
      );
      const { tree, cacheFolder, below = 'tree' } = request;
      kernel = new CompiledKernel(build({ tree, cacheFolder, below, safeHeap: false, ...configuration }));
      kernels.set(key, kernel);
    }
    return kernel;
  };
  const state: State = {
    id: request.id,
    alias: undefined,
    origin: `drivers/iommu/dma-iommu.c of ${request.id}, compiled`,
    get root() {
      return request.root ?? state;
    },
    below: undefined,
    chain: [],
    // The functions have the same numbers in all builds of a tree.
    get frames() {
      const [first] = kernels.values();
      return (first?.module.frames ?? []).map((method) => ({ method, patch: request.id }));
    },
    code: undefined,
    install(machine) {
      const { pageSize } = machine.slots;
      return new CompiledOps(kernelFor({ pageSize, swiotlb: machine.configSwiotlb }), machine);
    },
    with() {
      throw new UserError(`${request.id} was compiled: its patches cannot be taken apart`);
    },
  };
  return state;
}
