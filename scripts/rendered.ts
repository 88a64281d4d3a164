// SPDX-License-Identifier: GPL-2.0-only
/** Blocks for whoever gets them: laid out for a terminal, else Markdown. */
import { renderTerminal } from '../harness/report/terminal.ts';
import type { Block } from '../harness/text/document.ts';
import { renderMarkdown } from '../harness/text/render-markdown.ts';
import { painter } from '../harness/text/wrap.ts';
import { isRead, type Args } from './cli.ts';
import { wantsColour } from './terminal.ts';

/** Columns of a terminal that does not tell. */
const COLUMNS = 100;

/** The columns of standard output. */
export function outputWidth(): number {
  const { isTTY, columns } = process.stdout;
  return isTTY && columns > 0 ? columns : COLUMNS;
}

/** The blocks as text, an end of line included. */
export function rendered(args: Args, blocks: readonly Block[]): string {
  if (!isRead(args)) return `${renderMarkdown(blocks)}\n`;
  return `${renderTerminal(blocks, outputWidth(), painter(wantsColour(process.stdout))).join('\n')}\n`;
}
