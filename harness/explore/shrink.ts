// SPDX-License-Identifier: GPL-2.0-only
/** Makes a program small while it still shows the same mechanism. Greedy, deterministic, idempotent. */
import { someReturning } from '../run/returning.ts';
import type { Program } from './program.ts';
import { costOf, isCheaper } from './shrink-cost.ts';
import { PASSES } from './shrink-passes.ts';
import { isCorrectUse } from './usage.ts';

/** What came of shrinking. */
export interface Shrunk {
  readonly program: Program;
  /** Programs that were tried on the way. */
  readonly tries: number;
}

/**
 * The smallest program that the passes lead to and that `shows` accepts; every step of the way is
 * correct use of the API and cheaper than the one before, until no pass finds anything cheaper.
 */
export function shrink(program: Program, shows: (candidate: Program) => boolean): Shrunk {
  let best = program;
  let cost = costOf(best);
  let tries = 0;
  const rejected = new Set<string>();
  const better = (candidate: Program): boolean => {
    const price = costOf(candidate);
    if (!isCheaper(price, cost)) return false;
    const text = JSON.stringify(candidate);
    if (rejected.has(text)) return false;
    if (isCorrectUse(candidate)) {
      const isShown = shows(candidate);
      tries++;
      if (isShown) {
        best = candidate;
        cost = price;
        return true;
      }
    }
    rejected.add(text);
    return false;
  };
  for (let changed = true; changed;) {
    changed = false;
    for (const pass of PASSES) {
      // A pass starts over from what it has found, until it finds no more.
      while (someReturning(pass(best), better)) changed = true;
    }
  }
  return { program: best, tries };
}
