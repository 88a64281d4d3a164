// SPDX-License-Identifier: GPL-2.0-only
/** What a family of states is about, and what of it is worth comparing. */
import type { KernelFile, State } from './state.ts';

/** Two states that are worth comparing. */
export interface StatePair {
  readonly from: State;
  readonly to: State;
  /** `step`: a series against the one before; `whole`: the last against the root; `suggestion`: against its base. */
  readonly kind: 'step' | 'whole' | 'suggestion';
}

/** Where a series or a suggestion is written; import.meta.url of modules. */
export interface Authored {
  /** Its last state. */
  readonly state: State;
  /** Its own modules; all that they import is part of it. */
  readonly modules: () => readonly string[];
  /** Where it stands in a list with others. */
  readonly listedIn: string;
}

/** A family of states on one root. */
export interface Subject {
  /** The part before the `/` of its states' ids; empty for this repository's own subject. */
  readonly id: string;
  readonly title: string;
  /** The state before every patch. */
  readonly root: State;
  /** The kernel files that its states have code of. */
  readonly files: readonly KernelFile[];
  /** In the order of the series, the root first. */
  readonly states: readonly State[];
  /** The root and the end of each series, in order. */
  readonly ends: readonly State[];
  readonly pairs: readonly StatePair[];
  /** Series, then suggestions. */
  readonly authored: readonly Authored[];
  /**
   * The state that an expression stands for (expression.ts); undefined: it begins with no state of this subject.
   * ExpressionError when there is no such state.
   */
  expressed?(text: string): State | undefined;
}

/** The states by id and alias. Throws when two of them go by the same name. */
export function indexStates(states: readonly State[]): ReadonlyMap<string, State> {
  const index = new Map<string, State>();
  for (const state of states) {
    for (const name of [state.id, ...(state.alias === undefined ? [] : [state.alias])]) {
      if (index.has(name)) throw new RangeError(`two states are called ${name}`);
      index.set(name, state);
    }
  }
  return index;
}

/** The root, the end of each series, and each suggestion right behind the state it was asked of. */
export function sideBySide({ ends, pairs }: Subject): readonly State[] {
  const suggested = pairs.flatMap(({ kind, from, to }) => (kind === 'suggestion' ? [from, to] : []));
  return [...new Set([...ends, ...suggested])];
}
