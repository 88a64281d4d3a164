// SPDX-License-Identifier: GPL-2.0-only
/** Whatever writes is killed at its calls to the file system: nothing is half-written, the next run succeeds. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { finishFileSets, replaceFolder, type FileText } from '../harness/text/file-set.ts';
import { copyProject, temporaryFolder } from './testing/project-copy.ts';
import { BUILD, nodeArgs, ROOT, run } from './testing/run.ts';

const KILLER = pathToFileURL(join(ROOT, 'scripts', 'testing', 'kill-at.mjs')).href;
/** A killed process. */
const KILLED = 'SIGKILL';
/** Of all tests here. */
let kills = 0;

const folder = temporaryFolder();
const root = copyProject(['min-align-mask/neighbour-slot', 'config/no-swiotlb-page']);
beforeAll(() => {
  cpSync(join(ROOT, '.prettierrc.json'), join(root, '.prettierrc.json'));
});
afterAll(() => {
  for (const each of [folder, root]) rmSync(each, { recursive: true });
});

/** Runs node; how it ended: KILLED, or its exit code and what it said. */
async function ending(args: readonly string[], below: string, at: number | string): Promise<string> {
  const { signal, exitCode, stderr } = await execa(process.execPath, ['--import', KILLER, ...args], {
    env: { KILL_BELOW: below, KILL_AT: String(at), NO_COLOR: '1', NO_PROGRESS: '1' },
    reject: false,
    stdin: 'ignore',
  });
  if (signal !== KILLED) return `${exitCode} ${stderr}`.trim();
  kills++;
  return KILLED;
}

/** Kills a run at its first call, the next at its second, …, until one ends by itself; how that one ended. */
async function killedEverywhere(
  args: readonly string[],
  below: string,
  check: () => void | Promise<void>,
): Promise<string> {
  for (let at = 1; ; at++) {
    const ended = await ending(args, below, at);
    if (ended !== KILLED) return ended;
    await check();
  }
}

