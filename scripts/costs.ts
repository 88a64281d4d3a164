// SPDX-License-Identifier: GPL-2.0-only
import { measureCosts } from '../harness/compare/operation-costs.ts';
import { costsDocument, costsToJson } from '../harness/report/costs-page.ts';
import { OPERATIONS } from '../harness/run/situation.ts';
import { EXIT_OK, oneOf, output, OUTPUT, SCENARIOS, toolVersion, type Args, type Command } from './cli.ts';
import { anyState } from './any-state.ts';
import { compileFor } from './builds.ts';
import { casesFor, corpusOf } from './corpus.ts';
import { interruptible } from './interrupt.ts';
import { formatOption, outputBlocks, PAGE } from './rendered.ts';
import { progressLine } from './terminal.ts';
import { WORKSPACE } from './workspace.ts';

export const costs: Command = {
  usage: '<states...>',
  options: {
    operation: {
      type: 'string',
      value: 'NAME',
      choices: OPERATIONS,
      help: 'only this operation',
    },
    differing: { type: 'boolean', help: 'only what does not cost the same in all states' },
    ...SCENARIOS,
    workspace: WORKSPACE,
    json: { type: 'boolean', help: 'JSON instead of Markdown, a row per situation (docs/json.md)' },
    format: formatOption(PAGE),
    output: OUTPUT,
  },
  examples: ['v3', 'baseline v3 v8 --operation unmap_page', "v2 v3 --differing --scenario 'sg/*'"],
  run,
};

async function run(args: Args): Promise<number> {
  const states = await Promise.all(args.positionals.map(async (id) => anyState(id, args)));
  const named = args.text('operation');
  const operation = named === undefined ? undefined : oneOf(named, 'operation', OPERATIONS);
  const corpus = corpusOf(args);
  const cases = casesFor(corpus, args);
  await compileFor(states, cases);
  const measured = await interruptible(() => measureCosts(states, cases, progressLine('cases')));
  const shown = measured.rows.filter(
    ({ situation }) => (operation ?? situation.operation) === situation.operation,
  );
  const found = { ...measured, rows: shown };
  const options = {
    differing: args.flag('differing'),
    context: { corpusHash: corpus.hash, version: toolVersion() },
  };
  if (args.flag('json')) output(args, costsToJson(found, options));
  else outputBlocks(args, PAGE, costsDocument(found, options));
  return EXIT_OK;
}
