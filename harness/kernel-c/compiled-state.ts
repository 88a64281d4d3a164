// SPDX-License-Identifier: GPL-2.0-only
/** A kernel tree as a state, like those of the registry. */
import type { State } from '../subject/state.ts';
import type { KernelTree } from '../posted/kernel-tree.ts';
import { build, sourcesFor, type Below } from './build.ts';
import { CompiledKernel } from './compiled-kernel.ts';
import { CompiledOps } from './compiled-ops.ts';
import type { BuildConfiguration } from './configuration.ts';
import { UserError } from '../text/user-error.ts';

/** What to compile. */
export interface CompileRequest {
  /** The kernel's sources; patches are on it already (posted/apply.ts). */
  readonly tree: KernelTree;
  /** The state's id. */
  readonly id: string;
  /** Where compiled objects are kept; undefined: nowhere. */
  readonly cacheFolder: string | undefined;
  /** What it breaks, this state has inherited; itself unless given. */
  readonly root?: State;
  /** Who does what dma-iommu.c calls; the tree's own swiotlb.c and iova.c unless given. */
  readonly below?: Below;
  /** Builds that are made at once, so that what does not compile is known; pages of 4 KiB unless given. */
  readonly builds?: readonly BuildConfiguration[];
  /** Called with a sentence before each build. */
  readonly onProgress?: (text: string) => void;
}

const FIRST_BUILDS: readonly BuildConfiguration[] = [{ pageSize: 4096, swiotlb: true }];

/**
 * A state out of a kernel tree. Builds for other configurations are made when a machine first needs them.
 * UserError, in one line, for what does not compile or is not modelled.
 */
export async function compileState(request: CompileRequest): Promise<State> {
  const sources = await sourcesFor(request.tree);
  const kernels = new Map<string, CompiledKernel>();
  const kernelFor = ({ pageSize, swiotlb }: BuildConfiguration): CompiledKernel => {
    const key = `${pageSize} ${swiotlb}`;
    let kernel = kernels.get(key);
    if (kernel === undefined) {
      const { id, cacheFolder, below = 'tree' } = request;
      const without = swiotlb ? '' : ', without swiotlb';
      request.onProgress?.(`compiling ${id} for pages of ${pageSize / 1024} KiB${without}`);
      kernel = new CompiledKernel(build({ tree: sources, cacheFolder, below, pageSize, swiotlb }));
      kernels.set(key, kernel);
    }
    return kernel;
  };
  for (const configuration of request.builds ?? FIRST_BUILDS) kernelFor(configuration);
  return stateOf(request, kernelFor, () => [...kernels.values()]);
}

function stateOf(
  { id, tree, root }: CompileRequest,
  kernelFor: (configuration: BuildConfiguration) => CompiledKernel,
  kernels: () => readonly CompiledKernel[],
): State {
  const state: State = {
    id,
    alias: undefined,
    origin: `drivers/iommu/dma-iommu.c of ${tree.name}, compiled`,
    get root() {
      return root ?? state;
    },
    below: undefined,
    chain: [],
    get frames() {
      // Functions have the same numbers in all builds; the longest list has those of swiotlb.c, too.
      const lists = kernels().map(({ module }) => module.frames);
      const [longest = []] = lists.toSorted((a, b) => b.length - a.length);
      return longest.map((method) => ({ method, patch: id }));
    },
    code: undefined,
    install: (machine) =>
      new CompiledOps(
        kernelFor({ pageSize: machine.slots.pageSize, swiotlb: machine.configSwiotlb }),
        machine,
      ),
    with() {
      throw new UserError(`${id} was compiled: its patches cannot be taken apart`);
    },
  };
  return state;
}
