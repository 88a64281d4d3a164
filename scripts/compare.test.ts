// SPDX-License-Identifier: GPL-2.0-only
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { copyProject, temporaryFolder } from './testing/project-copy.ts';
import {
  execute,
  expectTrouble,
  nodeArgs,
  npmRun,
  run,
  type Outcome,
  type RunOptions,
} from './testing/run.ts';

/** Two cases: the one regresses, and much is fixed. */
const NEIGHBOUR = 'min-align-mask/neighbour-slot';
const ARGS = ['v2', 'v3', '--scenario', NEIGHBOUR];
/** Six cases, of one file, in which v3 does what v2 does. */
const UNTOUCHED = 'config/no-swiotlb-?age*';
/** A user far away, who likes colours. */
const ELSEWHERE = { TZ: 'Asia/Kathmandu', LANG: 'tr_TR.UTF-8', LC_ALL: 'de_DE.UTF-8', FORCE_COLOR: '1' };

const folder = temporaryFolder();
/** A project of two scenarios. */
const root = copyProject([NEIGHBOUR, 'config/no-swiotlb-page']);
afterAll(() => {
  for (const path of [folder, root]) rmSync(path, { recursive: true });
});

/** The command as a user gives it, in the small project. */
async function compare(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return run('compare', args, { root, ...options });
}

let markdown: Outcome;
let json: Outcome;
beforeAll(async () => {
  [markdown, json] = await Promise.all([compare(ARGS), compare([...ARGS, '--json'])]);
});

/** Findings of the table of counts: `{ regressed: 3, fixed: 5, … }`, and its cases. */
function counts({ stdout }: Outcome): Record<'findings' | 'cases', Record<string, number>> {
  const rows = [...stdout.matchAll(/^\| ([\w ,-]+?) +\| +(\d+) \| +(\d+) \|/gm)];
  const column = (at: 2 | 3): Record<string, number> =>
    Object.fromEntries(rows.map((row) => [row[1] ?? '', Number(row[at])]));
  return { findings: column(2), cases: column(3) };
}

