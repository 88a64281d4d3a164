// SPDX-License-Identifier: GPL-2.0-only
import type { MachineBuild, State } from './state.ts';

/** A state would have to be compiled before a run goes on: compile it, and begin again. */
export class NotReady extends Error {
  override readonly name = 'NotReady';
  readonly state: State;
  readonly build: MachineBuild;

  constructor(state: State, build: MachineBuild) {
    super(`${state.id} is not compiled`);
    this.state = state;
    this.build = build;
  }
}

/** Throws NotReady unless runs on such a machine can begin at once. */
export function assertReady(state: State, build: MachineBuild): void {
  if (state.isReady?.(build) === false) throw new NotReady(state, build);
}
