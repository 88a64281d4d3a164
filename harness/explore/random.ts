// SPDX-License-Identifier: GPL-2.0-only
/** Where a generated program's choices come from: a seed, or a tape of numbers that a test shrinks. */

/** Choices, one after the other. */
export interface Choices {
  /** A whole number from 0 to `below` - 1. */
  below(below: number): number;
}

/** Splitmix32: choices from a seed, the same for ever. Program `index` of a seed depends on no other. */
export class SeededChoices implements Choices {
  private state: number;

  constructor(seed: number, index: number) {
    this.state = mix((Math.imul(seed | 0, 0x9e3779b1) ^ mix(index + 0x7f4a7c15)) | 0) | 0;
  }

  below(below: number): number {
    this.state = (this.state + 0x9e3779b9) | 0;
    return Math.floor((mix(this.state) / 2 ** 32) * below);
  }
}

/** Choices read off a list; 0 once it is used up. */
export class TapeChoices implements Choices {
  private readonly tape: readonly number[];
  private at = 0;

  constructor(tape: readonly number[]) {
    this.tape = tape;
  }

  below(below: number): number {
    return (this.tape[this.at++] ?? 0) % below;
  }
}

function mix(value: number): number {
  let z = value;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}
