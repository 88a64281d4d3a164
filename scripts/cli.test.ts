// SPDX-License-Identifier: GPL-2.0-only
import { afterAll, describe, expect, test } from '@jest/globals';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { copyProject } from './testing/project-copy.ts';
import { execute, expectTrouble, nodeArgs, npmRun, ROOT, run, type Outcome } from './testing/run.ts';

/** Two cases, one of which regresses. */
const ARGS = ['v2', 'v3', '--scenario', 'min-align-mask/neighbour-slot'];
const ESCAPE = '\u001B';
/** A project of two scenarios. */
const root = copyProject(['min-align-mask/neighbour-slot', 'config/no-swiotlb-page']);
afterAll(() => {
  rmSync(root, { recursive: true });
});

/** As every help ends. */
const EXIT_CODES = `Exit codes:
  0    done; nothing regressed
  1    something regressed, was found, does not match or is stale
  2    trouble; one line on standard error says what
  130  interrupted: Ctrl-C, at once
  134  out of memory: Node.js aborts, with a report of its own
`;

describe('--help', () => {
  test('shows usage, options, examples and exit codes of compare, whatever else is wrong', async () => {
    const { stdout, ...rest } = await run('compare', ['v33', '--help']);
    expect(rest).toEqual({ exitCode: 0, stderr: '' });
    const groups = stdout.split('\n\n');
    expect(groups).toEqual([
      'Usage: npx bouncediff compare [options] <from> <to>\n       npm run compare -- [options] <from> <to>',
      'What changed in observable behaviour and cost between two states of the series.',
      expect.stringMatching(/^Options:\n {2}--json /),
      expect.stringMatching(/^Where a state is named:\n {2}v3, v3\.2 /),
      expect.stringMatching(/^Examples:\n {2}npx bouncediff compare v2 v3\n/),
      EXIT_CODES,
    ]);
    for (const option of [
      '--json',
      '--output <FILE>',
      '--scenario <GLOB>',
      '--corpus <DIR>',
      '--clause <ID>',
    ]) {
      expect(groups[2]).toMatch(new RegExp(`^ {2}${option} +[a-zA-Z]`, 'm'));
    }
    for (const option of ['--no-color', '--debug', '-h, --help']) {
      expect(groups[2]).toContain(`\n  ${option} `);
    }
  });

  test('of a command without arguments', async () => {
    const { stdout, ...rest } = await run('states', ['--help']);
    expect(rest).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toBe(`Usage: npx bouncediff states [options]
       npm run states -- [options]

The states of the series, with where they come from.

Options:
  --json             JSON instead of a table
  --format <NAME>    default markdown, on a terminal terminal (choices:
                     "markdown", "terminal")
  --workspace <DIR>  where compiled and imported states are kept (.bouncediff
                     here); safe to delete
  --output <FILE>    write there instead of standard output
  --no-color         no colour, as NO_COLOR does
  --debug            show where in the code an error comes from
  -h, --help         this text

Examples:
  npx bouncediff states
  npx bouncediff states --json

${EXIT_CODES}`);
  });

  test('names the form in which it was started first', async () => {
    const { stdout, ...rest } = await npmRun(['compare', '--', '--help']);
    expect(rest).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: npm run compare -- \[options\] <from> <to>\n {7}npx bouncediff compare /);
    expect(stdout).toContain('\n  npm run compare v2 v3\n  npm run compare -- baseline v3 --clause ');
  });

  test.each([
    ['help', 'compare'],
    ['compare', '-h'],
  ])('%s %s', async (...args) => {
    expect(await run('bouncediff', args)).toEqual(await run('compare', ['--help']));
  });

  test('has colours where they are wanted', async () => {
    const { stdout } = await run('states', ['--help'], { env: { FORCE_COLOR: '1' } });
    expect(stdout).toContain(`${ESCAPE}[1mOptions:${ESCAPE}[22m`);
  });

  test('README.md has the exit codes, too', () => {
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    for (const [, code = '', meaning = ''] of EXIT_CODES.matchAll(/^ {2}(\d+) +(.*)$/gm)) {
      expect(readme).toMatch(new RegExp(`^\\| ${code} +\\| ${meaning} +\\|$`, 'm'));
    }
  });
});

test('--version', async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(await run('bouncediff', ['--version'])).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
});

describe('colours of an error', () => {
  const args = ['v33', 'v3', '--nope'];

  test('FORCE_COLOR asks for them', async () => {
    const { exitCode, stderr } = await run('compare', args, { env: { FORCE_COLOR: '1' } });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(new RegExp(`^${ESCAPE}\\[31mbouncediff:${ESCAPE}\\[39m unknown option '--nope'`));
  });

  test('NO_COLOR wins', async () => {
    const outcome = await run('compare', args, { env: { FORCE_COLOR: '1', NO_COLOR: '1' } });
    expectTrouble(outcome, /^unknown option '--nope'/);
  });

  test('--no-color wins, even among options that are wrong', async () => {
    const outcome = await run('compare', [...args, '--no-color'], { env: { FORCE_COLOR: '1' } });
    expectTrouble(outcome, /^unknown option '--nope'/);
  });
});

