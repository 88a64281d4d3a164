// SPDX-License-Identifier: GPL-2.0-only
/** What every command shares: options, arguments, output, exit codes. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { State } from '../harness/subject/state.ts';
import { allStates, findExpressed } from '../variants/registry.ts';
import { ExpressionError, short } from '../harness/subject/expression.ts';
import { CLAUSE_IDS, type ClauseId } from '../harness/contract/verdict.ts';
import { suggestion, UserError } from '../harness/text/user-error.ts';
import { writeFile } from '../harness/text/files.ts';
import { packageRoot } from '../harness/text/package-root.ts';
import { visible } from '../harness/text/visible.ts';
import { print, shown } from './print.ts';
import { wantsColour } from './terminal.ts';

export const EXIT_OK = 0;
export const EXIT_BAD_NEWS = 1;
export const EXIT_TROUBLE = 2;
export const EXIT_INTERRUPTED = 130;
/** SIGABRT: V8 ends the process, nothing can be done any more. */
const EXIT_OUT_OF_MEMORY = 134;

/** What the exit codes mean: the same for every command. */
export const EXIT_CODES: Readonly<Record<number, string>> = {
  [EXIT_OK]: 'done; nothing regressed',
  [EXIT_BAD_NEWS]: 'something regressed, was found, does not match or is stale',
  [EXIT_TROUBLE]: 'trouble; one line on standard error says what',
  [EXIT_INTERRUPTED]: 'interrupted: Ctrl-C, at once',
  [EXIT_OUT_OF_MEMORY]: 'out of memory: Node.js aborts, with a report of its own',
};

/** How the tool was started; hints name commands in that form. */
export type Form = 'npm run' | 'npx bouncediff';

/** An option of a command. */
export interface Option {
  readonly type: 'boolean' | 'string';
  /** What stands for the value in the help: `FILE`. */
  readonly value?: string;
  /** The values there are. */
  readonly choices?: readonly string[];
  /** May be given more than once. */
  readonly multiple?: true;
  /** The value is a file to write: whether that can be done is found out before the work begins. */
  readonly writes?: true;
  readonly help: string;
}

/** A command of the tool. Its name and summary stand in the list of commands. */
export interface Command {
  /** Positional arguments: `<from> <to>`, `[states...]`. */
  readonly usage: string;
  readonly options: Readonly<Record<string, Option>>;
  /** What may stand behind the name of the command. */
  readonly examples: readonly string[];
  /** What else the help explains, below the options. */
  readonly about?: string;
  /** Returns the exit code. */
  run(args: Args): number | Promise<number>;
}

/** Parsed arguments. */
export interface Args {
  readonly positionals: readonly string[];
  readonly form: Form;
  /** Value of a string option, if given. */
  text(name: string): string | undefined;
  /** Values of an option that may be given more than once, in order. */
  texts(name: string): readonly string[];
  flag(name: string): boolean;
}

/** What writes its result takes this. */
export const OUTPUT: Option = {
  type: 'string',
  value: 'FILE',
  writes: true,
  help: 'write there instead of standard output',
};

/** What runs scenarios takes these. */
export const SCENARIOS = {
  scenario: {
    type: 'string',
    value: 'GLOB',
    help: 'only scenarios or cases that match, like sync/*, or a file: my.yaml',
  },
  corpus: {
    type: 'string',
    value: 'DIR',
    help: 'scenarios and expectations.yaml of that folder instead of the corpus that comes along',
  },
} as const satisfies Readonly<Record<string, Option>>;

/** Version of the tool. */
export function toolVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}

/** Whether the tool stands in a checkout of its repository, not in an installed package. */
export function isCheckout(): boolean {
  return existsSync(join(packageRoot(), 'tsconfig.json'));
}

/** A command line of the tool: `npm run compare -- v2 v3 --json`. npm needs `--` before the first option. */
export function commandLine(form: Form, name: string, words: string): string {
  const dashes = form === 'npm run' && /(^|\s)-/.test(words) ? ' --' : '';
  return `${form} ${name}${dashes} ${words}`.trimEnd();
}

/** A command line that the result names: on a terminal as the tool was started, in what is kept the form that works everywhere. */
export function commandLineFor(args: Args, name: string, words: string): string {
  return commandLine(isRead(args) ? args.form : 'npx bouncediff', name, words);
}

/** Whether the result goes to a terminal. */
export function isRead(args: Args): boolean {
  return process.stdout.isTTY && args.text('output') === undefined;
}

/** The state of that id or expression; UserError that names the nearest ones, or says why it is none. */
export function stateNamed(id: string, imported: readonly string[] = []): State {
  const state = expressed(id, findExpressed);
  if (state !== undefined) return state;
  const names = allStates().flatMap(({ id: name, alias }) => (alias === undefined ? [name] : [name, alias]));
  throw new UserError(
    `unknown state ${quote(short(id))}; ${suggestion(short(id), [...names, ...imported])} (the command states lists all)`,
  );
}

/** What `find` makes of an expression; UserError, with the expression in front, where there is no such state. */
export function expressed(text: string, find: (text: string) => State | undefined): State | undefined {
  try {
    return find(text);
  } catch (error) {
    if (error instanceof ExpressionError) throw new UserError(visible(`${short(text)}: ${error.message}`));
    throw error;
  }
}

/** The clause that --clause names, if it is given; UserError that names the nearest ones. */
export function clauseOf(args: Args): ClauseId | undefined {
  const id = args.text('clause');
  const clause = CLAUSE_IDS.find((known) => known === id);
  if (clause !== undefined || id === undefined) return clause;
  throw new UserError(`unknown clause ${quote(id)}; ${suggestion(id, CLAUSE_IDS)}`);
}

/** The value of an option that takes one of a few; UserError that names them. */
export function oneOf<T extends string>(value: string, option: string, known: readonly T[]): T {
  const found = known.find((name) => name === value);
  if (found === undefined) throw new UserError(`--${option} ${quote(value)}: one of ${known.join(', ')}`);
  return found;
}

/** Writes to FILE of --output through a temporary file, else to standard output. */
export function output(args: Args, text: string): void {
  const file = args.text('output');
  if (file === undefined) {
    print(text);
    return;
  }
  writeFile(file, shown(text, wantsColour(process.stdout)));
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
