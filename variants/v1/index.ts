// SPDX-License-Identifier: GPL-2.0-only
import {
  compiledOut,
  mapDoesNotCopy,
  mapMaintainsBounceBuffer,
  oneCopyAtUnmapOfPage,
  originalNotMaintained,
  syncSgReachesBounceBuffer,
  unchangedWithSwiotlb,
} from '../claims.ts';
import type { Series } from '../patch.ts';
import { checkConfigSwiotlb } from './check-config-swiotlb.ts';
import { fixSwiotlbSkipAndArchSync } from './fix-swiotlb-skip-and-arch-sync.ts';

export const v1: Series = {
  module: import.meta.url,
  id: 'v1',
  subject: 'Fixes for dma-iommu swiotlb bounce buffers',
  author: 'David Stevens',
  date: '2021-07-02',
  messageId: '20210702053742.842850-1-stevensd@google.com',
  base: 'baseline',
  patches: [
    {
      apply: fixSwiotlbSkipAndArchSync,
      subject: 'dma-iommu: fix swiotlb SKIP_CPU_SYNC and arch sync',
      messageId: '20210702053742.842850-2-stevensd@google.com',
      claims: [
        syncSgReachesBounceBuffer,
        mapMaintainsBounceBuffer,
        originalNotMaintained,
        oneCopyAtUnmapOfPage,
        mapDoesNotCopy,
      ],
    },
    {
      apply: checkConfigSwiotlb,
      subject: 'dma-iommu: Check CONFIG_SWIOTLB more broadly',
      messageId: '20210702053742.842850-3-stevensd@google.com',
      claims: [compiledOut, unchangedWithSwiotlb],
    },
  ],
};
