// SPDX-License-Identifier: GPL-2.0-only
/** Names of somebody who means harm, and what of them may reach no output. */
import fc from 'fast-check';

/** Moves the cursor, ends a line, turns text round, has no width, or is no character. */
const UNSEEN = [
  '\u0000',
  '\u0007',
  '\b',
  '\u000B',
  '\f',
  '\r',
  '\u001B[2J',
  '\u001B[8m',
  '\u001B]8;;https://x.y\u0007',
  '\u007F',
  '\u0085',
  '\u009B2J',
  '\u00AD',
  '\u061C',
  '\u200B',
  '\u200D',
  '\u200E',
  '\u200F',
  '\u2028',
  '\u2029',
  '\u202E',
  '\u2060',
  '\u2066',
  '\u2069',
  '\u3164',
  '\uD800',
  '\uFE0F',
  '\uFEFF',
  '\uFFFF',
  '\u{E0041}',
];

/** Every one of them, after a line end. */
export const ALL_UNSEEN = `a\n::error::b${UNSEEN.join('')}##[error]`;

/** Any of that, but for the line end: the output has its own. Written down apart from what escapes it. */
export const RAW =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class
  /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u00AD\u061C\u200B-\u200F\u2028-\u202E\u2060-\u2069\u3164\uD800-\uDFFF\uFE0F\uFEFF\uFFFE\uFFFF\u{E0000}-\u{E007F}]/u;

/** What GitHub, HTML, XML or a terminal would act on. */
// prettier-ignore
export const hostileName = fc.string({
  minLength: 1,
  maxLength: 40,
  unit: fc.constantFrom(
    '`', '```', '|', '\\', '<', '>', '&lt;', '<b>', '</details>', '<!--', '*', '_', '~~', '[', '](x)', '!',
    '@me', '#12', 'GH-1', ':tada:', '$x$', '- ', '# ', '1. ', '\n', '\t', '::error::', '##[error]', '%0A',
    'a', 'é', ' ', '/', 'https://x.y', ...UNSEEN,
  ),
});
