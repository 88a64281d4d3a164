// SPDX-License-Identifier: GPL-2.0-only
/** The code of a function as a list of statements, whatever its layout is and whoever has compiled it. */

const TOKEN = /\/\/.*|\/\*[^]*?\*\/|`(?:[^`\\]|\\.)*`|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[\w$#]+|[^\s\w]/g;
const HAS_HEAD = new Set(['if', 'for', 'while', 'switch', 'catch']);

/**
 * One text for each statement, each head of a branch or loop, and each brace. A branch of one statement has
 * braces here, whether it was written with them or not; comments are left out.
 */
export function statementsOf(code: string): readonly string[] {
  const tokens = (code.match(TOKEN) ?? []).filter((token) => !/^\/[/*]/.test(token));
  return new Reader(tokens).all();
}

class Reader {
  readonly #tokens: readonly string[];
  readonly #units: string[] = [];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  all(): readonly string[] {
    while (this.#at < this.#tokens.length) this.#statement();
    return this.#units;
  }

  #statement(): void {
    const first = this.#tokens[this.#at];
    if (first === '{') this.#block();
    else if (first === 'else') {
      this.#units.push('else');
      this.#at++;
      this.#branch();
    } else if (first !== undefined && HAS_HEAD.has(first)) {
      this.#units.push(this.#upTo((token, depth) => token === ')' && depth === 0));
      this.#branch();
    } else {
      this.#units.push(this.#upTo((token, depth) => token === ';' && depth === 0));
    }
  }

  #block(): void {
    this.#units.push('{');
    this.#at++;
    while (this.#at < this.#tokens.length && this.#tokens[this.#at] !== '}') this.#statement();
    this.#units.push('}');
    this.#at++;
  }

  #branch(): void {
    if (this.#tokens[this.#at] === '{') {
      this.#block();
      return;
    }
    this.#units.push('{');
    this.#statement();
    this.#units.push('}');
  }

  /** The tokens up to one that ends it, this one included; or up to a brace that stands in no parentheses. */
  #upTo(ends: (token: string, depth: number) => boolean): string {
    const start = this.#at;
    let depth = 0;
    for (; this.#at < this.#tokens.length; this.#at++) {
      const token = this.#tokens[this.#at] ?? '';
      if (depth === 0 && this.#at > start && (token === '{' || token === '}')) break;
      if ('([{'.includes(token)) depth++;
      if (')]}'.includes(token)) depth--;
      if (ends(token, depth)) {
        this.#at++;
        break;
      }
    }
    // A brace that closes nothing: it is taken as it is, so that reading goes on.
    if (this.#at === start) this.#at++;
    return this.#tokens.slice(start, this.#at).join(' ');
  }
}
