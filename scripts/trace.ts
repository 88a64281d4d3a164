// SPDX-License-Identifier: GPL-2.0-only
import { STATE_EXPRESSIONS } from '../harness/subject/expression.ts';
import { keyOf } from '../harness/contract/defect.ts';
import { judge } from '../harness/contract/contract.ts';
import { notJudged } from '../harness/contract/not-judged.ts';
import { Machine } from '../harness/machine/machine.ts';
import type { Run } from '../harness/run/run.ts';
import { traceOf } from '../harness/run/trace.ts';
import { paragraph, spansOf, type Block, type Text } from '../harness/text/document.ts';
import { sentence } from '../harness/contract/sentence.ts';
import { runScenario } from '../harness/run/interpreter.ts';
import { returning } from '../harness/run/returning.ts';
import { selectScenarios } from '../harness/scenario/load.ts';
import { EXIT_OK, OUTPUT, SCENARIOS, type Args, type Command } from './cli.ts';
import { anyState } from './any-state.ts';
import { compileFor } from './builds.ts';
import { corpusOf } from './corpus.ts';
import { formatOption, LINES, outputBlocks } from './rendered.ts';
import { WORKSPACE } from './workspace.ts';

export const trace: Command = {
  usage: '<state> <scenario>',
  options: {
    names: { type: 'boolean', help: 'addresses by name (buffer+0x40) instead of raw' },
    corpus: SCENARIOS.corpus,
    workspace: WORKSPACE,
    format: formatOption(LINES),
    output: OUTPUT,
  },
  examples: ["v3 'sync/*'", 'v2 sync/sg-trusted --names', 'v3 <my-case.yaml>'],
  about: STATE_EXPRESSIONS,
  run,
};

async function run(args: Args): Promise<number> {
  const [id = '', glob = ''] = args.positionals;
  const state = await anyState(id, args);
  const machine = new Machine();
  const cases = selectScenarios(corpusOf(args, glob), glob);
  await compileFor([state], cases);
  const blocks = cases.flatMap((scenario) =>
    documentOf(
      returning(() => runScenario(machine, state, scenario)),
      args.flag('names'),
    ),
  );
  outputBlocks(args, LINES, blocks);
  return EXIT_OK;
}

/** A run call by call, what it breaks, and what could not be judged. */
export function documentOf(recording: Run, names: boolean): Block[] {
  const lines = traceOf(recording).map(({ step, event, text, raw, path }) => {
    const line = names ? text : raw;
    if (event === undefined) {
      return line.startsWith('=') ? `       ${line}` : `${String(step + 1).padStart(4)}.  ${line}`;
    }
    return `       ${line}${path.length > 0 ? `   [${path.join(' → ')}]` : ''}`;
  });
  const broken = judge(recording).flatMap(({ clause, breaks }) =>
    breaks.map(({ cause, evidence, victims }): Text => [
      `${keyOf({ clause, cause })}: `,
      ...spansOf(sentence(recording, clause, cause, evidence, victims)),
    ]),
  );
  const leftOut = notJudged(recording).map((line): Text => [...spansOf(line), '.']);
  const { state, scenario } = recording;
  return [
    { kind: 'heading', level: 3, text: `${state} on ${scenario.id}: ${scenario.name}` },
    { kind: 'fence', language: 'text', lines },
    broken.length === 0
      ? paragraph('No clause of the contract is broken.')
      : { kind: 'list', lead: 'Broken:', items: broken },
    ...(leftOut.length === 0 ? [] : [{ kind: 'list', lead: 'Not judged:', items: leftOut } as const]),
  ];
}
