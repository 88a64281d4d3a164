// SPDX-License-Identifier: GPL-2.0-only
/** What crashes hide among many states: each is held against the state that it stands on. */
import type { Cause, ClauseId } from '../contract/verdict.ts';
import { without, type Victim } from '../contract/victim.ts';
import type { State } from '../subject/state.ts';
import type { Evaluation } from './evaluate.ts';

/** Causes of a clause that a crash hides. */
export interface Hidden {
  readonly clause: ClauseId;
  readonly causes: readonly Cause[];
}

interface Harm {
  readonly clause: ClauseId;
  readonly cause: Cause;
  readonly victims: readonly Victim[];
}

export class Hiding {
  /** Per state: the number of the one that it is held against, if any. */
  private readonly standsOn: readonly (number | undefined)[];

  constructor(states: readonly State[]) {
    this.standsOn = states.map((state, own) => {
      for (let below = state.below; below !== undefined; below = below.below) {
        const at = states.findIndex(({ id }) => id === below?.id);
        if (at >= 0) return at;
      }
      const root = states.indexOf(state.root);
      return root === own ? undefined : root;
    });
  }

  /**
   * Per state, `row` being what each makes of a case: what the state that it stands on breaks, or what is hidden
   * there, from the step of its own crash on.
   */
  of(row: readonly Evaluation[]): readonly (readonly Hidden[])[] {
    if (row.every(({ run }) => run.crash === undefined)) return row.map(() => []);
    const known: (readonly Harm[] | undefined)[] = [];
    const hiddenIn = (state: number): readonly Harm[] =>
      (known[state] ??= this.hidden(row[state], this.harmBelow(row, state, hiddenIn)));
    return row.map((_, state) => byClause(hiddenIn(state)));
  }

  private harmBelow(
    row: readonly Evaluation[],
    state: number,
    hiddenIn: (state: number) => readonly Harm[],
  ): readonly Harm[] {
    const below = this.standsOn[state];
    if (below === undefined) return [];
    const there = row[below];
    return there === undefined ? [] : [...harmIn(there), ...hiddenIn(below)];
  }

  private hidden(own: Evaluation | undefined, below: readonly Harm[]): readonly Harm[] {
    const step = own?.run.crash?.step;
    if (own === undefined || step === undefined) return [];
    const mine = harmIn(own);
    return below.flatMap(({ clause, cause, victims }): Harm[] => {
      const same = mine.filter((harm) => harm.clause === clause).flatMap((harm) => harm.victims);
      const left = victims
        .filter(({ evidence }) => evidence.step >= step)
        .flatMap((victim) => without(victim, same));
      return left.length === 0 ? [] : [{ clause, cause, victims: left }];
    });
  }
}

function harmIn({ verdicts }: Evaluation): Harm[] {
  return verdicts.flatMap(({ clause, breaks }) =>
    breaks.map(({ cause, victims }) => ({ clause, cause, victims })),
  );
}

function byClause(all: readonly Harm[]): Hidden[] {
  const causes = new Map<ClauseId, Set<Cause>>();
  for (const { clause, cause } of all) causes.set(clause, (causes.get(clause) ?? new Set()).add(cause));
  return [...causes].map(([clause, set]) => ({ clause, causes: [...set] }));
}
