// SPDX-License-Identifier: GPL-2.0-only
/** The way from one state to another, patch by patch. */
import { BASELINE, findState, type ChainLink, type State } from '../../variants/registry.ts';

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
  const last = from.chain[shared - 1];
  const common = last === undefined ? BASELINE : stateAt(last.id);
  return { common, back: stages(common, from, shared), forth: stages(common, to, shared) };
}

function stages(common: State, end: State, shared: number): Stage[] {
  let before = common;
  return end.chain.slice(shared).map((patch) => {
    const after = stateAt(patch.id);
    const stage = { patch, before, after };
    before = after;
    return stage;
  });
}

function stateAt(id: string): State {
  const state = findState(id);
  if (state === undefined) throw new RangeError(`no state ${id} on the chain`);
  return state;
}
