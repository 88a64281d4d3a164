// SPDX-License-Identifier: GPL-2.0-only
/** The command line: which command, with which options, and what help says of it. */
import { styleText } from 'node:util';
import { Command as Program, CommanderError, InvalidArgumentError, Option as Declared } from 'commander';
import {
  commandLine,
  EXIT_CODES,
  EXIT_OK,
  isCheckout,
  toolVersion,
  type Args,
  type Command,
  type Form,
  type Option,
} from './cli.ts';
import { COMMANDS, type Entry } from './commands.ts';
import { assertWritable } from '../harness/text/files.ts';
import { nearest, UserError } from '../harness/text/user-error.ts';
import { print } from './print.ts';
import { wantsColour } from './terminal.ts';

/** A command with its arguments. */
export interface Invocation {
  readonly command: Command;
  readonly args: Args;
}

/** Options of every command. */
const SHARED: Readonly<Record<string, Option>> = {
  'no-color': { type: 'boolean', help: 'no colour, as NO_COLOR does' },
  debug: { type: 'boolean', help: 'show where in the code an error comes from' },
};

/**
 * The command that `argv` asks for; undefined: it asked for help or the version, which has been printed.
 * UserError for what cannot be understood.
 */
export async function readCommandLine(argv: readonly string[], form: Form): Promise<Invocation | undefined> {
  const program = programOf(form);
  let invocation: Invocation | undefined;
  const wanted = argv.find((word) => word !== 'help' && !word.startsWith('-'));
  for (const entry of COMMANDS) {
    const sub = program.command(entry.name).summary(entry.summary);
    sub.helpGroup(entry.checkoutOnly === true ? 'Only in a checkout of the repository:' : 'Commands:');
    if (entry.name !== wanted) continue;
    if (entry.checkoutOnly === true && !isCheckout()) {
      throw new UserError(`${entry.name} needs a checkout of the repository; this is an installed package`);
    }
    const command = await entry.load();
    if (!argv.some((word) => word === '--help' || word === '-h')) refuseSwallowedFlags(entry.name, command);
    define(sub, entry, command, form);
    sub.action(() => void (invocation = { command, args: argsOf(sub, form) }));
  }
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== EXIT_OK) throw new UserError(complaint(error, program, wanted, form));
    return undefined;
  }
  if (invocation === undefined) return undefined;
  for (const [name, { writes }] of Object.entries(invocation.command.options)) {
    const file = invocation.args.text(name);
    if (writes === true && file !== undefined) assertWritable(file);
  }
  return invocation;
}

function programOf(form: Form): Program {
  const program = new Program('bouncediff')
    .exitOverride()
    .configureOutput({
      writeOut: print,
      writeErr: () => undefined,
      getOutHasColors: () => wantsColour(process.stdout),
    })
    .configureHelp({
      styleTitle: (text) => bold(text),
      commandUsage: (command) => usageOf(command, form),
    })
    .description('States of a dma-iommu patch series, side by side.')
    .version(toolVersion(), '--version', 'the version')
    .helpOption('-h, --help', 'this text')
    .helpCommand('help [command]', 'the help of a command');
  addOptions(program, SHARED);
  return program.addHelpText('after', () => `\n${exitCodes()}`);
}

function define(
  sub: Program,
  { summary }: Entry,
  { usage, options, examples, about }: Command,
  form: Form,
): void {
  sub.description(summary);
  if (usage !== '') sub.arguments(usage);
  addOptions(sub, { ...options, ...SHARED });
  const lines = examples.map((words) => `  ${commandLine(form, sub.name(), words)}\n`);
  sub.addHelpText(
    'after',
    () =>
      `${about === undefined ? '' : `\n${about}\n`}\n${bold('Examples:')}\n${lines.join('')}\n${exitCodes()}`,
  );
}

function addOptions(program: Program, options: Readonly<Record<string, Option>>): void {
  const names = new Set(Object.keys(options).map((name) => `--${name}`));
  for (const [name, { value, choices, multiple, help }] of Object.entries(options)) {
    const declared = new Declared(value === undefined ? `--${name}` : `--${name} <${value}>`, help);
    if (choices !== undefined) declared.choices(choices);
    else if (value !== undefined) {
      declared.argParser<readonly string[]>((given, before: readonly string[] | undefined) => {
        if (names.has(given)) throw new InvalidArgumentError('It is an option itself.');
        return multiple === true ? [...(before ?? []), given] : [given];
      });
    }
    program.addOption(declared);
  }
}

function argsOf(sub: Program, form: Form): Args {
  const valueOf = (name: string): unknown => sub.getOptionValue(new Declared(`--${name}`).attributeName());
  const textsOf = (name: string): string[] =>
    [valueOf(name) ?? []].flat().filter((value) => typeof value === 'string');
  return {
    positionals: sub.args,
    form,
    text: (name) => textsOf(name).at(-1),
    texts: textsOf,
    // Commander takes --no-x for the opposite of --x.
    flag: (name) => valueOf(name) === !name.startsWith('no-'),
  };
}

/** The usage, in both forms where there are two. */
function usageOf(command: Program, form: Form): string {
  if (command.parent === null) return 'npx bouncediff <command> [arguments]';
  const name = command.name();
  const words = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}${argument.variadic ? '...' : ''}]`,
  );
  const rest = ['[options]', ...words].join(' ');
  const forms = [`npm run ${name} -- ${rest}`, `npx bouncediff ${name} ${rest}`];
  if (!isCheckout()) return forms[1] ?? '';
  return (form === 'npm run' ? forms : forms.toReversed()).join('\n       ');
}

/** Commander takes the colours away where nobody wants them. */
function bold(text: string): string {
  return styleText('bold', text, { validateStream: false });
}

function exitCodes(): string {
  const lines = Object.entries(EXIT_CODES).map(([code, meaning]) => `  ${code.padEnd(3)}  ${meaning}`);
  return [bold('Exit codes:'), ...lines].join('\n');
}

/** What is wrong, in one line, and where to read how it is done. */
function complaint(
  { code, message }: CommanderError,
  program: Program,
  wanted: string | undefined,
  form: Form,
): string {
  const sub = program.commands.find((known) => known.name() === wanted);
  const names = program.commands.map((known) => known.name());
  const surplus = sub?.args.slice(sub.registeredArguments.length).join(' ') ?? '';
  const hint =
    code === 'commander.excessArguments'
      ? ` Surplus: ${JSON.stringify(surplus)}.${wanted === undefined ? '' : behindDashes(wanted)}`
      : code === 'commander.unknownCommand' && nearest(wanted ?? '', names).length === 0
        ? `; there are ${names.join(', ')}`
        : '';
  const said = message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ');
  const help = sub === undefined ? 'npx bouncediff --help' : commandLine(form, sub.name(), '--help');
  return `${said}${hint} (see ${help})`;
}

/** npm takes some flags for the beginning of one of its own, as --format, and leaves no trace but the value. */
function behindDashes(name: string): string {
  return process.env['npm_lifecycle_event'] === name ? ` Flags go behind "--".` : '';
}

/** `npm run x --flag` never reaches us: npm keeps the flag. Say so instead of ignoring it. */
function refuseSwallowedFlags(name: string, { options }: Command): void {
  if (process.env['npm_lifecycle_event'] !== name) return;
  for (const option of Object.keys(options)) {
    if (process.env[`npm_config_${option.replaceAll('-', '_')}`] === undefined) continue;
    throw new UserError(
      `npm kept --${option} for itself; put -- before flags: npm run ${name} -- … --${option}`,
    );
  }
}
