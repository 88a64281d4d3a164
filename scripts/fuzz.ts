// SPDX-License-Identifier: GPL-2.0-only
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse, stringify } from 'yaml';
import { DMA_IOMMU } from '../variants/registry.ts';
import { parseExpectations } from '../harness/compare/expectations.ts';
import { judge } from '../harness/contract/contract.ts';
import { SeededChoices } from '../harness/explore/random.ts';
import { scenarioOf } from '../harness/fidelity/scenario.ts';
import { readProgram } from '../harness/fidelity/vectors.ts';
import { Machine } from '../harness/machine/machine.ts';
import { lookAt } from '../harness/run/interpreter.ts';
import { within } from '../harness/run/returning.ts';
import { loadScenarioText } from '../harness/scenario/load.ts';
import { packageRoot } from '../harness/text/package-root.ts';
import { UserError } from '../harness/text/user-error.ts';
import { visible } from '../harness/text/visible.ts';
import { EXIT_BAD_NEWS, EXIT_OK, wholeNumber, type Args, type Command } from './cli.ts';
import { mutateText, mutateTree } from './fuzz-mutations.ts';
import { print, printAside } from './print.ts';

export const fuzz: Command = {
  usage: '',
  options: {
    count: { type: 'string', value: 'N', help: 'inputs (30000)' },
    first: { type: 'string', value: 'N', help: 'number of the first input (0)' },
    seed: { type: 'string', value: 'S', help: 'which inputs, a whole number (1)' },
  },
  examples: ['', '--seed 7 --first 1234 --count 1'],
  run,
};

/** Milliseconds of processor time that an input may take. */
const LIMIT = 2000;
/** How much longer that may be on a busy machine before it counts as a hang. */
const PATIENCE = 10;
/** Resident memory, bytes. */
const MOST_MEMORY = 2 ** 30;
/** Inputs between two lines of progress. */
const EVERY = 1000;

/** A kind of input: good texts, and what reads and runs a text. */
interface Target {
  readonly name: string;
  readonly seeds: readonly string[];
  readonly parse: (text: string) => unknown;
  readonly print: (tree: unknown) => string;
  readonly run: (text: string) => void;
}

function run(args: Args): number {
  const seed = wholeNumber(args, 'seed', 1, 0, 0xffffffff);
  const first = wholeNumber(args, 'first', 0, 0, 1e9);
  const count = wholeNumber(args, 'count', 30_000, 1, 1e9);
  const targets = [scenarios(), expectations(), programs()];
  const counts = { refused: 0, worked: 0 };
  const began = performance.now();
  for (let index = first; index < first + count; index++) {
    const target = targets[index % targets.length] as Target;
    const text = mutant(target, seed, index);
    const harm = harmOf(target, text, counts);
    if (harm !== undefined) {
      const file = join(mkdtempSync(join(tmpdir(), 'bouncediff-fuzz-')), target.name);
      writeFileSync(file, text);
      print(`${visible(`input ${index} of seed ${seed} (${file}): ${harm}`)}\n`);
      print(`again: npm run fuzz -- --seed ${seed} --first ${index} --count 1\n`);
      return EXIT_BAD_NEWS;
    }
    if ((index - first + 1) % EVERY === 0) printAside(`${index - first + 1} of ${count} inputs\n`);
  }
  const seconds = Math.round((performance.now() - began) / 1000);
  const memory = Math.round(process.resourceUsage().maxRSS / 1024);
  print(
    `${count} inputs of seed ${seed}: ${counts.refused} refused in one line, ${counts.worked} worked; ${seconds} s, ${memory} MiB at most\n`,
  );
  return EXIT_OK;
}

function mutant(target: Target, seed: number, index: number): string {
  const choices = new SeededChoices(seed, index);
  const text = target.seeds[choices.below(target.seeds.length)] ?? '';
  // Every third is damaged byte by byte.
  if (choices.below(3) === 0) return mutateText(text, choices);
  return target.print(mutateTree(target.parse(text), choices));
}

/** What is wrong with how the input was dealt with; undefined: nothing. */
function harmOf(
  { run: read }: Target,
  text: string,
  counts: { refused: number; worked: number },
): string | undefined {
  try {
    const began = process.cpuUsage();
    const outcome = within(LIMIT * PATIENCE, () => (read(text), true));
    const { user, system } = process.cpuUsage(began);
    if (outcome === undefined || user + system > LIMIT * 1000) return `takes more than ${LIMIT} ms`;
    counts.worked++;
  } catch (error) {
    if (!(error instanceof UserError)) {
      return error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    if (error.message.includes('\n')) return `more than one line: ${error.message}`;
    counts.refused++;
  }
  return process.memoryUsage().rss > MOST_MEMORY ? 'takes more than 1 GiB' : undefined;
}

function scenarios(): Target {
  const corpus = join(packageRoot(), 'corpus');
  const files = readdirSync(corpus, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /[/\\].*\.yaml$/.test(file),
  );
  const machine = new Machine();
  return {
    name: 'map/fuzz.yaml'.replace('/', '-'),
    seeds: files.sort().map((file) => readFileSync(join(corpus, file), 'utf8')),
    parse: (text) => parse(text) as unknown,
    print: (tree) => stringify(tree ?? null),
    run(text) {
      for (const scenario of loadScenarioText(text, 'map/fuzz.yaml').slice(0, 4)) {
        judge(lookAt(machine, DMA_IOMMU.root, scenario));
      }
    },
  };
}

function expectations(): Target {
  return {
    name: 'expectations.yaml',
    seeds: [readFileSync(join(packageRoot(), 'corpus', 'expectations.yaml'), 'utf8')],
    parse: (text) => parse(text) as unknown,
    print: (tree) => stringify(tree ?? null),
    run: (text) => void parseExpectations(text, 'expectations.yaml'),
  };
}

function programs(): Target {
  const file = join(packageRoot(), 'harness', 'fidelity', 'data', 'programs.jsonl.gz');
  const machine = new Machine();
  return {
    name: 'programs.jsonl',
    seeds: gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n'),
    parse: (text) => JSON.parse(text) as unknown,
    print: (tree) => JSON.stringify(tree ?? null),
    run: (text) => void lookAt(machine, DMA_IOMMU.root, scenarioOf(readProgram(text, 'programs.jsonl', 1))),
  };
}
