// SPDX-License-Identifier: GPL-2.0-only
/** What every workflow keeps to, so that a pull request of a stranger cannot do harm. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { ROOT } from './testing/run.ts';

const FOLDER = join(ROOT, '.github', 'workflows');
const permissions = z.record(z.string(), z.enum(['read', 'write']));
const step = z.strictObject({
  name: z.string().optional(),
  uses: z.string().optional(),
  run: z.string().optional(),
  if: z.string().optional(),
  with: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  env: z.record(z.string(), z.string()).default({}),
});
const job = z.strictObject({
  name: z.string(),
  if: z.string().optional(),
  'runs-on': z.string(),
  container: z.string().optional(),
  'timeout-minutes': z.number(),
  needs: z.string().optional(),
  strategy: z.unknown().optional(),
  permissions: permissions.optional(),
  steps: z.array(step),
});
const schema = z.strictObject({
  name: z.string(),
  on: z.record(z.string(), z.unknown()),
  permissions,
  env: z.record(z.string(), z.string()).optional(),
  concurrency: z.strictObject({ group: z.string(), 'cancel-in-progress': z.boolean() }).optional(),
  jobs: z.record(z.string(), job),
});

type Workflow = z.infer<typeof schema>;

const files = readdirSync(FOLDER).toSorted();
const textOf = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');
const read = (name: string): Workflow => schema.parse(parse(textOf(name)));
const stepsOf = ({ jobs }: Workflow): z.infer<typeof step>[] =>
  Object.values(jobs).flatMap((one) => one.steps);

test('there are four', () => {
  expect(files).toEqual(['ci.yml', 'comment.yml', 'compare.yml', 'nightly.yml']);
});

describe.each(files)('%s', (name) => {
  const workflow = read(name);
  const steps = stepsOf(workflow);

  test('pins every action to a commit, and says which version that is', () => {
    const uses = textOf(name).match(/^.*\buses:.*$/gm) ?? [];
    expect(uses).toHaveLength(steps.filter((one) => one.uses !== undefined).length);
    for (const line of uses) expect(line).toMatch(/ uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test('has one command a step, with nothing put into it but through its environment', () => {
    for (const { run = '', uses } of steps) {
      expect(run === '').toBe(uses !== undefined);
      expect(run.trim().split('\n')).toHaveLength(1);
      expect(run).not.toContain('${{');
    }
  });

  test('leaves no token in a checkout', () => {
    for (const one of steps) {
      if (one.uses?.startsWith('actions/checkout@') === true) {
        expect(one.with['persist-credentials']).toBe(false);
        expect(one.with['ref']).toBeUndefined();
      }
    }
  });

  test('runs for a pull request with nothing but a token that may read', () => {
    const on = Object.keys(workflow.on);
    expect(on).not.toContain('pull_request_target');
    if (!on.includes('pull_request')) return;
    const granted = [
      workflow.permissions,
      ...Object.values(workflow.jobs).map((one) => one.permissions ?? {}),
    ];
    for (const each of granted) expect([{}, { contents: 'read' }]).toContainEqual(each);
    expect(textOf(name)).not.toMatch(/secrets\.|github\.token/);
  });
});

test('one version of each action', () => {
  const uses = files.flatMap((name) => stepsOf(read(name)).flatMap((one) => one.uses ?? []));
  const actions = uses.map((one) => one.split('@')[0]);
  expect(new Set(uses).size).toBe(new Set(actions).size);
});

describe('compare.yml', () => {
  const workflow = read('compare.yml');

  test('runs on every pull request, one run at a time', () => {
    // Without a filter: a change that no longer touches a state has a comment to take back.
    expect(workflow.on).toEqual({ pull_request: null });
    expect(workflow.concurrency).toEqual({
      group: 'compare-${{ github.event.pull_request.number }}',
      'cancel-in-progress': true,
    });
    expect(workflow.permissions).toEqual({});
    expect(workflow.jobs['compare']?.permissions).toEqual({ contents: 'read' });
  });
});

describe('comment.yml', () => {
  const { on, permissions: all, jobs, concurrency } = read('comment.yml');

  test('follows compare.yml, and each job may do what it does', () => {
    expect(on).toEqual({ workflow_run: { workflows: [read('compare.yml').name], types: ['completed'] } });
    expect(all).toEqual({});
    expect(concurrency?.group).toMatch(/head_repository.*head_branch/);
    expect(Object.entries(jobs).map(([id, one]) => [id, one.permissions])).toEqual([
      ['comment', { actions: 'read', contents: 'read', 'pull-requests': 'write' }],
      ['junit', { actions: 'read', checks: 'write' }],
    ]);
  });

  test('runs nothing of the pull request', () => {
    for (const { steps } of Object.values(jobs)) {
      const fetches = steps.filter(({ uses }) => uses?.startsWith('actions/download-artifact@') === true);
      expect(fetches).toHaveLength(1);
      for (const { with: options } of fetches) {
        expect(options['run-id']).toBe('${{ github.event.workflow_run.id }}');
        // What is fetched replaces nothing that is run.
        const isBesideCode = steps.some(({ run }) => run !== undefined);
        expect(options['path']).toBe(isBesideCode ? '${{ runner.temp }}/report' : 'report');
      }
      for (const { uses, with: options } of steps) {
        if (uses?.startsWith('actions/setup-node@') === true) {
          expect(options).toEqual({ 'node-version': 22, 'package-manager-cache': false });
        }
      }
    }
  });
});
