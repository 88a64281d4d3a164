// SPDX-License-Identifier: GPL-2.0-only
/** Expressions and suggestions over posted patches on the command line, on a small tree of our own. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { mailOf } from '../harness/c-states/testing/mail-of.ts';
import { compareSchema } from './testing/compare-schema.ts';
import { execute, expectTrouble, nodeArgs, ROOT, run, type Outcome } from './testing/run.ts';

/** Compilers are slow to start. */
const PATIENCE = 900_000;
const SLOW = { timeout: PATIENCE };
const FIXTURES = join(ROOT, 'harness/c-states/testing');
const TREE = join(FIXTURES, 'tree');
const FILE = 'drivers/iommu/dma-iommu.c';
const V1 = join(FIXTURES, 'v1.mbox');
const CASES = ['--scenario', 'sync/part-for-cpu-across-slots'];
const folder = mkdtempSync(join(tmpdir(), 'bouncediff-'));
const workspace = ['--workspace', join(folder, 'workspace')];

const SMALL = readFileSync(join(TREE, FILE), 'utf8');
const CHECK = '!dev->dma_coherent && !(attrs & DMA_ATTR_SKIP_CPU_SYNC)';
const AFTER_V1 = SMALL.replaceAll('\tif (dev->dma_coherent)\n\t\treturn;\n', '').replace(
  `\t}\n\tif (${CHECK})\n\t\tarch_sync_dma_for_device(phys, size, dir);\n\thandle`,
  `\t} else if (${CHECK}) {\n\t\tarch_sync_dma_for_device(phys, size, dir);\n\t}\n\thandle`,
);
const CLEAN = '\t} else {\n\t\tarch_sync_dma_for_device(phys, size, dir);\n\t}\n\thandle';
const IF = `\t} else if (${CHECK}) {\n\t\tarch_sync_dma_for_device(phys, size, dir);\n\t}\n\thandle`;
const PAD = ['mapped_size(dev, phys, size) - size);', 'mapped_size(dev, phys, size) - size + 0);'] as const;

/** A suggestion on v1, as `FILE@STATE`. */
function suggested(name: string, from: string, to: string, on: string): string {
  const file = join(folder, `${name}.patch`);
  expect(AFTER_V1.split(from)).toHaveLength(2);
  writeFileSync(file, mailOf(name, FILE, AFTER_V1, AFTER_V1.replace(from, to)));
  return `${file}@${on}`;
}

const ALWAYS = suggested('always', IF, CLEAN, 'v1');
const MORE = suggested('more', ...PAD, 'v1');
const ON_TREE = ['--tree', TREE, '--machine', 'model', ...workspace];

async function ran(name: string, ...args: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await run(name, [...args, ...workspace], SLOW);
  expect({ stderr, isFine: exitCode === 0 || exitCode === 1 }).toEqual({ stderr: '', isFine: true });
  return stdout;
}

async function wordOf(from: string, to: string): Promise<string> {
  const { summary } = compareSchema.parse(JSON.parse(await ran('compare', from, to, ...CASES, '--json')));
  return summary.word;
}

