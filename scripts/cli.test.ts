// SPDX-License-Identifier: GPL-2.0-only
import { afterAll, describe, expect, test } from '@jest/globals';
import { rmSync } from 'node:fs';
import { copyProject } from './testing/project-copy.ts';
import { execute, expectTrouble, nodeArgs, npmRun, run, type Outcome } from './testing/run.ts';

/** Two cases, one of which regresses. */
const ARGS = ['v2', 'v3', '--scenario', 'min-align-mask/neighbour-slot'];
const ESCAPE = '\u001B';
/** A project of two scenarios. */
const root = copyProject(['min-align-mask/neighbour-slot', 'config/no-swiotlb-page']);
afterAll(() => {
  rmSync(root, { recursive: true });
});

describe('--help', () => {
  test('shows usage, options, examples and exit codes of compare, whatever else is wrong', async () => {
    const { stdout, ...rest } = await run('compare', ['v33', '--help']);
    expect(rest).toEqual({ exitCode: 0, stderr: '' });
    const groups = stdout.trimEnd().split('\n\n');
    expect(groups).toEqual([
      'What changed in observable behaviour and cost between two states of the series.',
      '  npm run compare <from> <to>\n  npx bouncediff compare <from> <to>',
      expect.stringMatching(/^Options .*:\n {2}--json /),
      expect.stringMatching(/^Examples:\n {2}npm run compare v2 v3\n/),
      expect.stringMatching(
        /^Exit codes:\n {2}0 {2}nothing regressed\n {2}1 {2}something regressed\n {2}2 {2}trouble/,
      ),
    ]);
    for (const option of [
      '--json',
      '--output FILE',
      '--scenario GLOB',
      '--clause ID',
      '--no-color',
      '--help',
    ]) {
      expect(groups[2]).toMatch(new RegExp(`^ {2}${option} +[a-zA-Z]`, 'm'));
    }
  });

  test('is there behind bouncediff, for a command without arguments', async () => {
    expect(await run('bouncediff', ['states', '--help'])).toMatchInlineSnapshot(`
      {
        "exitCode": 0,
        "stderr": "",
        "stdout": "The states of the series, with where they come from.

        npm run states
        npx bouncediff states

      Options (after -- with npm run):
        --json         JSON instead of a table
        --output FILE  write there instead of standard output
        --no-color     no colour, as NO_COLOR does
        --help         this text

      Examples:
        npm run states
        npx bouncediff states --json

      Exit codes:
        0  listed
        2  trouble
      ",
      }
    `);
  });
});

describe('colours of an error', () => {
  const args = ['v33', 'v3', '--nope'];

  test('FORCE_COLOR asks for them', async () => {
    const { exitCode, stderr } = await run('compare', args, { env: { FORCE_COLOR: '1' } });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(new RegExp(`^${ESCAPE}\\[31mbouncediff:${ESCAPE}\\[39m unknown option "--nope"`));
  });

  test('NO_COLOR wins', async () => {
    const outcome = await run('compare', args, { env: { FORCE_COLOR: '1', NO_COLOR: '1' } });
    expectTrouble(outcome, /^unknown option "--nope"/);
  });

  test('--no-color wins, even among options that are wrong', async () => {
    const outcome = await run('compare', [...args, '--no-color'], { env: { FORCE_COLOR: '1' } });
    expectTrouble(outcome, /^unknown option "--nope"/);
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
    expect(stdout).toMatch(/^\*\*v2 → v3: .*\n$/);
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
      /^unknown option "--sceanrio"; there are --json, .*, --output, /,
    ],
    ['no value', 'compare', ['v2', 'v3', '--scenario'], "Option '--scenario <value>' argument missing"],
    [
      'a format like none',
      'compare',
      ['v2', 'v3', '--format', 'xml'],
      /^--format "xml": one of markdown, terminal, json, /,
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
      'cannot append to "/no/such/x.md": ENOENT: no such file or directory',
    ],
    ['a missing argument', 'compare', ['v2'], 'usage: compare <from> <to>'],
    [
      'surplus arguments',
      'compare',
      ['v2', 'v3', 'v4', 'v\n5'],
      String.raw`usage: compare <from> <to>: surplus "v4 v\n5"`,
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
      'unknown command "comapre"; nearest: compare',
    ],
    [
      'a command like none',
      'bouncediff',
      ['--version'],
      /^unknown command "--version"; there are compare, .*\bstates, .*\bbench\b/,
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
});
