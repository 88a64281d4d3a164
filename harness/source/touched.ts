// SPDX-License-Identifier: GPL-2.0-only
/** From changed files to the comparisons that may come out otherwise. */
import { SERIES } from '../../variants/registry.ts';
import { SUGGESTIONS } from '../../variants/review/index.ts';
import type { VariantFiles } from './patch-modules.ts';

/** Two states by id. */
export type Pair = readonly [from: string, to: string];

/**
 * The comparisons that the changed files touch: each series against the one before, each suggestion
 * against its base. A module that a later series reposts touches that one too. A change of the harness
 * or the corpus touches every series. What only lists or registers states touches all that it lists,
 * unless a state's own files have changed as well: then it is about that one.
 */
export function touchedPairs({ subjects, registry }: VariantFiles, changed: readonly string[]): Pair[] {
  const files = changed.filter((file) => !file.endsWith('.test.ts'));
  const own = new Set(subjects.flatMap(({ parts }) => [...parts]));
  const lists = new Set(subjects.map(({ listedIn }) => listedIn));
  // instrument.ts and the registry itself: what all of them go through.
  const isShared = (file: string): boolean => registry.has(file) && !own.has(file) && !lists.has(file);
  const isOnlyListed = !files.some((file) => own.has(file));
  const everySeries = files.some((file) => /^(harness|corpus)\//.test(file));
  const series = new Set(SERIES.map(({ id }) => id));
  const touched = subjects.filter(({ id, parts, listedIn }) =>
    files.some(
      (file) =>
        parts.has(file) ||
        (isOnlyListed && (file === listedIn || isShared(file))) ||
        (everySeries && series.has(id)),
    ),
  );
  const ids = new Set(touched.map(({ id }) => id));
  return everyPair().filter(([, to]) => ids.has(to));
}

/** Each series against the one before, the first against its base; each suggestion against its base. */
function everyPair(): Pair[] {
  return [
    ...SERIES.map(({ id, base }, index): Pair => [SERIES[index - 1]?.id ?? base, id]),
    ...SUGGESTIONS.map(({ base, name }): Pair => [base, `review/${name}`]),
  ];
}
