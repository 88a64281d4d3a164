// SPDX-License-Identifier: GPL-2.0-only
/** Where programs come from, by number. */
import { generate } from './generate.ts';
import type { Program } from './program.ts';
import { SeededChoices } from './random.ts';
import { vary } from './vary.ts';

/** Programs by number. */
export interface ProgramSource {
  /** How many there are, Infinity: as many as anyone wants. */
  readonly size: number;
  at(index: number): Program;
  /** Programs that later ones may be made of; absent: each depends on its number alone. */
  learn?(programs: readonly Program[]): void;
}

/** Programs by chance; each depends on its number alone. */
export function seededPrograms(seed: number): ProgramSource {
  return { size: Infinity, at: (index) => generate(new SeededChoices(seed, index)) };
}

/** Of so many programs one is made by chance alone, once there are others to vary. */
const FRESH = 2;
/** Of so many variations one is of a program of `start`. */
const STARTED = 3;

/** Programs by chance, and variations of those of `start` and of what is learned; each depends on its number and on these. */
export class LearningPrograms implements ProgramSource {
  readonly size = Infinity;
  private readonly seed: number;
  private readonly start: readonly Program[];
  private readonly learned: Program[] = [];

  constructor(seed: number, start: readonly Program[]) {
    this.seed = seed;
    this.start = start;
  }

  at(index: number): Program {
    const choices = new SeededChoices(this.seed, index);
    const { start, learned } = this;
    if (start.length + learned.length === 0 || choices.below(FRESH) === 0) return generate(choices);
    const isStarted = learned.length === 0 || (start.length > 0 && choices.below(STARTED) === 0);
    const known = isStarted ? start : learned;
    const program = known[choices.below(known.length)];
    return program === undefined ? generate(choices) : vary(choices, program, known);
  }

  learn(programs: readonly Program[]): void {
    this.learned.push(...programs);
  }
}
