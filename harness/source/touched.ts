// SPDX-License-Identifier: GPL-2.0-only
/** From changed files to the comparisons that may come out otherwise. */
import type { Subject } from '../subject/subject.ts';
import { Imported } from './imported.ts';
import { sourcePath } from '../text/package-root.ts';

/** A comparison that a change touches. */
export interface TouchedPair {
  readonly from: string;
  readonly to: string;
  /** The second state itself has changed, not only what all states stand on. */
  readonly own: boolean;
}

/** The files of a series or a suggestion, by their paths from the root. */
interface AuthoredFiles {
  /** Its last state. */
  readonly id: string;
  /** Its own modules and all that they import. */
  readonly parts: ReadonlySet<string>;
  /** Where it stands in a list with others. */
  readonly listedIn: string;
}

/** What each series and each suggestion of a subject is written in. */
export function authoredFiles(imported: Imported, { authored }: Subject): AuthoredFiles[] {
  return authored.map(({ state, modules, listedIn }) => ({
    id: state.id,
    parts: imported.closure(modules().map(sourcePath)),
    listedIn: sourcePath(listedIn),
  }));
}

/**
 * The comparisons that the changed files touch: each series against the one before, each suggestion
 * against its base. A module that a later series reposts touches that one too. A change of the harness
 * or the corpus touches every series. What only lists or registers states touches all that it lists,
 * unless a state's own files have changed as well: then it is about that one.
 */
export function touchedPairs(subject: Subject, root: string, changed: readonly string[]): TouchedPair[] {
  const imported = new Imported(root, 'variants');
  const authored = authoredFiles(imported, subject);
  const lists = new Set(authored.map(({ listedIn }) => listedIn));
  const registry = imported.closure([...lists]);
  const files = changed.filter((file) => !file.endsWith('.test.ts'));
  const isPart = (file: string): boolean => authored.some(({ parts }) => parts.has(file));
  const steps = new Set(subject.pairs.flatMap(({ kind, to }) => (kind === 'step' ? [to.id] : [])));
  const series = authored.filter(({ id }) => steps.has(id));
  const isCommon = (file: string): boolean =>
    series.length > 1 && series.every(({ parts }) => parts.has(file));
  // What every state goes through, without being a part of it: instrument.ts.
  const isShared = (file: string): boolean => registry.has(file) && !isPart(file) && !lists.has(file);
  const isOnlyListed = !files.some((file) => isPart(file) && !isCommon(file));
  const everySeries = files.some((file) => /^(harness|corpus)\//.test(file));
  const pairs = subject.pairs.filter(({ kind }) => kind !== 'whole');
  return pairs.flatMap(({ from, to, kind }): TouchedPair[] => {
    const { parts, listedIn } = authored.find(({ id }) => id === to.id) ?? { parts: new Set(), listedIn: '' };
    const inParts = files.filter((file) => parts.has(file));
    const inLists = files.some((file) => isOnlyListed && (file === listedIn || isShared(file)));
    if (inParts.length === 0 && !inLists && !(everySeries && kind === 'step')) return [];
    return [{ from: from.id, to: to.id, own: inParts.some((file) => !isCommon(file)) }];
  });
}
