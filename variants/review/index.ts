// SPDX-License-Identifier: GPL-2.0-only
/** Changes that reviewers asked for, each on the state it was asked of. */
import type { Review } from '../patch.ts';
import { fixSyncSg } from '../v4/fix-sync-sg.ts';
import { skipExtraSyncDuringUnmap } from '../v5/skip-extra-sync-during-unmap.ts';
import { alwaysSyncSingle } from './always-sync-single.ts';
import { archSyncElseSwiotlb } from './arch-sync-else-swiotlb.ts';
import { elseIfArchSync } from './else-if-arch-sync.ts';
import { foldMapSwiotlb } from './fold-map-swiotlb.ts';
import { granuleAlignedBounce } from './granule-aligned-bounce.ts';
import { mapAlignedFromStart } from './map-aligned-from-start.ts';
import { noDeadAttrs } from './no-dead-attrs.ts';
import { rawArchSyncOnMap } from './raw-arch-sync-on-map.ts';
import { unmapSgSyncBelow } from './unmap-sg-sync-below.ts';

const HELLWIG = 'Christoph Hellwig';
const MURPHY = 'Robin Murphy';

export const review: Review = {
  module: import.meta.url,
  suggestions: [
    {
      name: 'v2-always-sync-single',
      base: 'v2.1',
      apply: alwaysSyncSingle,
      author: 'Will Deacon',
      date: '2021-08-02',
      on: 'v2 1/4',
      subject: 'call the sync_single form for every entry of a list',
      messageId: '20210802133037.GB28547@willie-the-truck',
      claims: [],
    },
    {
      name: 'fold-coherent-check',
      base: 'v3.1',
      // What was asked for is what v4 1/6 then posted.
      apply: fixSyncSg,
      author: HELLWIG,
      date: '2021-08-11',
      on: 'v3 1/5',
      subject: 'fold the coherent check into the else line (+1 Robin Murphy)',
      messageId: 'YRNmxU9Ou2OcvBq2@infradead.org',
      claims: [],
    },
    {
      name: 'fold-map-swiotlb',
      base: 'v3.2',
      apply: foldMapSwiotlb,
      author: MURPHY,
      date: '2021-08-11',
      on: 'v3 2/5',
      subject: 'fold __iommu_dma_map_swiotlb() into map_page',
      messageId: '5b4fd891-a86a-42cd-5b69-bc08d351dd3a@arm.com',
      claims: [],
    },
    {
      name: 'else-if-arch-sync',
      base: 'v3.2',
      apply: elseIfArchSync,
      author: MURPHY,
      date: '2021-08-11',
      on: 'v3 2/5',
      subject: 'make the arch sync an "else if" (withdrawn the next day)',
      messageId: '5b4fd891-a86a-42cd-5b69-bc08d351dd3a@arm.com',
      claims: [],
    },
    {
      name: 'raw-arch-sync-on-unmap',
      base: 'v3.3',
      // What was asked for is what v5 3/7 then posted.
      apply: skipExtraSyncDuringUnmap,
      author: HELLWIG,
      date: '2021-08-11',
      on: 'v3 3/5',
      subject: 'call the raw cache sync helper instead of sync_single_for_cpu',
      messageId: 'YRNpHcskc0Vv1ofa@infradead.org',
      claims: [],
    },
    {
      name: 'raw-arch-sync-on-map',
      base: 'v3.3',
      apply: rawArchSyncOnMap,
      author: HELLWIG,
      date: '2021-08-11',
      on: 'v3 3/5',
      subject: 'call the raw cache sync helper on the map side, too',
      messageId: 'YRNpHcskc0Vv1ofa@infradead.org',
      claims: [],
    },
    {
      name: 'arch-sync-else-swiotlb',
      base: 'v3.3',
      apply: archSyncElseSwiotlb,
      author: MURPHY,
      date: '2021-08-11',
      on: 'v3 3/5',
      subject: 'fold the unmap helper and put the arch sync in an else case',
      messageId: 'd8f07858-e8e7-9989-b95f-c512ba3904cf@arm.com',
      claims: [],
    },
    {
      name: 'no-dead-attrs',
      base: 'v3.3',
      apply: noDeadAttrs,
      author: MURPHY,
      date: '2021-08-11',
      on: 'v3 3/5',
      subject: 'do not set attrs in map_sg, nothing reads them',
      messageId: 'd8f07858-e8e7-9989-b95f-c512ba3904cf@arm.com',
      claims: [],
    },
    {
      name: 'unmap-sg-sync-below',
      base: 'v3.3',
      apply: unmapSgSyncBelow,
      author: MURPHY,
      date: '2021-08-11',
      on: 'v3 3/5',
      subject: 'move the sync of unmap_sg out of the swiotlb path',
      messageId: 'd8f07858-e8e7-9989-b95f-c512ba3904cf@arm.com',
      claims: [],
    },
    {
      name: 'map-aligned-from-start',
      base: 'v3',
      apply: mapAlignedFromStart,
      author: MURPHY,
      date: '2021-08-12',
      on: 'v3 5/5',
      subject: 'map the aligned size from the start of the bounce buffer',
      messageId: 'e69aa3e9-00c6-4551-2362-c88eb5f88721@arm.com',
      claims: [],
    },
    {
      name: 'granule-aligned-bounce',
      base: 'v3',
      apply: granuleAlignedBounce,
      author: 'David Stevens',
      date: '2021-08-12',
      on: 'v3 5/5',
      subject: 'allocate bounce buffers aligned to the granule',
      messageId: 'CAD=HUj7u71cdPfJ5t2tC8A26YOgwDe8H7i-h78f_MeRmuNUySQ@mail.gmail.com',
      claims: [],
    },
  ],
};
