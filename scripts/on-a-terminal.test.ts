// SPDX-License-Identifier: GPL-2.0-only
/** Every command whose result is read: on a terminal it is laid out for the eye, and nothing of it is Markdown. */
import { rmSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { COMMANDS } from './commands.ts';
import { runHere } from './testing/in-process.ts';
import { temporaryFolder } from './testing/project-copy.ts';

const folder = temporaryFolder();
const { isTTY, columns } = process.stdout;
beforeEach(() => void Object.assign(process.stdout, { isTTY: true, columns: 80 }));
afterEach(() => void Object.assign(process.stdout, { isTTY, columns }));
afterAll(() => rmSync(folder, { recursive: true }));

const SOME = ['--scenario', 'min-align-mask/neighbour-slot'];

/** A command line that prints as much of a command's result as there is. */
const LINES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  compare: [['v2', 'v3', ...SOME, '--full', '--claims']],
  import: [['--list', '--workspace', folder]],
  matrix: [['v2', 'v3', 'review/granule-aligned-bounce', ...SOME]],
  costs: [['v2', 'v3', ...SOME]],
  explore: [
    ['v2', 'v3', '--runs', '32', '--workers', '1'],
    ['v3', '--runs', '16', '--workers', '1'],
    ['v7', 'v8', '--exhaustive', '--operations', '1', '--workers', '1'],
  ],
  power: [['v3.4', 'v3.5', ...SOME, '--sample', '6']],
  states: [[]],
  trace: [['v3', 'min-align-mask/neighbour-slot*']],
  source: [
    ['v3', 'syncSgForCpu'],
    ['v3', '--diff', 'v2'],
  ],
  thread: [['YRNmxU9Ou2OcvBq2@infradead.org']],
  fidelity: [['--state', 'v3.5']],
  bench: [['v3', ...SOME, '--programs', '8']],
};

/** Commands without a page of their own. */
const WITHOUT: Readonly<Record<string, string>> = {
  review: 'wants a kernel tree, and ends in reportOn(), as compare does',
  reports: 'writes files, which are Markdown',
  'pull-request': 'writes files, which are Markdown',
  'sticky-comment': 'writes a comment, which is Markdown',
  schema: 'says in a line what is stale',
  touched: 'prints pairs for pull-request',
  fuzz: 'prints a line per trouble',
  'new-state': 'prints the paths of what it has written',
  'pictures:look': 'prints the paths of what it has written',
};

test('every command is here, or has no page', () => {
  const named = [...Object.keys(LINES), ...Object.keys(WITHOUT)];
  expect(named.toSorted()).toEqual(COMMANDS.map(({ name }) => name).toSorted());
});

/** What Markdown is made of. */
const MARKS: Readonly<Record<string, RegExp>> = {
  'a table': /^\s*\|.*\|\s*$/m,
  'a heading': /^#{1,6} /m,
  code: /`/,
  bold: /\*\*\w/,
  'a link': /\]\(/,
  'an anchor or a fold': /<\/?(?:a|details|summary|code|b)\b/,
  'an escape': /\\[_*`[\]~|]|&(?:lt|gt|amp);/,
};

describe.each(Object.entries(LINES).flatMap(([name, all]) => all.map((args) => [name, args] as const)))(
  '%s %j',
  (name, args) => {
    test('prints no Markdown on a terminal, and no line of prose that is wider', async () => {
      const { exitCode, stdout: printed } = await runHere(name, args);
      const stdout = stripVTControlCharacters(printed);
      expect([0, 1]).toContain(exitCode);
      expect(stdout).toMatch(/\S/);
      const found = Object.entries(MARKS).filter(([, mark]) => mark.test(stdout));
      expect(found.map(([what, mark]) => `${what}: ${mark.exec(stdout)?.[0] ?? ''}`)).toEqual([]);
      // What is indented may be code.
      const wide = stdout.split('\n').filter((line) => line.length > 80 && !line.startsWith('  '));
      expect(wide).toEqual([]);
    });
  },
);

test.each([
  ['states', []],
  ['trace', ['v3', 'min-align-mask/neighbour-slot*']],
  ['source', ['v3', '--diff', 'v2']],
  ['matrix', ['v2', 'v3', ...SOME]],
])('%s prints the same with --format terminal, whatever standard output is', async (name, args) => {
  Object.assign(process.stdout, { columns: 100 });
  const { stdout } = await runHere(name, [...args, '--no-color']);
  Object.assign(process.stdout, { isTTY: false });
  const forced = await runHere(name, [...args, '--no-color', '--format', 'terminal']);
  expect(forced.stdout).toBe(stdout);
});
