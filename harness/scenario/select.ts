// SPDX-License-Identifier: GPL-2.0-only
/** Scenarios by a pattern over their ids. */
import type { Scenario } from '../run/scenario.ts';
import { quoted } from '../text/input-error.ts';
import { UserError, nearest } from '../text/user-error.ts';
import { globOf } from './glob.ts';

const MAX_SHOWN = 3;
/** As much of a pattern is held against the ids there are. */
const LONGEST_GUESS = 200;

/** Ids that contain what was asked for, else those that look like it. */
function similar(glob: string, ids: readonly string[]): string[] {
  const core = glob.slice(0, LONGEST_GUESS).replaceAll(/^[*?/]+|(?<![*?/])[*?/]+$/g, '');
  const holding = core === '' ? [] : ids.filter((id) => id.includes(core));
  return holding.length > 0
    ? holding.slice(0, MAX_SHOWN)
    : nearest(glob.slice(0, LONGEST_GUESS), ids, MAX_SHOWN);
}

/**
 * The scenarios whose id matches, with the case (`sync/a[dir=TO_DEVICE]`) or without (`sync/a`).
 * Throws UserError with ids like it when there is none.
 */
export function selectScenarios(
  corpus: { readonly scenarios: readonly Scenario[] },
  glob: string,
): Scenario[] {
  const isMeant = globOf(glob);
  const selected = corpus.scenarios.filter(({ id, scenario }) => isMeant(id) || isMeant(scenario));
  if (selected.length > 0) return selected;
  const plain = [...new Set(corpus.scenarios.map(({ scenario }) => scenario))];
  const ids = glob.includes('[') ? corpus.scenarios.map(({ id }) => id) : plain;
  const near = similar(glob, ids);
  const hint =
    near.length === 0 ? `one of the ${plain.length} there are: ${ids[0]}` : `nearest: ${near.join(', ')}`;
  throw new UserError(`no scenario matches ${quoted(glob)}; ${hint}`);
}
