// SPDX-License-Identifier: GPL-2.0-only
/** Scenarios by a pattern over their ids. */
import type { Scenario } from '../run/scenario.ts';
import { quoted } from '../text/input-error.ts';
import { UserError, nearest } from '../text/user-error.ts';
import { globOf, type Glob } from './glob.ts';

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

/** A scenario file that cannot be used, and why. */
export interface BrokenFile {
  /** `topic/file-name`. */
  readonly scenario: string;
  readonly error: UserError;
}

/** What ids are selected from. */
interface Selectable {
  readonly scenarios: readonly Scenario[];
  readonly broken?: readonly BrokenFile[];
}

const FILE = /^(.*\.ya?ml)(\[.*)?$/i;

/** The file that a pattern names, `my.yaml` or `my.yaml[dir=*]`; undefined: it is a pattern over ids. */
export function fileIn(glob: string): string | undefined {
  return FILE.exec(glob)?.[1];
}

/** Broken files that the pattern does not ask for. */
export function unselected({ broken = [] }: Selectable, glob: string): BrokenFile[] {
  const isMeant = scenarioGlob(glob);
  return broken.filter(({ scenario }) => !isMeant(scenario));
}

/** The pattern without its case: which cases a broken file has nobody knows. */
function scenarioGlob(glob: string): Glob {
  return globOf(glob.replace(/\[.*$/s, ''));
}

/**
 * The scenarios whose id matches, with the case (`sync/a[dir=TO_DEVICE]`) or without (`sync/a`); of a
 * file that the pattern names, all or those of the case. Throws UserError with ids like it when there is
 * none, and for a file that matches and is broken.
 */
export function selectScenarios(corpus: Selectable, pattern: string): Scenario[] {
  const [, file, suffix = ''] = FILE.exec(pattern) ?? [];
  const glob = file === undefined ? pattern : `**${suffix}`;
  const wanted = scenarioGlob(glob);
  const broken = corpus.broken?.find(({ scenario }) => wanted(scenario));
  if (broken !== undefined) throw broken.error;
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
