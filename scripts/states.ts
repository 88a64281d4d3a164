// SPDX-License-Identifier: GPL-2.0-only
import { markdownTable } from 'markdown-table';
import { allStates } from '../variants/registry.ts';
import { EXIT_OK, output, runAsScript, type Args, type Command } from './cli.ts';

export const states: Command = {
  name: 'states',
  usage: '',
  summary: 'The states of the series, with where they come from.',
  positionals: { min: 0, max: 0 },
  options: {
    json: { type: 'boolean', help: 'JSON instead of a table' },
    output: { type: 'string', value: 'FILE', help: 'write there instead of standard output' },
  },
  examples: ['npm run states', 'npx bouncediff states --json'],
  exits: { 0: 'listed', 2: 'trouble' },
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

await runAsScript(import.meta.url, states);
