// SPDX-License-Identifier: GPL-2.0-only
/** Text as a mailing list wants it: plain, in lines of 72 columns. */

const COLUMNS = 72;

/** Lines of at most COLUMNS where words allow it; `hanging` stands before all but the first. */
export function wrap(text: string, indent = '', hanging = indent): string[] {
  const lines: string[] = [];
  let line = indent;
  let isEmpty = true;
  for (const word of ascii(text).split(/\s+/)) {
    if (!isEmpty && line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = hanging;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
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