describe('compare, two revisions of which one regresses', () => {
  test('ends with 1 and says nothing on standard error', () => {
    expect(markdown).toMatchObject({ exitCode: 1, stderr: '' });
    expect(json).toMatchObject({ exitCode: 1, stderr: '' });
  });

  test('says it in a sentence', () => {
    const [title, , sentence] = markdown.stdout.split('\n');
    expect(title).toBe('# v2 → v3');
    expect(sentence).toMatch(
      /^\*\*v3 hands wrong bytes of the device to the caller\*\*, .*, by \[v3 5\/5\]\(https:\/\/lore\.kernel\.org\/r\/.*\*\*It fixes /,
    );
  });

  test('has the numbers of the JSON', () => {
    const { summary } = JSON.parse(json.stdout) as { summary: Record<string, number | string> };
    const { fixed, regressed, stillBroken, cases } = summary;
    const { findings, cases: ofCases } = counts(markdown);
    expect(findings).toMatchObject({ fixed, regressed, 'still broken': stillBroken });
    expect(ofCases['all']).toBe(cases);
  });

  test('says what was compared, and that it is a model', () => {
    const { corpusHash } = JSON.parse(json.stdout) as { corpusHash: string };
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(markdown.stdout).toContain(
      `Corpus ${corpusHash}, bouncediff ${version}; a model, not the kernel.`,
    );
    expect(markdown.stdout).toMatch(/ Rests on 2 cases of 1 scenario; /);
    const mail = 'https://lore.kernel.org/r/20210811024247.1144246-6-stevensd@google.com';
    expect(markdown.stdout).toMatch(/^- from \*\*v2\*\* .*v2 4\/4 /m);
    expect(markdown.stdout).toContain(`](${mail})`);
  });

  test('names clause, cause and smallest case of every change', () => {
    type Finding = Record<'kind' | 'clause' | 'cause' | 'case' | 'because', string>;
    const { findings } = JSON.parse(json.stdout) as { findings: Finding[] };
    const changes = findings.filter(({ kind }) => kind === 'regressed' || kind === 'fixed');
    expect(changes).toHaveLength(8);
    for (const { kind, clause, cause, case: smallest, because } of changes) {
      expect(markdown.stdout).toMatch(new RegExp(`^\\| (\\[)?${clause}: ${cause}\\b`, 'm'));
      expect(markdown.stdout).toContain(`\`${smallest}\``);
      // Regressions are shown in full.
      if (kind === 'regressed') expect(markdown.stdout).toContain(because);
    }
  });

  test('shows no escape sequence', () => {
    expect(markdown.stdout).not.toContain('\u001B');
  });
});

describe('compare, a state and itself', () => {
  test('nothing changed, 0', async () => {
    const outcome = await compare(['baseline', 'baseline', '--scenario', UNTOUCHED]);
    expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
    expect(outcome.stdout).toMatch(
      /^# baseline → baseline\n\n\*\*baseline behaves as baseline\*\* on 6 cases /,
    );
    expect(outcome.stdout).toContain('\nTheir functions are the same.');
    expect(outcome.stdout).not.toContain('## ');
  });
});

describe('compare --clause', () => {
  test('leaves findings of other clauses out, and out of the exit code', async () => {
    const outcome = await compare([...ARGS, '--clause', 'revocation']);
    expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
    expect(counts(outcome).findings).toMatchObject({ fixed: 1, regressed: 0 });
    expect(outcome.stdout).toMatch(/^\| revocation: page-table-entry-left \|/m);
  });

  test('ends with 1 when it is the clause that regressed, through npm too', async () => {
    const outcome = await npmRun(['compare', '--', ...ARGS, '--clause=isolation'], { root });
    expect(outcome).toMatchObject({ exitCode: 1, stderr: '' });
    expect(counts(outcome).findings).toMatchObject({ fixed: 0, regressed: 1 });
  });
});

test('compare --traces is for JSON', async () => {
  expectTrouble(
    await compare([...ARGS, '--traces']),
    '--traces is for json; markdown shows what differs, and the command trace the rest',
  );
});

describe('compare --finding', () => {
  test.each(['json', 'junit', 'html'])('is not for %s, which has all of them', async (format) => {
    expectTrouble(
      await compare([...ARGS, '--finding', 'isolation', '--format', format]),
      `--finding is for markdown, terminal and mail; ${format} has all findings`,
    );
  });

  test('takes the id that JSON has, or a part of the name, and shows only that', async () => {
    const { findings } = JSON.parse(json.stdout) as { findings: Record<'id' | 'kind' | 'clause', string>[] };
    const isolation = findings.find(({ clause }) => clause === 'isolation');
    const [one, two, three] = await Promise.all(
      [isolation?.id ?? '', isolation?.id.slice(-6) ?? '', 'isolation: cleared'].map(async (id) =>
        compare([...ARGS, '--finding', id]),
      ),
    );
    expect(one).toMatchObject({ exitCode: 1, stderr: '' });
    expect(one?.stdout).toMatch(new RegExp(`^<a id="${isolation?.id}"></a>\n\n### Regressed: isolation: `));
    expect(three).toEqual(one);
    // Findings of other clauses about the same bytes end alike.
    expect(two?.stdout).toContain(one?.stdout.trim());
  });

  test('names what there is for one that there is not', async () => {
    expectTrouble(
      await compare([...ARGS, '--finding', 'isolatoin']),
      /^no finding "isolatoin"; (nearest|there are):? /,
    );
    const { stderr } = await compare([...ARGS, '--finding', 'x']);
    const [, listed = ''] = /there are (.*)\n/.exec(stderr) ?? [];
    const names = listed.split(', ');
    expect(names).toContain('isolation: cleared-by-operation');
    expect(new Set(names).size).toBe(names.length);
  });
});

test('compare --scenario takes a case with its brackets', async () => {
  const outcome = await compare(['v2', 'v3', '--scenario', `${NEIGHBOUR}[scribble=true]`]);
  expect(outcome).toMatchObject({ exitCode: 1, stderr: '' });
  expect(outcome.stdout).toMatch(/^# v2 → v3\n[^]* Rests on 1 case of 1 scenario; /);
});

describe('compare --format terminal', () => {
  test('says it without markup, in a hundred columns, and paints it on request only', async () => {
    const args = [...ARGS, '--format', 'terminal'];
    const [bare, painted] = await Promise.all([compare(args), compare(args, { env: { FORCE_COLOR: '1' } })]);
    expect(bare).toMatchObject({ exitCode: 1, stderr: '' });
    expect(bare.stdout).toMatch(/^v2 → v3\n─+\n\nv3 hands wrong bytes of the device to the caller, /);
    expect(stripVTControlCharacters(bare.stdout)).toBe(bare.stdout);
    expect(bare.stdout).not.toMatch(/<details>|\*\*|```/);
    const prose = bare.stdout.split('\n').filter((line) => !/^ *[-+ ] /.test(line));
    expect(Math.max(...prose.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(stripVTControlCharacters(painted.stdout)).toBe(bare.stdout);
    expect(painted.stdout).toContain('\u001B[32m');
    expect(await compare([...args, '--no-color'], { env: { FORCE_COLOR: '1' } })).toEqual(bare);
  });
});

test('compare on a terminal is laid out for it, in a file it is Markdown', async () => {
  const terminal = 'data:text/javascript,Object.assign(process.stdout, { isTTY: true, columns: 70 })';
  const file = join(folder, 'from-a-terminal.md');
  const [shown, written] = await Promise.all(
    [ARGS, [...ARGS, '--output', file]].map(async (args) =>
      execute(process.execPath, ['--import', terminal, ...nodeArgs('compare', args, { root })], { root }),
    ),
  );
  expect(shown).toMatchObject({ exitCode: 1, stderr: '' });
  const text = stripVTControlCharacters(shown?.stdout ?? '');
  expect(text).not.toBe(shown?.stdout);
  expect(text.split('\n').slice(0, 5).join(' ')).toMatch(
    /^v2 → v3 ─+ {2}v3 hands wrong bytes of the device to the /,
  );
  expect(text.indexOf('\n')).toBeLessThanOrEqual(70);
  expect(written).toEqual({ exitCode: 1, stdout: '', stderr: '' });
  expect(readFileSync(file, 'utf8')).toBe(markdown.stdout);
});

test('compare --fail-on never says the same, and ends with 0', async () => {
  expect(await compare([...ARGS, '--fail-on', 'never'])).toEqual({ ...markdown, exitCode: 0 });
});

describe('compare --output', () => {
  /** A new folder with one file in it. */
  function holding(name: string, file: string): string {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, file), 'old');
    return join(folder, name, file);
  }

  test('writes the file, and nothing else anywhere', async () => {
    const file = holding('written', 'report.md');
    const outcome = await compare([...ARGS, '--output', file]);
    expect(outcome).toEqual({ exitCode: 1, stdout: '', stderr: '' });
    expect(readFileSync(file, 'utf8')).toBe(markdown.stdout);
    expect(readdirSync(join(file, '..'))).toEqual(['report.md']);
  });

  test('starts at the working directory and leads through a symlink', async () => {
    const file = holding('linked', 'real.json');
    const cwd = join(folder, 'linked');
    symlinkSync('real.json', join(cwd, 'link.json'));
    const options = { cwd, env: ELSEWHERE };
    const outcome = await compare([...ARGS, '--json', '--output', 'link.json'], options);
    expect(outcome).toEqual({ exitCode: 1, stdout: '', stderr: '' });
    expect(readFileSync(file, 'utf8')).toBe(json.stdout);
    expect(lstatSync(join(cwd, 'link.json')).isSymbolicLink()).toBe(true);
    expect(readdirSync(cwd)).toEqual(['link.json', 'real.json']);
  });

  test('writes into a pipe instead of replacing it', async () => {
    const file = join(folder, 'pipe');
    symlinkSync('/dev/fd/1', file);
    const args = nodeArgs('compare', ['v2', 'v3', '--scenario', UNTOUCHED, '--output', file], { root });
    const script = '{ "$@"; echo "$?" >&2; } | cat';
    const outcome = await execute('sh', ['-c', script, 'sh', process.execPath, ...args]);
    expect(outcome).toMatchObject({ exitCode: 0, stderr: '0\n' });
    expect(outcome.stdout).toMatch(/^# v2 → v3\n/);
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
  });

  test.each([
    ['a misspelt state', ['v2', 'v33'], /^unknown state "v33"; /],
    [
      'no such scenario',
      ['v2', 'v3', '--scenario', 'sync/nothing'],
      /^no scenario matches "sync\/nothing"; /,
    ],
  ])('keeps the file for %s', async (name, args, message) => {
    const file = holding(name, 'report.md');
    expectTrouble(await compare([...args, '--output', file]), message);
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(readdirSync(join(file, '..'))).toEqual(['report.md']);
  });

  test('leaves nothing behind when the file cannot be put in its place', async () => {
    const cwd = join(folder, 'nameless');
    mkdirSync(cwd);
    const outcome = await compare(['v2', 'v3', '--scenario', UNTOUCHED, '--output='], { cwd });
    expectTrouble(outcome, 'cannot write "": ENOENT: no such file or directory');
    expect(readdirSync(cwd)).toEqual([]);
  });

  test('keeps the file in a folder that nobody can write to', async () => {
    const file = '/proc/version';
    const before = readFileSync(file, 'utf8');
    const outcome = await compare(['v2', 'v3', '--scenario', UNTOUCHED, '--output', file]);
    expectTrouble(outcome, /^cannot write "\/proc\/version": [A-Z]+: [a-z ]+$/);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });
});

test('compare gives the same bytes again, elsewhere, in another time zone, language and colour', async () => {
  expect(await compare(ARGS, { cwd: folder, env: ELSEWHERE })).toEqual(markdown);
});
