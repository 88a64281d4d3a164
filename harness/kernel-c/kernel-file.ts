// SPDX-License-Identifier: GPL-2.0-only
/** What the text of a kernel's .c file tells. */
import { UserError } from '../text/user-error.ts';

/** Names of the functions that C text in kernel style defines, in the order of the text. */
export function definedFunctions(text: string): string[] {
  const code = withoutComments(text);
  const names: string[] = [];
  for (const [, name] of code.matchAll(
    /^[a-zA-Z_][\w \t*]*?[\s*](\w+)\s*\([^;{}]*?\)\s*(?:__\w+(?:\([^()]*\))?\s*)*\n\{/gm,
  )) {
    if (name !== undefined) names.push(name);
  }
  return [...new Set(names)];
}

/** The includes, comments and `#define pr_fmt` that C text begins with. */
export function openingOf(text: string): string {
  const head =
    /^(?:\s+|\/\*[\s\S]*?\*\/|\/\/[^\n]*|#[ \t]*include[^\n]*|#[ \t]*define[ \t]+pr_fmt\b[^\n\\]*(?=\n))*/.exec(
      text,
    )?.[0];
  return head ?? '';
}

/** UserError for assembly with instructions: no such processor is modelled. */
export function refuseAssembly(path: string, text: string): void {
  const code = withoutComments(text);
  for (const match of code.matchAll(
    /\b(?:asm|__asm__|__asm)\b\s*(?:\w+\s*)*\(\s*((?:"(?:[^"\\]|\\.)*"\s*)*)/g,
  )) {
    if ((match[1] ?? '').replaceAll(/["\s]/g, '') === '') continue;
    const line = code.slice(0, match.index).split('\n').length;
    throw new UserError(`${path}:${line}: inline assembly cannot run on the modelled machine`);
  }
}

/** Comments become blanks; lines stay where they are. */
function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, (comment) => comment.replaceAll(/[^\n]/g, ' '));
}
