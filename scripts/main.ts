// SPDX-License-Identifier: GPL-2.0-only
/** Runs a command line; whatever happens, the exit code is one of EXIT_CODES. */
import { inspect } from 'node:util';
import { EXIT_OK, EXIT_TROUBLE, type Form } from './cli.ts';
import { readCommandLine } from './command-line.ts';
import { visible } from '../harness/text/visible.ts';
import { UserError } from '../harness/text/user-error.ts';
import { heedSignals } from './interrupt.ts';
import { optimiseLater } from './optimise-later.ts';
import { printAside } from './print.ts';
import { paint, startProgress } from './terminal.ts';

export interface Setting {
  readonly form: Form;
  /** Checks the types of the sources that run; what is wrong with them in one line, empty: nothing. */
  readonly checkTypes?: () => Promise<string>;
}

/** Runs the command and returns the exit code; what goes wrong is one line on standard error. */
export async function runCommandLine(
  argv: readonly string[],
  { form, checkTypes = async () => '' }: Setting = { form: 'npx bouncediff' },
): Promise<number> {
  // Before anything can go wrong: errors have colours too.
  if (argv.includes('--no-color')) process.env['NO_COLOR'] = '1';
  let checked: Promise<string> | undefined;
  try {
    const invocation = await readCommandLine(argv, form);
    if (invocation === undefined) return EXIT_OK;
    checked = checkTypes();
    const exitCode = await invocation.command.run(invocation.args);
    const wrong = await checked;
    if (wrong === '') return exitCode;
    complain(wrong);
  } catch (error) {
    // What is wrong in the sources says more than what came of it.
    const wrong = error instanceof UserError ? '' : await (checked ?? checkTypes());
    if (wrong === '') tell(error);
    else complain(wrong);
  }
  return EXIT_TROUBLE;
}

/** Runs the command line of the process and leaves its exit code behind. */
export async function main(setting: Setting): Promise<void> {
  optimiseLater();
  heedSignals();
  startProgress();
  watchStreams();
  process.on('uncaughtException', (error) => {
    tell(error);
    // Nothing that still runs can be relied on.
    process.exit(EXIT_TROUBLE);
  });
  process.exitCode = await runCommandLine(process.argv.slice(2), setting);
}

/** A reader that has seen enough (head, less) is no error; a stream that fails otherwise is trouble. */
function watchStreams(): void {
  for (const name of ['stdout', 'stderr'] as const) {
    let failed = false;
    process[name].on('error', (error: NodeJS.ErrnoException) => {
      if (failed || error.code === 'EPIPE') return;
      failed = true;
      // The exit code of a command that has not ended yet comes later.
      process.on('exit', () => void (process.exitCode = EXIT_TROUBLE));
      if (name === 'stdout') complain(`cannot write standard output: ${error.message}`);
    });
  }
}

/** An error as a line; with --debug, where it comes from. */
function tell(error: unknown): void {
  const debug = process.argv.includes('--debug');
  if (error instanceof UserError) complain(error.message);
  else complain(`internal error: ${String(error)}${debug ? '' : ' (--debug shows where)'}`);
  if (debug) printAside(`${inspect(error)}\n`);
}

function complain(message: string): void {
  const line = visible(message.replaceAll(/\s*\n\s*/g, ' '));
  printAside(`${paint('red', 'bouncediff:')} ${line}\n`);
}
