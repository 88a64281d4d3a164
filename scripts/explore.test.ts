// SPDX-License-Identifier: GPL-2.0-only
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { copyProject } from './testing/project-copy.ts';
import { execute, expectTrouble, run } from './testing/run.ts';

async function explore(...args: string[]) {
  return run('explore', args);
}

test('reports findings, each with a command that prints it again', async () => {
  const { exitCode, stdout } = await explore('v2', 'v3', '--runs', '20', '--seed', '1');
  expect(exitCode).toBe(1);
  const sections = stdout.split(/^(?=### )/m).slice(1);
  expect(sections.length).toBeGreaterThan(1);
  const section = sections.at(-1) ?? '';
  const replay = /^Replay: `npx bouncediff explore (.*)`$/m.exec(section)?.[1] ?? '';
  const again = await explore(...replay.split(' '));
  expect(again.exitCode).toBe(1);
  expect(again.stdout.trim()).toBe(section.trim());
});

test('any number of workers finds the same in the same order', async () => {
  const args = ['v2', 'v3', '--runs', '150', '--seed', '1', '--workers'];
  // Threads are started in one way from the sources, in another as it was built.
  const [one, three, sources] = await Promise.all([
    explore(...args, '1'),
    explore(...args, '3'),
    execute(process.execPath, ['--import', 'tsx', join('scripts', 'bouncediff.ts'), 'explore', ...args, '2']),
  ]);
  expect(sources.stdout).toBe(one.stdout);
  expect(three.exitCode).toBe(1);
  expect(three.stdout).toBe(one.stdout);
});

describe('--costs', () => {
  const args = ['v2', 'v3', '--runs', '40', '--seed', '1', '--no-corpus', '--no-learning', '--costs'];

  test('costs of both sides, and a command that prints them again', async () => {
    const { exitCode, stdout } = await explore(...args);
    expect(exitCode).toBe(1);
    expect(stdout).not.toMatch(/^### (?!cheaper: |costlier: )/m);
    expect(stdout).toMatch(/^Step \d+, map_page, IOMMU pages mapped: 2 in v2, 1 in v3\.$/m);
    const section = stdout.split(/^(?=### )/m).at(-1) ?? '';
    const replay = /^Replay: `npx bouncediff explore (.*)`$/m.exec(section)?.[1] ?? '';
    expect((await explore(...replay.split(' '))).stdout.trim()).toBe(section.trim());
  });

  test('as data', async () => {
    const { findings } = JSON.parse((await explore(...args, '--json')).stdout) as {
      findings: { kind: string; clause: null; cost: { name: string; from: number; to: number } }[];
    };
    expect(findings.map(({ cost }) => cost.name)).toContain('pages-mapped');
    for (const { kind, clause, cost } of findings) {
      expect(clause).toBeNull();
      expect(kind).toBe(cost.to > cost.from ? 'costlier' : 'cheaper');
    }
  });

  test('of one state, or with a clause: one line and exit code 2', async () => {
    expectTrouble(await explore('v3', '--costs'), /--costs takes two states/);
    expectTrouble(await explore('v2', 'v3', '--costs', '--clause', 'no-crash'), /--clause has no effect/);
    expectTrouble(await explore('v2', 'v3', '--costs', '--clauses-only'), /--clauses-only has no effect/);
  });
});

describe('--save', () => {
  let root: string;
  // By chance alone, the programs are the same whatever the corpus.
  const CHANCE = ['--no-corpus', '--no-learning'];
  const save = async (...args: string[]) =>
    run('explore', ['v2', 'v3', '--runs', '6', '--seed', '2', ...CHANCE, '--save', ...args], { root });

  beforeAll(() => {
    root = copyProject(['map/page-untrusted']);
  });
  afterAll(() => rmSync(root, { recursive: true }));

  test('puts each finding into the corpus, where it shows the same', async () => {
    const { exitCode, stdout, stderr } = await save();
    expect(exitCode).toBe(1);
    const found = readdirSync(join(root, 'corpus', 'found'));
    expect(found.length).toBe(stdout.match(/^### /gm)?.length);
    expect(stderr.match(/^saved /gm)).toHaveLength(found.length);
    const compared = await run('compare', ['v2', 'v3', '--scenario', 'found/*', '--json'], { root });
    const { findings } = JSON.parse(compared.stdout) as { findings: { clause: string; cause: string }[] };
    const listed = [...stdout.matchAll(/^- \w+ after .*: \w+ ([\w-]+): ([\w-]+),/gm)];
    expect(listed.length).toBeGreaterThan(1);
    for (const [, clause, cause] of listed) {
      expect(findings).toContainEqual(expect.objectContaining({ clause, cause }));
    }
    // A second time, nothing is left to write.
    expect((await save()).stderr).toBe('');
  });

  test('into a corpus of your own', async () => {
    const corpus = join(root, 'own');
    expectTrouble(await save('--corpus', corpus), `no folder "${corpus}"`);
    mkdirSync(corpus);
    const { exitCode, stdout } = await save('--corpus', corpus);
    expect(exitCode).toBe(1);
    expect(readdirSync(join(corpus, 'found')).length).toBe(stdout.match(/^### /gm)?.length);
  });

  test('where nothing can be written: one line and exit code 2, before the work begins', async () => {
    rmSync(join(root, 'corpus', 'found'), { recursive: true });
    writeFileSync(join(root, 'corpus', 'found'), 'in the way');
    expectTrouble(await save(), /^cannot make ".*\/found": /);
  });
});

test('what later generations find is found with any number of workers, and replayed alone', async () => {
  const args = ['v2', 'v3', '--runs', '600', '--clause', 'iova-accounting', '--json'];
  const [one, two] = await Promise.all(
    ['1', '2'].map(async (count) => run('explore', [...args, '--workers', count], { long: true })),
  );
  expect(two?.stdout).toBe(one?.stdout);
  const { findings, ...head } = JSON.parse(one?.stdout ?? '') as {
    findings: { id: string; clause: string; scenario: string; patches: object[]; replay: string }[];
  };
  expect(head).toMatchObject({
    schema: 'bouncediff/explore/1',
    from: 'v2',
    to: 'v3',
    seed: 1,
    programs: 600,
  });
  const [last] = findings.toReversed();
  expect(last).toMatchObject({ clause: 'iova-accounting', evidence: expect.anything() });
  expect(last?.scenario).toContain('\nsteps:\n');
  const replay = (last?.replay ?? '').replace('npx bouncediff explore ', '').split(' ');
  const again = await run('explore', [...replay, '--json'], { long: true });
  const alone = JSON.parse(again.stdout) as { findings: { id: string }[] };
  expect(alone.findings.map(({ id }) => id)).toEqual([last?.id]);
}, 240_000);

test('--finding of what there is not names what there is', async () => {
  const args = ['v2', 'v3', '--runs', '20', '--finding', 'NONSENSE'];
  expectTrouble(await explore(...args), /^no finding "NONSENSE" in these programs; there are [0-9a-f]{8}, /);
  expectTrouble(
    await explore('v7', 'v8', '--runs', '5', '--finding', 'NONSENSE'),
    'no finding "NONSENSE" in these programs; they have no findings',
  );
});

test('equal code, nothing found', async () => {
  const { exitCode, stdout } = await explore('v5', 'v6', '--runs', '30');
  expect(exitCode).toBe(0);
  expect(stdout).toContain('No difference.');
});

test.each([
  [['v2', 'v3', '--seed', '1e9'], '--seed "1e9" is not a whole number'],
  [['v2', 'v3', '--time', 'soon'], '--time "soon" is not a time'],
  [['v2', 'v3', '--runs', '0'], '--runs "0" is not a whole number'],
  [['v2', 'v33'], 'unknown state "v33"'],
  [['v2', '--clause', 'revocatio'], 'unknown clause "revocatio"'],
])('%j is one line and exit code 2', async (args, message) => {
  const { exitCode, stderr } = await explore(...args);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});
