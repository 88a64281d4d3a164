// SPDX-License-Identifier: GPL-2.0-only
/** Text for a picture, which breaks no line by itself. */

/** Lines of at most `width` characters where the words allow it; longer words are cut. */
export function wrap(value: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of value.split(/(?<= )/).flatMap((long) => cut(long, width))) {
    if (line !== '' && line.length + word.trimEnd().length > width) {
      lines.push(line.trimEnd());
      line = '';
    }
    line += word;
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line.trimEnd()];
}

function cut(word: string, width: number): string[] {
  if (word.length <= width) return [word];
  return [word.slice(0, width), ...cut(word.slice(width), width)];
}
