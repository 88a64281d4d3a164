// SPDX-License-Identifier: GPL-2.0-only
import type { Equivalent, Made, Mistake, Power } from '../harness/power/power.ts';
import {
  code,
  paragraph,
  plural,
  strong,
  type Block,
  type Span,
  type Text,
} from '../harness/text/document.ts';
import { jsonText } from '../harness/text/visible.ts';
import type { Scenario } from '../harness/run/scenario.ts';
import type { State } from '../harness/subject/state.ts';
import { UserError } from '../harness/text/user-error.ts';
import { EXIT_OK, output, OUTPUT, SCENARIOS, wholeNumber, type Args, type Command } from './cli.ts';
import { anyState } from './any-state.ts';
import { casesFor, corpusOf } from './corpus.ts';
import { interruptible } from './interrupt.ts';
import { MACHINE_SAMPLE, powerOfMachine } from './power-machine.ts';
import { formatOption, outputBlocks, PAGE } from './rendered.ts';
import { progressLine } from './terminal.ts';
import { WORKSPACE } from './workspace.ts';

/** Mistakes drawn of a whole state. */
const SAMPLE = 200;

export const power: Command = {
  usage: '[from] [to]',
  options: {
    all: {
      type: 'string',
      value: 'STATE',
      help: 'mistakes anywhere in the code of STATE, not only on lines that patches touch',
    },
    machine: {
      type: 'boolean',
      help: "mistakes in the tool's own machine and contract, held against their tests and the recordings; slow",
    },
    module: { type: 'string', value: 'GLOB', help: 'with --machine: only in files that match' },
    workers: { type: 'string', value: 'N', help: 'with --machine: how many are tried at a time' },
    seed: { type: 'string', value: 'S', help: 'which mistakes are drawn, a whole number (1)' },
    sample: {
      type: 'string',
      value: 'N',
      help: `how many mistakes are drawn (with --all ${SAMPLE}, with --machine ${MACHINE_SAMPLE}, otherwise all there are)`,
    },
    ...SCENARIOS,
    workspace: WORKSPACE,
    json: { type: 'boolean', help: 'JSON: every mistake, and what was noticed of it in which case' },
    format: formatOption(PAGE),
    output: OUTPUT,
  },
  examples: ['v3.4 v3.5', 'v7 v8 --json', '--all baseline --seed 7 --sample 50', '--machine --seed 7'],
  run,
};

async function run(args: Args): Promise<number> {
  if (args.flag('machine')) return powerOfMachine(args);
  for (const option of ['module', 'workers']) {
    if (args.text(option) !== undefined) throw new UserError(`--${option} is for power --machine`);
  }
  const [from, to] = args.positionals;
  const all = args.text('all');
  const isPair = from !== undefined && to !== undefined;
  if (isPair === (all !== undefined) || (all !== undefined && from !== undefined)) {
    throw new UserError('power takes two states, or --all STATE');
  }
  const states = isPair ? ([await written(from, args), await written(to, args)] as const) : undefined;
  const state = states?.[1] ?? (await written(all ?? '', args));
  const seed = wholeNumber(args, 'seed', 1, 0, 0xffffffff);
  const given = args.text('sample') ?? args.text('seed');
  const count = wholeNumber(args, 'sample', SAMPLE, 1, 1e6);
  const cases = casesFor(corpusOf(args), args);
  const { preparePower } = await import('../harness/power/power.ts');
  const work = await preparePower(states?.[0], state, cases, {
    ...(isPair && given === undefined ? {} : { sample: { seed, count } }),
    progress: progressLine('mistakes'),
  });
  const found = await interruptible(() => work.run());
  const drawn = found.made.length + found.equivalent.length < found.possible ? seed : undefined;
  if (args.flag('json')) output(args, toJson(found, drawn));
  else outputBlocks(args, PAGE, documentOf(found, drawn));
  return EXIT_OK;
}

/** The state of that name; UserError for one that was not written here: mistakes are made in TypeScript. */
async function written(id: string, args: Args): Promise<State> {
  const state = await anyState(id, args);
  refuseCompiled(state);
  return state;
}

function refuseCompiled(state: State): void {
  if (state.code !== undefined) return;
  throw new UserError(
    `${state.id} was compiled from C; power makes its mistakes in the TypeScript of this repository's own states`,
  );
}

/** How many small mistakes on the lines between two states a comparison would notice, in a sentence. */
export async function powerBetween(from: State, to: State, cases: readonly Scenario[]): Promise<string> {
  for (const state of [from, to]) refuseCompiled(state);
  const { preparePower } = await import('../harness/power/power.ts');
  const work = await preparePower(from, to, cases, { progress: progressLine('mistakes') });
  return sentenceOf(await interruptible(() => work.run()));
}

/** How strong the evidence is, in one sentence. */
export function sentenceOf({ made, from }: Power): string {
  const count = (...notices: readonly Made['notice'][]): number =>
    made.filter(({ notice }) => notices.includes(notice)).length;
  const where = from === undefined ? 'in its code' : 'on the changed lines';
  if (made.length === 0) return `there is no small mistake to make ${where}`;
  const told = count('finding', 'cost');
  return `${told} of ${plural(made.length, 'small mistake')} ${where} would change a finding or a cost, ${count('trace')} only the trace, ${count('nothing')} nothing`;
}

function documentOf(found: Power, seed: number | undefined): Block[] {
  const { from, to, cases, possible, made, equivalent, left } = found;
  const drawn = made.length + equivalent.length;
  const sample = seed === undefined ? '' : ` Drawn: ${drawn} of ${possible}, seed ${seed}.`;
  const title = from === undefined ? to : `${from} → ${to}`;
  const silent = (notice: Made['notice']): Made[] => made.filter((one) => one.notice === notice);
  return [
    paragraph(
      strong(`power ${title}`),
      `: ${sentenceOf(found)}. ${plural(cases, 'case')}; ${equivalent.length} more do the same.${sample}`,
    ),
    ...section('Nothing notices', silent('nothing').map(line)),
    ...section(
      'Only the trace',
      silent('trace').map((one): Text => [...line(one), '; in ', code(one.scenario ?? '')]),
    ),
    ...section('Left out, for they do the same', equivalent.map(excused)),
    ...(left.length === 0
      ? []
      : [paragraph(`Reached through super alone, left as they are: ${left.join(', ')}.`)]),
  ];
}

function section(title: string, items: readonly Text[]): Block[] {
  return items.length === 0 ? [] : [paragraph(`${title}:`), { kind: 'list', items }];
}

function line({ file, line: at, method, kernelFunction, operator, before, after }: Mistake): Span[] {
  const name = kernelFunction === undefined ? method : `${kernelFunction}()`;
  const becomes = after === '' ? 'gone' : code(after);
  return [`${file}:${at}, ${name}, ${operator}: `, code(before), ' → ', becomes];
}

function excused(one: Equivalent): Text {
  return [...line(one), `; ${one.reason}`];
}

function toJson(found: Power, seed: number | undefined): string {
  const { made, equivalent, left, ...head } = found;
  return jsonText({ ...head, seed, sentence: sentenceOf(found), made, equivalent, left });
}
