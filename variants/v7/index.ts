// SPDX-License-Identifier: GPL-2.0-only
import {
  alignedToGranule,
  compiledOut,
  helpersFolded,
  largeMaskUnsolved,
  maintenanceKept,
  mapMaintainsBounceBuffer,
  mapsSucceedOnReuse,
  neighboursUnsolved,
  nothingLeftMapped,
  offsetCountedOnce,
  oneCopyAtUnmap,
  originalNotMaintained,
  skipWithListsSeesData,
  strictKept,
  syncSgReachesBounceBuffer,
  syncedBeforeMapped,
  trustedUnchanged,
  unchangedWithSwiotlb,
} from '../claims.ts';
import type { Series } from '../patch.ts';
import { fixArchSyncDmaForMap } from '../v2/fix-arch-sync-dma-for-map.ts';
import { fixSyncSg } from '../v4/fix-sync-sg.ts';
import { foldSwiotlbHelpers } from '../v5/fold-swiotlb-helpers.ts';
import { skipExtraSyncDuringUnmap } from '../v5/skip-extra-sync-during-unmap.ts';
import { checkConfigSwiotlb } from '../v6/check-config-swiotlb.ts';
import { supportAlignedSwiotlbBuffers } from '../v6/support-aligned-swiotlb-buffers.ts';
import { accountForMinAlignMask } from './account-for-min-align-mask.ts';

export const v7: Series = {
  module: import.meta.url,
  id: 'v7',
  subject: 'Fixes for dma-iommu swiotlb bounce buffers',
  author: 'David Stevens',
  date: '2021-08-30',
  messageId: '20210830045925.4163412-1-stevensd@google.com',
  base: 'baseline',
  patches: [
    {
      apply: fixSyncSg,
      subject: 'dma-iommu: fix sync_sg with swiotlb',
      messageId: '20210830045925.4163412-2-stevensd@google.com',
      claims: [syncSgReachesBounceBuffer, skipWithListsSeesData, trustedUnchanged],
    },
    {
      apply: fixArchSyncDmaForMap,
      subject: 'dma-iommu: fix arch_sync_dma for map',
      messageId: '20210830045925.4163412-3-stevensd@google.com',
      claims: [mapMaintainsBounceBuffer, originalNotMaintained, syncedBeforeMapped],
    },
    {
      apply: skipExtraSyncDuringUnmap,
      subject: 'dma-iommu: skip extra sync during unmap w/swiotlb',
      messageId: '20210830045925.4163412-4-stevensd@google.com',
      claims: [oneCopyAtUnmap, maintenanceKept],
    },
    {
      apply: foldSwiotlbHelpers,
      subject: 'dma-iommu: fold _swiotlb helpers into callers',
      messageId: '20210830045925.4163412-5-stevensd@google.com',
      claims: [helpersFolded],
    },
    {
      apply: checkConfigSwiotlb,
      subject: 'dma-iommu: Check CONFIG_SWIOTLB more broadly',
      messageId: '20210830045925.4163412-6-stevensd@google.com',
      claims: [compiledOut, strictKept, unchangedWithSwiotlb],
    },
    {
      apply: supportAlignedSwiotlbBuffers,
      subject: 'swiotlb: support aligned swiotlb buffers',
      messageId: '20210830045925.4163412-7-stevensd@google.com',
      claims: [alignedToGranule],
    },
    {
      apply: accountForMinAlignMask,
      subject: 'dma-iommu: account for min_align_mask w/swiotlb',
      messageId: '20210830045925.4163412-8-stevensd@google.com',
      claims: [offsetCountedOnce, nothingLeftMapped, mapsSucceedOnReuse],
    },
  ],
  declared: [largeMaskUnsolved, neighboursUnsolved],
};
