// SPDX-License-Identifier: GPL-2.0-only
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { copyProject } from './testing/project-copy.ts';
import { ROOT, expectTrouble, run } from './testing/run.ts';

let root = '';
let file = '';
beforeAll(() => {
  root = copyProject(['min-align-mask/neighbour-slot', 'config/no-swiotlb-page']);
  file = join(root, 'corpus', 'map', 'damaged.yaml');
  mkdirSync(dirname(file));
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

const GOOD = `name: a scenario
why: It is damaged below.
device: { untrusted: true }
buffers: { data: { size: 512 } }
steps:
  - map_page: { id: io, buffer: data, dir: TO_DEVICE }
`;
const BOMB = `${'abcdefghi'
  .split('')
  .map((name, depth, names) => `${name}: &${name} [${`*${names[depth - 1]}, `.repeat(depth > 0 ? 9 : 0)}x]`)
  .join('\n')}\n`;

const LEFT_OUT = 'bouncediff: left out: ';
const NO_BUFFER = 'steps[0].map_page.buffer: "dtaa" is not a buffer (did you mean data?); known: data';

describe('a scenario file that is damaged: file, line and column in one line, and 2', () => {
  test.each<[string, string, string, string]>([
    [
      'broken YAML',
      'compare',
      'name: a\nwhy: [b\nsteps: []\n',
      '3:1: not valid YAML: Flow sequence in block collection must be',
    ],
    [
      'a YAML bomb',
      'trace',
      BOMB,
      '1:7: a: anchor "&a": anchors and aliases are not allowed; use matrix or repeat',
    ],
    [
      'an unknown key',
      'bench',
      `${GOOD}watsh: [x]\n`,
      '7:1: unknown key "watsh" (did you mean watch?); allowed: name, why',
    ],
    [
      'a double unmap',
      'compare',
      `${GOOD}  - unmap_page: io\n  - unmap_page: io\n`,
      '8:17: steps[2].unmap_page: "io" was unmapped in line 7;',
    ],
    [
      'a sync of an unmapped handle',
      'compare',
      `${GOOD}  - unmap_page: io\n  - sync_single_for_cpu: io\n`,
      '8:26: steps[2].sync_single_for_cpu: "io" was unmapped in line 7;',
    ],
  ])('%s', async (_, name, text, message) => {
    writeFileSync(file, text);
    const outcome = await run(name, name === 'bench' ? ['v3'] : ['v3', name === 'trace' ? '**' : 'v3'], {
      root,
    });
    expectTrouble(outcome, /./);
    expect(outcome.stderr).toContain(`${file}:${message}`);
  });

  test('costs nothing where it is not asked for but a line', async () => {
    writeFileSync(file, GOOD.replace('data,', 'dtaa,'));
    const { exitCode, stdout, stderr } = await run('trace', ['v3', 'config/*'], { root });
    expect([exitCode, stderr]).toEqual([0, `${LEFT_OUT}${file}:6:33: ${NO_BUFFER}\n`]);
    expect(stdout).toContain('v3 on config/no-swiotlb-page');
    expectTrouble(await run('trace', ['v3', 'map/*'], { root }), `${file}:6:33: ${NO_BUFFER}`);
  });

  test('the output is left alone', async () => {
    writeFileSync(file, GOOD.replace('data,', 'dtaa,'));
    const report = join(root, 'report.md');
    writeFileSync(report, 'old');
    expectTrouble(
      await run('compare', ['v2', 'v3', '--output', report], { root }),
      `${file}:6:33: steps[0].map_page.buffer: "dtaa" is not a buffer (did you mean data?); known: data`,
    );
    expect(readFileSync(report, 'utf8')).toBe('old');
  });
});

test('a state that loops without an end: a finding, with case and function', async () => {
  rmSync(file, { force: true });
  const patch = join(root, 'dist', 'variants', 'v3', 'account-for-min-align-mask.js');
  const code = readFileSync(patch, 'utf8');
  const first = 'const coherent = this.kernel.devIsDmaCoherent(dev);';
  expect(code).toContain(first);
  try {
    writeFileSync(patch, code.replace(first, `${first} while (size === 128);`));
    const one = ['--scenario', 'min-align-mask/neighbour-slot'];
    const outcome = await run('compare', ['v2', 'v3', ...one, '--json'], { root });
    expect(outcome).toMatchObject({ exitCode: 1, stderr: '' });
    const report = JSON.parse(outcome.stdout) as {
      findings: { kind: string; clause: string; cause: string }[];
    };
    const crashes = report.findings.filter(({ clause }) => clause === 'no-crash');
    expect(crashes).toContainEqual(expect.objectContaining({ kind: 'regressed', cause: 'did-not-return' }));
    const traced = await run('trace', ['v3', 'min-align-mask/neighbour-slot', '--names'], { root });
    expect(traced.stdout).toMatch(
      /CRASH: a function of the state did not return {3}\[v3\.2:mapPage → v3\.5:mapSwiotlb\]/,
    );
  } finally {
    writeFileSync(patch, code);
  }
});

test('a pipe in place of a scenario: one line, and 2', async () => {
  execFileSync('mkfifo', [file]);
  try {
    expectTrouble(await run('compare', ['v2', 'v3'], { root }), `${file}: a pipe or a device, not a file`);
  } finally {
    rmSync(file);
  }
});

test('a scenario that would take all memory: file, line and step in one line, and 2', async () => {
  writeFileSync(
    file,
    `name: a\nwhy: b\nbuffers: { a: { size: 0x100000 } }\nsteps:\n  - repeat: { times: 4096, steps: [cpu_read: a] }\n`,
  );
  const problem = 'by step 11 the run records and looks at more than 128 MiB';
  expectTrouble(await run('compare', ['v2', 'v3'], { root }), `${file}:5: ${problem}`);
  rmSync(file);
});

describe('expectations', () => {
  const args = ['v2', 'v3', '--scenario', 'min-align-mask/neighbour-slot', '--json'];
  let expectations = '';
  beforeAll(() => {
    rmSync(file, { force: true });
    expectations = join(root, 'corpus', 'expectations.yaml');
  });

  test('--accept writes them, and what is accepted regresses no more', async () => {
    const before = readFileSync(expectations, 'utf8');
    const accepting = await run('compare', [...args, '--accept', 'known since v3'], { root });
    expect(accepting).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('"regressed": 3,'),
      stderr: `3 expectations added to ${expectations}\n`,
    });
    expect(readFileSync(expectations, 'utf8').length).toBeGreaterThan(before.length);
    const accepted = await run('compare', args, { root });
    expect(accepted).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(accepted.stdout)).toMatchObject({
      summary: { fixed: 5, regressed: 0 },
      expected: Array.from({ length: 3 }, () => ({ reason: 'known since v3' })),
    });
  });

  const ENTRY = '- { states: v3, scenario: "sync/*", clause: isolation, reason: none }\n';
  test.each([
    [
      'a state that is none',
      ENTRY.replace('v3', 'v33'),
      args,
      ':1:13: [0].states: no state "v33"; allowed: ',
    ],
    ['an unknown key', `${ENTRY}${ENTRY.replace('reason', 'raeson')}`, args, ':2:'],
    ['an entry that nothing matches any more', ENTRY, ['v3', 'v3'], ':1: matches nothing in v3 and v3 '],
  ])('%s: file and line in one line, and 2', async (_, text, command, message) => {
    writeFileSync(expectations, text);
    const outcome = await run('compare', command, { root });
    expectTrouble(outcome, /./);
    expect(outcome.stderr).toContain(`bouncediff: ${expectations}${message}`);
  });
});

test('a corpus of which nothing is left is refused', async () => {
  const corpus = join(root, 'corpus');
  rmSync(corpus, { recursive: true });
  mkdirSync(corpus);
  expectTrouble(
    await run('compare', ['v2', 'v3'], { root }),
    `${corpus}: no scenario in it; expected <topic>/<name>.yaml`,
  );
});

describe('schema', () => {
  const SCHEMA = join('corpus', 'scenario.schema.json');

  test('--check says whether the file is stale, and schema writes it anew', async () => {
    mkdirSync(join(root, 'corpus'), { recursive: true });
    writeFileSync(join(root, SCHEMA), '{}\n');
    const stale = 'corpus/scenario.schema.json is stale: npm run schema\n';
    expect(await run('schema', ['--check'], { root })).toEqual({ exitCode: 1, stdout: stale, stderr: '' });
    expect(await run('schema', [], { root })).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(readFileSync(join(root, SCHEMA), 'utf8')).toBe(readFileSync(join(ROOT, SCHEMA), 'utf8'));
  });

  test('takes nothing else', async () => {
    expectTrouble(
      await run('schema', ['--chekc'], { root }),
      /^unknown option '--chekc' \(Did you mean --check\?\)/,
    );
  });
});
