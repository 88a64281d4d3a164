// SPDX-License-Identifier: GPL-2.0-only
import { STATE_EXPRESSIONS } from '../harness/subject/expression.ts';
import { buildMatrix } from '../harness/compare/matrix.ts';
import { pageAssets } from '../harness/page/assets.ts';
import { documentPage } from '../harness/page/document-html.ts';
import { matrixDetails, matrixDocument, matrixToJson } from '../harness/report/matrix-markdown.ts';
import { sideBySide } from '../harness/subject/subject.ts';
import { DMA_IOMMU } from '../variants/registry.ts';
import { EXIT_OK, output, OUTPUT, SCENARIOS, toolVersion, type Args, type Command } from './cli.ts';
import { anyState } from './any-state.ts';
import { compileFor } from './builds.ts';
import { casesFor, corpusOf } from './corpus.ts';
import { interruptible } from './interrupt.ts';
import { formatOf, formatOption, outputBlocks, PAGE } from './rendered.ts';
import { progressLine } from './terminal.ts';
import { WORKSPACE } from './workspace.ts';

/** html: the page with what each state breaks in each scenario, and the costs that differ. */
const FORMATS = [...PAGE, 'json', 'html'] as const;

export const matrix: Command = {
  usage: '[states...]',
  options: {
    ...SCENARIOS,
    workspace: WORKSPACE,
    json: { type: 'boolean', help: 'short for --format json: with scenarios and costs' },
    format: formatOption(FORMATS),
    output: OUTPUT,
  },
  examples: [
    '',
    'baseline v3 v8',
    '--format html --output matrix.html',
    "v6 v7 --scenario 'min-align-mask/*'",
  ],
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
  const document = matrixDocument(built, context);
  const format = args.flag('json') ? 'json' : formatOf(args, FORMATS);
  if (format === 'json') output(args, matrixToJson(built, context));
  else if (format === 'html') {
    const { style } = await pageAssets();
    output(args, documentPage('matrix', [...document, ...matrixDetails(built)], style));
  } else outputBlocks(args, PAGE, document);
  return EXIT_OK;
}
