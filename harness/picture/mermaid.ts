// SPDX-License-Identifier: GPL-2.0-only
/** Text that Mermaid shows as it is. */

import { visible } from '../text/visible.ts';

/** Longest line of a message, characters; wider ones pull the participants apart. */
const WIDTH = 52;

/** Characters that Mermaid, KaTeX in it, HTML or Markdown around it would read as something else. */
const SPECIAL = /[#;<>"'`&%$\\]/g;

/** Every special character as the entity that Mermaid decodes. */
function escapeMermaid(value: string): string {
  return value.replaceAll(SPECIAL, entity);
}

/** The same, broken into lines at spaces. */
export function wrapMermaid(value: string, width = WIDTH): string {
  return wrap(visible(value), width).map(escapeMermaid).join('<br/>');
}

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

function entity(character: string): string {
  return `#${character.codePointAt(0) ?? 0};`;
}
