// SPDX-License-Identifier: GPL-2.0-only
import type { Series } from '../patch.ts';
import { checkConfigSwiotlb } from './check-config-swiotlb.ts';
import { fixSwiotlbSkipAndArchSync } from './fix-swiotlb-skip-and-arch-sync.ts';

export const v1: Series = {
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
        'sync_sg reaches the bounce buffer, for the copy and for cache maintenance',
        'map_page and map_sg maintain the bounce buffer, not the original',
        'no second copy out of the bounce buffer at unmap',
        'map and unmap of swiotlb no longer copy by themselves',
      ],
    },
    {
      apply: checkConfigSwiotlb,
      subject: 'dma-iommu: Check CONFIG_SWIOTLB more broadly',
      messageId: '20210702053742.842850-3-stevensd@google.com',
      claims: [
        'with CONFIG_SWIOTLB=n the swiotlb code is compiled out more widely',
        'with CONFIG_SWIOTLB=y nothing changes',
      ],
    },
  ],
};
