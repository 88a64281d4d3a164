// SPDX-License-Identifier: GPL-2.0-only
/** Makes a program small while it still shows the same mechanism. Greedy, deterministic, idempotent. */
import { someReturning } from '../run/returning.ts';
import type { Program } from './program.ts';
import { costOf, isCheaper, type Cost } from './shrink-cost.ts';
import { PASSES, type Pass } from './shrink-passes.ts';
import { isCorrectUse } from './usage.ts';

/** What came of shrinking. */
export interface Shrunk {
  readonly program: Program;
  /** Programs that were tried on the way. */
  readonly tries: number;
}

/** What may be better: cheaper, correct use of the API, and not tried before. */
interface Candidate {
  readonly candidate: Program;
  readonly price: Cost;
  readonly text: string;
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
  // Made outside of what is watched: only what is run costs that.
  function* candidates(pass: Pass): Iterable<Candidate> {
    for (const candidate of pass(best)) {
      const price = costOf(candidate);
      if (!isCheaper(price, cost)) continue;
      const text = JSON.stringify(candidate);
      if (rejected.has(text)) continue;
      if (isCorrectUse(candidate)) yield { candidate, price, text };
      else rejected.add(text);
    }
  }
  const better = ({ candidate, price, text }: Candidate): boolean => {
    if (rejected.has(text)) return false;
    const isShown = shows(candidate);
    tries++;
    if (isShown) {
      best = candidate;
      cost = price;
    } else {
      rejected.add(text);
    }
    return isShown;
  };
  for (let changed = true; changed;) {
    changed = false;
    for (const pass of PASSES) {
      // A pass starts over from what it has found, until it finds no more.
      while (someReturning(candidates(pass), better)) changed = true;
    }
  }
  return { program: best, tries };
}
