// SPDX-License-Identifier: GPL-2.0-only
/** Every command line of README.md and docs/ works: it is run, or at least understood. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { commandNamed, npmScript, npmScripts, runHere, words } from './testing/in-process.ts';
import { blocksOf, codeOf, readPages } from './testing/pages.ts';
import { ROOT, run } from './testing/run.ts';

/** Every command of this page's blocks is run, in order and in a copy, by new-state.test.ts. */
const GUIDE = 'docs/adding-a-revision.md';
/** A block on each of these pages, one command in it: docs-clauses.test.ts runs that and reads what it says. */
const CLAUSES = 'docs/clauses/';

const ONE = ['--scenario', 'min-align-mask/neighbour-slot'];

/**
 * What makes a command that goes through everything one of a second; nothing else in it depends on how
 * many scenarios or programs there are. The last one of an option given twice counts.
 */
const LIGHTER: Readonly<Record<string, (args: readonly string[]) => readonly string[]>> = {
  compare: (args) => [...ONE, ...args],
  matrix: (args) => [...ONE, ...args],
  explore: (args) => [...args, '--runs', '3', '--workers', '1'],
};

/** Understood only: their options, not what they do. */
const NOT_RUN: Readonly<Record<string, string>> = {
  bench: 'measures for seconds; commands.test.ts runs it on one scenario',
  fidelity: 'replays everything; fidelity.test.ts runs it on one state, harness/fidelity on all',
  reports: 'writes reports/; npm run check says whether they are what it would write',
  'new-state': `writes into the project; new-state.test.ts follows ${GUIDE}`,
};

/** Options that write files. */
const WRITES = /^--(output|summary|save|accept)$/;

const PAGES = readPages('docs');

/** The command lines of a page: of its shell blocks, and inline code that begins like one. */
function commandLines({ path, text }: (typeof PAGES)[number]): string[] {
  const shell = blocksOf(text).filter(({ language }) => /^(sh)?$/.test(language));
  const inBlocks = path === GUIDE || path.startsWith(CLAUSES) ? [] : shell.flatMap(({ lines }) => lines);
  return [...inBlocks, ...codeOf(text)]
    .flatMap((line) => line.split(' && '))
    .map((line) => line.trim())
    .filter((line) => /^(npm|npx) \S/.test(line));
}

/** `<state>` stands for a name that the reader has. */
function isTemplate(line: string): boolean {
  return words(line).some((word) => /^<.*>$/.test(word));
}

const lines = [...new Set(PAGES.flatMap(commandLines).map((line) => words(line).join(' ')))];

/** The line with its quotes, as a page has it. */
const written = new Map(PAGES.flatMap(commandLines).map((line) => [words(line).join(' '), line]));

async function check(line: string): Promise<void> {
  const { name, args } = npmScript(line);
  const command = await commandNamed(name);
  if (command === undefined) {
    expect({ line, scripts: npmScripts() }).toMatchObject({ scripts: expect.arrayContaining([name]) });
    return;
  }
  const runs = !isTemplate(line) && NOT_RUN[name] === undefined && !args.some((arg) => WRITES.test(arg));
  const given = runs ? (LIGHTER[name]?.(args) ?? args) : [...args, '--help'];
  const { exitCode, stderr } = await runHere(command, given);
  expect({ line, stderr }).toEqual({ line, stderr: '' });
  expect([0, 1]).toContain(exitCode);
}

test('there are commands, and what is left open in one is a <name>', () => {
  expect(lines.length).toBeGreaterThan(20);
  expect(lines.filter((line) => /…|\.\.\./.test(line))).toEqual([]);
});

describe('npm run', () => {
  test.each(lines.filter((line) => line.startsWith('npm run ')))('%s', async (line) => {
    await check(written.get(line) ?? '');
  });
});

describe('npx', () => {
  test.each(lines.filter((line) => line.startsWith('npx ')))('%s', async (line) => {
    const [, bin = '', ...args] = words(written.get(line) ?? '');
    if (bin !== 'bouncediff') {
      expect(existsSync(join(ROOT, 'node_modules', '.bin', bin))).toBe(true);
      return;
    }
    expect(await run('bouncediff', [...args, '--help'])).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

test('the rest is npm itself', () => {
  const rest = lines.filter((line) => !/^(npm run|npx) /.test(line));
  expect(rest.filter((line) => !['npm ci', 'npm test'].includes(line))).toEqual([]);
});

test('what is not run here is run by the test that is named', () => {
  for (const [name, reason] of Object.entries(NOT_RUN)) {
    const file = /[\w-]+\.test\.ts/.exec(reason)?.[0];
    const text = file === undefined ? readFileSync(join(ROOT, 'package.json'), 'utf8') : testText(file);
    expect({ name, isThere: text.includes(name) }).toEqual({ name, isThere: true });
  }
});

function testText(file: string): string {
  return readFileSync(join(ROOT, 'scripts', file), 'utf8');
}
