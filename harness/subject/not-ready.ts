// SPDX-License-Identifier: GPL-2.0-only
import type { MachineBuild, State } from './state.ts';

/** A state that is to run on such a machine. */
export interface Wanted {
  readonly state: State;
  readonly build: MachineBuild;
}

/** States would have to be compiled before the work goes on: compile them, and begin again. */
export class NotReady extends Error {
  override readonly name = 'NotReady';
  readonly wanted: readonly Wanted[];

  constructor(wanted: readonly Wanted[]) {
    super(`not compiled: ${wanted.map(({ state }) => state.id).join(', ')}`);
    this.wanted = wanted;
  }
}

/** Throws NotReady unless runs on such a machine can begin at once. */
export function assertReady(state: State, build: MachineBuild): void {
  if (state.isReady?.(build) === false) throw new NotReady([{ state, build }]);
}

/** Pieces of work that do not wait for each other: what they lack is asked for together, each thing once. */
export class Together {
  private readonly wanted: Wanted[] = [];

  /** What `work` returns; undefined when a state that it needs is not compiled. */
  try<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof NotReady)) throw error;
      for (const one of error.wanted) this.want(one);
      return undefined;
    }
  }

  private want(one: Wanted): void {
    if (!this.wanted.some((other) => isSame(one, other))) this.wanted.push(one);
  }

  /** Throws NotReady when some work could not be done. */
  done(): void {
    if (this.wanted.length > 0) throw new NotReady(this.wanted);
  }
}

function isSame(a: Wanted, b: Wanted): boolean {
  return a.state === b.state && a.build.pageSize === b.build.pageSize && a.build.swiotlb === b.build.swiotlb;
}