describe('imported', () => {
  beforeAll(async () => {
    const words = [...ON_TREE, '--as', 'small', V1, '--suggest', ALWAYS, '--suggest', MORE];
    const { stdout, stderr, exitCode } = await run('import', words, SLOW);
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    expect(stdout).toMatch(/small\/always +\| suggestion on small\/v1 /);
  }, PATIENCE);

  test(
    'source lists hunks by number, with what they touch, and those of one function',
    async () => {
      const all = await ran('source', 'small/v1', '--hunks');
      expect(all.match(/^small\/v1\.\d:\d .*$/gm)).toEqual([
        `small/v1.1:1 ${FILE}:180 iommu_dma_sync_sg_for_cpu`,
        `small/v1.1:2 ${FILE}:189 iommu_dma_sync_sg_for_device`,
        `small/v1.2:1 ${FILE}:125 iommu_dma_map_page`,
      ]);
      const one = await ran('source', 'small/v1', 'iommu_dma_map_page', '--hunks');
      expect(one.match(/^small\/v1\.\d:\d/gm)).toEqual(['small/v1.2:1']);
      expectTrouble(
        await run('source', ['v3', '--hunks']),
        /^v3 was not compiled from C: .*\+v3\.2:mapPage$/,
      );
    },
    PATIENCE,
  );

  test(
    'without a patch: what it broke is not there, and the report is of the expression',
    async () => {
      const without = 'small/v1-small/v1.2';
      const { from, to, findings } = compareSchema.parse(
        JSON.parse(await ran('compare', without, 'small/v1', ...CASES, '--json')),
      );
      expect([from.id, from.patches.map(({ id }) => id)]).toEqual([without, ['small/v1.1']]);
      expect(to.patches.map(({ id }) => id)).toEqual(['small/v1.1', 'small/v1.2']);
      expect(findings.find(({ clause }) => clause === 'to-device-data')).toMatchObject({
        kind: 'regressed',
        patches: [{ patch: 'small/v1.2', executed: ['iommu_dma_map_page'] }],
      });
      expect(await wordOf('small/v1.1', without)).toBe('same');
    },
    PATIENCE,
  );

  test(
    'a part of a patch turns a finding, by its own name and with its own lines',
    async () => {
      const part = 'small+small/v1.2:1';
      const { findings } = compareSchema.parse(
        JSON.parse(await ran('compare', 'small', part, ...CASES, '--json')),
      );
      const broken = findings.find(({ clause }) => clause === 'to-device-data');
      expect(broken).toMatchObject({ kind: 'regressed', patches: [{ patch: 'small/v1.2' }] });
      const hunk = 'small+small/v1.1:2';
      const text = await ran('source', hunk, 'iommu_dma_sync_sg_for_device');
      expect(text).toContain('last written by small/v1.1:2, ');
      expect(text).toContain('(only hunk 2)');
      expect(text).not.toContain('dma_coherent');
      expect(await ran('source', hunk, 'iommu_dma_sync_sg_for_cpu')).toContain('if (dev->dma_coherent)');
    },
    PATIENCE,
  );

  test(
    'matrix, trace, costs, explore and two suggestions together',
    async () => {
      const both = 'small/v1+small/always+small/more';
      expect(await ran('matrix', 'small/v1', both, ...CASES)).toContain(both);
      expect(await ran('trace', both, 'sync/part-of-page')).toContain(`${both} on sync/part-of-page`);
      expect(await ran('costs', 'small', 'small+small/v1.1:1', ...CASES)).toContain('small+small/v1.1:1');
      const [first, without] = ['small/v1.1', 'small/v1-small/v1.2'];
      expect(await ran('explore', first, without, '--runs', '20')).toContain(`explore ${first} → ${without}`);
      expect(await wordOf('small/always', both)).toBe('same');
    },
    PATIENCE,
  );

  test('power says why it does without them', async () => {
    expectTrouble(
      await run('power', ['v3.4', 'small/v1-small/v1.2', ...workspace]),
      /^small\/v1-small\/v1\.2 was compiled from C; power makes its mistakes in the TypeScript of /,
    );
  });

  test(
    'no shell wants them quoted',
    async () => {
      const words = ['small/v1-small/v1.1:1+small/more', 'sync/part-of-page', ...workspace];
      const line = [process.execPath, ...nodeArgs('trace', words)].join(' ');
      for (const shell of ['sh', 'bash']) {
        const { exitCode, stderr } = await execute(shell, ['-c', line], SLOW);
        expect([exitCode, stderr]).toEqual([0, '']);
      }
    },
    PATIENCE,
  );

  test.each([
    [
      'small/always-small/v1.2',
      /^small\/always-small\/v1\.2: v1 1\/1 "always" does not apply to ".*": hunk "@@ .*, mail line \d+: expected ".*", found ".*" at line \d+$/,
    ],
    ['small/v1+small/v1.1:3', /: small\/v1\.1 has no hunk 3; it has hunks 1 to 2 /],
    ['small/v1+small/v1.1', 'small/v1+small/v1.1: small/v1 has small/v1.1 already'],
    ['small/v1+v3.1', /: no patch "v3\.1"/],
    ['small/v1$(id)', /^unknown state "small\/v1\$\(id\)"; nearest: small\/v1/],
    ['small/v1+small/v1.1;id', /: no patch "small\/v1\.1;id"/],
    [
      `small/v1${'-small/v1.2+small/v1.2'.repeat(5000)}`,
      /has 10000 signs; an expression has at most 16 terms/,
    ],
    [`small/v1+${'x\n'.repeat(5000)}`, /^small\/v1\+x.*: no patch /],
  ])('refused in one line: %#', async (text, message) => {
    expectTrouble(await run('trace', [text, 'sync/*', ...workspace]), message);
    expectTrouble(await run('compare', ['small', text, ...workspace]), message);
  });
});

describe('review', () => {
  const review = async (...args: string[]): Promise<Outcome> => run('review', [...ON_TREE, ...args], SLOW);

  test(
    'of two states that are named',
    async () => {
      const { stdout, stderr, exitCode } = await review(V1, '--to', 'v1-v1.2', ...CASES);
      expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
      expect(stdout).toMatch(/^# base → v1-v1\.2$/m);
      const other = await review(V1, '--from', 'v1.1', '--to', 'base+v1.1:1,2', ...CASES, '--json');
      const { to, summary } = compareSchema.parse(JSON.parse(other.stdout));
      expect([to.id, summary.word]).toEqual(['base+v1.1:1,2', 'same']);
    },
    PATIENCE,
  );

  test(
    'of a suggestion, against what it stands on',
    async () => {
      const { stdout, stderr, exitCode } = await review(V1, '--suggest', MORE, ...CASES);
      expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
      expect(stdout).toMatch(/^# v1 → more$/m);
    },
    PATIENCE,
  );

  test(
    'refused in one line',
    async () => {
      expectTrouble(await review(V1, '--to', 'v9'), /^unknown state "v9"; nearest: v1$/);
      expectTrouble(await review(V1, '--to', 'v1+v1.2'), 'v1+v1.2: v1 has v1.2 already');
      expectTrouble(await review(V1, '--suggest', V1), /--suggest .*: FILE@STATE, /);
      expectTrouble(
        await review(V1, '--suggest', ALWAYS.replace(/@v1$/, '@v7')),
        /no state "v7" to stand on; /,
      );
      const twice = ['--suggest', MORE, '--suggest', MORE];
      expectTrouble(await review(V1, ...twice), '--suggest "more": there is a state more already');
      expectTrouble(
        await review(V1, '--suggest', ALWAYS.replace(/@v1$/, '@base')),
        /^v1 1\/1 "always" does not apply to /,
      );
    },
    PATIENCE,
  );
});
