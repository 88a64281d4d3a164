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

/** A line on standard output; in a log of GitHub's, it is an annotation of the run. */
export function printError(line: string): void {
  if (!isInActions()) print(`${line}\n`);
  else process.stdout.write(`::error::${commandData(line)}\n`);
}

/** What follows a workflow command. */
function commandData(value: string): string {
  return visible(value).replaceAll('%', '%25');
}

/** Without lines that GitHub's runner would take for commands: `::error::…`, and `##[error]…` anywhere. */
function noCommand(text: string): string {
  if (!isInActions()) return text;
  return text.replaceAll(/^([^\S\n]*):(?=:)/gm, String.raw`$1\u{3a}`).replaceAll('##[', String.raw`#\u{23}[`);
}

function isInActions(): boolean {
  return process.env['GITHUB_ACTIONS'] === 'true';
}
