// SPDX-License-Identifier: GPL-2.0-only
/** The commands of nightly.yml and of the Kubernetes jobs in docs/exploration.md, run as they stand there. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { temporaryFolder } from './testing/project-copy.ts';
import { execute, nodeArgs, ROOT, run, type Outcome } from './testing/run.ts';

const step = z.looseObject({
  name: z.string().optional(),
  uses: z.string().optional(),
  run: z.string().optional(),
  env: z.record(z.string(), z.string()).default({}),
});
const workflow = z
  .looseObject({
    env: z.record(z.string(), z.string()),
    jobs: z.record(
      z.string(),
      z.looseObject({
        strategy: z.looseObject({ matrix: z.record(z.string(), z.array(z.number())) }).optional(),
        steps: z.array(step),
      }),
    ),
  })
  .parse(parse(readFileSync(join(ROOT, '.github', 'workflows', 'nightly.yml'), 'utf8')));

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true }));

/** Fewer programs than at night. */
const PROGRAMS = 320;
const SETTING = { ...workflow.env, RUNS: String(PROGRAMS), SEED: '1' };
const SEARCH = ['v7', 'v8', '--runs', String(PROGRAMS), '--seed', '1', '--no-corpus', '--no-learning'];

/** `npm run -s explore --` and `npx bouncediff explore`, as they were built. */
beforeAll(() => {
  const [flag = '', bin = ''] = nodeArgs('bouncediff', []);
  const words = { npm: 'shift 4; set -- explore "$@"', npx: 'shift 1' };
  for (const [name, shift] of Object.entries(words)) {
    const script = `#!/bin/sh\n${shift}\nexec ${process.execPath} ${flag} ${bin} "$@"\n`;
    writeFileSync(join(folder, name), script, { mode: 0o755 });
  }
});

async function shell(
  command: string,
  env: Readonly<Record<string, string>>,
  shellName = 'bash',
): Promise<Outcome> {
  return execute(shellName, ['-e', '-c', command], {
    cwd: folder,
    env: { PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}`, ...env },
    timeout: 120_000,
  });
}

function stepNamed(name: string) {
  const found = Object.values(workflow.jobs)
    .flatMap(({ steps }) => steps)
    .find((one) => one.name === name);
  if (found?.run === undefined) throw new Error(`no step ${name}`);
  return found;
}

describe('nightly.yml', () => {
  const shards = workflow.jobs['explore']?.strategy?.matrix['shard'] ?? [];

  test('a job for each shard', () => {
    expect(shards).toEqual(Array.from({ length: Number(workflow.env['SHARDS']) }, (_, at) => at + 1));
  });

  test('actions are pinned by the hash of a commit', () => {
    const used = Object.values(workflow.jobs).flatMap(({ steps }) => steps.flatMap(({ uses }) => uses ?? []));
    expect(used.length).toBeGreaterThan(5);
    for (const name of used) expect(name).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
  });

  test('its shards, put together, are one search; one that is lost is said, and fails nothing', async () => {
    const { run: command = '', env } = stepNamed('Explore');
    expect(env).toEqual({ SHARD: '${{ matrix.shard }}' });
    for (const shard of shards) {
      const outcome = await shell(command, { ...SETTING, SHARD: String(shard) });
      expect(outcome).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    }
    mkdirSync(join(folder, 'shards'));
    for (const name of readdirSync(folder).filter((one) => one.startsWith('shard-'))) {
      renameSync(join(folder, name), join(folder, 'shards', name));
    }
    const summary = join(folder, 'summary.md');
    const merge = async (): Promise<Outcome> => shell(stepNamed('Merge').run ?? '', SETTING);
    expect(await merge()).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(
      await shell(stepNamed('Say what was found').run ?? '', { GITHUB_STEP_SUMMARY: summary }),
    ).toMatchObject({
      exitCode: 0,
    });
    const one = await run('explore', SEARCH, { long: true });
    expect(readFileSync(join(folder, 'found.md'), 'utf8')).toBe(one.stdout);
    expect(readFileSync(summary, 'utf8')).toBe(one.stdout);
    rmSync(join(folder, 'shards', 'shard-5.json'));
    expect(await merge()).toMatchObject({ exitCode: 0 });
    expect(readFileSync(join(folder, 'found.md'), 'utf8')).toContain('(7 of 8 shards merged)');
  }, 240_000);

  test('what is no shard fails the job', async () => {
    writeFileSync(join(folder, 'shards', 'shard-5.json'), 'cut sho');
    const { exitCode } = await shell(stepNamed('Merge').run ?? '', SETTING);
    expect(exitCode).not.toBe(0);
  });
});

describe('the Kubernetes job of docs/exploration.md', () => {
  const page = readFileSync(join(ROOT, 'docs', 'exploration.md'), 'utf8');
  const job = z.looseObject({
    apiVersion: z.literal('batch/v1'),
    kind: z.literal('Job'),
    spec: z.looseObject({
      completionMode: z.literal('Indexed'),
      completions: z.number(),
      parallelism: z.number(),
      template: z.looseObject({
        spec: z.looseObject({
          restartPolicy: z.enum(['Never', 'OnFailure']),
          containers: z.tuple([z.looseObject({ command: z.array(z.string()) })]),
        }),
      }),
    }),
  });
  const [, text = ''] = /```yaml\n(apiVersion: batch\/v1[\s\S]*?)```/.exec(page) ?? [];

  test('each pod probes a shard, and all of them are one search', async () => {
    const { spec } = job.parse(parse(text));
    const [{ command }] = spec.template.spec.containers;
    const [shellName = '', flag = '', script = ''] = command;
    expect([shellName, flag, command.length]).toEqual(['sh', '-c', 3]);
    const out = join(folder, 'pods');
    mkdirSync(out);
    const small = script.replace(/--runs \d+/, `--runs ${PROGRAMS}`).replaceAll('/shards', out);
    for (let index = 0; index < spec.completions; index++) {
      const outcome = await shell(small, { JOB_COMPLETION_INDEX: String(index) }, 'sh');
      expect(outcome).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    }
    const files = readdirSync(out).flatMap((name) => ['--merge', join(out, name)]);
    expect(files).toHaveLength(2 * spec.completions);
    expect(await run('explore', files, { long: true })).toEqual(await run('explore', SEARCH, { long: true }));
  }, 240_000);
});
