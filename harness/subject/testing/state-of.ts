// SPDX-License-Identifier: GPL-2.0-only
import type { State } from '../state.ts';

/** A state of code from elsewhere: no patch is known, and no text. */
export function stateOf(id: string, install: State['install'], origin = 'a test'): State {
  const state: State = {
    id,
    alias: undefined,
    origin,
    get root() {
      return state;
    },
    below: undefined,
    chain: [],
    frames: [],
    code: undefined,
    install,
    with: () => {
      throw new RangeError(`${id} takes no patches`);
    },
  };
  return state;
}
