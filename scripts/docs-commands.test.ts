// SPDX-License-Identifier: GPL-2.0-only
/** Every command line of README.md, docs/ and of help works: it is run, or at least understood. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { COMMANDS } from './commands.ts';
import { expectWorks, npmScript, npmScripts, NOT_RUN, words } from './testing/in-process.ts';
import { blocksOf, codeOf, readPages } from './testing/pages.ts';
import { ROOT } from './testing/run.ts';

/** Every command of this page's blocks is run, in order and in a copy, by new-state.test.ts. */
const GUIDE = 'docs/adding-a-revision.md';
/** A block on each of these pages, one command in it: docs-clauses.test.ts runs that and reads what it says. */
const CLAUSES = 'docs/clauses/';

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

const lines = [...new Set(PAGES.flatMap(commandLines).map((line) => words(line).join(' ')))];

/** The line with its quotes, as a page has it. */
const written = new Map(PAGES.flatMap(commandLines).map((line) => [words(line).join(' '), line]));

function isCommand(name: string): boolean {
  return COMMANDS.some((entry) => entry.name === name);
}

test('there are commands, and what is left open in one is a <name>', () => {
  expect(lines.length).toBeGreaterThan(20);
  expect(lines.filter((line) => /…|\.\.\./.test(line))).toEqual([]);
});

describe('npm run', () => {
  test.each(lines.filter((line) => line.startsWith('npm run ')))('%s', async (line) => {
    const { name, args } = npmScript(written.get(line) ?? '');
    if (isCommand(name)) await expectWorks(name, args);
    else expect(Object.keys(npmScripts())).toContain(name);
  });
});

describe('npx', () => {
  test.each(lines.filter((line) => line.startsWith('npx ')))('%s', async (line) => {
    const [, bin = '', name = '', ...args] = words(written.get(line) ?? '');
    if (bin === 'bouncediff') {
      if (isCommand(name)) await expectWorks(name, args);
      else expect(['', '--help', '--version']).toContain(name);
    } else expect(existsSync(join(ROOT, 'node_modules', '.bin', bin))).toBe(true);
  });
});

test('the rest is npm itself', () => {
  const rest = lines.filter((line) => !/^(npm run|npx) /.test(line));
  expect(rest.filter((line) => !['npm ci', 'npm test'].includes(line))).toEqual([]);
});

/** The examples of each command; one command after the other, for jest loads no two at once. */
const examples = new Map<string, readonly string[]>();
for (const { name, load } of COMMANDS) examples.set(name, (await load()).examples);
const all = [...examples].flatMap(([name, own]) => own.map((example): [string, string] => [name, example]));

describe('an example of help', () => {
  test.each(all)('%s %s', async (name, example) => {
    await expectWorks(name, words(example));
  });

  test('is there for every command', () => {
    expect([...examples.values()].map((own) => own.length)).not.toContain(0);
  });
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

test("package.json's scripts start the commands there are", () => {
  const started = Object.entries(npmScripts()).filter(([, script]) => script.includes('scripts/start.mjs'));
  expect(Object.fromEntries(started)).toEqual(
    Object.fromEntries(COMMANDS.map(({ name }) => [name, `node scripts/start.mjs ${name}`])),
  );
});
