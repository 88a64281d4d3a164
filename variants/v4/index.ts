// SPDX-License-Identifier: GPL-2.0-only
import {
  alignedToGranule,
  compiledOut,
  frontPaddingCleared,
  maintenanceKept,
  mapMaintainsBounceBuffer,
  mapsSucceedOnReuse,
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
import { accountForMinAlignMask } from './account-for-min-align-mask.ts';
import { checkConfigSwiotlb } from './check-config-swiotlb.ts';
import { fixArchSyncDmaForMap } from './fix-arch-sync-dma-for-map.ts';
import { fixSyncSg } from './fix-sync-sg.ts';
import { skipExtraSyncDuringUnmap } from './skip-extra-sync-during-unmap.ts';
import { supportAlignedSwiotlbBuffers } from './support-aligned-swiotlb-buffers.ts';

export const v4: Series = {
  module: import.meta.url,
  id: 'v4',
  subject: 'Fixes for dma-iommu swiotlb bounce buffers',
  author: 'David Stevens',
  date: '2021-08-13',
  messageId: '20210813073839.1562438-1-stevensd@google.com',
  base: 'baseline',
  patches: [
    {
      apply: fixSyncSg,
      subject: 'dma-iommu: fix sync_sg with swiotlb',
      messageId: '20210813073839.1562438-2-stevensd@google.com',
      claims: [syncSgReachesBounceBuffer, skipWithListsSeesData, trustedUnchanged],
    },
    {
      apply: fixArchSyncDmaForMap,
      subject: 'dma-iommu: fix arch_sync_dma for map',
      messageId: '20210813073839.1562438-3-stevensd@google.com',
      claims: [mapMaintainsBounceBuffer, originalNotMaintained, syncedBeforeMapped],
    },
    {
      apply: skipExtraSyncDuringUnmap,
      subject: 'dma-iommu: skip extra sync during unmap w/swiotlb',
      messageId: '20210813073839.1562438-4-stevensd@google.com',
      claims: [oneCopyAtUnmap, maintenanceKept],
    },
    {
      apply: checkConfigSwiotlb,
      subject: 'dma-iommu: Check CONFIG_SWIOTLB more broadly',
      messageId: '20210813073839.1562438-5-stevensd@google.com',
      claims: [compiledOut, strictKept, unchangedWithSwiotlb],
    },
    {
      apply: supportAlignedSwiotlbBuffers,
      subject: 'swiotlb: support aligned swiotlb buffers',
      messageId: '20210813073839.1562438-6-stevensd@google.com',
      claims: [alignedToGranule],
    },
    {
      apply: accountForMinAlignMask,
      subject: 'dma-iommu: account for min_align_mask',
      messageId: '20210813073839.1562438-7-stevensd@google.com',
      claims: [offsetCountedOnce, nothingLeftMapped, mapsSucceedOnReuse, frontPaddingCleared],
    },
  ],
};
