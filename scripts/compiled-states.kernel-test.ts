// SPDX-License-Identifier: GPL-2.0-only
/**
 * The posted v3 on 5.14-rc5, compiled, beside this repository's own: as commands. The tree is 5.14 in the folder
 * BOUNCEDIFF_KERNEL_TREES, the mail v3.mbox in BOUNCEDIFF_POSTED_SERIES.
 */
import { existsSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { compareSchema } from './testing/compare-schema.ts';
import { run } from './testing/run.ts';

const SLOW = { timeout: 600_000 };
const tree = join(process.env['BOUNCEDIFF_KERNEL_TREES'] ?? '', '5.14');
const posted = process.env['BOUNCEDIFF_POSTED_SERIES'];
const cache = process.env['BOUNCEDIFF_KERNEL_CACHE'];
const workspace = mkdtempSync(join(tmpdir(), 'bouncediff-'));

// Neither the tree nor the mails are part of this project: who has them names their folders.
const withBoth = posted === undefined || !existsSync(tree) ? describe.skip : describe;

async function compared(from: string, to: string) {
  const { stdout, stderr, exitCode } = await run(
    'compare',
    [from, to, '--json', '--workspace', workspace],
    SLOW,
  );
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  return compareSchema.parse(JSON.parse(stdout));
}

withBoth('compare v3 with the posted v3', () => {
  beforeAll(async () => {
    if (cache !== undefined && existsSync(cache)) symlinkSync(cache, join(workspace, 'objects'));
    for (const [name, ...more] of [['c'], ['on-model', '--machine', 'model']] as const) {
      const args = ['--tree', tree, '--as', name, ...more, '--workspace', workspace];
      const { stderr, exitCode } = await run('import', [...args, join(posted ?? '', 'v3.mbox')], SLOW);
      expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    }
  });

  test.each([
    ['baseline', 'on-model'],
    ['v3.1', 'on-model/v3.1'],
    ['v3.2', 'on-model/v3.2'],
    ['v3.3', 'on-model/v3.3'],
    ['v3.4', 'on-model/v3.4'],
    ['v3', 'on-model/v3'],
  ])('%s and %s: the same in every case of the corpus', async (from, to) => {
    const { summary } = await compared(from, to);
    expect(summary).toMatchObject({ word: 'same', different: 0, same: summary.cases });
  });

  test('with its own pool and allocator: the same verdicts, and three traces that are named', async () => {
    const { summary, differentOfBases } = await compared('v3', 'c/v3');
    expect(summary).toMatchObject({ word: 'same', fixed: 0, regressed: 0, different: 0 });
    // A search that never ends: C does not tell what it was called with.
    expect(differentOfBases).toEqual([
      'errors/pool-full-of-half-pages[replaced=0]',
      'errors/pool-full-of-half-pages[replaced=5]',
      'errors/pool-full-endless-search[offset=0x800]',
    ]);
    expect(summary.same + differentOfBases.length).toBe(summary.cases);
  });
});
