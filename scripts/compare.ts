// SPDX-License-Identifier: GPL-2.0-only
import { compare as compareStates } from '../harness/compare/comparison.ts';
import { CLAUSE_IDS, type ClauseId } from '../harness/contract/clause.ts';
import { Machine } from '../harness/machine/machine.ts';
import { illustrate } from '../harness/report/illustrate.ts';
import { toJson } from '../harness/report/json.ts';
import { toMarkdown } from '../harness/report/markdown.ts';
import { nearest, UserError } from '../harness/scenario/user-error.ts';
import {
  casesFor,
  EXIT_BAD_NEWS,
  EXIT_OK,
  output,
  progressLine,
  projectCorpus,
  quote,
  runAsScript,
  stateNamed,
  toolVersion,
  type Args,
  type Command,
} from './cli.ts';

export const compare: Command = {
  name: 'compare',
  usage: '<from> <to>',
  summary: 'What changed in observable behaviour and cost between two states of the series.',
  positionals: { min: 2, max: 2 },
  options: {
    json: { type: 'boolean', help: 'JSON instead of Markdown (docs/json.md)' },
    output: { type: 'string', value: 'FILE', help: 'write there instead of standard output' },
    scenario: { type: 'string', value: 'GLOB', help: 'only scenarios or cases that match, like sync/*' },
    clause: { type: 'string', value: 'ID', help: 'only findings of this clause of the contract' },
  },
  examples: [
    'npm run compare v2 v3',
    'npm run compare -- baseline v3 --clause confinement-read',
    "npx bouncediff compare v3.4 v3.5 --scenario 'min-align-mask/*' --json",
  ],
  exits: {
    0: 'nothing regressed',
    1: 'something regressed',
    2: 'trouble: bad input, or the tool contradicts itself',
  },
  run,
};

function run(args: Args): number {
  const [from = '', to = ''] = args.positionals;
  const states = [stateNamed(from), stateNamed(to), stateNamed('baseline')] as const;
  const clause = clauseNamed(args.text('clause'));
  const corpus = projectCorpus();
  const machine = new Machine();
  const progress = progressLine('cases');
  const comparison = compareStates(machine, ...states, casesFor(corpus, args), { clause, progress });
  const illustrations = illustrate(machine, comparison);
  const context = { corpusHash: corpus.hash, version: toolVersion() };
  const render = args.flag('json') ? toJson : toMarkdown;
  output(args, render(comparison, illustrations, context));
  return comparison.findings.some(({ kind }) => kind === 'regressed') ? EXIT_BAD_NEWS : EXIT_OK;
}

function clauseNamed(id: string | undefined): ClauseId | undefined {
  if (id === undefined) return undefined;
  const clause = CLAUSE_IDS.find((known) => known === id);
  if (clause !== undefined) return clause;
  throw new UserError(`unknown clause ${quote(id)}; nearest: ${nearest(id, CLAUSE_IDS).join(', ')}`);
}

await runAsScript(import.meta.url, compare);
