// SPDX-License-Identifier: GPL-2.0-only
/** The steps of compare.yml and comment.yml, run as they stand there. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { COMMENT_MARKER } from '../harness/report/comment.ts';
import { compareSchema } from './testing/compare-schema.ts';
import { runHere } from './testing/in-process.ts';
import { copyProject, temporaryFolder } from './testing/project-copy.ts';
import { execute, expectTrouble, ROOT, run, type Outcome } from './testing/run.ts';

const step = z.looseObject({
  name: z.string().optional(),
  uses: z.string().optional(),
  run: z.string().optional(),
  if: z.string().optional(),
  with: z.record(z.string(), z.unknown()).default({}),
  env: z.record(z.string(), z.string()).default({}),
});
const schema = z.looseObject({ jobs: z.record(z.string(), z.looseObject({ steps: z.array(step) })) });

function workflow(name: string): z.infer<typeof schema> {
  return schema.parse(parse(readFileSync(join(ROOT, '.github', 'workflows', name), 'utf8')));
}

const steps = ['compare.yml', 'comment.yml'].flatMap((name) =>
  Object.values(workflow(name).jobs).flatMap((job) => job.steps),
);

/** What the runner puts in the place of an expression. */
const SHA = '0123456789abcdef0123456789abcdef01234567';
const CONTEXT: Readonly<Record<string, string>> = {
  'github.event.pull_request.base.sha': 'base',
  'github.event.pull_request.number': '12',
  'github.server_url': 'https://example.org',
  'github.repository': 'owner/name',
  'github.run_id': '34',
  'github.token': 'secret',
  'github.event.workflow_run.head_repository.full_name': 'fork/name',
  'github.event.workflow_run.head_sha': SHA,
};

function evaluated(value: string): string {
  return value.replaceAll(/\$\{\{ ([\w.]+) \}\}/g, (_, name: string) => {
    const found = CONTEXT[name];
    if (found === undefined) throw new Error(`no ${name}`);
    return found;
  });
}

/** A stand-in for gh: writes down what it is asked, and answers as it was told to. */
const FAKE_GH = `#!${process.execPath}
const { appendFileSync, readFileSync } = require('node:fs');
const args = process.argv.slice(2);
const input = readFileSync(0, 'utf8');
appendFileSync(process.env.GH_LOG, JSON.stringify({ args, body: input === '' ? null : JSON.parse(input).body }) + '\\n');
const writes = args.includes('--method');
if (writes && process.env.GH_REFUSES !== undefined) {
  console.error('gh: ' + process.env.GH_REFUSES);
  process.exit(1);
}
if (args.some((arg) => /\\/pulls\\/\\d+$/.test(arg))) console.log(process.env.GH_PULL);
else if (!writes && process.env.GH_FOUND !== undefined) console.log(process.env.GH_FOUND);
`;

const tools = temporaryFolder();
const root = copyProject(['min-align-mask/neighbour-slot', 'config/no-swiotlb-page']);
const summary = join(tools, 'summary.md');
/** What comment.yml has fetched. */
const temp = join(tools, 'temp');
const fetched = join(temp, 'report');
afterAll(() => {
  for (const folder of [tools, root]) rmSync(folder, { recursive: true });
});

async function git(...args: string[]): Promise<void> {
  const who = ['-c', 'user.name=nobody', '-c', 'user.email=nobody@example.org', '-c', 'commit.gpgsign=false'];
  const { exitCode, stderr } = await execute('git', [...who, ...args], { cwd: root });
  if (exitCode !== 0) throw new Error(stderr);
}

/** A step's command in a shell, with what a runner and the step itself put into the environment. */
async function runStep(name: string, env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const found = steps.find((one) => one.name === name);
  if (found?.run === undefined) throw new Error(`no step ${name}`);
  const own = Object.entries(found.env).map(([key, value]): [string, string] => [key, evaluated(value)]);
  const outcome = await execute('bash', ['-e', '-c', found.run], {
    cwd: root,
    env: {
      PATH: `${tools}${delimiter}${process.env['PATH'] ?? ''}`,
      CI: 'true',
      GITHUB_STEP_SUMMARY: summary,
      GITHUB_REPOSITORY: 'owner/name',
      GITHUB_ACTIONS: 'true',
      RUNNER_TEMP: temp,
      GH_LOG: join(tools, 'gh.log'),
      GH_PULL: `open fork/name ${SHA}`,
      ...Object.fromEntries(own),
      ...env,
    },
  });
  return { ...outcome, stderr: outcome.stderr.replaceAll(/^npm .*\n/gm, '') };
}

