// SPDX-License-Identifier: GPL-2.0-only
/**
 * State expressions: `v3.1+v3.2:mapPage`, `v3-v3.3`. A known state, and patches that are added to it or left
 * out, in order.
 */

/** Why there is no such state, in one line. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}

/** What is done to the state before it. */
export interface Term {
  readonly sign: '+' | '-';
  /** The id of a patch. */
  readonly patch: string;
  /** Only these functions of it, or these hunks by number; undefined: all. */
  readonly only: readonly string[] | undefined;
}

/** A state and what is done to it. */
export interface Expression {
  readonly head: string;
  readonly terms: readonly Term[];
}

/** Terms that an expression may have. */
const MOST_TERMS = 16;
const MOST_SHOWN = 60;

/** What expressions look like, for help texts. */
export const STATE_EXPRESSIONS = `Where a state is named:
  v3, v3.2                     a series, its first two patches (the command states lists all)
  v3.1+v3.2:mapSwiotlb,mapPage v3.1 and, of v3.2, only these functions
  v3.3+review/no-dead-attrs    v3.3 and a suggestion; more may follow, in order
  v3-v3.3                      v3 without a patch: the later ones are rebased, or it says why that fails
Of states from C (import --as c), hunks by number as \`source c/v3 --hunks\` lists them:
  c/v3.1+c/v3.2:1,2            c/v3.1 and, of c/v3.2, only these hunks
  c/v3-c/v3.3, c/v3-c/v3.2:3   without a patch, without a hunk: the mails after it are applied again`;

/**
 * The parts of an expression; undefined when it does not begin with one of `states` and a sign. The longest
 * known name wins, since names contain signs. ExpressionError for what follows and cannot be understood.
 */
export function parseExpression(
  text: string,
  states: readonly string[],
  patches: readonly string[],
): Expression | undefined {
  const head = longest(states, text, '+-');
  if (head === undefined || head.length === text.length) return undefined;
  const terms: Term[] = [];
  let rest = text.slice(head.length);
  while (rest !== '') {
    if (terms.length === MOST_TERMS) throw tooLong(text);
    const sign = rest.startsWith('+') ? '+' : '-';
    const after = rest.slice(1);
    const patch = longest(patches, after, '+-:');
    if (patch === undefined) throw noPatch(after, states);
    const [only, end] = functionsOf(after.slice(patch.length), patch);
    terms.push({ sign, patch, only });
    rest = after.slice(patch.length + end);
  }
  return { head, terms };
}

/** The longest of the names that the text begins with, if one of `ends` or nothing follows. */
function longest(names: readonly string[], text: string, ends: string): string | undefined {
  return names
    .filter(
      (name) =>
        text.startsWith(name) && (text.length === name.length || ends.includes(text.charAt(name.length))),
    )
    .toSorted((a, b) => b.length - a.length)[0];
}

/** The functions or hunks of `:a,b…`, and how many characters they take; undefined and 0 without a colon. */
function functionsOf(text: string, patch: string): [readonly string[] | undefined, number] {
  if (!text.startsWith(':')) return [undefined, 0];
  const list = /^:\w+(,\w+)*(?=[+-]|$)/.exec(text)?.[0];
  if (list === undefined) {
    throw new ExpressionError(
      `${patch}${short(text)}: names of functions, of C numbers of hunks, with a comma between, like ${patch}:mapPage,mapSg or ${patch}:1,3`,
    );
  }
  return [list.slice(1).split(','), list.length];
}

function noPatch(text: string, states: readonly string[]): ExpressionError {
  const series = longest(states, text, '+-:');
  if (series !== undefined) {
    return new ExpressionError(`${short(series)} is not one patch; name patches, like v3.2 or a suggestion`);
  }
  const end = text.search(/[+:]/);
  const name = end < 0 ? text : text.slice(0, end);
  return new ExpressionError(`no patch ${JSON.stringify(short(name))} (the command states lists all)`);
}

function tooLong(text: string): ExpressionError {
  const signs = text.match(/[+-]/g)?.length ?? 0;
  return new ExpressionError(
    `${short(text)} has ${signs} signs; an expression has at most ${MOST_TERMS} terms`,
  );
}

/** The text, cut to what fits in a line. */
export function short(text: string): string {
  return text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN)}…`;
}
