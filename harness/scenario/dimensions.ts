// SPDX-License-Identifier: GPL-2.0-only
/** The matrix of a scenario file: lists of values that multiply it. */
import type { Binding, Bindings, Scalar, Scope } from './placeholders.ts';
import { quoted } from '../text/input-error.ts';
import type { YamlSource } from '../text/yaml-source.ts';

/** Most cases that a matrix may give. */
const MAX_CASES = 512;

/** The values of each placeholder, in the order of the file. */
export type Dimensions = ReadonlyMap<string, readonly Binding[]>;

/** What a case's id shows without doubt. */
const VALUE_TEXT = /^[\w.+:-]+$/;

/** Every combination; the last dimension changes fastest. */
export function expandMatrix(dimensions: Dimensions): Bindings[] {
  let cases: [string, Binding][][] = [[]];
  for (const [name, values] of dimensions) {
    cases = cases.flatMap((chosen) => values.map((value) => chosen.concat([[name, value]])));
  }
  return cases.map((chosen) => new Map(chosen));
}

/** `[dir=TO_DEVICE,coherent=true]`, empty when there is no matrix. */
export function caseSuffix(bindings: Bindings): string {
  if (bindings.size === 0) return '';
  return `[${Array.from(bindings, ([name, { text }]) => `${name}=${text}`).join(',')}]`;
}

/** The checked dimensions of a file. Throws InputError for values an id cannot tell apart. */
export function readMatrix(
  source: YamlSource,
  matrix: Readonly<Record<string, readonly Scalar[]>>,
): Dimensions {
  const dimensions = new Map<string, Binding[]>();
  let cases = 1;
  for (const [name, values] of Object.entries(matrix)) {
    const bindings: Binding[] = [];
    for (const [index, value] of values.entries()) {
      const path = ['matrix', name, index];
      const text = typeof value === 'string' ? value : (source.written(path) ?? String(value));
      if (!VALUE_TEXT.test(text)) {
        throw source.error(
          path,
          `${quoted(value)} cannot be part of an id; allowed: letters, digits, _ . + : -`,
        );
      }
      if (bindings.some((other) => other.value === value || other.text === text)) {
        throw source.error(path, `${quoted(value)} is in the list already`);
      }
      bindings.push({ value, text });
    }
    dimensions.set(name, bindings);
    cases *= values.length;
    if (cases > MAX_CASES) {
      throw source.error(
        ['matrix', name],
        `the matrix has more than the ${MAX_CASES} cases a scenario may have`,
      );
    }
  }
  return dimensions;
}

/** Throws InputError for a dimension that gives equal cases because nothing uses it. */
export function checkAllUsed(source: YamlSource, dimensions: Dimensions, scope: Scope): void {
  for (const name of dimensions.keys()) {
    if (!scope.used.has(name)) throw source.error(['matrix', name], `nothing uses $${name}`);
  }
}
