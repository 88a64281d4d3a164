// SPDX-License-Identifier: GPL-2.0-only
/** From changed files to the comparisons that may come out otherwise. */
import { SERIES } from '../../variants/registry.ts';
import { SUGGESTIONS } from '../../variants/review/index.ts';
import type { VariantFiles } from './patch-modules.ts';

/** A comparison that a change touches. */
export interface TouchedPair {
  readonly from: string;
  readonly to: string;
  /** The second state itself has changed, not only what all states stand on. */
  readonly own: boolean;
}

/**
 * The comparisons that the changed files touch: each series against the one before, each suggestion
 * against its base. A module that a later series reposts touches that one too. A change of the harness
 * or the corpus touches every series. What only lists or registers states touches all that it lists,
 * unless a state's own files have changed as well: then it is about that one.
 */
export function touchedPairs(
  { subjects, registry }: VariantFiles,
  changed: readonly string[],
): TouchedPair[] {
  const files = changed.filter((file) => !file.endsWith('.test.ts'));
  const isPart = (file: string): boolean => subjects.some(({ parts }) => parts.has(file));
  const isCommon = (file: string): boolean => subjects.every(({ parts }) => parts.has(file));
  const lists = new Set(subjects.map(({ listedIn }) => listedIn));
  // What every state goes through, without being a part of it: instrument.ts.
  const isShared = (file: string): boolean => registry.has(file) && !isPart(file) && !lists.has(file);
  const isOnlyListed = !files.some((file) => isPart(file) && !isCommon(file));
  const everySeries = files.some((file) => /^(harness|corpus)\//.test(file));
  const series = new Set(SERIES.map(({ id }) => id));
  const touched = new Map<string, boolean>();
  for (const { id, parts, listedIn } of subjects) {
    const inParts = files.filter((file) => parts.has(file));
    const inLists = files.some((file) => isOnlyListed && (file === listedIn || isShared(file)));
    if (inParts.length > 0 || inLists || (everySeries && series.has(id))) {
      touched.set(
        id,
        inParts.some((file) => !isCommon(file)),
      );
    }
  }
  return everyPair().flatMap(({ from, to }) => {
    const own = touched.get(to);
    return own === undefined ? [] : [{ from, to, own }];
  });
}

/** Each series against the one before, the first against its base; each suggestion against its base. */
function everyPair(): { from: string; to: string }[] {
  return [
    ...SERIES.map(({ id, base }, index) => ({ from: SERIES[index - 1]?.id ?? base, to: id })),
    ...SUGGESTIONS.map(({ base, name }) => ({ from: base, to: `review/${name}` })),
  ];
}
