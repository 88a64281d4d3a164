// SPDX-License-Identifier: GPL-2.0-only
import { join } from 'node:path';
import type { State } from '../harness/subject/state.ts';
import { DMA_IOMMU, findState } from '../variants/registry.ts';
import { compareWithVectors, type Fidelity } from '../harness/fidelity/compare.ts';
import { scenarioOf } from '../harness/fidelity/scenario.ts';
import { loadVectors, type Vectors } from '../harness/fidelity/vectors.ts';
import { Machine } from '../harness/machine/machine.ts';
import { returning } from '../harness/run/returning.ts';
import { paragraph, table, type Block } from '../harness/text/document.ts';
import { jsonText } from '../harness/text/visible.ts';
import { suggestion, UserError } from '../harness/text/user-error.ts';
import { packageRoot } from '../harness/text/package-root.ts';
import { EXIT_BAD_NEWS, EXIT_OK, output, OUTPUT, quote, type Args, type Command } from './cli.ts';
import { importedState } from './any-state.ts';
import { compileFor } from './builds.ts';
import { WORKSPACE } from './workspace.ts';
import { interruptible } from './interrupt.ts';
import { formatOption, outputBlocks, PAGE } from './rendered.ts';
import { progressLine } from './terminal.ts';

export const fidelity: Command = {
  usage: '[folder]',
  options: {
    state: { type: 'string', value: 'ID', help: 'only this state' },
    against: {
      type: 'string',
      value: 'ID',
      help: 'the recorded state that an imported one is held against (c/v3: v3, c: baseline)',
    },
    workspace: WORKSPACE,
    json: { type: 'boolean', help: 'JSON instead of a table' },
    format: formatOption(PAGE),
    output: OUTPUT,
  },
  examples: ['', 'path/to/vectors --state v3.5'],
  run,
};

/** A recorded state that the registry does not have. */
export interface Missing {
  readonly state: string;
}

async function run(args: Args): Promise<number> {
  const folder = args.positionals[0] ?? join(packageRoot(), 'harness', 'fidelity', 'data');
  const vectors = await interruptible(() => loadVectors(folder));
  const wanted = args.text('state');
  const ids = wanted === undefined ? vectors.states : vectors.states.filter((id) => isState(id, wanted));
  if (wanted !== undefined && ids.length === 0) {
    const imported = await importedState(wanted, args);
    if (imported !== undefined) return replayImported(args, imported, vectors);
    throw new UserError(`no vectors for state ${quote(wanted)}; ${suggestion(wanted, vectors.states)}`);
  }
  const results = await interruptible(() => replay(vectors, ids));
  report(args, results);
  const bad = results.some((result) => 'total' in result && result.matched < result.total);
  return bad ? EXIT_BAD_NEWS : EXIT_OK;
}

/** An imported state against what its namesake was recorded doing: `c/v3` against v3, `c` against the baseline. */
async function replayImported(args: Args, state: State, vectors: Vectors): Promise<number> {
  const recorded = args.text('against') ?? state.id.split('/')[1] ?? DMA_IOMMU.root.id;
  const id = vectors.states.find((known) => known === recorded || isState(known, recorded));
  if (id === undefined) {
    throw new UserError(
      `nothing was recorded as ${quote(recorded)}; ${suggestion(recorded, vectors.states)} (--against ID)`,
    );
  }
  const scenarios = vectors.programs.map(scenarioOf);
  await compileFor([state], scenarios);
  const result = await interruptible(() =>
    returning(() => compareWithVectors(new Machine(), state, vectors.programs, vectors.results(id))),
  );
  report(args, [result]);
  return result.matched < result.total ? EXIT_BAD_NEWS : EXIT_OK;
}

function replay(vectors: Vectors, ids: readonly string[]): (Fidelity | Missing)[] {
  const machine = new Machine();
  const progress = progressLine('states');
  const results = ids.map((id, index): Fidelity | Missing => {
    progress(index, ids.length);
    const state = findState(id);
    if (state === undefined) return { state: id };
    const recorded = vectors.results(id);
    return {
      ...returning(() => compareWithVectors(machine, state, vectors.programs, recorded)),
      state: id,
    };
  });
  progress(ids.length, ids.length);
  return results;
}

/** `v3` asks for `v3.5`. */
function isState(id: string, wanted: string): boolean {
  const state = findState(wanted);
  return id === wanted || (state !== undefined && state === findState(id));
}

function report(args: Args, results: readonly (Fidelity | Missing)[]): void {
  if (args.flag('json')) output(args, jsonText(results));
  else outputBlocks(args, PAGE, documentOf(results));
}

/** How many programs each state replays as recorded, and the first that it does not. */
export function documentOf(results: readonly (Fidelity | Missing)[]): Block[] {
  const rows = results.map((result) => [
    result.state,
    'total' in result ? `${result.matched}/${result.total}` : 'not implemented',
  ]);
  const mismatches = results.flatMap((result) => {
    if (!('total' in result) || result.first === undefined) return [];
    const { program, op, what, recorded, modelled } = result.first;
    const where = `${program}${op < 0 ? '' : `, operation ${op}`}, ${what}`;
    const lines = [`recorded  ${recorded}`, `modelled  ${modelled}`];
    return [
      paragraph(`${result.state}: first mismatch in ${where}:`),
      { kind: 'fence', language: 'text', lines } as const,
    ];
  });
  return [table(['state', '>matched'], rows), ...mismatches];
}
