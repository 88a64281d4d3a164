// SPDX-License-Identifier: GPL-2.0-only
/** What a terminal shows beside the result: progress and colour. */
import { styleText } from 'node:util';

/** A progress line on standard error, on a terminal only. */
export function progressLine(what: string): (done: number, total: number) => void {
  if (!process.stderr.isTTY) return () => undefined;
  return (done, total) => {
    if (done < total && done % 32 !== 0) return;
    process.stderr.write(done < total ? `\r${what} ${done}/${total}` : `\r\u001B[K`);
  };
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
