// SPDX-License-Identifier: GPL-2.0-only
/**
 * Programs as a fast-check arbitrary: the generator reads its choices off a list of numbers, and
 * fast-check shrinks the list. The search itself draws from a seed, several times faster.
 */
import fc from 'fast-check';
import { generate } from '../generate.ts';
import type { Program } from '../program.ts';
import { TapeChoices } from '../random.ts';

/** Most choices of a program that are not 0. */
const CHOICES = 400;

/** Whole programs: machine, devices, buffers, steps. Only correct use of the API. */
export function programs(): fc.Arbitrary<Program> {
  return fc
    .array(fc.nat({ max: 0xffff }), { minLength: 40, maxLength: CHOICES, size: 'max' })
    .map((tape) => generate(new TapeChoices(tape)))
    .filter(({ steps }) => steps.length > 0);
}
