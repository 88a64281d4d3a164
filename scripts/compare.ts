// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { accountFor } from '../harness/compare/account.ts';
import { compare as compareStates, type Comparison } from '../harness/compare/comparison.ts';
import { accept, applyExpectations, loadExpectations, unmatched } from '../harness/compare/expectations.ts';
import { CLAUSE_IDS, type ClauseId } from '../harness/contract/clause.ts';
import { Machine } from '../harness/machine/machine.ts';
import { illustrate } from '../harness/report/illustrate.ts';
import { toJson } from '../harness/report/json.ts';
import { toMarkdown } from '../harness/report/markdown.ts';
import { UserError } from '../harness/scenario/user-error.ts';
import {
  casesFor,
  EXIT_BAD_NEWS,
  EXIT_OK,
  output,
  packageRoot,
  progressLine,
  projectCorpus,
  quote,
  runAsScript,
  stateNamed,
  suggestion,
  toolVersion,
  writeFile,
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
    ledger: {
      type: 'boolean',
      help: 'measure the ledger of the patches on every case, not on the smallest ones',
    },
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
  const expectationsFile = join(packageRoot(), 'corpus', 'expectations.yaml');
  const expectations = loadExpectations(expectationsFile);
  const cases = casesFor(corpus, args);
  const machine = new Machine();
  const measured = compareStates(machine, ...states, cases, { clause, progress: progressLine('cases') });
  const { comparison, expected } = applyExpectations(measured, expectations);
  if (clause === undefined && cases.length === corpus.scenarios.length) {
    const [stale] = unmatched(expectations, measured);
    if (stale !== undefined) {
      throw new UserError(
        `${expectationsFile}:${stale.line}: matches nothing in ${from} and ${to} any more; delete it`,
      );
    }
  }
  const account = accountFor(
    machine,
    comparison,
    args.flag('ledger') ? cases : undefined,
    progressLine('patches'),
  );
  const render = args.flag('json') ? toJson : toMarkdown;
  const context = { corpusHash: corpus.hash, version: toolVersion() };
  output(args, render(comparison, illustrate(machine, comparison), account, expected, context));
  const reason = args.text('accept');
  if (reason !== undefined) {
    acceptRegressions(expectationsFile, comparison, reason);
    return EXIT_OK;
  }
  return comparison.findings.some(({ kind }) => kind === 'regressed') ? EXIT_BAD_NEWS : EXIT_OK;
}

function acceptRegressions(file: string, comparison: Comparison, reason: string): void {
  if (reason.trim() === '') throw new UserError('--accept takes the reason why the regressions are accepted');
  const { text, added } = accept(existsSync(file) ? readFileSync(file, 'utf8') : '', comparison, reason);
  if (added > 0) writeFile(file, text);
  process.stderr.write(`${added} ${added === 1 ? 'expectation' : 'expectations'} added to ${file}\n`);
}

function clauseNamed(id: string | undefined): ClauseId | undefined {
  if (id === undefined) return undefined;
  const clause = CLAUSE_IDS.find((known) => known === id);
  if (clause !== undefined) return clause;
  throw new UserError(`unknown clause ${quote(id)}; ${suggestion(id, CLAUSE_IDS)}`);
}

await runAsScript(import.meta.url, compare);
