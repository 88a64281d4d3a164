// SPDX-License-Identifier: GPL-2.0-only
/** Results in the form that their reader wants: laid out for a terminal, else Markdown or plain text. */
import { renderTerminal, type Screen } from '../harness/text/render-terminal.ts';
import type { Block } from '../harness/text/document.ts';
import { renderMarkdown } from '../harness/text/render-markdown.ts';
import { renderPlain } from '../harness/text/render-plain.ts';
import { isRead, oneOf, output, type Args, type Option } from './cli.ts';
import { wantsColour } from './terminal.ts';

/** Columns of a terminal that does not tell. */
const COLUMNS = 100;
/** Wider than that nobody reads a line of prose. */
const WIDEST = 160;

/** What prints a page takes this; with `--json`, what has JSON. */
export const PAGE = ['markdown', 'terminal'] as const;
/** What prints lines: a trace, a listing of code. */
export const LINES = ['text', 'terminal'] as const;

/** --format for what prints in one of `names`, the first of them where nobody reads. */
export function formatOption(names: readonly string[]): Option {
  const help = `default ${names[0] ?? ''}, on a terminal terminal`;
  return { type: 'string', value: 'NAME', choices: names, help };
}

/** The form that a command line asks for; UserError that names those there are. */
export function formatOf<T extends string>(args: Args, names: readonly (T | 'terminal')[]): T | 'terminal' {
  const [usual = 'terminal'] = names;
  const given = args.text('format') ?? (isRead(args) ? 'terminal' : usual);
  return oneOf(given, 'format', names);
}

/** Writes the blocks where the command line says, in the form that it asks for. */
export function outputBlocks(args: Args, names: typeof PAGE | typeof LINES, blocks: readonly Block[]): void {
  output(args, RENDERERS[formatOf(args, names)](blocks));
}

const RENDERERS = {
  markdown: (blocks: readonly Block[]) => `${renderMarkdown(blocks)}\n`,
  text: renderPlain,
  terminal: (blocks: readonly Block[]) => renderTerminal(blocks, screen()),
} as const;

/** The terminal that standard output is, or might be. */
export function screen(): Screen {
  const { isTTY, columns } = process.stdout;
  const width = isTTY && columns > 0 ? Math.min(columns, WIDEST) : COLUMNS;
  return { columns: width, colour: wantsColour(process.stdout) };
}
