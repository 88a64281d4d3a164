// SPDX-License-Identifier: GPL-2.0-only
import type { State } from '../harness/subject/state.ts';
import { allStates, DMA_IOMMU } from '../variants/registry.ts';
import { allocated, assignmentOf, partsOf, rate, type Part } from '../harness/explore/measure.ts';
import { growing, measureGrowth, type GrowthRow } from '../harness/explore/growth.ts';
import { Rounds, type StateRate } from '../harness/explore/rounds.ts';
import { paragraph, plural, table, type Block } from '../harness/text/document.ts';
import { jsonText } from '../harness/text/visible.ts';
import type { Scenario } from '../harness/run/scenario.ts';
import { EXIT_OK, output, OUTPUT, SCENARIOS, wholeNumber, type Args, type Command } from './cli.ts';
import { anyState } from './any-state.ts';
import { compileFor } from './builds.ts';
import { casesFor, corpusOf } from './corpus.ts';
import { interruptible } from './interrupt.ts';
import { formatOption, outputBlocks, PAGE } from './rendered.ts';
import { progressLine } from './terminal.ts';
import { WORKSPACE } from './workspace.ts';

type Length = 'short' | 'long';

/** Programs that exploration is measured by. */
const PROGRAMS = { short: 512, long: 8192 };
/** Programs that its growth is measured up to. */
const MOST_PROGRAMS = 1e6;
/** Rounds in which each state runs every case once, and milliseconds after which no further one begins. */
const ROUNDS = { short: 15, long: 30 };
const LIMIT = { short: 20_000, long: Infinity };
/** With fewer, a median says nothing. */
const FEWEST_ROUNDS = 3;

export const bench: Command = {
  usage: '[states...]',
  options: {
    ...SCENARIOS,
    long: {
      type: 'boolean',
      help: 'every state, more rounds, more programs, and how the time grows with them: half an hour',
    },
    programs: {
      type: 'string',
      value: 'N',
      help: `programs to measure exploration by (${PROGRAMS.short}; with --long ${PROGRAMS.long}, and up to ${MOST_PROGRAMS} for how it grows)`,
    },
    workspace: WORKSPACE,
    json: { type: 'boolean', help: 'JSON instead of a table' },
    format: formatOption(PAGE),
    output: OUTPUT,
  },
  examples: ['', 'baseline v3', 'v3 c/v3', '--long --output bench.md'],
  run,
};

async function run(args: Args): Promise<number> {
  const length = args.flag('long') ? 'long' : 'short';
  const named = await Promise.all(args.positionals.map(async (id) => anyState(id, args)));
  const states = named.length > 0 ? named : statesFor(length);
  const programs = wholeNumber(args, 'programs', PROGRAMS[length], 1, 1e6);
  const cases = casesFor(corpusOf(args), args);
  await compileFor(states, cases);
  const rounds = await measureStates(states, cases, length);
  const peakMiB = Math.round(process.resourceUsage().maxRSS / 1024);
  const measured: Measured = {
    cases: cases.length,
    rounds: rounds.count,
    peakMiB,
    states: rounds.results(),
    exploration: await measureExploration(programs),
    growth:
      length === 'long'
        ? await measureAllGrowth(
            states,
            cases,
            args.text('programs') === undefined ? MOST_PROGRAMS : programs,
          )
        : [],
  };
  if (args.flag('json')) output(args, jsonText(measured));
  else outputBlocks(args, PAGE, documentOf(measured));
  return EXIT_OK;
}

/** All of them, or the root, the first revision, one in the middle and the last. */
function statesFor(length: Length): readonly State[] {
  if (length === 'long') return allStates();
  const { ends } = DMA_IOMMU;
  const few = [0, 1, ends.length >> 1, ends.length - 1].map((at) => ends[at]);
  return [...new Set(few)].filter((state) => state !== undefined);
}

/** In a round the states take turns, each round begun by another one: what disturbs one disturbs all. */
async function measureStates(
  states: readonly State[],
  cases: readonly Scenario[],
  length: Length,
): Promise<Rounds> {
  const rounds = new Rounds(states, cases);
  const progress = progressLine(`rounds of ${states.length} states on ${cases.length} cases:`);
  const total = (1 + ROUNDS[length]) * states.length;
  const began = performance.now();
  while (rounds.count < ROUNDS[length]) {
    if (rounds.count >= FEWEST_ROUNDS && performance.now() - began > LIMIT[length]) break;
    for (const index of states.keys()) {
      await interruptible(() => {
        const begun = 1 + rounds.count;
        progress(begun * states.length + index, total);
        rounds.run((index + begun) % states.length);
      });
    }
  }
  progress(total, total);
  return rounds;
}

interface ExplorationRow {
  /** The states, or the one. */
  readonly on: string;
  readonly programsPerSecond: number;
  /** With two workers; as a multiple of one. */
  readonly twoWorkers: number;
  readonly bytesPerProgram: number;
}

