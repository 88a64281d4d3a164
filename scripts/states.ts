// SPDX-License-Identifier: GPL-2.0-only
import { code, table, type Block, type Text } from '../harness/text/document.ts';
import { jsonText } from '../harness/text/visible.ts';
import type { State } from '../harness/subject/state.ts';
import { everyState } from './any-state.ts';
import { WORKSPACE } from './workspace.ts';
import { EXIT_OK, output, OUTPUT, type Args, type Command } from './cli.ts';
import { formatOption, outputBlocks, PAGE } from './rendered.ts';

export const states: Command = {
  usage: '',
  options: {
    json: { type: 'boolean', help: 'JSON instead of a table' },
    format: formatOption(PAGE),
    workspace: WORKSPACE,
    output: OUTPUT,
  },
  examples: ['', '--json'],
  run,
};

async function run(args: Args): Promise<number> {
  const all = await everyState(args);
  if (args.flag('json')) output(args, jsonText(all.map((state) => rowOf(state))));
  else outputBlocks(args, PAGE, listed(all));
  return EXIT_OK;
}

/** The states with where they come from, as a table. */
export function listed(all: readonly State[]): Block[] {
  const rows = all.map((state): Text[] => {
    const { id, alias, patch, date, subject, messageId } = rowOf(state);
    const message: Text = messageId === '' ? '' : [code(messageId)];
    return [alias === '' ? id : `${id} = ${alias}`, patch, date, subject, message];
  });
  return [table(['state', 'patch', 'date', 'subject', 'Message-Id'], rows)];
}

/** A state in the JSON of the list. */
export function rowOf({ id, alias, chain, origin }: State) {
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
}
