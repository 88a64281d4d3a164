// SPDX-License-Identifier: GPL-2.0-only
/** Text as a mailing list wants it: plain, in lines of 72 columns. */
import wrapAnsi from 'wrap-ansi';

const COLUMNS = 72;

/** Lines of at most COLUMNS where words allow it; `hanging` stands before all but the first. */
export function wrap(text: string, indent = '', hanging = indent): string[] {
  const words = ascii(text).trim().split(/\s+/).join(' ');
  const room = COLUMNS - Math.max(indent.length, hanging.length);
  const lines = wrapAnsi(words, room).split('\n');
  return lines.map((line, index) => (index === 0 ? indent : hanging) + line);
}

const PLAIN: Readonly<Record<string, string>> = {
  '→': '->',
  '−': '-',
  '’': "'",
  '‘': "'",
  '“': '"',
  '”': '"',
  '–': '-',
  '—': '-',
  '…': '...',
};

/** The signs of our own that a keyboard lacks, as it has them. */
export function ascii(text: string): string {
  return text.replaceAll(/[→−’‘“”–—…]/g, (character) => PLAIN[character] ?? character);
}