interface Exploration {
  readonly programs: number;
  readonly rows: readonly ExplorationRow[];
  /** Microseconds of a program on the last series. */
  readonly parts: Readonly<Record<Part, number>>;
}

/** On two states that behave alike for all anybody knows, on two that do not, and on one alone. */
async function measureExploration(programs: number): Promise<Exploration> {
  const [before, last] = DMA_IOMMU.ends.slice(-2);
  if (before === undefined || last === undefined) throw new RangeError('fewer than two series');
  const rows: ExplorationRow[] = [];
  const subjects = [before, DMA_IOMMU.root, undefined];
  const total = subjects.length * 3 + 1;
  const progress = progressLine('measurements of exploration:');
  for (const from of subjects) {
    const assignment = assignmentOf(from, last);
    progress(rows.length * 3, total);
    const one = await rate(assignment, 1, programs);
    progress(rows.length * 3 + 1, total);
    const two = await rate(assignment, 2, programs);
    progress(rows.length * 3 + 2, total);
    rows.push({
      on: from === undefined ? last.id : `${from.id} → ${last.id}`,
      programsPerSecond: Math.round(one),
      twoWorkers: two / one,
      bytesPerProgram: Math.round(await interruptible(() => allocated(assignment, programs))),
    });
  }
  progress(total - 1, total);
  const parts = await interruptible(() => partsOf(last, programs));
  progress(total, total);
  return { programs, rows, parts };
}

/** How what is measured above grows with cases, states and programs. */
async function measureAllGrowth(
  states: readonly State[],
  cases: readonly Scenario[],
  most: number,
): Promise<GrowthRow[]> {
  const [before, last] = DMA_IOMMU.ends.slice(-2);
  if (before === undefined || last === undefined) throw new RangeError('fewer than two series');
  const all = growing(states, [before, last], cases, most);
  const progress = progressLine('measurements of growth:');
  const rows: GrowthRow[] = [];
  for (const one of all) {
    progress(rows.length, all.length);
    rows.push(await interruptible(() => measureGrowth(one)));
  }
  progress(rows.length, all.length);
  return rows;
}

/** What the command finds out; its JSON. */
interface Measured {
  readonly cases: number;
  readonly rounds: number;
  readonly peakMiB: number;
  readonly states: readonly StateRate[];
  readonly exploration: Exploration;
  /** With --long. */
  readonly growth: readonly GrowthRow[];
}

function documentOf({ cases, rounds, peakMiB, states, exploration, growth }: Measured): Block[] {
  const rows = states.map((r) => [
    r.state,
    String(r.runsPerSecond),
    `× ${r.ofFirst.toFixed(2)}`,
    `± ${percent(r.spread)}`,
    percent(r.machine),
    percent(r.contract),
    percent(r.trace),
  ]);
  const first = `>of ${states[0]?.state ?? ''}`;
  const titles = ['state', '>judged runs/s', first, '>spread', '>machine', '>contract', '>trace'];
  return [
    table(titles, rows),
    paragraph(
      `Medians of ${rounds} rounds of ${cases} cases, in which the states took turns; the third column is the median of what a state was in the same round, the spread half of what the middle half of that covers. Peak memory ${peakMiB} MiB.`,
    ),
    ...explorationDocument(exploration),
    ...growthDocument(growth),
  ];
}

function explorationDocument({ programs, rows, parts }: Exploration): Block[] {
  const rates = rows.map((r) => [
    r.on,
    String(r.programsPerSecond),
    `× ${r.twoWorkers.toFixed(2)}`,
    String(r.bytesPerProgram),
  ]);
  const total = Object.values(parts).reduce((sum, part) => sum + part, 0);
  const shares = Object.entries(parts).map(([part, time]) => [part, time.toFixed(0), percent(time / total)]);
  return [
    table(['exploration of', '>programs/s', '>two workers', '>bytes allocated/program'], rates),
    table(['part of the work on a program', '>µs', '>share'], shares),
    paragraph(
      `${programs} programs. Two states are run and compared; only what differs is observed and judged. One state alone is observed and judged always. A trace is decoded only for a reader.`,
    ),
  ];
}

function growthDocument(growth: readonly GrowthRow[]): Block[] {
  if (growth.length === 0) return [];
  const rows = growth.map(({ of, amount, seconds, residentMiB }) => {
    const first = growth.find((other) => other.of === of);
    const each = seconds / amount;
    const ofFirst = first === undefined ? 1 : each / (first.seconds / first.amount);
    return [
      plural(amount, of),
      seconds.toFixed(1),
      (each * 1e6).toFixed(0),
      `× ${ofFirst.toFixed(2)}`,
      String(residentMiB),
    ];
  });
  return [
    table(['so many', '>s', '>µs each', '>of the first', '>resident MiB'], rows),
    paragraph(
      'Cases: compared between the first and the last state. States: the matrix of all cases, a state each. Programs: by chance, on the last two series. The first of each warms up what the others run on.',
    ),
  ];
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
