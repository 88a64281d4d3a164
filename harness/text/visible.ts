// SPDX-License-Identifier: GPL-2.0-only
/** Text from data, so that everything in it is seen: nothing else may reach an output. */

/**
 * Control characters, line and paragraph separators, marks of direction, what has no width or is no
 * character: they would break a line, turn it round, move the cursor, hide, or be no XML.
 */
const UNSEEN = String.raw`\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}`;
const ANY = new RegExp(`[${UNSEEN}]`, 'gu');
/** But the end of a line and a tab, which mean something in a text of several lines. */
const IN_LINES = new RegExp(`(?![\\n\\t])[${UNSEEN}]`, 'gu');

/** One line of text, what is not seen as its number: `\u{1b}`. */
export function visible(value: string): string {
  return value.replaceAll(ANY, numbered);
}

/** Lines of text. */
export function visibleLines(text: string): string {
  return text.replaceAll(IN_LINES, numbered);
}

/** A line of code: the same, with spaces for a tab. */
export function visibleCode(line: string): string {
  return visible(line.replaceAll('\t', '        '));
}

function numbered(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`;
}

/** The value as JSON on several lines; what is not seen is escaped as JSON does, and reads back as it was. */
export function jsonText(value: unknown): string {
  return `${escapeUnits(JSON.stringify(value, null, 2))}\n`;
}

/** A string literal of JSON, JavaScript and TypeScript. */
export function literal(value: string): string {
  return escapeUnits(JSON.stringify(value));
}

function escapeUnits(json: string): string {
  return json.replaceAll(IN_LINES, (character) =>
    Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
      .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
