// SPDX-License-Identifier: GPL-2.0-only
import { markdownTable } from 'markdown-table';
import { cellCode, text } from '../harness/text/escape.ts';
import { jsonText } from '../harness/text/visible.ts';
import type { State } from '../harness/subject/state.ts';
import { everyState } from './any-state.ts';
import { WORKSPACE } from './workspace.ts';
import { EXIT_OK, output, OUTPUT, type Args, type Command } from './cli.ts';

export const states: Command = {
  usage: '',
  options: {
    json: { type: 'boolean', help: 'JSON instead of a table' },
    workspace: WORKSPACE,
    output: OUTPUT,
  },
  examples: ['', '--json'],
  run,
};

async function run(args: Args): Promise<number> {
  output(args, listed(await everyState(args), args.flag('json')));
  return EXIT_OK;
}

/** The states with where they come from, as a table or JSON. */
export function listed(all: readonly State[], json: boolean): string {
  const rows = all.map(({ id, alias, chain, origin }) => {
    const last = chain.at(-1);
    return {
      id,
      alias: alias ?? '',
      patch: last?.place ?? '',
      subject: last?.subject ?? origin,
      date: last?.date ?? '',
      messageId: last?.messageId ?? '',
      claims: last?.claims.map((claim) => claim.text) ?? [],
    };
  });
  const table = rows.map(({ id, alias, patch, date, subject, messageId }) => [
    text(alias === '' ? id : `${id} = ${alias}`, cellCode),
    ...[patch, date, subject].map((cell) => text(cell, cellCode)),
    messageId === '' ? '' : cellCode(messageId),
  ]);
  if (json) return jsonText(rows);
  return `${markdownTable([['state', 'patch', 'date', 'subject', 'Message-Id'], ...table])}\n`;
}
