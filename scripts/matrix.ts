// SPDX-License-Identifier: GPL-2.0-only
import { buildMatrix } from '../harness/compare/matrix.ts';
import { matrixToJson, matrixToMarkdown } from '../harness/report/matrix-markdown.ts';
import { sideBySide } from '../harness/subject/subject.ts';
import { DMA_IOMMU } from '../variants/registry.ts';
import {
  casesFor,
  EXIT_OK,
  output,
  projectCorpus,
  runAsScript,
  stateNamed,
  toolVersion,
  type Args,
  type Command,
} from './cli.ts';
import { progressLine } from './terminal.ts';

export const matrix: Command = {
  name: 'matrix',
  usage: '[states…]',
  summary: 'Many states side by side: clauses, scenarios and costs. Default: series ends and suggestions.',
  positionals: { min: 0, max: 64 },
  options: {
    scenario: { type: 'string', value: 'GLOB', help: 'only scenarios or cases that match, like sync/*' },
    json: { type: 'boolean', help: 'JSON instead of Markdown' },
    output: { type: 'string', value: 'FILE', help: 'write there instead of standard output' },
  },
  examples: [
    'npm run matrix',
    'npm run matrix baseline v3 v8',
    "npm run matrix -- v6 v7 --scenario 'min-align-mask/*'",
  ],
  exits: { 0: 'done', 2: 'trouble' },
  run,
};

function run(args: Args): number {
  const { positionals } = args;
  const states = positionals.length > 0 ? positionals.map(stateNamed) : sideBySide(DMA_IOMMU);
  const corpus = projectCorpus();
  const built = buildMatrix(states, casesFor(corpus, args), progressLine('cases'));
  const context = { corpusHash: corpus.hash, version: toolVersion() };
  output(args, (args.flag('json') ? matrixToJson : matrixToMarkdown)(built, context));
  return EXIT_OK;
}

await runAsScript(import.meta.url, matrix);
