// SPDX-License-Identifier: GPL-2.0-only
/** Reads Markdown the way GitHub does, as far as a report uses it: what is code, what is markup, what is text. */

/** A line taken apart. */
export interface ReadLine {
  /** What is no code and no escape: a mark here means something. */
  readonly bare: string;
  /** The contents of the code spans. */
  readonly code: readonly string[];
}

/** Escapes and code spans of a line, in the order in which CommonMark finds them. */
export function readInline(line: string): ReadLine {
  let bare = '';
  const code: string[] = [];
  for (let at = 0; at < line.length;) {
    const rest = line.slice(at);
    const escape = /^(\\[!-/:-@[-`{-~]|&#?\w+;)/.exec(rest)?.[0];
    const ticks = /^`+/.exec(rest)?.[0];
    if (escape !== undefined) {
      bare += ' ';
      at += escape.length;
    } else if (ticks === undefined) {
      bare += rest.charAt(0);
      at++;
    } else {
      const span = new RegExp(`^${ticks}(?!\`)(.*?)(?<!\`)${ticks}(?!\`)`).exec(rest);
      bare += span === null ? ticks : ' ';
      if (span !== null) code.push(span[1] ?? '');
      at += span === null ? ticks.length : span[0].length;
    }
  }
  return { bare, code };
}

/** The cells of a table's row: a pipe ends one unless a backslash stands before it, in code too. */
export function cellsOf(row: string): string[] {
  const [, inside = ''] = /^\|(.*)\|$/.exec(row) ?? [];
  return inside.match(/(\\[!-/:-@[-`{-~]|[^|])+/g) ?? [];
}

/** The lines outside of fences; throws where a fence stays open. */
export function outsideFences(page: string): string[] {
  const outside: string[] = [];
  let open: string | undefined;
  for (const line of page.split('\n')) {
    // What begins a line and has a backtick behind it is a code span.
    const fence = /^`{3,}(?![^`]*`)/.exec(line)?.[0];
    if (open === undefined) {
      if (fence === undefined) outside.push(line);
      else open = fence;
    } else if (fence !== undefined && fence.length >= open.length && line === fence) open = undefined;
  }
  if (open !== undefined) throw new Error('a fence is open');
  return outside;
}
