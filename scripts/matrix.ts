// SPDX-License-Identifier: GPL-2.0-only
import { STATE_EXPRESSIONS } from '../harness/subject/expression.ts';
import { buildMatrix } from '../harness/compare/matrix.ts';
import { matrixDocument, matrixToJson } from '../harness/report/matrix-markdown.ts';
import { sideBySide } from '../harness/subject/subject.ts';
import { DMA_IOMMU } from '../variants/registry.ts';
import { EXIT_OK, output, OUTPUT, SCENARIOS, toolVersion, type Args, type Command } from './cli.ts';
import { anyState } from './any-state.ts';
import { compileFor } from './builds.ts';
import { casesFor, corpusOf } from './corpus.ts';
import { interruptible } from './interrupt.ts';
import { formatOption, outputBlocks, PAGE } from './rendered.ts';
import { progressLine } from './terminal.ts';
import { WORKSPACE } from './workspace.ts';

export const matrix: Command = {
  usage: '[states...]',
  options: {
    ...SCENARIOS,
    workspace: WORKSPACE,
    json: { type: 'boolean', help: 'JSON, with scenarios and costs' },
    format: formatOption(PAGE),
    output: OUTPUT,
  },
  examples: ['', 'baseline v3 v8', "v6 v7 --scenario 'min-align-mask/*'"],
  about: STATE_EXPRESSIONS,
  run,
};

async function run(args: Args): Promise<number> {
  const { positionals } = args;
  const states =
    positionals.length > 0
      ? await Promise.all(positionals.map(async (id) => anyState(id, args)))
      : sideBySide(DMA_IOMMU);
  const corpus = corpusOf(args);
  const cases = casesFor(corpus, args);
  await compileFor(states, cases);
  const built = await interruptible(() => buildMatrix(states, cases, progressLine('cases')));
  const context = { corpusHash: corpus.hash, version: toolVersion() };
  if (args.flag('json')) output(args, matrixToJson(built, context));
  else outputBlocks(args, PAGE, matrixDocument(built, context));
  return EXIT_OK;
}
