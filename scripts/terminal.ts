// SPDX-License-Identifier: GPL-2.0-only
/** What a terminal shows beside the result: progress and colour. */
import { writeSync } from 'node:fs';
import { styleText } from 'node:util';
import wrapAnsi from 'wrap-ansi';
import { visible } from '../harness/text/visible.ts';

/** Milliseconds between two looks at how far the work is: on a terminal, and elsewhere. */
const REDRAWN = 100;
const TOLD = 10_000;
/** When to say next how far the work is, on the clock of performance.now(). Until a command starts: never. */
let next = Infinity;
/** A terminal shows a line. */
let shown = false;

/** From now on standard error tells of the progress, unless NO_PROGRESS is set. */
export function startProgress(): void {
  const { NO_PROGRESS = '' } = process.env;
  if (NO_PROGRESS !== '') return;
  next = performance.now() + pause();
}

function pause(): number {
  return process.stderr.isTTY ? REDRAWN : TOLD;
}

/**
 * Writes to standard error at once. A stream would not do: broken off by a signal in the middle of a write, it
 * writes nothing more. What cannot be written is lost, and nobody's work is worse for it.
 */
export function say(text: string): void {
  try {
    writeSync(2, text);
  } catch {
    // Closed, or full for now.
  }
}

/** Says how far the work is: on a terminal in one line, again and again; elsewhere in a line every ten seconds. */
export function showProgress(text: () => string): void {
  const now = performance.now();
  if (now < next) return;
  next = now + pause();
  const { isTTY, columns } = process.stderr;
  // First, because a signal may break this off right after the write.
  shown = isTTY;
  const line = visible(text());
  say(isTTY ? `\r${cut(line, columns)}\u001B[K` : `${line}\n`);
}

/** Wipes the line off a terminal. */
export function endProgress(): void {
  if (shown) say('\r\u001B[K');
  shown = false;
}

/** Shows how much of how much is done; all of it: the line goes. */
export function progressLine(what: string): (done: number, total: number) => void {
  return (done, total) => {
    if (done < total) showProgress(() => `${what} ${done}/${total}`);
    else endProgress();
  };
}

/** A line that is wider than the terminal would stay there for ever. */
function cut(text: string, columns: number | undefined): string {
  const width = columns === undefined || columns === 0 ? 80 : columns;
  return wrapAnsi(text, width - 1, { hard: true, trim: false, wordWrap: false }).split('\n')[0] ?? '';
}

/** Colours are for a terminal; NO_COLOR and FORCE_COLOR overrule it. */
export function wantsColour(stream: { readonly isTTY?: boolean }): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return stream.isTTY === true && TERM !== 'dumb';
}

/** For standard error. */
export function paint(colour: 'red' | 'green' | 'yellow' | 'bold' | 'dim', text: string): string {
  return wantsColour(process.stderr) ? styleText(colour, text, { validateStream: false }) : text;
}
