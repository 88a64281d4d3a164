// SPDX-License-Identifier: GPL-2.0-only
/**
 * Readings of the review that no recording covers, as patches of the posted v3 on 5.14-rc5, beside this repository's
 * states; every patch left out in turn. The tree is 5.14 in the folder BOUNCEDIFF_KERNEL_TREES, the mails v2.mbox,
 * v3.mbox and v6.mbox in BOUNCEDIFF_POSTED_SERIES.
 */
import { existsSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { mailOf } from '../harness/c-states/testing/mail-of.ts';
import { applySeries } from '../harness/posted/apply.ts';
import { readMailbox } from '../harness/posted/mailbox.ts';
import { postedSeries } from '../harness/posted/series.ts';
import { openTree } from '../harness/posted/tree.ts';
import { compareSchema } from './testing/compare-schema.ts';
import { expectTrouble, run } from './testing/run.ts';

const SLOW = { timeout: 900_000 };
const FILE = 'drivers/iommu/dma-iommu.c';
const tree = join(process.env['BOUNCEDIFF_KERNEL_TREES'] ?? '', '5.14');
const posted = process.env['BOUNCEDIFF_POSTED_SERIES'];
const cache = process.env['BOUNCEDIFF_KERNEL_CACHE'];
const folder = mkdtempSync(join(tmpdir(), 'bouncediff-'));
const workspace = ['--workspace', folder];

// Neither the tree nor the mails are part of this project: who has them names their folders.
const withBoth = posted === undefined || !existsSync(tree) ? describe.skip : describe;
const mails = (version: string): string => join(posted ?? '', `${version}.mbox`);

/** What the mails ask for, as changes of the file after v3 3/5. */
const SUGGESTIONS: Readonly<Record<string, (text: string) => string>> = {
  // In the trusted path of map_sg the entries are cleaned by the raw helper.
  'raw-map': (text) =>
    replaced(
      text,
      /iommu_dma_sync_sg_for_device\(dev, sg, nents, dir\);/,
      'if (!dev_is_dma_coherent(dev))\n\t\t\tfor_each_sg(sg, s, nents, i)\n\t\t\t\tarch_sync_dma_for_device(sg_phys(s), s->length, dir);',
    ),
  // The raw helper on unmap; unmap_sg still syncs in front.
  'raw-unmap': (text) =>
    replaced(
      replaced(
        text,
        /\n(?=\t__iommu_dma_unmap\(dev, dma_addr, size\);)/,
        '\n\tif (!(attrs & DMA_ATTR_SKIP_CPU_SYNC) && !dev_is_dma_coherent(dev))\n\t\tarch_sync_dma_for_cpu(phys, size, dir);\n\n',
      ),
      /\tif [^\n]*\n\t\tiommu_dma_sync_single_for_cpu\(dev, dma_handle, size, dir\);[^}]*\}\n\n/,
      '',
    ),
  // The sync of unmap_sg below its swiotlb path.
  below: (text) => {
    const sync = /\tif [^\n]*\n\t\tiommu_dma_sync_sg_for_cpu\(dev, sg, nents, dir\);[^}]*\}\n\n/;
    const block = sync.exec(text)?.[0] ?? '';
    return replaced(
      replaced(text, sync, ''),
      /(?<=iommu_dma_unmap_sg_swiotlb\(dev, sg, nents, dir, attrs\);\n\t\treturn;\n\t\}\n\n)/,
      block,
    );
  },
};

function replaced(text: string, what: RegExp, by: string): string {
  expect(text.match(new RegExp(what, 'g'))).toHaveLength(1);
  return text.replace(what, by);
}

async function compared(from: string, to: string) {
  const { stdout, stderr, exitCode } = await run('compare', [from, to, '--json', ...workspace], SLOW);
  expect({ stderr, isFine: exitCode === 0 || exitCode === 1 }).toEqual({ stderr: '', isFine: true });
  return compareSchema.parse(JSON.parse(stdout));
}

