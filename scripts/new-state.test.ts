// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { execa } from 'execa';
import { findState } from '../variants/registry.ts';
import { packageRoot } from '../harness/text/package-root.ts';
import { writeSeries } from '../harness/source/new-series.ts';
import { openSources } from '../harness/source/sources.ts';
import { copyOfRepository } from '../harness/source/testing/checkout.ts';
import { EXIT_TROUBLE } from './cli.ts';
import { runCommandLine } from './main.ts';

describe('in a copy of the repository', () => {
  // Each command of it checks the types of all sources.
  jest.setTimeout(300_000);
  let root: string;
  beforeAll(() => {
    root = copyOfRepository();
  });
  afterAll(() => rmSync(root, { recursive: true }));

  /** Runs a shell command there. */
  async function run(
    command: string,
  ): Promise<{ exitCode: number | undefined; stdout: string; stderr: string }> {
    const env = { NO_COLOR: '1', npm_config_update_notifier: 'false' };
    const { exitCode, stdout, stderr } = await execa(command, { cwd: root, shell: true, reject: false, env });
    return { exitCode, stdout, stderr };
  }

  /** The commands of the guide, in order; v99 is free for certain. */
  function guide(): string[] {
    const text = readFileSync(join(root, 'docs', 'adding-a-revision.md'), 'utf8');
    const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block ?? '');
    return blocks.flatMap((block) => block.trim().split('\n')).map((line) => line.replaceAll('v9', 'v99'));
  }

  // What each copies has another type below it; the checks of the guide then look at them too.
  test.each(['v1', 'review/fold-map-swiotlb'])('a series on %s', async (id) => {
    const from = findState(id);
    if (from === undefined) throw new Error(`no such state: ${id}`);
    const all = [...(await openSources(root)).effectiveSource(from).functions.keys()];
    const patches = [all, [], ['mapPage']].map((overrides, i) => ({ subject: `patch ${i}`, overrides }));
    await writeSeries(root, { name: `on-${id.replaceAll(/[^a-z0-9]/g, '-')}`, from, patches });
    expect(readdirSync(join(root, 'variants'))).toContain(`on-${id.replaceAll(/[^a-z0-9]/g, '-')}`);
  });

  test('every command of the guide works', async () => {
    const transcript = new Map<string, string>();
    for (const command of guide()) {
      const { exitCode, stdout, stderr } = await run(command);
      expect({ command, exitCode, stdout, stderr }).toMatchObject({ exitCode: 0 });
      transcript.set(command, stdout);
    }
    const checks = ['npx tsc', 'npx oxlint variants', 'npx prettier --check variants/v99'];
    expect([...transcript.keys()]).toEqual(expect.arrayContaining(checks));
    expect(transcript.get('npm run source -- v8 --diff v99')).toContain('v8 → v99: no function differs.');
    expect(transcript.get('npm run compare v8 v99')).toContain(': no finding, no cost and no call differs.');
    expect(readdirSync(join(root, 'variants', 'v99'))).toEqual([
      'clear-the-slack-of-a-bounce-buffer.ts',
      'index.ts',
    ]);
  });

  test('overrides for each patch, on a state that is not the end of a series', async () => {
    const { exitCode, stdout } = await run(
      'npm run --silent new-state v98 -- --from v8.3 --patch "fix a" --override mapSg,initDomain --patch "fix b" --override ""',
    );
    expect([exitCode, stdout]).toEqual([
      0,
      `v98 stands on v8.3:
  variants/v98/fix-a.ts
  variants/v98/fix-b.ts
  variants/v98/index.ts
  variants/registry.ts
Edit its patches, then: npm run compare v8.3 v98 (docs/adding-a-revision.md)`,
    ]);
    const first = readFileSync(join(root, 'variants', 'v98', 'fix-a.ts'), 'utf8');
    expect(first.match(/override \w+/g)).toEqual(['override initDomain', 'override mapSg']);
  });
});

describe('trouble', () => {
  let complained = '';
  beforeEach(() => {
    complained = '';
    process.env['NO_COLOR'] = '1';
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
      complained += String(text);
      return true;
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const patch = ['--patch', 'a'];
  const from = ['--from', 'v8'];
  test.each([
    [['v8', ...from, ...patch], 'there is a state "v8" already'],
    [['v8.7', ...from, ...patch], 'there is a state "v8.7" already'],
    [['review', ...from, ...patch], 'variants/review is there already'],
    [['Next', ...from, ...patch], 'a state is called vN, or by small letters'],
    [['v98', ...patch], 'which state does it stand on? --from STATE'],
    [['v98', '--from', 'v8.8', ...patch], 'unknown state "v8.8"; nearest: v8'],
    [['v98', ...from], 'a series has patches: --patch "subject" for each'],
    [['v98', ...from, '--patch', ' '], 'a patch has a subject'],
    [['v98', ...from, ...patch, ...patch], 'two patches have the subject "a"'],
    [['v98', ...from, ...patch, '--override', 'mapPgae'], 'no function "mapPgae" in v8; nearest: mapPage, '],
    [
      ['v98', ...from, ...patch, '--override', 'mapSg', '--override', 'mapPage'],
      'given 2 times for 1 patches',
    ],
    [['v98', 'v97', ...from, ...patch], 'Expected 1 argument but got 2. Surplus: "v97"'],
  ])('%j', async (argv, message) => {
    const before = readdirSync(join(packageRoot(), 'variants'));
    expect(await runCommandLine(['new-state', ...argv])).toBe(EXIT_TROUBLE);
    expect(complained).toContain(message);
    expect(complained).toMatch(/^bouncediff: .*\n$/);
    expect(readdirSync(join(packageRoot(), 'variants'))).toEqual(before);
  });

  test('a flag that npm keeps', async () => {
    const env = { ...process.env, npm_lifecycle_event: 'new-state', npm_config_from: 'v8' };
    jest.replaceProperty(process, 'env', env);
    expect(await runCommandLine(['new-state', 'v98', 'v8', 'a'])).toBe(EXIT_TROUBLE);
    expect(complained).toContain('npm kept --from for itself; put -- before flags');
  });
});
