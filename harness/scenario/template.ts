// SPDX-License-Identifier: GPL-2.0-only
/**
 * Parts of a scenario file with placeholders, and the same filled in.
 *
 * Filling in changes scalars only, so a path into a case is a path into the file, and a step that
 * a repeat made is the step it was made from: every value keeps its line. And it is enough to check
 * the filled-in scalars again.
 */
import * as z from 'zod';
import { firstProblem } from '../text/issues.ts';
import type { Bindings, Scope } from './placeholders.ts';
import { describeBindings, evaluate, placeholdersIn } from './placeholders.ts';
import type { Path, InputError } from '../text/input-error.ts';
import { pathText, quoted } from '../text/input-error.ts';
import type { YamlSource } from '../text/yaml-source.ts';
import { didYouMean } from '../text/user-error.ts';

/** A scalar with placeholders in it, its path inside the part, and what it must come to. */
interface Blank {
  readonly text: string;
  readonly path: Path;
  readonly schema: z.core.$ZodType;
}

/** The schema of what is under a key of a mapping or list. */
function schemaInside(schema: z.core.$ZodType, key: string | number): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodOptional) return schemaInside(schema.unwrap(), key);
  if (schema instanceof z.ZodObject) return (schema.shape as z.core.$ZodShape)[key];
  if (schema instanceof z.ZodRecord) return schema.valueType;
  if (schema instanceof z.ZodArray) return schema.element;
  if (!(schema instanceof z.ZodUnion)) return undefined;
  return schema.options.map((option) => schemaInside(option, key)).find((found) => found !== undefined);
}

function clone(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clone);
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) copy[key] = clone(value[key as keyof typeof value]);
  return copy;
}

/** A part of a file, ready to be filled in. Equal values of what it uses give the same object. */
export class Template<T> {
  readonly #source: YamlSource;
  readonly #value: unknown;
  readonly #path: Path;
  readonly #schema: z.ZodType<T>;
  readonly #used = new Set<string>();
  readonly #blanks: Blank[] = [];
  readonly #filled = new Map<string, T>();

  /**
   * `value` stands at `path` and is what FILE_SCHEMA allows there; `schema` says the same without
   * placeholders. Throws InputError for a placeholder that is not in `scope`.
   */
  constructor(source: YamlSource, value: unknown, path: Path, scope: Scope, schema: z.ZodType<T>) {
    this.#source = source;
    this.#value = value;
    this.#path = path;
    this.#schema = schema;
    this.#scan(value, [], scope);
    for (const name of this.#used) scope.used.add(name);
  }

  /** The part with these values in it. Throws InputError for a value that does not fit. */
  fill(bindings: Bindings): T {
    if (this.#blanks.length === 0) return this.#value as T;
    let key = '';
    for (const name of this.#used) key += `${bindings.get(name)?.text ?? ''} `;
    let filled = this.#filled.get(key);
    if (filled === undefined) {
      filled = this.#fill(bindings) as T;
      this.#filled.set(key, filled);
    }
    return filled;
  }

  /** Remembers the blanks; `path` leads to the value and changes on the way. */
  #scan(value: unknown, path: (string | number)[], scope: Scope): void {
    if (typeof value === 'string') {
      const names = placeholdersIn(value);
      for (const name of names) {
        if (!scope.names.includes(name)) throw this.#unknown(value, name, path, scope.names);
        this.#used.add(name);
      }
      if (names.length > 0) this.#addBlank(value, [...path]);
    } else if (typeof value === 'object' && value !== null) {
      for (const key of Object.keys(value)) {
        path.push(Array.isArray(value) ? Number(key) : key);
        this.#scan(value[key as keyof typeof value], path, scope);
        path.pop();
      }
    }
  }

  #addBlank(text: string, path: Path): void {
    let schema: z.core.$ZodType | undefined = this.#schema;
    for (const key of path) schema = schema && schemaInside(schema, key);
    if (schema === undefined) throw new Error(`FILE_SCHEMA allows what it should not: ${pathText(path)}`);
    this.#blanks.push({ text, path, schema });
  }

  #unknown(text: string, name: string, path: Path, names: readonly string[]): InputError {
    const known = names.map((other) => `$${other}`).join(', ') || 'none';
    const problem = `${quoted(text)}: no placeholder $${name}${didYouMean(name, names)}; known: ${known}`;
    return this.#source.error([...this.#path, ...path], problem);
  }

  #fill(bindings: Bindings): unknown {
    const root: Record<string | number, unknown> = { root: clone(this.#value) };
    for (const blank of this.#blanks) {
      let holder = root;
      let key: string | number = 'root';
      for (const next of blank.path) {
        holder = holder[key] as typeof root;
        key = next;
      }
      holder[key] = this.#valueOf(blank, bindings);
    }
    return root['root'];
  }

  #valueOf({ text, path, schema }: Blank, bindings: Bindings): unknown {
    const value = evaluate(text, bindings);
    const checked = value === undefined ? undefined : z.safeParse(schema, value);
    if (checked?.success === true) return value;
    const place = [...this.#path, ...path];
    const suffix = describeBindings(bindings);
    if (checked !== undefined) throw firstProblem(this.#source, checked.error, place, suffix);
    throw this.#source.error(place, `${quoted(text)} is not a whole number below 2^53${suffix}`);
  }
}
