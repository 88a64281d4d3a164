// SPDX-License-Identifier: GPL-2.0-only
/** `$name` in a scenario file: which names there are, and what a text with some comes to. */

/** What a placeholder may stand for. */
export type Scalar = boolean | number | string;

/** A placeholder's value, and how a longer text or a case's id writes it. */
export interface Binding {
  readonly value: Scalar;
  readonly text: string;
}
export type Bindings = ReadonlyMap<string, Binding>;

const NUMBER = '0[xX][0-9a-fA-F]+|\\d+';
const EXPRESSION = new RegExp(`^\\$([A-Za-z]\\w*)(?:\\*(${NUMBER}))?(?:([+-])(${NUMBER}))?$`);
const IN_TEXT = /\$([A-Za-z]\w*)/g;

/** The names a part of a file may use, and those that it did. */
export class Scope {
  readonly names: readonly string[];
  readonly used: Set<string>;

  constructor(names: readonly string[], used = new Set<string>()) {
    this.names = names;
    this.used = used;
  }

  /** The scope inside a repeat. */
  with(name: string): Scope {
    return new Scope([...this.names, name], this.used);
  }
}

/** The placeholder names in a text. */
export function placeholdersIn(text: string): string[] {
  return text.includes('$') ? Array.from(text.matchAll(IN_TEXT), ([, name = '']) => name) : [];
}

/**
 * What a text comes to: `$name` the value, `$name*K+L` or `$name*K-L` the number, anything longer a text.
 * Undefined for a calculation that does not give a whole number below 2^53.
 */
export function evaluate(text: string, bindings: Bindings): Scalar | undefined {
  const [, name, factor, sign, summand] = EXPRESSION.exec(text) ?? [];
  if (name === undefined) {
    return text.replaceAll(IN_TEXT, (whole, inner: string) => bindings.get(inner)?.text ?? whole);
  }
  const value = bindings.get(name)?.value;
  if (factor === undefined && summand === undefined) return value;
  const shift = Number(summand ?? 0) * (sign === '-' ? -1 : 1);
  const result = typeof value === 'number' ? value * Number(factor ?? 1) + shift : NaN;
  return Number.isSafeInteger(result) ? result : undefined;
}

/** ` (with dir=TO_DEVICE, i=3)`: ends an error line about a filled-in value. */
export function describeBindings(bindings: Bindings): string {
  const pairs = Array.from(bindings, ([name, { text }]) => `${name}=${text}`);
  return pairs.length === 0 ? '' : ` (with ${pairs.join(', ')})`;
}
