// SPDX-License-Identifier: GPL-2.0-only
/** Some of many, by chance. */
import { SeededChoices } from '../explore/random.ts';

/** So many of the items, in their order; all of them where there are no more. */
export function drawn<T>(
  items: readonly T[],
  { seed, count }: { readonly seed: number; readonly count: number },
): T[] {
  const choices = new SeededChoices(seed, 0);
  const keyed = items.map((item, index) => ({ item, index, key: choices.below(2 ** 32) }));
  return keyed
    .toSorted((a, b) => a.key - b.key || a.index - b.index)
    .slice(0, count)
    .toSorted((a, b) => a.index - b.index)
    .map(({ item }) => item);
}
