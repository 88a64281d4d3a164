// SPDX-License-Identifier: GPL-2.0-only
/** What every command shares: arguments, help, output, exit codes. */
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import type { State } from '../harness/subject/state.ts';
import { allStates, findState } from '../variants/registry.ts';
import { loadCorpus, selectScenarios, type Corpus } from '../harness/scenario/load.ts';
import type { Scenario } from '../harness/run/scenario.ts';
import { suggestion, UserError } from '../harness/text/user-error.ts';
import { writeFile } from '../harness/text/files.ts';
import { packageRoot } from '../harness/text/package-root.ts';
import { paint } from './terminal.ts';

/** Exit codes: 0 fine · 1 the answer is bad news · 2 trouble. */
export const EXIT_OK = 0;
export const EXIT_BAD_NEWS = 1;
export const EXIT_TROUBLE = 2;

/** An option of a command. */
export interface Option {
  readonly type: 'boolean' | 'string';
  /** What stands for the value in the help: `FILE`. */
  readonly value?: string;
  /** May be given more than once. */
  readonly multiple?: true;
  readonly help: string;
}

/** A command of the tool. */
export interface Command {
  readonly name: string;
  /** Positional arguments as the help shows them: `<from> <to>`. */
  readonly usage: string;
  /** It works on the checkout: the installed package does not have it. */
  readonly checkoutOnly?: true;
  readonly summary: string;
  readonly positionals: { readonly min: number; readonly max: number };
  readonly options: Readonly<Record<string, Option>>;
  readonly examples: readonly string[];
  /** What the exit codes mean, for the help. */
  readonly exits: Readonly<Record<number, string>>;
  run(args: Args): number | Promise<number>;
}

/** Parsed arguments. */
export interface Args {
  readonly positionals: readonly string[];
  /** Value of a string option, if given. */
  text(name: string): string | undefined;
  /** Values of an option that may be given more than once, in order. */
  texts(name: string): readonly string[];
  flag(name: string): boolean;
}

const SHARED: Readonly<Record<string, Option>> = {
  'no-color': { type: 'boolean', help: 'no colour, as NO_COLOR does' },
  help: { type: 'boolean', help: 'this text' },
};

/** Version of the tool. */
export function toolVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}

/** Runs the command on `argv` and returns the exit code. Known errors are one line. */
export async function runCommand(command: Command, argv: readonly string[]): Promise<number> {
  try {
    // Before anything can go wrong: errors have colours too.
    if (argv.includes('--no-color')) process.env['NO_COLOR'] = '1';
    const args = parse(command, argv);
    if (args.flag('help')) {
      process.stdout.write(helpText(command));
      return EXIT_OK;
    }
    refuseSwallowedFlags(command);
    const { min, max } = command.positionals;
    const { length } = args.positionals;
    if (length < min || length > max) {
      const surplus = length > max ? `: surplus ${quote(args.positionals.slice(max).join(' '))}` : '';
      throw new UserError(`usage: ${usageOf(command)}${surplus}`);
    }
    return await command.run(args);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`${paint('red', 'bouncediff:')} ${error.message}\n`);
    return EXIT_TROUBLE;
  }
}

/** Runs the command when its file was started as a script. */
export async function runAsScript(url: string, command: Command): Promise<void> {
  const [, started] = process.argv;
  if (started === undefined || realpathSync(started) !== fileURLToPath(url)) return;
  await runAndExit(command, process.argv.slice(2));
}

/**
 * How long a function has to run before V8 optimises it, eight times what V8 takes by itself. A command
 * runs for seconds, in code that is soon optimised for cases that are not the next ones, and then again.
 */
const INTERRUPT_BUDGET = 540_672;