function leftOvers(below: string): string[] {
  return readdirSync(below, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.tmp'));
}

/** Every file below, by its path, with what is in it. */
function contents(below: string): Record<string, string> {
  const files = readdirSync(below, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.includes('.tmp') && statSync(join(below, name)).isFile())
    .map((name): [string, string] => [name, readFileSync(join(below, name), 'utf8')]);
  return Object.fromEntries(files);
}

describe('a folder of files that belong together', () => {
  const OLD = { 'a.md': 'old a\n', 'gone.md': 'old\n', 'other.txt': 'not ours\n', 'z.md': 'old z\n' };
  const NEW = { 'a.md': 'new a\n', 'deep/b.md': 'new b\n', 'other.txt': 'not ours\n', 'z.md': 'new z\n' };
  const SET: FileText[] = ['deep/b.md', 'a.md', 'z.md'].map((path) => ({
    path,
    text: NEW[path as keyof typeof NEW],
  }));
  const below = join(folder, 'set');
  const module = pathToFileURL(join(BUILD, 'harness', 'text', 'file-set.js')).href;
  const script = `import { replaceFolder } from ${JSON.stringify(module)};
    replaceFolder(${JSON.stringify(below)}, ${JSON.stringify(SET)}, /[.]md$/);`;
  const args = ['--input-type=module', '-e', script];

  function begin(): void {
    rmSync(below, { recursive: true, force: true });
    mkdirSync(below);
    for (const [name, text] of Object.entries(OLD)) writeFileSync(join(below, name), text);
  }

  /** No file is anything but old or new. */
  function expectWholeFiles(): void {
    for (const [name, text] of Object.entries(contents(below))) {
      expect([OLD[name as keyof typeof OLD], NEW[name as keyof typeof NEW]]).toContain(text);
    }
  }

  /** Kills on the way to the end, each followed by `next`. */
  async function eachKill(next: (at: number) => Promise<void>): Promise<number> {
    for (let at = 1; ; at++) {
      begin();
      const ended = await ending(args, below, at);
      if (ended !== KILLED) {
        expect([ended, contents(below), leftOvers(below)]).toEqual(['0', NEW, []]);
        return at - 1;
      }
      expectWholeFiles();
      await next(at);
    }
  }

  test('is the old one or the new one, once somebody has looked after it', async () => {
    const outcomes: string[] = [];
    const calls = await eachKill(async () => {
      finishFileSets(below);
      const now = contents(below);
      expect([OLD, NEW]).toContainEqual(now);
      expect(leftOvers(below)).toEqual([]);
      outcomes.push('deep/b.md' in now ? 'new' : 'old');
    });
    // At first nothing has happened; from the journal on, all of it has.
    expect(outcomes.join(' ')).toMatch(/^old( old)*( new)+$/);
    expect(calls).toBeGreaterThan(20);
  });

  test('may be killed while it is looked after, too', async () => {
    const again = ['--input-type=module', '-e', script.replaceAll('replaceFolder', 'finishFileSets')];
    for (const at of ['renameSync:2', 'renameSync:3', 'rmSync:1', 'rmSync:2']) {
      begin();
      expect(await ending(args, below, at)).toBe(KILLED);
      expect(await killedEverywhere(again, below, expectWholeFiles)).toBe('0');
      expect([contents(below), leftOvers(below)]).toEqual([NEW, []]);
    }
  });

  test('stays as it was when a file cannot be put into place, even if that is interrupted', async () => {
    for (let at = 1; ; at++) {
      begin();
      // The last file finds a folder in its place.
      symlinkSync('nowhere', join(below, 'last'));
      const failing = script
        .replace(/\[\{/, '[{"path":"new.md","text":"new"},{')
        .replace(/\}\]/, '},{"path":"last/x.md","text":"new"}]');
      const ended = await ending(['--input-type=module', '-e', failing], below, at);
      if (ended !== KILLED) {
        expect(ended).toContain('cannot write in');
        break;
      }
      try {
        finishFileSets(below);
      } catch (error) {
        expect((error as Error).message).toMatch(/^cannot write in/);
      }
      rmSync(join(below, 'last'));
      expect([contents(below), leftOvers(below)]).toEqual([OLD, []]);
    }
    rmSync(join(below, 'last'));
    expect([contents(below), leftOvers(below)]).toEqual([OLD, []]);
  });

  test('leaves alone what a process that still runs is about to write', () => {
    begin();
    const theirs = join(below, `.bouncediff-${process.ppid}-0123456789abcdef.tmp`);
    mkdirSync(theirs);
    replaceFolder(below, SET, /\.md$/);
    expect(leftOvers(below)).toHaveLength(1);
    rmSync(theirs, { recursive: true });
  });
});

describe('--output', () => {
  const file = join(folder, 'out', 'states.md');
  const args = nodeArgs('states', ['--output', file]);

  test.each<[string, string | undefined]>([
    ['a new file', undefined],
    ['a file that only its owner may read', 'old\n'],
  ])(
    '%s',
    async (_, old) => {
      rmSync(join(folder, 'out'), { recursive: true, force: true });
      mkdirSync(join(folder, 'out'));
      if (old !== undefined) {
        writeFileSync(file, old);
        chmodSync(file, 0o600);
      }
      const ended = await killedEverywhere(args, join(folder, 'out'), () => {
        expect(existsSync(file) ? readFileSync(file, 'utf8') : undefined).toBe(old);
      });
      expect(ended).toBe('0');
      expect(readFileSync(file, 'utf8')).toMatch(/^\| state .*\|\n$/s);
      if (old !== undefined) expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(leftOvers(folder)).toEqual([]);
    },
    120_000,
  );
});

test('--accept', async () => {
  const SOME = ['v2', 'v3', '--scenario', 'min-align-mask/neighbour-slot'];
  const file = join(root, 'corpus', 'expectations.yaml');
  const before = readFileSync(file, 'utf8');
  const args = nodeArgs('compare', [...SOME, '--accept', 'known'], { root });
  const ended = await killedEverywhere(args, join(root, 'corpus'), () => {
    expect(readFileSync(file, 'utf8')).toBe(before);
  });
  expect(ended).toBe(`0 3 expectations added to ${file}`);
  expect(leftOvers(join(root, 'corpus'))).toEqual([]);
  writeFileSync(file, before);
});

test('--save', async () => {
  const found = join(root, 'corpus', 'found');
  // By chance alone, the program is the same whatever the corpus.
  const programs = ['v2', 'v3', '--seed', '1', '--no-corpus', '--no-learning'];
  const { stdout } = await run('explore', [...programs, '--runs', '16', '--workers', '1', '--json'], {
    root,
  });
  const [, program = '', id = ''] = /--program (\d+) --finding (\w+)/.exec(stdout) ?? [];
  const args = nodeArgs('explore', [...programs, '--program', program, '--finding', id, '--save'], { root });
  const ended = await killedEverywhere(args, found, () => {
    if (existsSync(found)) expect(contents(found)).toEqual({});
  });
  expect(ended).toMatch(/^1 saved [^\n]+\.yaml$/);
  const [text = ''] = Object.values(contents(found));
  expect(text).toMatch(/^# SPDX[^]*\nsteps:\n {2}- /);
  expect(leftOvers(found)).toEqual([]);
  rmSync(found, { recursive: true });
});

describe('new-state', () => {
  const variants = join(root, 'variants');
  const draft = ['v9', '--from', 'v8', '--patch', 'one', '--override', 'mapPage'];
  const registry = readFileSync(join(variants, 'registry.ts'), 'utf8');

  test.each([
    ['before anything is final', 'renameSync:1', 'old'],
    ['with everything final, and nothing in place', 'renameSync:2', 'old'],
    ['with its folder in place, and not registered', 'renameSync:4', 'old'],
    ['with everything in place', 'rmSync:1', 'new'],
  ])(
    '%s',
    async (_, at, registered) => {
      rmSync(join(variants, 'v9'), { recursive: true, force: true });
      writeFileSync(join(variants, 'registry.ts'), registry);
      const args = nodeArgs('new-state', draft, { root });
      expect(await ending(args, variants, at)).toBe(KILLED);
      expect(contents(variants)['registry.ts'] === registry ? 'old' : 'new').toBe(registered);
      expect(await ending(args, variants, 0)).toBe('0');
      expect(readdirSync(join(variants, 'v9'))).toEqual(['index.ts', 'patch-one.ts']);
      expect(readFileSync(join(variants, 'registry.ts'), 'utf8')).toContain("from './v9/index.ts';");
      expect(leftOvers(variants)).toEqual([]);
    },
    120_000,
  );
});

test('reports', async () => {
  const reports = join(root, 'reports');
  mkdirSync(reports);
  writeFileSync(join(reports, 'v1-v2.md'), 'old\n');
  writeFileSync(join(reports, 'stray.md'), 'old\n');
  const args = nodeArgs('reports', ['--explore', '0'], { root });
  expect(await ending(args, reports, 'renameSync:10')).toBe(KILLED);
  // A page or a picture ends as it should.
  for (const text of Object.values(contents(reports))) expect(text).toMatch(/^old\n$|^<!-- Generated[^]*\n$/);
  expect(await ending(args, reports, 0)).toBe('0');
  expect(readdirSync(reports)).not.toContain('stray.md');
  expect(readFileSync(join(reports, 'v1-v2.md'), 'utf8')).toMatch(/^<!-- Generated/);
  expect(leftOvers(reports)).toEqual([]);
}, 300_000);

test('that was enough', () => {
  expect(kills).toBeGreaterThanOrEqual(60);
});
