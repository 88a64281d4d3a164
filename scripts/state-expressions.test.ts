// SPDX-License-Identifier: GPL-2.0-only
/** State expressions on the command line. */
import { describe, expect, test } from '@jest/globals';
import { execute, expectTrouble, nodeArgs, run } from './testing/run.ts';

const RAW = 'review/raw-arch-sync-on-unmap';
const BOTH = `v3.3+${RAW}+review/unmap-sg-sync-below`;
const FEW = ['--scenario', 'sync/*'];

interface Compared {
  readonly from: { readonly id: string };
  readonly to: { readonly id: string; readonly patches: readonly { readonly id: string }[] };
  readonly summary: { readonly word: string; readonly regressed: number };
}

async function compared(from: string, to: string, ...more: readonly string[]): Promise<Compared> {
  const { stdout, stderr, exitCode } = await run('compare', [from, to, '--json', ...more]);
  expect({ stderr, isFine: exitCode === 0 || exitCode === 1 }).toEqual({ stderr: '', isFine: true });
  return JSON.parse(stdout) as Compared;
}

describe('two suggestions together', () => {
  test('no regression against what they were asked of, and the same as the one that contains both', async () => {
    const [onBase, onRaw] = await Promise.all([compared('v3.3', BOTH, ...FEW), compared(RAW, BOTH, ...FEW)]);
    expect([onBase.summary.regressed, onRaw.summary.word]).toEqual([0, 'same']);
    expect(onBase.to.id).toBe(BOTH);
    expect(onBase.to.patches.map(({ id }) => id)).toEqual([
      'v3.1',
      'v3.2',
      'v3.3',
      ...BOTH.split('+').slice(1),
    ]);
  });
});

test('matrix, trace, source and explore take them', async () => {
  const [matrix, trace, source, explore] = await Promise.all([
    run('matrix', ['v3', 'v3-v3.3', ...FEW]),
    run('trace', ['v3.1+v3.2:mapPage,mapSwiotlb', 'sync/sg-trusted']),
    execute('npm', ['run', '-s', 'source', 'v3-v3.3', 'mapSg']),
    run('explore', ['v3', 'v3-v3.3', '--runs', '60']),
  ]);
  for (const { exitCode, stderr } of [matrix, trace, source]) expect([exitCode, stderr]).toEqual([0, '']);
  expect(matrix.stdout).toContain('v3-v3.3');
  expect(trace.stdout).toContain('v3.1+v3.2:mapPage,mapSwiotlb on sync/sg-trusted');
  expect(source.stdout).toContain('last written by v3.4');
  expect(source.stdout).toContain('// variants/v');
  expect(source.stdout).not.toContain('attrs |=');
  expect([0, 1]).toContain(explore.exitCode);
  expect(explore.stdout).toContain('v3-v3.3');
});

test('no shell wants them quoted', async () => {
  const node = [process.execPath, ...nodeArgs('trace', ['v3.1+v3.2:mapPage,mapSg', 'sync/sg-trusted'])].join(
    ' ',
  );
  for (const shell of ['sh', 'bash']) {
    const { exitCode, stdout } = await execute(shell, ['-c', node]);
    expect([exitCode, stdout]).toEqual([
      0,
      expect.stringContaining('v3.1+v3.2:mapPage,mapSg on sync/sg-trusted'),
    ]);
  }
});

describe('every patch of v3 and of v8 left out: reported, or refused with the reason', () => {
  const refused = /^(v\d)-\1\.\d: \1\.\d rewrites \w+ on top of \1\.\d$/;
  test.each([
    ['v3', 1, refused],
    ['v3', 2, refused],
    ['v3', 3, ['v3.1', 'v3.2', 'v3.4', 'v3.5']],
    ['v3', 4, refused],
    ['v3', 5, ['v3.1', 'v3.2', 'v3.3', 'v3.4']],
    ['v8', 1, refused],
    ['v8', 2, refused],
    ['v8', 3, refused],
    ['v8', 4, refused],
    ['v8', 5, refused],
    ['v8', 6, refused],
    ['v8', 7, ['v8.1', 'v8.2', 'v8.3', 'v8.4', 'v8.5', 'v8.6']],
  ] as const)('%s without its patch %i', async (series, patch, expected) => {
    const without = `${series}-${series}.${patch}`;
    if (expected instanceof RegExp) {
      expectTrouble(await run('compare', [without, series, ...FEW]), expected);
      return;
    }
    const { stdout, stderr, exitCode } = await run('compare', [without, series, ...FEW, '--json']);
    expect({ stderr, isFine: exitCode === 0 || exitCode === 1 }).toEqual({ stderr: '', isFine: true });
    const { from } = JSON.parse(stdout) as { from: Compared['to'] };
    expect([from.id, from.patches.map(({ id }) => id)]).toEqual([without, expected]);
    const { stdout: report } = await run('compare', [without, series, ...FEW]);
    expect(report).toContain(`# ${without} → ${series}\n`);
  });
});

describe('refused in one line', () => {
  test.each([
    ['v3-v3.2', 'v3-v3.2: v3.3 rewrites mapSg on top of v3.2'],
    ['v3.1+v3.2:mapFoo', 'v3.1+v3.2:mapFoo: v3.2 has no function mapFoo; it has mapSwiotlb, mapPage, mapSg'],
    ['v3+v3.2', 'v3+v3.2: v3 has v3.2 already'],
    ['v3+v3.2;id', 'v3+v3.2;id: no patch "v3.2;id" (the command states lists all)'],
    [`v3${'+v3.1-v3.1'.repeat(5000)}`, /v3 has v3\.1 already|has 10000 signs/],
    [`v3+${'x\n'.repeat(5000)}`, /^v3\+x.*: no patch /],
  ])('%.30s', async (text, message) => {
    expectTrouble(await run('trace', [text, 'sync/*']), message);
  });

  test('what is accepted has to have a name', async () => {
    const outcome = await run('compare', ['v3', 'v3-v3.3', '--accept', 'because', ...FEW]);
    expectTrouble(outcome, '--accept is for states with a name of their own, not for v3-v3.3');
  });
});
