// SPDX-License-Identifier: GPL-2.0-only
/** A patch is a function from a state's class to a class; a series is its patches in order. */
import type { Swiotlb, SwiotlbKernel } from '../harness/machine/swiotlb.ts';
import type { Declaration } from '../harness/subject/claim.ts';
import type { ChainLink, Posted } from '../harness/subject/state.ts';
import type { Baseline } from './baseline.ts';
import type { Kernel } from './dma-ops.ts';

/** A state's class for drivers/iommu/dma-iommu.c; `S` names what earlier patches have added to it. */
export type StateClass<S extends Baseline = Baseline> = new (kernel: Kernel) => S;
/** Its class for kernel/dma/swiotlb.c. */
export type SwiotlbClass<S extends Swiotlb = Swiotlb> = new (kernel: SwiotlbKernel) => S;

/** A class that knows the module that it is written in: `static readonly module = import.meta.url`. */
export interface Written {
  readonly module: string;
}

/** A state's class, as a patch leaves it. */
export type Patched<S extends Baseline = Baseline> = StateClass<S> & Written;

/**
 * A patch to drivers/iommu/dma-iommu.c. The class it returns overrides exactly the functions that the
 * patch touches; a function that it deletes is overridden as `gone`.
 */
export type Patch<Needs extends Baseline = Baseline, Gives extends Needs = Needs> = (
  Base: StateClass<Needs>,
) => Patched<Gives>;

/** Body of a function that a patch deleted: calling it is a mistake in a patch. */
export function gone(kernelFunction: string): never {
  throw new Error(`${kernelFunction}() no longer exists in this state`);
}

/** A patch as it was posted. */
export interface PostedPatch extends Posted {
  // Methods, so that a patch that builds on an earlier one's additions fits in.
  /** What it makes of drivers/iommu/dma-iommu.c. */
  apply?(Base: StateClass): Patched;
  /** What it makes of kernel/dma/swiotlb.c. */
  applyToSwiotlb?(Base: SwiotlbClass): SwiotlbClass & Written;
}

/** A patch on the way to a state, with its code. */
export type Link = ChainLink & PostedPatch;

/** A change that a reviewer asked for. */
export interface Suggestion extends PostedPatch {
  /** The state is `review/NAME`. */
  readonly name: string;
  /** State it was asked of. */
  readonly base: string;
  readonly author: string;
  /** YYYY-MM-DD. */
  readonly date: string;
  /** The patch that the mail answers: `v3 2/5`. */
  readonly on: string;
}

/** Suggestions, and the module that lists them (import.meta.url). */
export interface Review {
  readonly module: string;
  readonly suggestions: readonly Suggestion[];
}

/** A posted series: the cover letter. */
export interface Series {
  /** Where it is written: import.meta.url. */
  readonly module: string;
  /** `v3`. */
  readonly id: string;
  /** Subject of the cover letter. */
  readonly subject: string;
  readonly author: string;
  /** YYYY-MM-DD. */
  readonly date: string;
  readonly messageId: string;
  /** State the first patch applies to. */
  readonly base: string;
  readonly patches: readonly PostedPatch[];
  /** What the cover letter says it leaves unsolved. */
  readonly declared?: readonly Declaration[];
}