/** Runs the command and leaves its exit code behind; an unknown error shows its stack, exit code 2. */
export async function runAndExit(command: Command, argv: readonly string[]): Promise<void> {
  setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`);
  allowClosedPipe();
  try {
    process.exitCode = await runCommand(command, argv);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`${text}\n`);
    process.exitCode = EXIT_TROUBLE;
  }
}

/** A reader that has seen enough (head, less) is no error. */
export function allowClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

function parse(command: Command, argv: readonly string[]): Args {
  const options = { ...command.options, ...SHARED };
  const types = Object.fromEntries(
    Object.entries(options).map(([name, { type, multiple = false }]) => [name, { type, multiple }]),
  );
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options: types, allowPositionals: true });
    return {
      positionals,
      text: (name) => {
        const value = values[name];
        return typeof value === 'string' ? value : undefined;
      },
      texts: (name) => [values[name] ?? []].flat().filter((value) => typeof value === 'string'),
      flag: (name) => values[name] === true,
    };
  } catch (error) {
    const unknown = error instanceof Error ? /'(--?[^' ]+)[^']*'/.exec(error.message)?.[1] : undefined;
    const names = Object.keys(options).map((name) => `--${name}`);
    if (unknown === undefined || names.includes(unknown)) {
      throw new UserError(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
    }
    throw new UserError(`unknown option ${quote(unknown)}; there are ${names.join(', ')}`);
  }
}

/** `npm run x --flag` never reaches us: npm keeps the flag. Say so instead of ignoring it. */
function refuseSwallowedFlags(command: Command): void {
  if (process.env['npm_lifecycle_event'] !== command.name) return;
  for (const name of Object.keys(command.options)) {
    if (process.env[`npm_config_${name.replaceAll('-', '_')}`] === undefined) continue;
    throw new UserError(
      `npm kept --${name} for itself; put -- before flags: npm run ${command.name} -- … --${name}`,
    );
  }
}

function usageOf({ name, usage }: Command): string {
  return `${name} ${usage}`.trimEnd();
}

export function helpText(command: Command): string {
  const options = Object.entries({ ...command.options, ...SHARED });
  const width = Math.max(...options.map(([name, { value = '' }]) => name.length + value.length)) + 4;
  return [
    command.summary,
    '',
    `  npm run ${usageOf(command)}`,
    ...(command.checkoutOnly === true ? [] : [`  npx bouncediff ${usageOf(command)}`]),
    '',
    'Options (after -- with npm run):',
    ...options.map(
      ([name, { value, help }]) =>
        `  ${`--${name}${value === undefined ? '' : ` ${value}`}`.padEnd(width)} ${help}`,
    ),
    '',
    'Examples:',
    ...command.examples.map((example) => `  ${example}`),
    '',
    'Exit codes:',
    ...Object.entries(command.exits).map(([exit, meaning]) => `  ${exit}  ${meaning}`),
    '',
  ].join('\n');
}

/** The state of that id; UserError that names the nearest ones. */
export function stateNamed(id: string): State {
  const state = findState(id);
  if (state !== undefined) return state;
  const names = allStates().flatMap(({ id: name, alias }) => (alias === undefined ? [name] : [name, alias]));
  throw new UserError(`unknown state ${quote(id)}; ${suggestion(id, names)} (npm run states lists all)`);
}

/** The value of an option that takes one of a few; UserError that names them. */
export function oneOf<T extends string>(value: string, option: string, known: readonly T[]): T {
  const found = known.find((name) => name === value);
  if (found === undefined) throw new UserError(`--${option} ${quote(value)}: one of ${known.join(', ')}`);
  return found;
}

/** The corpus of the project. */
export function projectCorpus(): Corpus {
  return loadCorpus(join(packageRoot(), 'corpus'));
}

/** The cases that a command looks at. */
export function casesFor(corpus: Corpus, args: Args): readonly Scenario[] {
  const glob = args.text('scenario');
  return glob === undefined ? corpus.scenarios : selectScenarios(corpus, glob);
}

/** Writes to FILE of --output through a temporary file, else to standard output. */
export function output(args: Args, text: string): void {
  const file = args.text('output');
  if (file === undefined) {
    process.stdout.write(text);
    return;
  }
  writeFile(file, text);
}

/** The number that an option was given, `otherwise` when it was not. */
export function wholeNumber(args: Args, name: string, otherwise: number, min: number, max: number): number {
  const given = args.text(name);
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (/^\d+$/.test(given) && value >= min && value <= max) return value;
  throw new UserError(`--${name} ${quote(given)} is not a whole number from ${min} to ${max}`);
}

export function quote(value: string): string {
  return JSON.stringify(value);
}
