// SPDX-License-Identifier: GPL-2.0-only
/** Building blocks of the scenario schema: scalars and mappings that say what they accept. */
import * as z from 'zod';
import { parseU64 } from '../machine/u64.ts';
import { quoted } from '../text/input-error.ts';
import { didYouMean } from '../text/user-error.ts';

/** What zod wants to have a message for. */
type Issue = z.core.$ZodRawIssue;
type Params = { readonly error: (issue: Issue) => string };

const NUMBER = '(0[xX][0-9a-fA-F]+|\\d+)';
/** A value with a `$placeholder` somewhere in it. */
const PLACEHOLDER_TEXT = z
  .string()
  .regex(/\$[A-Za-z]/, { abort: true })
  .meta({ id: 'placeholderText', description: 'text with $name in it, from the matrix or a repeat' });
/** `$name`, `$name*K`, `$name+K` or `$name*K+L`, and nothing else. */
const PLACEHOLDER_VALUE = z
  .string()
  .regex(new RegExp(`^\\$[A-Za-z]\\w*(\\*${NUMBER})?(\\+${NUMBER})?$`), { abort: true })
  .meta({
    id: 'placeholder',
    description: '$name, $name*K, $name+K or $name*K+L, from the matrix or a repeat',
  });

/** A buffer, device or mapping name. */
const NAME_PATTERN = /^[A-Za-z][\w-]*$/;
/** What comes after the `$`. */
export const PLACEHOLDER_NAME = z.string().regex(/^[A-Za-z]\w*$/, {
  error: ({ input }) => `${quoted(input)} is not a placeholder name: a letter, then letters, digits and _`,
});

/** A mask as a file gives it: a number, or text when a YAML number cannot hold it. */
export type RawMask = number | string;

/** The mask's u64 value. Throws RangeError for what u64.ts cannot hold. */
export function maskValue(raw: RawMask): number {
  return typeof raw === 'number' ? raw : parseU64(raw);
}

function isMask(raw: RawMask, accepts: (value: number) => boolean): boolean {
  try {
    return accepts(maskValue(raw));
  } catch {
    return false;
  }
}

function expected(what: string, allowed: readonly (string | number)[] = []): Params {
  const end = allowed.length === 0 ? '' : `; allowed: ${allowed.join(', ')}`;
  return {
    error: ({ input }) => {
      if (input === undefined) return `missing; expected ${what}${end}`;
      const hint = typeof input === 'string' ? didYouMean(input, allowed.map(String)) : '';
      return `${quoted(input)} is not ${what}${hint}${end}`;
    },
  };
}

/** Most elements of a list or mapping that has no limit of its own. */
const LONGEST_LIST = 4096;

function tooLong(what: string, max: number): { readonly error: string } {
  return { error: `longer than ${what} may be: ${max} at most` };
}

/** Makes schemas; with `template`, each scalar may also be a placeholder (not seen in the types). */
export class SchemaKit {
  readonly #template: boolean;

  constructor(template: boolean) {
    this.#template = template;
  }

  /** Gives a schema that several keys use a name in the JSON Schema. */
  shared<T extends z.ZodType>(id: string, schema: T): T {
    return this.#template ? schema.meta({ ...schema.meta(), id }) : schema;
  }

  /** `what` completes both "expected …" and "… is not …". */
  scalar<T extends z.ZodType>(what: string, make: (params: Params) => T, params = expected(what)): T {
    return this.#orPlaceholder(make(params), PLACEHOLDER_VALUE, params).describe(what);
  }

  /** A whole number from `min` to `max`. */
  integer(what: string, min: number, max: number) {
    const range = `${what}: a whole number from ${min} to ${max}`;
    return this.scalar(range, (params) => z.int(params).min(min, params).max(max, params));
  }

  /** One of a few words. */
  word<const T extends readonly string[]>(what: string, words: T) {
    const params = expected(what, words);
    return this.#orPlaceholder(z.enum(words, params), PLACEHOLDER_TEXT, params).describe(what);
  }

  /** One of a few numbers. */
  number<const T extends readonly number[]>(what: string, numbers: T) {
    return this.scalar(what, (params) => z.literal(numbers, params), expected(what, numbers));
  }

  #orPlaceholder<T extends z.ZodType>(exact: T, placeholder: z.ZodType, params: Params): T {
    return this.#template ? (z.union([exact, placeholder], params) as unknown as T) : exact;
  }

  /** true or false. */
  flag(what: string) {
    return this.scalar(`true or false (${what})`, (params) => z.boolean(params));
  }

  /** A name that the file gives or refers to. */
  name(what: string) {
    const full = `${what}: a letter, then letters, digits, _ and -`;
    const params = expected(full);
    const exact = z.string(params).regex(NAME_PATTERN, params);
    return this.#orPlaceholder(exact, PLACEHOLDER_TEXT, params).describe(full);
  }

  /** A u64 that `accepts` lets through. */
  mask(what: string, accepts: (value: number) => boolean) {
    return this.scalar(what, (params) =>
      z
        .union([z.int().min(0), z.string().regex(/^(0[xX][0-9a-fA-F]+|\d+)$/)], params)
        .refine((raw) => isMask(raw, accepts), params),
    );
  }

  /** Some text for people. */
  text(what: string, pattern = /\S/) {
    return z.string(expected(what)).regex(pattern, expected(what)).describe(what);
  }

  /** A list with at least one element, unless `min` says otherwise, and at most `max`. */
  list<T extends z.ZodType>(what: string, element: T, { min = 1, max = LONGEST_LIST } = {}) {
    return z
      .array(element, expected(what))
      .min(min, expected(what))
      .max(max, tooLong(what, max))
      .describe(what);
  }

  /** A mapping with exactly these keys; complains about others with the nearest one. */
  mapping<T extends z.core.$ZodShape>(what: string, fields: T) {
    const keys = Object.keys(fields);
    const { error } = expected(what);
    const complain = (issue: Issue): string => {
      if (issue.code !== 'unrecognized_keys') return error(issue);
      const key = String(issue.keys[0]);
      return `unknown key ${quoted(key)}${didYouMean(key, keys)}; allowed: ${keys.join(', ')}`;
    };
    return z.strictObject(fields, { error: complain }).describe(what);
  }

  /** A mapping with exactly one of these keys. */
  one<T extends z.core.$ZodShape>(what: string, fields: T) {
    const single = { minProperties: 1, maxProperties: 1 };
    return this.mapping(what, fields)
      .refine((value) => Object.keys(value).length === 1, {
        error: ({ input }) =>
          `${what} has one key, this has ${Object.keys(input as object).join(', ') || 'none'}`,
        when: ({ issues }) => issues.length === 0,
      })
      .meta({ description: what, ...single });
  }

  /** A mapping from names to values of one kind. */
  named<T extends z.ZodType>(
    what: string,
    value: T,
    { name = z.string().regex(NAME_PATTERN), max = LONGEST_LIST } = {},
  ) {
    const params = expected(what);
    return z
      .record(name, value, params)
      .refine((entries) => Object.keys(entries).length > 0, params)
      .refine((entries) => Object.keys(entries).length <= max, tooLong(what, max))
      .describe(what);
  }

  /** A shorthand, or the mapping it stands for; `words` are what the shorthand may be. */
  either<A extends z.ZodType, B extends z.ZodType>(
    what: string,
    shorthand: A,
    full: B,
    words: readonly string[] = [],
  ) {
    return z.union([shorthand, full], expected(what, words)).describe(what);
  }
}
