// SPDX-License-Identifier: GPL-2.0-only
/** Patterns over ids: `?` is one character and `*` any number of them, but no `/`; `**` is anything; the rest is itself. */

/** True for the ids that a pattern matches. */
export type Glob = (id: string) => boolean;

const ANY = '**';
const ANY_IN_NAME = '*';
const ONE_IN_NAME = '?';

/** The pattern as a function; its time grows with the lengths of pattern and id multiplied, never faster. */
export function globOf(pattern: string): Glob {
  const tokens = tokensOf(pattern);
  const shortest = tokens.filter((token) => token !== ANY && token !== ANY_IN_NAME).length;
  return (id) => id.length >= shortest && matches(tokens, id);
}

/** Stars in a row say no more than the widest of them. */
function tokensOf(pattern: string): string[] {
  const tokens: string[] = [];
  for (const [token] of pattern.matchAll(/\*\*|[^]/g)) {
    const last = tokens.at(-1);
    const afterStar = last === ANY || last === ANY_IN_NAME;
    if (afterStar && (token === ANY || token === ANY_IN_NAME)) tokens.pop();
    tokens.push(afterStar && last === ANY && token === ANY_IN_NAME ? ANY : token);
  }
  return tokens;
}

/** All ways through the pattern at once: after each character, how many tokens may be done. */
function matches(tokens: readonly string[], id: string): boolean {
  let done = new Uint8Array(tokens.length + 1);
  done[0] = 1;
  skipStars(tokens, done);
  for (let i = 0; i < id.length; i++) {
    const character = id.charAt(i);
    const next = new Uint8Array(tokens.length + 1);
    for (const [at, token] of tokens.entries()) {
      if (done[at] !== 1) continue;
      if (token === ANY || (token === ANY_IN_NAME && character !== '/')) next[at] = 1;
      else if (token === character || (token === ONE_IN_NAME && character !== '/')) next[at + 1] = 1;
    }
    skipStars(tokens, next);
    done = next;
  }
  return done[tokens.length] === 1;
}

/** A star may stand for nothing. */
function skipStars(tokens: readonly string[], done: Uint8Array): void {
  for (const [at, token] of tokens.entries()) {
    if (done[at] === 1 && (token === ANY || token === ANY_IN_NAME)) done[at + 1] = 1;
  }
}