withBoth('the posted v3, and what was asked for in its review', () => {
  beforeAll(async () => {
    if (cache !== undefined && existsSync(cache)) symlinkSync(cache, join(folder, 'objects'));
    const series = postedSeries(await readMailbox(mails('v3')));
    const { prefixes } = await applySeries(await openTree(tree), series);
    const before = prefixes[3]?.changed(FILE)?.text ?? '';
    const suggested = Object.entries(SUGGESTIONS).flatMap(([name, change]) => {
      const file = join(folder, `${name}.patch`);
      writeFileSync(file, mailOf(name, FILE, before, change(before)));
      return ['--suggest', `${file}@v3.3`];
    });
    const words = ['--tree', tree, '--machine', 'model', '--as', 'c', ...workspace];
    const { stderr, exitCode } = await run(
      'import',
      [...words, mails('v3'), mails('v6'), ...suggested],
      SLOW,
    );
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  });

  test.each([
    ['the third hunk of 2/5 left out', 'v3.1+v3.2:mapSwiotlb,mapPage', 'c/v3.1+c/v3.2:1,2'],
    ['the third hunk of 2/5 by itself', 'v3.1+v3.2:mapSg', 'c/v3.1+c/v3.2:3'],
    ['the raw helper in the trusted path of map_sg', 'review/raw-arch-sync-on-map', 'c/raw-map'],
    [
      'the raw helper on unmap, without the move',
      'v3.3+review/raw-arch-sync-on-unmap:unmapSwiotlb,unmapPage',
      'c/raw-unmap',
    ],
    ['the move by itself', 'review/unmap-sg-sync-below', 'c/below'],
    ['both together', 'review/raw-arch-sync-on-unmap', 'c/v3.3+c/raw-unmap+c/below'],
    ['3/5 left out', 'v3-v3.3', 'c/v3-c/v3.3'],
  ])('%s: the same in every case of the corpus', async (_, from, to) => {
    const { summary } = await compared(from, to);
    expect(summary).toMatchObject({ word: 'same', different: 0, same: summary.cases });
  });

  test('a patch that only applies with fuzz is told of', async () => {
    const { notes } = await compared('c/v3-c/v3.3', 'c/v3');
    expect(notes).toContainEqual(
      expect.stringMatching(/^c\/v3-c\/v3\.3: v3 4\/5: ".*dma-iommu\.c" applied with fuzz 2$/),
    );
  });

  const doesNotApply = (patch: number): RegExp =>
    new RegExp(
      String.raw`^c/v\d-c/v\d\.\d: v\d ${patch}/\d ".*" does not apply to ".*": hunk "@@ .*, mail line`,
    );

  test.each([
    ['v3', 1, 4],
    ['v3', 2, 3],
    ['v3', 3, undefined],
    ['v3', 4, undefined],
    ['v3', 5, undefined],
    ['v6', 1, 5],
    ['v6', 2, 4],
    ['v6', 3, 4],
    ['v6', 4, 5],
    ['v6', 5, 7],
    ['v6', 6, undefined],
    ['v6', 7, undefined],
  ])(
    '%s without its patch %i: reported, or the later one that does not apply is named',
    async (series, patch, refused) => {
      const words = [`c/${series}-c/${series}.${patch}`, `c/${series}`, '--scenario', 'sync/*', ...workspace];
      const outcome = await run('compare', words, SLOW);
      if (refused !== undefined) {
        expectTrouble(outcome, doesNotApply(refused));
        return;
      }
      expect(outcome.stderr).toBe('');
      expect(outcome.stdout).toContain(`# c/${series}-c/${series}.${patch} → c/${series}\n`);
    },
  );

  test('fidelity: a posted series, and one made of its hunks, do what was recorded', async () => {
    for (const args of [
      ['--state', 'c/v3'],
      ['--state', 'c'],
      ['--state', 'c/v3.1+c/v3.2:1,2,3', '--against', 'v3.2'],
    ]) {
      const { stdout, stderr, exitCode } = await run('fidelity', [...args, ...workspace], SLOW);
      expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
      expect(stdout).toMatch(/\b651\/651\b/);
    }
    expectTrouble(
      await run('fidelity', ['--state', 'c/v3-c/v3.3', ...workspace], SLOW),
      /^nothing was recorded as "/,
    );
  });

  test('review v2.mbox v3.mbox has the findings of compare v2 v3, patches included', async () => {
    const words = ['--tree', tree, '--machine', 'model', ...workspace, mails('v2'), mails('v3')];
    const { stdout, stderr } = await run('review', [...words, '--explore', '0', '--json'], SLOW);
    expect(stderr).toBe('');
    const none = join(folder, 'none.yaml');
    writeFileSync(none, '[]\n');
    const own = await run('compare', ['v2', 'v3', '--expectations', none, '--json', ...workspace], SLOW);
    expect(own.stderr).toBe('');
    const told = (text: string) =>
      compareSchema
        .parse(JSON.parse(text))
        .findings.map(({ kind, clause, cause, inherited, patches, ...one }) => ({
          kind,
          clause,
          cause,
          inherited,
          patches: patches.map(({ patch }) => patch),
          cases: one.cases.length,
        }));
    expect(told(stdout)).toEqual(told(own.stdout));
  });
});
