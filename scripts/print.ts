// SPDX-License-Identifier: GPL-2.0-only
/** The only way to standard output and standard error; nothing unseen goes through, whoever asks. */
import { styleText } from 'node:util';
import { visible, visibleLines } from '../harness/text/visible.ts';
import { STYLES } from '../harness/text/wrap.ts';
import { wantsColour } from './terminal.ts';

/** The codes that colours are made of, as styleText() has them. */
const CODES = new Set(STYLES.flatMap((style) => styleText(style, '|', { validateStream: false }).split('|')));
const CODE = new RegExp([...CODES].map((code) => code.replace('[', String.raw`\[`)).join('|'), 'g');

/** Lines for standard output. */
export function print(text: string): void {
  process.stdout.write(noCommand(shown(text, wantsColour(process.stdout))));
}

/** Lines for standard error. */
export function printAside(text: string): void {
  process.stderr.write(noCommand(shown(text, wantsColour(process.stderr))));
}

/** Lines of text as an output may have them: nothing unseen, but for our colours where they are wanted. */
export function shown(text: string, colour: boolean): string {
  if (!colour) return visibleLines(text);
  const codes = [...(text.match(CODE) ?? []), ''];
  return text
    .split(CODE)
    .map((part, index) => visibleLines(part) + (codes[index] ?? ''))
    .join('');
}

/** What GitHub shows beside a line of a file, or, without one, with the run. */
export interface Annotation {
  readonly level: 'error' | 'warning' | 'notice';
  readonly place?: { readonly file: string; readonly line: number };
  readonly title?: string;
  readonly lines: readonly string[];
}

/** An annotation in a log of GitHub's; elsewhere lines of text on standard output. */
export function printAnnotation({ level, place, title, lines }: Annotation): void {
  const seen = lines.map(visible);
  if (!isInActions()) {
    const where = place === undefined ? [] : [`${place.file}:${place.line}: `];
    const head = [...where, ...(title === undefined ? [] : [title])].map(visible).join('');
    const [first = '', ...rest] = head === '' ? seen : [head, ...seen];
    print([first, ...rest.map((line) => `  ${line}`), ''].join('\n'));
    return;
  }
  const properties = Object.entries({ ...place, ...(title === undefined ? {} : { title }) }).map(
    ([name, value]) => `${name}=${commandProperty(String(value))}`,
  );
  const head = [level, ...(properties.length === 0 ? [] : [properties.join(',')])].join(' ');
  process.stdout.write(`::${head}::${commandData(seen.join('\n'))}\n`);
}

/** What follows a workflow command. */
function commandData(value: string): string {
  return value.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** A value in the head of a workflow command. */
function commandProperty(value: string): string {
  return commandData(visible(value)).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** Without lines that GitHub's runner would take for commands: `::error::…`, and `##[error]…` anywhere. */
function noCommand(text: string): string {
  if (!isInActions()) return text;
  return text.replaceAll(/^([^\S\n]*):(?=:)/gm, String.raw`$1\u{3a}`).replaceAll('##[', String.raw`#\u{23}[`);
}

function isInActions(): boolean {
  return process.env['GITHUB_ACTIONS'] === 'true';
}
