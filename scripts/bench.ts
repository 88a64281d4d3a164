// SPDX-License-Identifier: GPL-2.0-only
import { markdownTable } from 'markdown-table';
import { Bench } from 'tinybench';
import type { State } from '../harness/subject/state.ts';
import { allStates, DMA_IOMMU } from '../variants/registry.ts';
import { allocated, assignmentOf, partsOf, rate, type Part } from '../harness/explore/measure.ts';
import { judge } from '../harness/contract/contract.ts';
import { Machine } from '../harness/machine/machine.ts';
import { traceOf } from '../harness/run/trace.ts';
import { runScenario } from '../harness/run/interpreter.ts';
import type { Scenario } from '../harness/run/scenario.ts';
import {
  casesFor,
  corpusOf,
  EXIT_OK,
  output,
  OUTPUT,
  SCENARIOS,
  stateNamed,
  wholeNumber,
  type Args,
  type Command,
} from './cli.ts';
import { progressLine } from './terminal.ts';

/** Programs that exploration is measured by. */
const PROGRAMS = 4096;

export const bench: Command = {
  usage: '[states...]',
  options: {
    ...SCENARIOS,
    programs: { type: 'string', value: 'N', help: `programs to measure exploration by (${PROGRAMS})` },
    json: { type: 'boolean', help: 'JSON instead of a table' },
    output: OUTPUT,
  },
  examples: ['', 'baseline v3'],
  run,
};

/** What was measured of a state. Shares are of the whole of machine, contract and trace. */
interface Measurement {
  readonly state: string;
  readonly runsPerSecond: number;
  readonly machine: number;
  readonly contract: number;
  readonly trace: number;
}

async function run(args: Args): Promise<number> {
  const states = args.positionals.length > 0 ? args.positionals.map(stateNamed) : allStates();
  const programs = wholeNumber(args, 'programs', PROGRAMS, 1, 1e6);
  const cases = casesFor(corpusOf(args), args);
  const progress = progressLine('states');
  const rows: Measurement[] = [];
  for (const [index, state] of states.entries()) {
    progress(index, states.length);
    rows.push(await measure(state, cases));
  }
  progress(states.length, states.length);
  const peak = Math.round(process.resourceUsage().maxRSS / 1024);
  const exploration = await measureExploration(programs);
  const text = args.flag('json')
    ? `${JSON.stringify({ cases: cases.length, peakMiB: peak, states: rows, exploration }, null, 2)}\n`
    : `${render(rows, cases.length, peak)}\n${renderExploration(exploration)}`;
  output(args, text);
  return EXIT_OK;
}

async function measure(state: State, cases: readonly Scenario[]): Promise<Measurement> {
  const machine = new Machine();
  const runs = cases.map((scenario) => runScenario(machine, state, scenario));
  const suite = new Bench({ time: 200, warmupTime: 50 });
  suite
    .add('machine', () => cases.forEach((scenario) => runScenario(machine, state, scenario)))
    .add('contract', () => runs.forEach((recording) => judge(recording)))
    .add('trace', () => runs.forEach((recording) => traceOf(recording)));
  await suite.run();
  const [inMachine = 0, inContract = 0, inTrace = 0] = suite.tasks.map(({ result }) =>
    'latency' in result ? result.latency.mean : 0,
  );
  const total = inMachine + inContract + inTrace;
  return {
    state: state.id,
    runsPerSecond: Math.round((cases.length * 1000) / (inMachine + inContract)),
    machine: inMachine / total,
    contract: inContract / total,
    trace: inTrace / total,
  };
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
  readonly rows: readonly ExplorationRow[];
  /** Microseconds of a program on the last series. */
  readonly parts: Readonly<Record<Part, number>>;
}

/** On two states that behave alike for all anybody knows, on two that do not, and on one alone. */
async function measureExploration(programs: number): Promise<Exploration> {
  const [before, last] = DMA_IOMMU.ends.slice(-2);
  if (before === undefined || last === undefined) throw new RangeError('fewer than two series');
  const rows: ExplorationRow[] = [];
  for (const from of [before, DMA_IOMMU.root, undefined]) {
    const assignment = assignmentOf(from, last);
    const [one, two] = [await rate(assignment, 1, programs), await rate(assignment, 2, programs)];
    rows.push({
      on: from === undefined ? last.id : `${from.id} → ${last.id}`,
      programsPerSecond: Math.round(one),
      twoWorkers: two / one,
      bytesPerProgram: Math.round(allocated(assignment, programs)),
    });
  }
  return { rows, parts: partsOf(last, programs) };
}

function renderExploration({ rows, parts }: Exploration): string {
  const rates = rows.map((r) => [
    r.on,
    String(r.programsPerSecond),
    `× ${r.twoWorkers.toFixed(2)}`,
    String(r.bytesPerProgram),
  ]);
  const total = Object.values(parts).reduce((sum, part) => sum + part, 0);
  const shares = Object.entries(parts).map(([part, time]) => [
    part,
    time.toFixed(0),
    `${Math.round((time / total) * 100)} %`,
  ]);
  return [
    markdownTable([['exploration of', 'programs/s', 'two workers', 'bytes allocated/program'], ...rates], {
      align: ['l', 'r', 'r', 'r'],
    }),
    '',
    markdownTable([['part of the work on a program', 'µs', 'share'], ...shares], { align: ['l', 'r', 'r'] }),
    '',
    'Two states are run and compared; only what differs is observed and judged. One state alone is',
    'observed and judged always. A trace is decoded only for a reader.',
    '',
  ].join('\n');
}

function render(rows: readonly Measurement[], cases: number, peak: number): string {
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  const fastest = Math.max(...rows.map(({ runsPerSecond }) => runsPerSecond));
  const table = rows.map((r) => [
    r.state,
    String(r.runsPerSecond),
    (r.runsPerSecond / fastest).toFixed(2),
    percent(r.machine),
    percent(r.contract),
    percent(r.trace),
  ]);
  return [
    markdownTable([['state', 'judged runs/s', 'of the fastest', 'machine', 'contract', 'trace'], ...table], {
      align: ['l', 'r', 'r', 'r', 'r', 'r'],
    }),
    '',
    `${cases} cases a round; peak memory ${peak} MiB.`,
    '',
  ].join('\n');
}
