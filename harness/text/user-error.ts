// SPDX-License-Identifier: GPL-2.0-only
/** Errors that the user can mend, and the names that the user may have meant. */

/** Bad input: shown as its one-line message, without a stack; the process exits with 2. */
export class UserError extends Error {
  override name = 'UserError';
}

/** Levenshtein distance, upper and lower case being the same. */
function distance(from: string, to: string): number {
  const a = from.toLowerCase();
  const b = to.toLowerCase();
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const shifted = Math.min(previous[column] ?? 0, current[column - 1] ?? 0) + 1;
      current.push(Math.min(replaced, shifted));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/**
 * Up to `max` of the candidates that a typing mistake may have turned into `name`, likeliest first;
 * candidates that differ in more than half of their characters are left out.
 */
export function nearest(name: string, candidates: readonly string[], max = 3): string[] {
  return candidates
    .map((candidate) => ({ candidate, edits: distance(name, candidate) }))
    .filter(({ candidate, edits }) => edits * 2 <= Math.max(name.length, candidate.length))
    .sort((left, right) => left.edits - right.edits)
    .slice(0, max)
    .map(({ candidate }) => candidate);
}

/** The names that may have been meant, `others` among them, else all there are. */
export function suggestion(name: string, names: readonly string[], others: readonly string[] = []): string {
  const near = nearest(name, [...names, ...others]);
  return near.length > 0 ? `nearest: ${near.join(', ')}` : `there are ${names.join(', ')}`;
}

/** ` (did you mean x?)` for the nearest candidate, empty when none is near. */
export function didYouMean(name: string, candidates: readonly string[]): string {
  const [best] = nearest(name, candidates, 1);
  return best === undefined ? '' : ` (did you mean ${best}?)`;
}
