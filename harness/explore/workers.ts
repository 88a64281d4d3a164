// SPDX-License-Identifier: GPL-2.0-only
/** Who does the work of exploration: this thread, or several others. */
import { setImmediate } from 'node:timers/promises';
import { UserError } from '../text/user-error.ts';
import { startThread, Threads } from '../threads/threads.ts';
import type { Assignment, Probed, Prober, ShrunkProgram } from './prober.ts';
import type { Program } from './program.ts';

/** Takes pieces of work in any number; the first asked for is begun first. */
export interface Workers {
  /** Pieces that are worked on at the same time. */
  readonly count: number;
  /** Prober.probe(). */
  probe(first: number, end: number): Promise<Probed>;
  /** Prober.shrink(), before any probe that waits. */
  shrink(index: number, key: string): Promise<ShrunkProgram>;
  /** Prober.learn(), by all, before any probe that is asked for later. */
  learn(programs: readonly Program[]): Promise<void>;
  /** Ends the workers, whatever they are doing. */
  close(): Promise<void>;
}

/** A piece of work, as it goes to a thread. */
export type Task =
  | { readonly do: 'learn'; readonly programs: readonly Program[] }
  | { readonly do: 'probe'; readonly first: number; readonly end: number }
  | { readonly do: 'shrink'; readonly index: number; readonly key: string };

/** All work in this thread; between two pieces, others get their turn. */
export function inThisThread(prober: Prober): Workers {
  let closed = false;
  const turn = async (): Promise<void> => {
    await setImmediate();
    if (closed) throw new UserError('the search was ended');
  };
  return {
    count: 1,
    async probe(first, end) {
      await turn();
      return prober.probe(first, end);
    },
    async learn(programs) {
      prober.learn(programs);
    },
    async shrink(index, key) {
      await turn();
      return prober.shrink(index, key);
    },
    async close() {
      closed = true;
    },
  };
}

/**
 * Work in `count` threads, each made by `start`. Once one of them dies, every piece of work fails with
 * a UserError.
 */
export function inThreads(assignment: Assignment, count: number, start = startThread): Workers {
  const threads = new Threads<Task>(
    count,
    () => start(import.meta.url, 'worker', { assignment }),
    (why) => new UserError(`a worker died (${why}); what was found until then is complete`),
  );
  return {
    count,
    async probe(first, end) {
      return threads.ask<Probed>({ do: 'probe', first, end });
    },
    async shrink(index, key) {
      return threads.ask<ShrunkProgram>({ do: 'shrink', index, key }, { first: true });
    },
    async learn(programs) {
      threads.tell({ do: 'learn', programs });
    },
    async close() {
      return threads.close();
    },
  };
}
