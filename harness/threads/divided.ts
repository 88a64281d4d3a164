// SPDX-License-Identifier: GPL-2.0-only
import { setImmediate } from 'node:timers/promises';

/** Items that a thread takes at a time, and that this one does: it has to look after the others in between. */
const THERE = 8;
const HERE = 2;

/** What comes of items, in their order. */
type Work<T, R> = (items: readonly T[]) => readonly R[];

/**
 * What comes of each item, in their order: worked out here from the end on, and by `count` threads from the
 * beginning on. What a thread does not answer is worked out here, where its error is one's own.
 */
export async function divided<T, R>(
  items: readonly T[],
  here: Work<T, R>,
  there: { readonly count: number; ask(items: readonly T[]): Promise<readonly R[]> },
  progress: (done: number) => void,
): Promise<R[]> {
  const results = Array.from<R>({ length: items.length });
  let begin = 0;
  let end = items.length;
  let done = 0;
  const keep = (at: number, some: readonly R[]): void => {
    for (const [i, result] of some.entries()) results[at + i] = result;
    progress((done += some.length));
  };
  const unanswered: { readonly at: number; readonly some: readonly T[] }[] = [];
  const ask = async (): Promise<void> => {
    while (begin < end) {
      const at = begin;
      const some = items.slice(at, Math.min(end, at + THERE));
      begin += some.length;
      try {
        keep(at, await there.ask(some));
      } catch {
        unanswered.push({ at, some });
        return;
      }
    }
  };
  const asked = Array.from({ length: there.count }, ask);
  while (begin < end) {
    const some = items.slice(Math.max(begin, end - HERE), end);
    end -= some.length;
    keep(end, here(some));
    await setImmediate();
  }
  await Promise.all(asked);
  for (const { at, some } of unanswered) keep(at, here(some));
  return results;
}
