// SPDX-License-Identifier: GPL-2.0-only
/** Runs a command line of a page without a process of its own, or finds out what is wrong with it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, jest } from '@jest/globals';
import { readCommandLine } from '../command-line.ts';
import { runCommandLine } from '../main.ts';
import { ROOT, type Outcome } from './run.ts';

/** The words of a line as a shell has them: quotes gone, what follows a # left out. */
export function words(line: string): string[] {
  const found = line.matchAll(/(?<comment>(?<=^|\s)#.*$)|(?:'[^']*'|"[^"]*"|[^\s'"])+/g);
  return Array.from(found)
    .filter(({ groups }) => groups?.['comment'] === undefined)
    .map(([word]) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'));
}

/** The npm script that a line runs, and its arguments as the script gets them. */
export function npmScript(line: string): { name: string; args: string[] } {
  const [npm, run, name = '', ...rest] = words(line);
  if (npm !== 'npm' || run !== 'run') throw new Error(`not npm run: ${line}`);
  const dashes = rest.indexOf('--');
  const kept = dashes < 0 ? rest : rest.slice(0, dashes);
  const flag = kept.find((word) => word.startsWith('-'));
  if (flag !== undefined) throw new Error(`npm keeps ${flag} for itself: ${line}`);
  return { name, args: dashes < 0 ? kept : [...kept, ...rest.slice(dashes + 1)] };
}

/** package.json's scripts. */
export function npmScripts(): Readonly<Record<string, string>> {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  return scripts;
}

const ONE = ['--scenario', 'min-align-mask/neighbour-slot'];

/**
 * What makes a command that goes through everything one of a second; nothing else in it depends on how
 * many scenarios or programs there are. The last one of an option given twice counts.
 */
const LIGHTER: Readonly<Record<string, (args: readonly string[]) => readonly string[]>> = {
  compare: (args) => [...ONE, ...args],
  matrix: (args) => [...ONE, ...args],
  costs: (args) => [...ONE, ...args],
  power: (args) => [...ONE, ...args],
  fuzz: (args) => [...args, '--count', '60'],
  explore: (args) => [
    ...args.filter((arg, at) => arg !== '--time' && args[at - 1] !== '--time'),
    '--runs',
    '3',
    '--workers',
    '1',
  ],
};

/** Understood only: their options, not what they do. */
export const NOT_RUN: Readonly<Record<string, string>> = {
  bench: 'measures for seconds; commands.test.ts runs it on one scenario',
  fidelity: 'replays everything; fidelity.test.ts runs it on one state, harness/fidelity on all',
  reports: 'writes reports/; npm run check says whether they are what it would write',
  schema: 'writes corpus/; commands.test.ts asks whether it is up to date',
  'new-state': 'writes into the project; new-state.test.ts follows docs/adding-a-revision.md',
  touched: 'wants a branch; compare-workflow.test.ts has one',
  'pull-request': 'wants what touched has written; compare-workflow.test.ts has that',
  'sticky-comment': 'wants a pull request; compare-workflow.test.ts plays one',
  'pictures:look': 'wants a browser; pictures-look.test.ts says what it does without one',
};

/** Options that write files. */
const WRITES = /^--(output|summary|save|accept)$/;
/** It runs tests, for minutes; power.test.ts runs it with two mistakes. */
const RUNS_TESTS = '--machine';
/** `<state>` stands for a name that the reader has, `c/v3` for what he has imported. */
const TEMPLATE = /^<.*>$|^c\//;

/** Expects that a command line that somebody shows works: it is run, or at least understood. */
export async function expectWorks(name: string, args: readonly string[]): Promise<void> {
  const isRun =
    NOT_RUN[name] === undefined &&
    !args.some((arg) => WRITES.test(arg) || TEMPLATE.test(arg) || arg === RUNS_TESTS);
  if (!isRun) {
    await expect(readCommandLine([name, ...args], 'npm run')).resolves.toBeDefined();
    return;
  }
  const { exitCode, stderr } = await runHere(name, LIGHTER[name]?.(args) ?? args);
  expect({ name, args, stderr }).toEqual({ name, args, stderr: '' });
  expect([0, 1]).toContain(exitCode);
}

/** Runs a command here; what it prints is caught. */
export async function runHere(name: string, args: readonly string[]): Promise<Outcome> {
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    jest.spyOn(process[stream], 'write').mockImplementation((text) => {
      said[stream] += String(text);
      return true;
    }),
  );
  try {
    return { exitCode: await runCommandLine([name, ...args]), ...said };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
