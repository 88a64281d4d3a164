// SPDX-License-Identifier: GPL-2.0-only
/** Spans as lines of a terminal, no longer than asked for. */
import { styleText } from 'node:util';
import { spansOf, type Span, type Text } from './document.ts';
import { visible } from './visible.ts';

/** How a piece of text looks; nothing without colours. */
export const STYLES = ['bold', 'dim', 'red', 'green', 'yellow', 'cyan'] as const;
export type Style = (typeof STYLES)[number];
export type Painter = (style: Style, text: string) => string;

/** Paints or leaves it; whoever prints has decided which. */
export function painter(colour: boolean): Painter {
  return (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text);
}

/** A line as it is printed, and the columns that it takes. */
export interface Line {
  readonly printed: string;
  readonly width: number;
}

interface Piece {
  readonly text: string;
  readonly style: Style | undefined;
}

/** The text in lines of at most `width` columns, broken between words where that is possible. */
export function wrapped(text: Text, width: number, paint: Painter, style?: Style): Line[] {
  const lines: Piece[][] = [[]];
  for (const word of wordsOf(spansOf(text).map((span) => pieceOf(span, style)))) {
    const line = lines.at(-1) ?? [];
    if (line.length > 0 && widthOf(line) + 1 + widthOf(word) <= width) {
      const isSame = line.at(-1)?.style === word[0]?.style;
      line.push({ text: ' ', style: isSame ? word[0]?.style : undefined }, ...word);
    } else if (line.length === 0) line.push(...word);
    else lines.push([...word]);
    for (let last = lines.at(-1) ?? []; widthOf(last) > width; last = lines.at(-1) ?? []) {
      lines.splice(-1, 1, ...broken(last, width));
    }
  }
  return lines.map((pieces) => ({ printed: printed(pieces, paint), width: widthOf(pieces) }));
}

/** A word too long for its line: what fits, up to where a path or a list of options may part, and the rest. */
function broken(pieces: readonly Piece[], width: number): [Piece[], Piece[]] {
  const whole = pieces.map(({ text }) => text).join('');
  const part = /^.*[/,:[\]→-]/s.exec(whole.slice(0, width))?.[0].length ?? 0;
  let room = part > width / 2 ? part : width;
  const fits: Piece[] = [];
  const rest: Piece[] = [];
  for (const { text, style } of pieces) {
    if (room > 0) fits.push({ text: text.slice(0, room), style });
    if (text.length > room) rest.push({ text: text.slice(room), style });
    room = Math.max(0, room - text.length);
  }
  return [fits, rest];
}

/** Painted in one go where the style stays. */
function printed(pieces: readonly Piece[], paint: Painter): string {
  const runs: { text: string; style: Style | undefined }[] = [];
  for (const { text, style } of pieces) {
    const last = runs.at(-1);
    if (last !== undefined && last.style === style) last.text += text;
    else runs.push({ text, style });
  }
  return runs.map(({ text, style }) => (style === undefined ? text : paint(style, text))).join('');
}

/** The columns that a text takes in one line. */
export function naturalWidth(text: Text): number {
  return spansOf(text).reduce((sum, span) => sum + pieceOf(span).text.length, 0);
}

function pieceOf(span: Span, style?: Style): Piece {
  if (typeof span === 'string') return { text: visible(span), style };
  if ('code' in span) return { text: visible(span.code), style: style ?? 'cyan' };
  if ('strong' in span) return { text: visible(span.strong), style: 'bold' };
  if ('url' in span) return { text: visible(span.url), style };
  return { text: visible(span.link), style: style ?? ('isCode' in span ? 'cyan' : undefined) };
}

/** What stands between spaces; a word may change its style inside. */
function wordsOf(pieces: readonly Piece[]): Piece[][] {
  const words: Piece[][] = [];
  let word: Piece[] = [];
  for (const { text, style } of pieces) {
    for (const [index, part] of text.split(/ +/).entries()) {
      if (index > 0 && word.length > 0) {
        words.push(word);
        word = [];
      }
      if (part !== '') word.push({ text: part, style });
    }
  }
  return word.length > 0 ? [...words, word] : words;
}

function widthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { text }) => sum + text.length, 0);
}
