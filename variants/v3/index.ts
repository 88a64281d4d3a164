// SPDX-License-Identifier: GPL-2.0-only
import {
  compiledOut,
  frontPaddingCleared,
  mapMaintainsBounceBuffer,
  mapsSucceedOnReuse,
  nothingLeftMapped,
  nothingSyncsTwice,
  offsetCountedOnce,
  oneCopyAtUnmap,
  originalNotMaintained,
  skipWithListsSeesData,
  strictKept,
  syncSgReachesBounceBuffer,
  trustedUnchanged,
  unchangedWithSwiotlb,
} from '../claims.ts';
import type { Series } from '../patch.ts';
import { fixArchSyncDmaForMap } from '../v2/fix-arch-sync-dma-for-map.ts';
import { accountForMinAlignMask } from './account-for-min-align-mask.ts';
import { addSkipAfterSyncing } from './add-skip-after-syncing.ts';
import { checkConfigSwiotlb } from './check-config-swiotlb.ts';
import { fixSyncSg } from './fix-sync-sg.ts';

export const v3: Series = {
  module: import.meta.url,
  id: 'v3',
  subject: 'Fixes for dma-iommu swiotlb bounce buffers',
  author: 'David Stevens',
  date: '2021-08-11',
  messageId: '20210811024247.1144246-1-stevensd@google.com',
  base: 'baseline',
  patches: [
    {
      apply: fixSyncSg,
      subject: 'dma-iommu: fix sync_sg with swiotlb',
      messageId: '20210811024247.1144246-2-stevensd@google.com',
      claims: [syncSgReachesBounceBuffer, skipWithListsSeesData, trustedUnchanged],
    },
    {
      apply: fixArchSyncDmaForMap,
      subject: 'dma-iommu: fix arch_sync_dma for map',
      messageId: '20210811024247.1144246-3-stevensd@google.com',
      claims: [mapMaintainsBounceBuffer, originalNotMaintained],
    },
    {
      apply: addSkipAfterSyncing,
      subject: 'dma-iommu: add SKIP_CPU_SYNC after syncing',
      messageId: '20210811024247.1144246-4-stevensd@google.com',
      claims: [nothingSyncsTwice, oneCopyAtUnmap],
    },
    {
      apply: checkConfigSwiotlb,
      subject: 'dma-iommu: Check CONFIG_SWIOTLB more broadly',
      messageId: '20210811024247.1144246-5-stevensd@google.com',
      claims: [compiledOut, strictKept, unchangedWithSwiotlb],
    },
    {
      apply: accountForMinAlignMask,
      subject: 'dma-iommu: account for min_align_mask',
      messageId: '20210811024247.1144246-6-stevensd@google.com',
      claims: [offsetCountedOnce, nothingLeftMapped, mapsSucceedOnReuse, frontPaddingCleared],
    },
  ],
};
