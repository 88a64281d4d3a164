// SPDX-License-Identifier: GPL-2.0-only
/** Text from data, as Markdown that shows it and nothing else. */
import { visible, visibleCode } from './visible.ts';

/**
 * Words that GitHub makes a mention, a reference, a symbol or a formula of, however they are escaped:
 * `@name`, `#12`, `GH-12`, `:tada:`, `$x$`. They can only be shown as code.
 */
const MAGIC = /@[\w-]|#\d|GH-\d|:[\w+-]{1,40}:|\$/i;

/** Code that may hold backticks. Not for a table: there a pipe needs `cellCode`. */
export function code(value: string): string {
  const shown = visible(value);
  if (shown.trim() === '') return text(JSON.stringify(shown));
  const ticks = '`'.repeat(longestRun(shown) + 1);
  const pad = /^[ `]|[ `]$/.test(shown) ? ' ' : '';
  return `${ticks}${pad}${shown}${pad}${ticks}`;
}

/** Code that stays in its table cell. */
export function cellCode(value: string): string {
  if (!value.includes('|')) return code(value);
  // Markdown has no way to write a backslash before a pipe.
  return value.includes('\\')
    ? htmlCode(value).replaceAll(/[\\`|*_[\]~]/g, (c) => `&#${c.codePointAt(0) ?? 0};`)
    : code(value).replaceAll('|', String.raw`\|`);
}

/** Code inside HTML. */
export function htmlCode(value: string): string {
  return `<code>${html(value)}</code>`;
}

/** Prose inside HTML. */
export function htmlText(value: string): string {
  return parts(value, html, htmlCode);
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function html(value: string): string {
  return visible(value).replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}

/** Prose: nothing in it is Markdown. */
export function text(value: string, magic = code): string {
  return parts(visible(value), prose, magic);
}

/** Escapes what is markup where it stands; an underscore inside a word is none. */
function prose(value: string): string {
  return value
    .replaceAll(/[\\`*[\]|~]/g, String.raw`\$&`)
    .replaceAll(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, String.raw`\_`)
    .replaceAll(/&(?=#?\w+;)/g, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

/** At the start of a line some prose would begin a list, a heading, a quotation. */
export function lineStart(markdown: string): string {
  return markdown.replace(/^(\s*)([-+=#])/, String.raw`$1\$2`).replace(/^(\s*\d+)([.)])/, String.raw`$1\$2`);
}

/** Prose with the magic words in it as code. */
function parts(value: string, words: (part: string) => string, magic: (part: string) => string): string {
  if (!MAGIC.test(value)) return words(value);
  return value
    .split(/( +)/)
    .map((part) => (MAGIC.test(part) ? magic(part) : words(part)))
    .join('');
}

/** Where a link leads, so that it ends where it should. */
export function url(value: string): string {
  return value
    .replaceAll(/\p{Cs}/gu, '\uFFFD')
    .replaceAll(/[^\w\-.~:/?#@!$&'*+,;=%]/gu, encodeURIComponent)
    .replaceAll('(', '%28')
    .replaceAll(')', '%29');
}

/** A fence that nothing inside can close. */
export function fence(language: string, lines: readonly string[]): string {
  const shown = lines.map((line) => visibleCode(line));
  const ticks = '`'.repeat(Math.max(3, ...shown.map((line) => longestRun(line) + 1)));
  return [`${ticks}${language}`, ...shown, ticks].join('\n');
}

function longestRun(value: string): number {
  return Math.max(0, ...[...value.matchAll(/`+/g)].map(([run]) => run.length));
}
