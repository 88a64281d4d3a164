// SPDX-License-Identifier: GPL-2.0-only
/** Where programs come from, by number. */
import { generate } from './generate.ts';
import type { Program } from './program.ts';
import { SeededChoices, type Choices } from './random.ts';
import { vary } from './vary.ts';

/** Programs by number. */
export interface ProgramSource {
  /** How many there are, Infinity: as many as anyone wants. */
  readonly size: number;
  at(index: number): Program;
  /** What later ones may be made of; absent: each depends on its number alone. */
  learn?(lesson: Lesson): void;
}

/** Programs of a generation that did something which none before them did. */
export interface Lesson {
  /** They showed a mechanism first. */
  readonly telling: readonly Program[];
  /** They showed none, but took another path, or came by other sizes or results. */
  readonly unlike: readonly Program[];
}

/** Programs by chance; each depends on its number alone. */
export function seededPrograms(seed: number): ProgramSource {
  return { size: Infinity, at: (index) => generate(new SeededChoices(seed, index)) };
}

/** Of so many programs one is made by chance alone, once there are others to vary. */
const FRESH = 5;
/** Of so many variations one is of a program of `start`. */
const STARTED = 3;
/** Of so many variations of what was learned one is of a program that showed no mechanism first: there are many. */
const UNLIKE = 10;

/** Programs by chance, and variations of those of `start` and of what is learned; each depends on its number and on these. */
export class LearningPrograms implements ProgramSource {
  readonly size = Infinity;
  private readonly seed: number;
  private readonly start: readonly Program[];
  private readonly telling: Program[] = [];
  private readonly unlike: Program[] = [];

  constructor(seed: number, start: readonly Program[]) {
    this.seed = seed;
    this.start = start;
  }

  at(index: number): Program {
    const choices = new SeededChoices(this.seed, index);
    const { start, telling, unlike } = this;
    const isNothing = start.length + telling.length + unlike.length === 0;
    if (isNothing || choices.below(FRESH) === 0) return generate(choices);
    const known = this.known(choices);
    const program = known[choices.below(known.length)];
    return program === undefined ? generate(choices) : vary(choices, program, known);
  }

  /** Those of which one is varied. */
  private known(choices: Choices): readonly Program[] {
    const { start, telling, unlike } = this;
    if (start.length > 0 && choices.below(STARTED) === 0) return start;
    const first = choices.below(UNLIKE) === 0 ? unlike : telling;
    return [first, telling, unlike].find(({ length }) => length > 0) ?? start;
  }

  learn({ telling, unlike }: Lesson): void {
    this.telling.push(...telling);
    this.unlike.push(...unlike);
  }
}
