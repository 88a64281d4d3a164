// SPDX-License-Identifier: GPL-2.0-only
import { markdownTable } from 'markdown-table';
import { allStates } from '../variants/registry.ts';
import { EXIT_OK, output, OUTPUT, type Args, type Command } from './cli.ts';

export const states: Command = {
  usage: '',
  options: {
    json: { type: 'boolean', help: 'JSON instead of a table' },
    output: OUTPUT,
  },
  examples: ['', '--json'],
  run,
};

function run(args: Args): number {
  const rows = allStates().map(({ id, alias, chain, origin }) => {
    const last = chain.at(-1);
    return {
      id,
      alias: alias ?? '',
      patch: last?.place ?? '',
      subject: last?.subject ?? origin,
      date: last?.date ?? '',
      messageId: last?.messageId ?? '',
      claims: last?.claims.map(({ text }) => text) ?? [],
    };
  });
  const table = rows.map(({ id, alias, patch, date, subject, messageId }) => [
    alias === '' ? id : `${id} = ${alias}`,
    patch,
    date,
    subject,
    messageId,
  ]);
  output(
    args,
    args.flag('json')
      ? `${JSON.stringify(rows, null, 2)}\n`
      : `${markdownTable([['state', 'patch', 'date', 'subject', 'Message-Id'], ...table])}\n`,
  );
  return EXIT_OK;
}
