// SPDX-License-Identifier: GPL-2.0-only
/** The steps of compare.yml, run as they stand there. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
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
const schema = z.looseObject({
  on: z.record(z.string(), z.looseObject({ paths: z.array(z.string()).optional() }).nullable()),
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(z.string(), z.looseObject({ steps: z.array(step) })),
});

function workflow(name: string): z.infer<typeof schema> {
  return schema.parse(parse(readFileSync(join(ROOT, '.github', 'workflows', name), 'utf8')));
}

const { on, permissions, jobs } = workflow('compare.yml');
const steps = Object.values(jobs).flatMap((job) => job.steps);

/** What the runner puts in the place of an expression. */
const CONTEXT: Readonly<Record<string, string>> = {
  'github.event.pull_request.base.sha': 'base',
  'github.event.pull_request.number': '12',
  'github.server_url': 'https://example.org',
  'github.repository': 'owner/name',
  'github.run_id': '34',
  'github.token': 'secret',
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
const lists = !args.includes('--method');
if (!lists && process.env.GH_REFUSES !== undefined) {
  console.error('gh: ' + process.env.GH_REFUSES);
  process.exit(1);
}
if (lists && process.env.GH_FOUND !== undefined) console.log(process.env.GH_FOUND);
`;

const tools = temporaryFolder();
const root = copyProject(['min-align-mask/neighbour-slot', 'config/no-swiotlb-page']);
const summary = join(tools, 'summary.md');
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
      GH_LOG: join(tools, 'gh.log'),
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

describe('compare.yml', () => {
  test('runs on pull requests, with no more rights than a comment takes', () => {
    expect(Object.keys(on)).toEqual(['pull_request']);
    expect(permissions).toEqual({ contents: 'read', 'pull-requests': 'write' });
    const withToken = steps.filter(({ env }) => JSON.stringify(env).includes('github.token'));
    expect(withToken.map(({ name }) => name)).toEqual(['Comment']);
    const checkout = steps.find(({ uses }) => uses?.startsWith('actions/checkout@') === true);
    expect(checkout?.with).toEqual({ 'fetch-depth': 0, 'persist-credentials': false });
  });

  test('has one command a step, and the actions of ci.yml', () => {
    const ci = Object.values(workflow('ci.yml').jobs).flatMap((job) => job.steps);
    // CI runs in an image that has Node.js.
    const others = ['actions/setup-node@v4', 'actions/upload-artifact@v4'];
    const known = [...ci.flatMap(({ uses }) => uses ?? []), ...others];
    for (const { run: command, uses } of steps) {
      if (uses !== undefined) expect(known).toContain(uses);
      else expect(command?.trim().split('\n')).toHaveLength(1);
      // What a stranger writes gets into a shell through its environment only.
      expect(command ?? '').not.toContain('${{');
    }
  });
});

describe('a pull request that changes a patch of v3', () => {
  // The sources have changed: their types are checked.
  jest.setTimeout(120_000);
  let found: Outcome;
  let compared: Outcome;
  beforeAll(async () => {
    writeFileSync(join(tools, 'gh'), FAKE_GH, { mode: 0o755 });
    await git('init', '-q', '-b', 'main');
    writeFileSync(join(root, '.gitignore'), 'node_modules\ntouched.txt\nreport/\n');
    await git('add', '-A');
    await git('commit', '-q', '-m', 'base');
    await git('tag', 'base');
    appendFileSync(join(root, 'variants', 'v3', 'account-for-min-align-mask.ts'), '\n// Changed.\n');
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
    expect(compared.stdout).toMatch(/^v2 → v3 fails on: unexplained\n/);
  });

  test('leaves the full report, the data and the comment where they are kept', () => {
    const keep = steps.find(({ uses }) => uses?.startsWith('actions/upload-artifact@') === true);
    const folder = join(root, String(keep?.with['path']));
    expect(readdirSync(folder).toSorted()).toEqual(['comment.md', 'v2-v3.json', 'v2-v3.md']);
    const data = compareSchema.parse(JSON.parse(readFileSync(join(folder, 'v2-v3.json'), 'utf8')));
    expect(data).toMatchObject({ from: { id: 'v2' }, to: { id: 'v3' }, summary: { regressed: 3 } });
    expect(readFileSync(join(folder, 'v2-v3.md'), 'utf8')).toMatch(/^# v2 → v3\n/);
  });

  test('shows the comment as the summary, with a link to the rest', () => {
    const text = readFileSync(summary, 'utf8');
    expect(text).toBe(readFileSync(join(root, 'report', 'comment.md'), 'utf8'));
    expect(text).toMatch(
      /^<!-- bouncediff -->\n\n1 comparison touched by this change; 3 regressions that nobody announced or accepted\.\n/,
    );
    expect(text).toContain('](https://example.org/owner/name/actions/runs/34)');
  });

  test('comments once', async () => {
    expect(await runStep('Comment')).toEqual({ exitCode: 0, stdout: 'commented\n', stderr: '' });
    const [list, post, ...more] = asked();
    expect(more).toEqual([]);
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
    expect(post?.body).toBe(readFileSync(join(root, 'report', 'comment.md'), 'utf8'));
  });

  test('and from then on changes that comment', async () => {
    const outcome = await runStep('Comment', { GH_FOUND: '567\n568' });
    expect(outcome).toEqual({ exitCode: 0, stdout: 'commented\n', stderr: '' });
    const [, patch, ...more] = asked();
    expect(more).toEqual([]);
    expect(patch?.args.slice(1, 4)).toEqual(['--method', 'PATCH', 'repos/owner/name/issues/comments/567']);
    expect(patch?.body).toMatch(/^<!-- bouncediff -->/);
  });

  test('of a fork: no comment, no failure', async () => {
    const refusal = { GH_REFUSES: 'Resource not accessible by integration (HTTP 403)' };
    expect(await runStep('Comment', refusal)).toEqual({
      exitCode: 0,
      stdout: 'no comment: the token may only read\n',
      stderr: '',
    });
    asked();
  });

  test('says so when gh fails otherwise', async () => {
    const outcome = await runStep('Comment', { GH_REFUSES: 'Server Error (HTTP 502)' });
    expectTrouble(outcome, 'gh api failed: gh: Server Error (HTTP 502)');
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
    expect(readFileSync(join(folder, 'comment.md'), 'utf8')).toContain('touches no state');
  });
});

describe('bad input', () => {
  const bad = join(tools, 'bad.txt');
  const table: [command: string, args: string[], message: string | RegExp][] = [
    ['touched', [], 'say which files have changed, or since when: --base REF'],
    ['touched', ['--base', 'no-such-ref'], /^git cannot tell what has changed since "no-such-ref": fatal: /],
    ['pull-request', ['/no/such/file', 'x'], /^\/no\/such\/file: cannot be read \(ENOENT\)$/],
    ['pull-request', [bad, 'x'], /bad\.txt: "v2 v3 v4" is no pair of states$/],
    ['sticky-comment', ['owner', '1', bad], '"owner" is no repository: OWNER/NAME'],
    ['sticky-comment', ['o/n', 'x', bad], '"x" is no number of a pull request'],
    ['sticky-comment', ['o/n', '1', bad], /bad\.txt does not begin with <!-- bouncediff -->; /],
  ];
  beforeAll(() => writeFileSync(bad, 'v2 v3 v4\n'));

  test.each(table)('%s %#', async (command, args, message) => {
    expectTrouble(await runHere(command, args), message);
  });
});
