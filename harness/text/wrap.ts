// SPDX-License-Identifier: GPL-2.0-only
/** Spans as lines of a terminal, no longer than asked for. */
import { styleText } from 'node:util';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
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
  const painted = spansOf(text)
    .map((span) => pieceOf(span, style))
    .map((piece) => {
      const parts = piece.text.replaceAll(/[^ ]+/g, (word) => parted(word, width));
      return piece.style === undefined || parts === '' ? parts : paint(piece.style, parts);
    });
  const lines = wrapAnsi(painted.join(''), width, { hard: true }).split('\n');
  return lines.map((printed) => ({ printed, width: stringWidth(printed) }));
}

/** A word too long for a line, in parts that fit: a path, or a list of options, parts after its marks. */
function parted(word: string, width: number): string {
  if (stringWidth(word) <= width) return word;
  const [first = '', ...rest] = word.split(/(?<=[/,:[\]→-])/);
  const lines = [first];
  for (const part of rest) {
    const line = `${lines.at(-1) ?? ''}${part}`;
    if (stringWidth(line) <= width) lines.splice(-1, 1, line);
    else lines.push(part);
  }
  return lines.join('\n');
}

/** The columns that a text takes in one line. */
export function naturalWidth(text: Text): number {
  return stringWidth(
    spansOf(text)
      .map((span) => pieceOf(span).text)
      .join(''),
  );
}

function pieceOf(span: Span, style?: Style): Piece {
  if (typeof span === 'string') return { text: visible(span), style };
  if ('code' in span) return { text: visible(span.code), style: style ?? 'cyan' };
  if ('strong' in span) return { text: visible(span.strong), style: 'bold' };
  if ('url' in span) return { text: visible(span.url), style };
  return { text: visible(span.link), style: style ?? ('isCode' in span ? 'cyan' : undefined) };
}
