// SPDX-License-Identifier: GPL-2.0-only
/** Where the functions of a C file begin and end, in the kernel's coding style. */

/** Lines count from 1; both belong to the function. */
export interface CFunction {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** Takes arguments, stands before or behind a function's own name, and is none. */
const ATTRIBUTE =
  /^(?:__attribute__|__attribute|__printf|__scanf|__aligned|__section|__acquires|__releases|__must_hold|__cold|__alloc_size|__alias|__nonnull|__diagnose_as|__no_sanitize|if|for|while|switch|sizeof|typeof)$/;

/** Longest head of a function: return type, name and parameters. Lines. */
const MAX_HEAD = 40;

/** The functions in the order of the text. What is not written in the kernel's style may be missing. */
export function cFunctions(text: string): CFunction[] {
  const lines = withoutComments(text).split('\n');
  const functions: CFunction[] = [];
  for (let at = 0; at < lines.length; at++) {
    const body = lines[at] ?? '';
    if (!/^\{|^[A-Za-z_].*\)[^;=]*\{|^[ \t].*\)\s*\{/.test(body)) continue;
    const from = body.startsWith('{') ? headStart(lines, at) : /^\s/.test(body) ? brokenHead(lines, at) : at;
    if (from === undefined) continue;
    const head = [...lines.slice(from, at), body.split('{')[0]].join(' ');
    const name = functionName(head);
    if (name === undefined) continue;
    const to = bodyEnd(lines, at);
    functions.push({ name, from: from + 1, to: to + 1 });
    at = to;
  }
  return functions;
}

/** The name of the function whose head, or the beginning of it, this is; undefined when it is no function. */
export function functionName(head: string): string | undefined {
  if (/^\s*(?:#|\/|\*|\})|[;={]/.test(head.split('(')[0] ?? '')) return undefined;
  let depth = 0;
  for (const { 0: token, 1: name } of head.slice(0, 4000).matchAll(/([A-Za-z_]\w*)\s*\(|[()]/g)) {
    if (name !== undefined && depth === 0 && !ATTRIBUTE.test(name)) return name;
    depth += token === ')' ? -1 : 1;
  }
  return undefined;
}

/** First line of the head whose `{` stands alone on line `at`; undefined when there is no head. */
function headStart(lines: readonly string[], at: number): number | undefined {
  let from = at;
  while (from > 0 && at - from < MAX_HEAD && isHead(lines[from - 1] ?? '')) from--;
  return from < at ? from : undefined;
}

/** The same for a `{` that ends the last, indented line of the parameters. */
function brokenHead(lines: readonly string[], at: number): number | undefined {
  let from = at;
  while (from > 0 && at - from < MAX_HEAD && /^[ \t]+\S/.test(lines[from] ?? '')) from--;
  const open = lines.slice(from, at).join(' ');
  const isOpen = /^[A-Za-z_][^;={}]*\([^;{}]*$/.test(open) && open.split('(').length > open.split(')').length;
  return isOpen ? from : undefined;
}

function isHead(line: string): boolean {
  return line.trim() !== '' && !/^[#{}]|[;}]\s*$|^\w+:/.test(line);
}

function bodyEnd(lines: readonly string[], at: number): number {
  if (/\}\s*;?\s*$/.test((lines[at] ?? '').replace(/^[^{]*/, ''))) return at;
  const end = lines.findIndex((line, i) => i > at && line.startsWith('}'));
  return end < 0 ? lines.length - 1 : end;
}

/** Comments and what stands in quotes as spaces; line breaks stay. */
function withoutComments(text: string): string {
  return text.replaceAll(
    /\/\*[\s\S]*?(?:\*\/|$(?![\s\S]))|\/\/[^\n]*|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'/g,
    (found) => found.replaceAll(/[^\n]/g, ' '),
  );
}
