// SPDX-License-Identifier: GPL-2.0-only
import { judge } from '../harness/contract/contract.ts';
import { Machine } from '../harness/machine/machine.ts';
import type { Run } from '../harness/run/run.ts';
import { traceOf } from '../harness/run/trace.ts';
import { plain } from '../harness/text/document.ts';
import { sentence } from '../harness/contract/sentence.ts';
import { runScenario } from '../harness/run/interpreter.ts';
import { selectScenarios } from '../harness/scenario/load.ts';
import { EXIT_OK, output, projectCorpus, runAsScript, stateNamed, type Args, type Command } from './cli.ts';

export const trace: Command = {
  name: 'trace',
  usage: '<state> <scenario>',
  summary:
    'Every kernel function that a state calls in a scenario, and which method of which patch called it.',
  positionals: { min: 2, max: 2 },
  options: {
    names: { type: 'boolean', help: 'addresses by name (buffer+0x40) instead of raw' },
    output: { type: 'string', value: 'FILE', help: 'write there instead of standard output' },
  },
  examples: [
    'npm run states',
    "npm run trace v3 'sync/*'",
    'npx bouncediff trace v2 sg/trusted-sync --names',
  ],
  exits: { 0: 'traced', 2: 'trouble' },
  run,
};

function run(args: Args): number {
  const [id = '', glob = ''] = args.positionals;
  const state = stateNamed(id);
  const machine = new Machine();
  const cases = selectScenarios(projectCorpus(), glob);
  const texts = cases.map((scenario) => render(runScenario(machine, state, scenario), args.flag('names')));
  output(args, texts.join('\n'));
  return EXIT_OK;
}

function render(recording: Run, names: boolean): string {
  const lines = traceOf(recording).map(({ step, event, text, raw, path }) => {
    const line = names ? text : raw;
    if (event < 0) {
      return line.startsWith('=') ? `       ${line}` : `${String(step + 1).padStart(4)}.  ${line}`;
    }
    return `       ${line}${path.length > 0 ? `   [${path.join(' → ')}]` : ''}`;
  });
  const broken = judge(recording).flatMap(({ clause, breaks }) =>
    breaks.map(
      ({ cause, evidence }) =>
        `  ${clause} (${cause}): ${plain(sentence(recording, clause, cause, evidence))}`,
    ),
  );
  return [
    `${recording.state} on ${recording.scenario.id}: ${recording.scenario.name}`,
    ...lines,
    broken.length === 0 ? 'No clause of the contract is broken.' : 'Broken:',
    ...broken,
    '',
  ].join('\n');
}

await runAsScript(import.meta.url, trace);
