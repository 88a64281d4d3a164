// SPDX-License-Identifier: GPL-2.0-only
/** SVG as text: elements, and colours that suit a light and a dark page. */

import { visible } from '../text/visible.ts';

/** Pixels that one character of the monospace text takes, at FONT_SIZE. */
export const CHARACTER = 6.7;
const FONT_SIZE = 11;

/** A fill, on a light and on a dark page. */
export interface Colour {
  readonly light: string;
  readonly dark: string;
}

/** Fills that every picture has, by class. */
const BASE: Readonly<Record<string, Colour>> = {
  page: { light: '#ffffff', dark: '#0d1117' },
  ink: { light: '#1f2328', dark: '#e6edf3' },
  dim: { light: '#57606a', dark: '#9da7b1' },
  bad: { light: '#b3121d', dark: '#ff8b83' },
};

/** A line of text that XML reads as it is. */
function escapeXml(value: string): string {
  return visible(value)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** At most `width` pixels of it. */
export function fitText(value: string, width: number): string {
  const room = Math.floor(width / CHARACTER);
  const characters = Array.from(visible(value));
  return characters.length <= room
    ? characters.join('')
    : `${characters.slice(0, Math.max(0, room - 1)).join('')}…`;
}

export function text(x: number, y: number, value: string, classes = 'ink', anchor = ''): string {
  const at = anchor === '' ? '' : ` text-anchor="${anchor}"`;
  return `<text x="${x}" y="${y}" class="${classes}"${at}>${escapeXml(value)}</text>`;
}

export function rect(x: number, y: number, width: number, height: number, classes: string): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" class="${classes}"/>`;
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** What it is, in a line. */
  readonly title: string;
  /** What is to be seen in it, for who cannot. */
  readonly description: string;
  readonly fills: Readonly<Record<string, Colour>>;
  readonly body: readonly string[];
}

/** The whole document. */
export function svg({ width, height, title, description, fills, body }: Picture): string {
  const rules = (scheme: keyof Colour): string[] =>
    Object.entries({ ...BASE, ...fills }).map(([name, colour]) => `.${name}{fill:${colour[scheme]}}`);
  const stroke = (line: string, mark: string): string =>
    `.line{stroke:${line}}.mark{stroke:${mark};stroke-width:2.5;fill:none}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title desc">`,
    `<title id="title">${escapeXml(title)}</title>`,
    `<desc id="desc">${escapeXml(description)}</desc>`,
    '<style>',
    `text{font:${FONT_SIZE}px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;white-space:pre}`,
    '.big{font-size:13px;font-weight:bold}.strong{font-weight:bold}.open{fill:none}.gone{stroke-dasharray:3 2}',
    `${rules('light').join('')}${stroke('#8c959f', '#b3121d')}`,
    `@media(prefers-color-scheme:dark){${rules('dark').join('')}${stroke('#6e7681', '#ff8b83')}}`,
    '</style>',
    rect(0, 0, width, height, 'page'),
    ...body,
    '</svg>',
    '',
  ].join('\n');
}
