// SPDX-License-Identifier: GPL-2.0-only
import {
  compiledOut,
  mapMaintainsBounceBuffer,
  oneCopyAtUnmap,
  originalNotMaintained,
  skipWithListsSeesData,
  strictKept,
  syncSgReachesBounceBuffer,
  trustedUnchanged,
  unchangedWithSwiotlb,
} from '../claims.ts';
import type { Series } from '../patch.ts';
import { checkConfigSwiotlb } from './check-config-swiotlb.ts';
import { fixArchSyncDmaForMap } from './fix-arch-sync-dma-for-map.ts';
import { fixSyncSg } from './fix-sync-sg.ts';
import { passSkipToSwiotlbUnmap } from './pass-skip-to-swiotlb-unmap.ts';

export const v2: Series = {
  module: import.meta.url,
  id: 'v2',
  subject: 'Fixes for dma-iommu swiotlb bounce buffers',
  author: 'David Stevens',
  date: '2021-07-09',
  messageId: '20210709033502.3545820-1-stevensd@google.com',
  base: 'baseline',
  patches: [
    {
      apply: fixSyncSg,
      subject: 'dma-iommu: fix sync_sg with swiotlb',
      messageId: '20210709033502.3545820-2-stevensd@google.com',
      claims: [syncSgReachesBounceBuffer, skipWithListsSeesData, trustedUnchanged],
    },
    {
      apply: fixArchSyncDmaForMap,
      subject: 'dma-iommu: fix arch_sync_dma for map with swiotlb',
      messageId: '20210709033502.3545820-3-stevensd@google.com',
      claims: [mapMaintainsBounceBuffer, originalNotMaintained],
    },
    {
      apply: passSkipToSwiotlbUnmap,
      subject: 'dma-iommu: pass SKIP_CPU_SYNC to swiotlb unmap',
      messageId: '20210709033502.3545820-4-stevensd@google.com',
      claims: [oneCopyAtUnmap],
    },
    {
      apply: checkConfigSwiotlb,
      subject: 'dma-iommu: Check CONFIG_SWIOTLB more broadly',
      messageId: '20210709033502.3545820-5-stevensd@google.com',
      claims: [compiledOut, strictKept, unchangedWithSwiotlb],
    },
  ],
};
