// SPDX-License-Identifier: GPL-2.0-only
/** The code of a state, and how it differs from another's, as plain data. */
import type { State } from '../subject/state.ts';

/** What is needed of a state. */
export type StateRef = Pick<State, 'id' | 'origin' | 'code' | 'c'>;

/** A function of a state, as the last patch that touched it left it. */
export interface SourceFunction {
  readonly method: string;
  /** The kernel's name for it; undefined for a helper that is part of its callers in the kernel. */
  readonly kernelFunction: string | undefined;
  /** `baseline`, or the patch that wrote it last: `v3.2`. */
  readonly patch: string;
  /** Doc comment and code as they were written, from column 0. */
  readonly text: string;
  /** Relative to the package, `variants/v3/fix-sync-sg.ts`, or to the kernel tree. */
  readonly file: string;
  /** Where its code begins, from 1. */
  readonly line: number;
}

/** What a state comes to: every function that can be reached from where it is called. */
export interface EffectiveSource {
  readonly state: string;
  /** By method name, in the order of the kernel's file; added helpers stand before their first caller. */
  readonly functions: ReadonlyMap<string, SourceFunction>;
}

/**
 * `moved`: the code is the same, token for token, once the helper that `note` names is put into its
 * caller (or taken out of it). Names of parameters and locals, comments, layout and the braces around
 * a single statement are not compared; nothing else is left out.
 */
export type FunctionDiffKind = 'added' | 'removed' | 'changed' | 'moved';

/** How a function differs between two states. */
export interface FunctionDiff {
  readonly method: string;
  readonly kernelFunction: string | undefined;
  readonly kind: FunctionDiffKind;
  /** Patch that wrote it last on each side; undefined where the function does not exist. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** `mapSwiotlb folded into mapPage`; empty when there is nothing to add. */
  readonly note: string;
  /**
   * Hunks of a unified diff, `@@` lines included, without `---` and `+++`; one statement a line,
   * without comments. Empty for what has only moved.
   */
  readonly lines: readonly string[];
}

/** The sources of all states, each parsed once. UserError for a state that has none here. */
export interface Sources {
  effectiveSource(state: StateRef): EffectiveSource;
  /** UserError when one is C and the other is not. Functions that differ, added ones first, then in the order of the kernel's file. */
  diffStates(from: StateRef, to: StateRef): FunctionDiff[];
}
