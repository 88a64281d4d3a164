// SPDX-License-Identifier: GPL-2.0-only
/**
 * Series on real kernel trees: `BOUNCEDIFF_KERNEL_TREES=<folder with 6.12> npm run test:kernel`, and with 5.14 there
 * and the posted v1.mbox … v6.mbox of the recorded series in BOUNCEDIFF_POSTED_SERIES.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { compare, isUnchanged } from '../compare/comparison.ts';
import { compareWithVectors } from '../fidelity/compare.ts';
import { loadVectors } from '../fidelity/vectors.ts';
import { compileAhead } from '../kernel-c/compiled-state.ts';
import { Machine } from '../machine/machine.ts';
import { readMailbox } from '../posted/mailbox.ts';
import { postedSeries } from '../posted/series.ts';
import { openTree } from '../posted/tree.ts';
import { loadCorpus } from '../scenario/load.ts';
import { packageRoot } from '../text/package-root.ts';
import { Family } from './family.ts';
import { takeSnapshot } from './snapshot.ts';
import { seriesOf, type Edit } from './testing/mail-of.ts';

const trees = process.env['BOUNCEDIFF_KERNEL_TREES'];
if (trees === undefined) {
  throw new Error('BOUNCEDIFF_KERNEL_TREES names no folder with the kernel tree 6.12');
}
const cacheFolder = process.env['BOUNCEDIFF_KERNEL_CACHE'] ?? mkdtempSync(join(tmpdir(), 'bouncediff-'));
const BUILD = { pageSize: 4096, swiotlb: true };
const scenarios = loadCorpus(join(packageRoot(), 'corpus')).scenarios.filter(
  ({ machine }) => machine.pageSize === BUILD.pageSize && machine.swiotlb,
);

const DMA_IOMMU = 'drivers/iommu/dma-iommu.c';
const SWIOTLB = 'kernel/dma/swiotlb.c';
const IOVA = 'drivers/iommu/iova.c';

/** Each with one mistake that a reviewer may overlook. */
const MISTAKES: readonly [string, Edit][] = [
  [
    'clear the padding word by word',
    { file: DMA_IOMMU, from: 'start = virt + size;', to: 'start = virt + ALIGN(size, 4);' },
  ],
  [
    'tell the slots that data is in',
    { file: SWIOTLB, from: '(nr_slots(size) - pad_slots)', to: 'nr_slots(mapping_size)' },
  ],
  [
    'a range may end where another begins',
    { file: IOVA, from: 'new_pfn <= curr_iova->pfn_hi', to: 'new_pfn < curr_iova->pfn_hi' },
  ],
];

/** Each only moves code. */
const MOVES: readonly [string, Edit][] = [
  [
    'one declaration a line',
    {
      file: DMA_IOMMU,
      from: 'dma_addr_t iova, dma_mask = dma_get_mask(dev);',
      to: 'dma_addr_t dma_mask = dma_get_mask(dev);\n\tdma_addr_t iova;',
    },
  ],
  [
    'the size before the address',
    {
      file: SWIOTLB,
      from: 'orig_addr += tlb_offset;\n\talloc_size -= tlb_offset;',
      to: 'alloc_size -= tlb_offset;\n\torig_addr += tlb_offset;',
    },
  ],
  ['what is known already', { file: IOVA, from: 'new->pfn_lo + size - 1', to: 'new_pfn + size - 1' }],
];

describe('patches of our own on 6.12', () => {
  const compared = async (subject: string, edit: Edit) => {
    const tree = await openTree(join(trees, '6.12'));
    const series = await seriesOf(tree, subject, edit);
    const family = new Family(await takeSnapshot(tree, [series]), { id: 'base', cacheFolder, below: 'tree' });
    const { end } = family.add(series, 'v1');
    await compileAhead([family.base, end], [BUILD]);
    return { end, comparison: compare(family.base, end, scenarios) };
  };

  test.each(MISTAKES)('%s: a regression, with its hunk', async (subject, edit) => {
    const { end, comparison } = await compared(subject, edit);
    expect(comparison.findings.filter(({ kind }) => kind === 'regressed')).not.toEqual([]);
    const [patch] = end.chain;
    const functions = end.frames.filter((frame) => frame.patch === patch?.id).map(({ method }) => method);
    expect(functions).toHaveLength(1);
    const hunks = end.c?.hunks(patch?.id ?? '', functions) ?? [];
    expect(hunks.map(({ file }) => file)).toEqual([edit.file]);
    expect(hunks[0]?.lines.some((line) => line.startsWith('+') && line.includes(edit.to))).toBe(true);
  });

  test.each(MOVES)('%s: the same', async (subject, edit) => {
    const { comparison } = await compared(subject, edit);
    expect(comparison.findings.filter((finding) => !isUnchanged(finding))).toEqual([]);
    expect(comparison.same).toBe(scenarios.length);
  });
});

const posted = process.env['BOUNCEDIFF_POSTED_SERIES'];
// The mails are public, and no part of this project: who has them names their folder.
const withMails = posted === undefined ? describe.skip : describe;

withMails.each(['machine', 'tree'] as const)(
  'the recorded series on 5.14-rc5 (v1.mbox … v6.mbox in $BOUNCEDIFF_POSTED_SERIES), and below it the %s',
  (below) => {
    test.each(['v1', 'v2', 'v3', 'v4', 'v5', 'v6'])(
      'every prefix of %s does what was recorded',
      async (version) => {
        const tree = await openTree(join(trees, '5.14'));
        const series = postedSeries(await readMailbox(join(posted ?? '', `${version}.mbox`)));
        const family = new Family(await takeSnapshot(tree, [series]), { id: 'base', cacheFolder, below });
        const { states } = family.add(series, version);
        const vectors = loadVectors(join(packageRoot(), 'harness/fidelity/data'));
        const builds = [true, false].map((swiotlb) => ({ pageSize: 4096, swiotlb }));
        await compileAhead(states, builds);
        const results = states.map((state) => {
          const id = [state.id, state.alias ?? state.id].find((name) => vectors.states.includes(name)) ?? '';
          const { matched, total, first } = compareWithVectors(
            new Machine(),
            state,
            vectors.programs,
            vectors.results(id),
          );
          return { state: state.id, id, matched, total, first };
        });
        for (const { matched, total, ...rest } of results) {
          expect({ ...rest, matched }).toEqual({
            state: rest.state,
            id: rest.id,
            first: undefined,
            matched: total,
          });
        }
        expect(results).toHaveLength(series.patches.length);
      },
    );
  },
);
