// SPDX-License-Identifier: GPL-2.0-only
/** Where programs come from, by number. */
import { generate } from './generate.ts';
import type { Program } from './program.ts';
import { SeededChoices } from './random.ts';

/** Programs by number; each depends on its number alone. */
export interface ProgramSource {
  /** How many there are, Infinity: as many as anyone wants. */
  readonly size: number;
  at(index: number): Program;
}

/** Programs by chance. */
export function seededPrograms(seed: number): ProgramSource {
  return { size: Infinity, at: (index) => generate(new SeededChoices(seed, index)) };
}
