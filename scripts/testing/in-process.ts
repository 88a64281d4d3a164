// SPDX-License-Identifier: GPL-2.0-only
/** Runs a command line of a page without a process of its own, or finds out what is wrong with it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { runCommand, type Command } from '../cli.ts';
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

/** Names of package.json's scripts. */
export function npmScripts(): string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
  return Object.keys(scripts);
}

/** The command behind an npm script; undefined: it is none of ours. */
export async function commandNamed(name: string): Promise<Command | undefined> {
  const file = join(ROOT, 'scripts', `${name}.ts`);
  if (!npmScripts().includes(name) || !existsSync(file)) return undefined;
  const exported = Object.values((await import(file)) as Record<string, unknown>);
  return exported.find((value): value is Command => isCommand(value, name));
}

function isCommand(value: unknown, name: string): boolean {
  return (
    typeof value === 'object' && value !== null && 'run' in value && 'name' in value && value.name === name
  );
}

/** Runs the command here; what it prints is caught. */
export async function runHere(command: Command, args: readonly string[]): Promise<Outcome> {
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    jest.spyOn(process[stream], 'write').mockImplementation((text) => {
      said[stream] += String(text);
      return true;
    }),
  );
  try {
    return { exitCode: await runCommand(command, args), ...said };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
