// SPDX-License-Identifier: GPL-2.0-only
/** What is wrong in a scenario file, and where. */
import { UserError } from './user-error.ts';

/** Keys and list indices from the top of a scenario file down to a value. */
export type Path = readonly (string | number)[];

/** A place in a file; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A mistake in a scenario file: `file:line:column: key path: problem`, on one line. */
export class InputError extends UserError {
  override name = 'InputError';
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly path: Path;

  constructor(file: string, { line, column }: Position, path: Path, problem: string) {
    const where = path.length === 0 ? '' : `${pathText(path)}: `;
    super(`${file}:${line}:${column}: ${where}${problem.replaceAll(/\s*\n\s*/g, ' ')}`);
    this.file = file;
    this.line = line;
    this.column = column;
    this.path = path;
  }
}

/** `steps[3].map_page.dir`. */
export function pathText(path: Path): string {
  return path
    .map((key, depth) => (typeof key === 'number' ? `[${key}]` : depth === 0 ? key : `.${key}`))
    .join('');
}

const LONGEST_QUOTE = 60;

/** A bad value, short enough for an error line. */
export function quoted(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (value === null || value === undefined) return 'an empty value';
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'an empty mapping' : 'a mapping';
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
}
