// SPDX-License-Identifier: GPL-2.0-only
/** The way from one state to another, patch by patch. */
import type { ChainLink, State } from '../subject/state.ts';

/** A patch on the way, and the states before and after it. */
export interface Stage {
  readonly patch: ChainLink;
  readonly before: State;
  readonly after: State;
}

/** Two states and the patches that lead to each from where their chains part. */
export interface Walk {
  /** The state that both stand on. */
  readonly common: State;
  /** Patches that only the first has: taken back on the way. */
  readonly back: readonly Stage[];
  /** Patches that only the second has. */
  readonly forth: readonly Stage[];
}

/** The walk between two states. */
export function walkBetween(from: State, to: State): Walk {
  let shared = 0;
  while (shared < from.chain.length && from.chain[shared]?.id === to.chain[shared]?.id) shared++;
  const back = stages(from).slice(shared);
  const forth = stages(to).slice(shared);
  return { common: back[0]?.before ?? from, back, forth };
}

/** One for each patch of the chain. */
function stages(after: State): Stage[] {
  const { below: before, chain } = after;
  const patch = chain.at(-1);
  return before === undefined || patch === undefined ? [] : [...stages(before), { patch, before, after }];
}
