// SPDX-License-Identifier: GPL-2.0-only
/** Ctrl-C and SIGTERM: answered at once, whatever a command is doing. */
import { setImmediate, setTimeout } from 'node:timers/promises';
import { createContext, Script } from 'node:vm';
import { EXIT_INTERRUPTED } from './cli.ts';
import { endProgress, say } from './terminal.ts';

/** Milliseconds after which Node 20 certainly polls for signals; from then on it does before each setImmediate(). */
const POLLED = 5;

/** Work was given up because of a signal. */
export class Interrupted extends Error {}

/** Who ends by themselves when a signal comes; without them, the process ends. */
const waiting = new Set<(reason: Interrupted) => void>();
let stopping = false;

/** From now on the first signal says “stopping…” and ends the process with exit code 130. */
export function heedSignals(): void {
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

/** A second signal waits for nobody. */
function stop(): void {
  if (stopping || waiting.size === 0) end();
  answer();
  for (const giveUp of waiting) giveUp(new Interrupted());
}

function end(): never {
  if (!stopping) answer();
  // oxlint-disable-next-line unicorn/no-process-exit -- whatever is under way ends here
  process.exit(EXIT_INTERRUPTED);
}

function answer(): void {
  stopping = true;
  endProgress();
  say('stopping…\n');
}

/**
 * Returns what `work` does, which never waits for anything and writes no file. Ctrl-C ends the process from
 * the middle of it, where no handler of a signal gets its turn; SIGTERM does what it does by itself, and
 * kills.
 */
export async function interruptible<T>(work: () => T): Promise<T> {
  const script = new Script('work()');
  const context = createContext({ work });
  // node:vm takes the handlers away, and with them a signal that has come but was not handled yet.
  await setTimeout(POLLED);
  await setImmediate();
  const heeds = process.listeners('SIGTERM').includes(stop);
  process.off('SIGTERM', stop);
  try {
    return script.runInContext(context, { breakOnSigint: true }) as T;
  } catch (error) {
    if (isBreak(error)) end();
    throw error;
  } finally {
    if (heeds) process.on('SIGTERM', stop);
  }
}

/** It comes from the other context, whose Error is another one. */
function isBreak(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED';
}

/** Settles as `work` does, or rejects with Interrupted at the first signal; the caller ends what is under way. */
export async function unlessInterrupted<T>(work: Promise<T>): Promise<T> {
  let giveUp: (reason: Interrupted) => void = () => undefined;
  const interrupted = new Promise<never>((_resolve, reject) => (giveUp = reject));
  waiting.add(giveUp);
  try {
    return await Promise.race([work, interrupted]);
  } finally {
    waiting.delete(giveUp);
  }
}