/** What gh was asked since the last time. */
function asked(): { args: string[]; body: string | null }[] {
  const log = join(tools, 'gh.log');
  if (!existsSync(log)) return [];
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  rmSync(log);
  return lines.map((line) => JSON.parse(line) as { args: string[]; body: string | null });
}

const PATCH = 'variants/v3/account-for-min-align-mask.ts';

describe('a pull request that changes a patch of v3', () => {
  // The sources have changed: their types are checked.
  let found: Outcome;
  let compared: Outcome;
  beforeAll(async () => {
    writeFileSync(join(tools, 'gh'), FAKE_GH, { mode: 0o755 });
    await git('init', '-q', '-b', 'main');
    writeFileSync(join(root, '.gitignore'), 'node_modules\ntouched.txt\nreport/\n');
    await git('add', '-A');
    await git('commit', '-q', '-m', 'base');
    await git('tag', 'base');
    appendFileSync(join(root, PATCH), '\n// Changed.\n');
    await git('commit', '-q', '-a', '-m', 'change');
    found = await runStep('Find the comparisons');
    compared = await runStep('Compare');
  }, 240_000);

  test('touches v2 → v3', () => {
    expect(found).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(readFileSync(join(root, 'touched.txt'), 'utf8')).toBe('v2 v3\n');
  });

  test('fails, for v3 has regressions that nobody explains', () => {
    expect(compared).toMatchObject({ exitCode: 1, stderr: '' });
    expect(compared.stdout).toMatch(/^::error::v2 → v3 fails on: unexplained$/m);
  });

  test('has them beside the changed line', () => {
    // A blank line and a comment at its end.
    const changed = readFileSync(join(root, PATCH), 'utf8').trimEnd().split('\n').length - 1;
    const head = `::error file=${PATCH},line=${changed},title=v2 → v3%3A regressed%3A `;
    const annotations = compared.stdout.split('\n').filter((line) => line.includes(' file='));
    expect(annotations).toHaveLength(3);
    for (const line of annotations) {
      expect(line.slice(0, head.length)).toBe(head);
      expect(line).toMatch(/::broken by v3\.5.*%0A.*%0Anpx bouncediff trace v3 '[^']+'$/);
    }
  });

  test('leaves reports, pages, data and the comment where they are kept', async () => {
    expect(await runStep('Say which pull request it is')).toMatchObject({ exitCode: 0, stderr: '' });
    const [all, few] = steps.filter(({ uses }) => uses?.startsWith('actions/upload-artifact@') === true);
    const folder = join(root, String(all?.with['path']));
    expect(readdirSync(folder).toSorted()).toEqual([
      'comment.md',
      'junit',
      'number',
      'v2-v3.html',
      'v2-v3.json',
      'v2-v3.md',
    ]);
    const data = compareSchema.parse(JSON.parse(readFileSync(join(folder, 'v2-v3.json'), 'utf8')));
    expect(data).toMatchObject({ from: { id: 'v2' }, to: { id: 'v3' }, summary: { regressed: 3 } });
    expect(readFileSync(join(folder, 'v2-v3.md'), 'utf8')).toMatch(/^# v2 → v3\n/);
    const page = readFileSync(join(folder, 'v2-v3.html'), 'utf8');
    expect(page).toMatch(/^<!doctype html>/i);
    expect(Buffer.byteLength(page)).toBeLessThan(3 * 1024 * 1024);
    expect(readFileSync(join(folder, 'junit', 'v2-v3.xml'), 'utf8')).toContain(' failures="3">');
    // What comment.yml fetches.
    expect(String(few?.with['path']).trim().split('\n')).toEqual([
      'report/comment.md',
      'report/number',
      'report/junit/*.xml',
    ]);
    cpSync(folder, fetched, { recursive: true });
  });

  test('shows the comment as the summary, with a link to the rest', () => {
    const text = readFileSync(summary, 'utf8');
    expect(text).toBe(readFileSync(join(root, 'report', 'comment.md'), 'utf8'));
    expect(text).toMatch(
      /^<!-- bouncediff -->\n\n1 comparison touched by this change; 3 regressions that nobody announced or accepted\.\n/,
    );
    expect(text).toContain('](https://example.org/owner/name/actions/runs/34)');
  });

  test('comments once, a fork too, and says whose code has made it', async () => {
    expect(await runStep('Comment')).toEqual({ exitCode: 0, stdout: 'commented\n', stderr: '' });
    const [pull, list, post, ...more] = asked();
    expect(more).toEqual([]);
    expect(pull?.args.slice(0, 2)).toEqual(['api', 'repos/owner/name/pulls/12']);
    expect(list?.args.slice(0, 3)).toEqual(['api', '--paginate', 'repos/owner/name/issues/12/comments']);
    expect(list?.args.at(-1)).toContain(`.user.login == "github-actions[bot]"`);
    expect(list?.args.at(-1)).toContain(`startswith("${COMMENT_MARKER}")`);
    expect(post?.args).toEqual([
      'api',
      '--method',
      'POST',
      'repos/owner/name/issues/12/comments',
      '--input',
      '-',
    ]);
    const comment = readFileSync(join(root, 'report', 'comment.md'), 'utf8');
    expect(post?.body).toBe(`${comment}\nMade by the code of \`fork/name\` at ${SHA}.\n`);
    expect(post?.body?.trimEnd().split('\n').length).toBeLessThanOrEqual(40);
  });

  test('and from then on changes that comment', async () => {
    const outcome = await runStep('Comment', { GH_FOUND: '567\n568' });
    expect(outcome).toEqual({ exitCode: 0, stdout: 'commented\n', stderr: '' });
    const [, , patch, ...more] = asked();
    expect(more).toEqual([]);
    expect(patch?.args.slice(1, 4)).toEqual(['--method', 'PATCH', 'repos/owner/name/issues/comments/567']);
    expect(patch?.body).toMatch(/^<!-- bouncediff -->/);
  });

  test.each([
    ['closed', `closed fork/name ${SHA}`, 'it is closed'],
    ['of another repository', `open victim/name ${SHA}`, 'it comes from "victim/name", not from "fork/name"'],
    ['of a repository that is gone', `open  ${SHA}`, 'it comes from "", not from "fork/name"'],
    [
      'of a newer commit',
      `open fork/name ${SHA.toUpperCase()}`,
      `its newest commit is "${SHA.toUpperCase()}", not ${SHA}`,
    ],
  ])('but writes nothing to a pull request that is %s', async (_, pull, reason) => {
    expect(await runStep('Comment', { GH_PULL: pull })).toEqual({
      exitCode: 0,
      stdout: `no comment on 12: ${reason}\n`,
      stderr: '',
    });
    expect(asked()).toHaveLength(1);
  });

  test('nor when the run has left none', async () => {
    const outcome = await runStep('Comment', { RUNNER_TEMP: join(tools, 'nowhere') });
    expect(outcome).toEqual({ exitCode: 0, stdout: 'no comment: the run has left none\n', stderr: '' });
    expect(asked()).toEqual([]);
  });

  test('says so when gh fails', async () => {
    const outcome = await runStep('Comment', { GH_REFUSES: 'Server Error (HTTP 502)' });
    expectTrouble(outcome, 'gh api failed: gh: Server Error (HTTP 502)');
    asked();
  });

  describe('and a push that takes it back', () => {
    beforeAll(async () => {
      await git('revert', '--no-edit', 'HEAD');
      rmSync(join(root, 'report'), { recursive: true });
      await runStep('Find the comparisons');
      expect(await runStep('Compare')).toMatchObject({ exitCode: 0, stderr: '' });
      await runStep('Say which pull request it is');
      rmSync(fetched, { recursive: true });
      cpSync(join(root, 'report'), fetched, { recursive: true });
    }, 240_000);

    test('rewrites the comment that there is', async () => {
      const outcome = await runStep('Comment', { GH_FOUND: '567' });
      expect(outcome).toEqual({ exitCode: 0, stdout: 'commented\n', stderr: '' });
      expect(asked().at(-1)?.body).toBe(
        `${COMMENT_MARKER}\n\nNothing changed in what is compared.\n\nMade by the code of \`fork/name\` at ${SHA}.\n`,
      );
    });

    test('writes none where there was none', async () => {
      const outcome = await runStep('Comment');
      expect(outcome).toEqual({ exitCode: 0, stdout: 'no comment: nothing to say\n', stderr: '' });
      expect(asked().filter(({ args }) => args.includes('--method'))).toEqual([]);
    });
  });
});

test('a pull request that changes the harness reports, and fails on nothing old', async () => {
  const pairs = join(tools, 'harness.txt');
  const found = await runHere('touched', ['harness/machine/swiotlb.ts', '--output', pairs]);
  expect(found).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  expect(readFileSync(pairs, 'utf8')).toContain('\nv2 v3 report-only\n');
  writeFileSync(pairs, 'v2 v3 report-only\n');
  const compared = await run('pull-request', [pairs, join(tools, 'harness')], { root });
  expect(compared).toMatchObject({ exitCode: 0, stderr: '' });
  expect(readFileSync(join(tools, 'harness', 'comment.md'), 'utf8')).toContain(
    '; 3 regressions that nobody ',
  );
});

describe('a pull request that changes no state', () => {
  test('compares nothing, and says that', async () => {
    mkdirSync(join(tools, 'none'));
    const pairs = join(tools, 'none', 'touched.txt');
    const found = await runHere('touched', ['README.md', '--output', pairs]);
    expect(found).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    const folder = join(tools, 'none', 'report');
    const compared = await runHere('pull-request', [pairs, folder]);
    expect(compared).toMatchObject({ exitCode: 0, stderr: '' });
    expect(readdirSync(folder)).toEqual(['comment.md']);
    expect(readFileSync(join(folder, 'comment.md'), 'utf8')).toContain('Nothing changed');
  });
});

describe('bad input', () => {
  const HEAD = ['--head', 'o/n', '--sha', SHA];
  const bad = join(tools, 'bad.txt');
  const table: [command: string, args: string[], message: string | RegExp][] = [
    ['touched', [], 'say which files have changed, or since when: --base REF'],
    ['touched', ['--base', 'no-such-ref'], /^git cannot tell what has changed since "no-such-ref": fatal: /],
    ['pull-request', ['/no/such/file', 'x'], /^\/no\/such\/file: cannot be read \(ENOENT\)$/],
    ['pull-request', [bad, 'x'], /bad\.txt: "v2 v3 v4" is no pair of states$/],
    ['sticky-comment', ['o', bad, ...HEAD], '"o" is not a repository: OWNER/NAME'],
    ['sticky-comment', ['o/n', bad, '--sha', SHA], '"" is not the repository of --head: OWNER/NAME'],
    ['sticky-comment', ['o/n', bad, '--head', 'o/n'], '--sha "" is no commit: 40 hex digits'],
  ];
  beforeAll(() => writeFileSync(bad, 'v2 v3 v4\n'));

  test.each(table)('%s %#', async (command, args, message) => {
    expectTrouble(await runHere(command, args), message);
  });

  const strangers: [what: string, files: Readonly<Record<string, string>>, message: RegExp][] = [
    [
      'no comment of ours',
      { 'comment.md': 'Hello' },
      /comment\.md does not begin with <!-- bouncediff -->; /,
    ],
    [
      'a number that is none',
      { 'comment.md': COMMENT_MARKER, number: '12/merge' },
      /number: "12\/merge" is no /,
    ],
    ['no number', { 'comment.md': COMMENT_MARKER }, /number: cannot be read \(ENOENT\)$/],
    [
      'too many lines',
      { 'comment.md': `${COMMENT_MARKER}${'\nx'.repeat(38)}`, number: '1' },
      / more lines than the 38 /,
    ],
    [
      'too much',
      { 'comment.md': `${COMMENT_MARKER}${'x'.repeat(65536)}`, number: '1' },
      /larger than 64 KiB$/,
    ],
  ];
  test.each(strangers)('a folder with %s', async (_, files, message) => {
    const folder = temporaryFolder();
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    expectTrouble(await runHere('sticky-comment', ['o/n', folder, ...HEAD]), message);
    rmSync(folder, { recursive: true });
  });

  test('a comment that leads elsewhere', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'secret'), COMMENT_MARKER);
    symlinkSync('secret', join(folder, 'comment.md'));
    expectTrouble(await runHere('sticky-comment', ['o/n', folder, ...HEAD]), /comment\.md: a link$/);
    rmSync(folder, { recursive: true });
  });
});
