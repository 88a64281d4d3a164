// SPDX-License-Identifier: GPL-2.0-only
/** Texts as numbers, so that a record of numbers can hold one. The same text has the same number in all runs. */

const texts: string[] = [];
const numbers = new Map<string, number>();

/** The number of a text. */
export function numberOfText(text: string): number {
  let number = numbers.get(text);
  if (number === undefined) {
    number = texts.push(text) - 1;
    numbers.set(text, number);
  }
  return number;
}

/** The text of a number that numberOfText() gave; RangeError for another number. */
export function textOfNumber(number: number): string {
  const text = texts[number];
  if (text === undefined) throw new RangeError(`no text has number ${number}`);
  return text;
}