describe('a reader that has seen enough is no error', () => {
  /** Runs a script whose reader goes away; the exit code ends up on standard error. */
  async function cutShort(name: string, args: readonly string[], reader: string): Promise<Outcome> {
    const script = `{ "$@"; echo "$?" >&2; } | ${reader}`;
    return execute('sh', ['-c', script, 'sh', process.execPath, ...nodeArgs(name, args, { root })]);
  }

  test('compare … | head -n 1', async () => {
    const { stdout, stderr } = await cutShort('compare', ARGS, 'head -n 1');
    expect(stderr).toBe('1\n');
    expect(stdout).toBe('# v2 → v3\n');
  });

  test.each<[string, readonly string[], string]>([
    ['compare', ARGS, '1\n'],
    ['bouncediff', [], '0\n'],
  ])('%s | true', async (name, args, stderr) => {
    expect(await cutShort(name, args, 'true')).toEqual({ exitCode: 0, stdout: '', stderr });
  });
});

describe('bad input is one line and 2', () => {
  const some = ['v2', 'v3', '--scenario', 'config/no-swiotlb-page'];

  test.each<[string, string, readonly string[], string | RegExp]>([
    ['a misspelt state', 'compare', ['v2', 'v33'], /^unknown state "v33"; nearest: v3\.3, v3, /],
    [
      'a state like none',
      'compare',
      ['next', 'v3'],
      /^unknown state "next"; there are baseline, v1\.1, v1, v1\.2, /,
    ],
    [
      'a misspelt clause',
      'compare',
      [...some, '--clause', 'revocatoin'],
      'unknown clause "revocatoin"; nearest: revocation',
    ],
    [
      'a clause like none',
      'compare',
      [...some, '--clause', 'x'],
      /^unknown clause "x"; there are to-device-data, .*, no-warn$/,
    ],
    [
      'an unknown option',
      'compare',
      [...some, '--sceanrio=x'],
      "unknown option '--sceanrio=x' (Did you mean --scenario?) (see npx bouncediff compare --help)",
    ],
    [
      'no value',
      'compare',
      ['v2', 'v3', '--scenario'],
      "option '--scenario <GLOB>' argument missing (see npx bouncediff compare --help)",
    ],
    [
      'an option for a value',
      'compare',
      [...some, '--accept', '--json'],
      /^option '--accept <REASON>' argument '--json' is invalid\. It is an option itself\. /,
    ],
    [
      'a number that looks like an option',
      'explore',
      ['v2', 'v3', '--runs', '-5'],
      '--runs "-5" is not a whole number from 1 to 1000000000',
    ],
    [
      'a format like none',
      'compare',
      ['v2', 'v3', '--format', 'xml'],
      /^option '--format <NAME>' argument 'xml' is invalid\. Allowed choices are markdown, terminal, json, /,
    ],
    [
      'no reason',
      'compare',
      [...some, '--accept', ' '],
      '--accept takes the reason why the regressions are accepted',
    ],
    [
      'nowhere to append to',
      'compare',
      [...some, '--summary', '/no/such/x.md'],
      'cannot write "/no/such/x.md": ENOENT: no such file or directory',
    ],
    [
      'a missing argument',
      'compare',
      ['v2'],
      "missing required argument 'to' (see npx bouncediff compare --help)",
    ],
    [
      'surplus arguments',
      'compare',
      ['v2', 'v3', 'v4', 'v\n5'],
      /^too many arguments for 'compare'\. Expected 2 arguments but got 4\. Surplus: "v4 v\\n5"\. \(see /,
    ],
    [
      'no such folder',
      'compare',
      [...some, '--output', '/no/such/x.md'],
      'cannot write "/no/such/x.md": ENOENT: no such file or directory',
    ],
    [
      'a folder',
      'compare',
      [...some, '--output', '/'],
      'cannot write "/": EISDIR: illegal operation on a directory',
    ],
    [
      'no such case',
      'compare',
      ['v2', 'v3', '--scenario', 'config/*[dir=UP]'],
      /^no scenario matches "config\/\*\[dir=UP\]"; /,
    ],
    [
      'a misspelt scenario',
      'trace',
      ['v3', 'config/no-swoitlb-page'],
      /^no scenario matches "config\/no-swoitlb-page"; nearest: config\/no-swiotlb-page$/,
    ],
    [
      'a misspelt command',
      'bouncediff',
      ['comapre', 'v2', 'v3'],
      "unknown command 'comapre' (Did you mean compare?) (see npx bouncediff --help)",
    ],
    [
      'a command like none',
      'bouncediff',
      ['nonsense'],
      /^unknown command 'nonsense'; there are compare, .*\bstates, .*\bbench\b/,
    ],
  ])('%s', async (_, name, args, message) => {
    expectTrouble(await run(name, args, { root }), message);
  });

  test('a flag that npm kept for itself', async () => {
    const { exitCode, stderr } = await npmRun(['compare', 'v2', 'v3', '--json']);
    expect(exitCode).toBe(2);
    expect(stderr).toBe(
      'bouncediff: npm kept --json for itself; put -- before flags: npm run compare -- … --json\n',
    );
  });

  test('a flag that npm takes for one of its own, of which only the value comes', async () => {
    const { exitCode, stderr } = await npmRun(['compare', 'v2', 'v3', '--format', 'mail']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Surplus: "mail". Flags go behind "--". (see');
  });
});
