// SPDX-License-Identifier: GPL-2.0-only
/** Text from data, as Markdown that shows it and nothing else. */

/** A count and its noun. */
export function plural(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/** Code that may hold backticks, and stays in its table cell. */
export function code(value: string): string {
  const longest = Math.max(0, ...[...value.matchAll(/`+/g)].map(([run]) => run.length));
  const ticks = '`'.repeat(longest + 1);
  const pad = longest > 0 ? ' ' : '';
  return `${ticks}${pad}${value.replaceAll('|', '\\|')}${pad}${ticks}`;
}

/** Prose from data: nothing in it is Markdown. */
export function text(value: string): string {
  return value.replaceAll(/[\\`*_[\]<>|#]/g, String.raw`\$&`);
}

/** A fence that nothing inside can close. */
export function fence(language: string, lines: readonly string[]): string {
  const longest = Math.max(2, ...lines.flatMap((l) => [...l.matchAll(/`+/g)].map(([run]) => run.length)));
  const ticks = '`'.repeat(longest + 1);
  return [`${ticks}${language}`, ...lines, ticks].join('\n');
}
