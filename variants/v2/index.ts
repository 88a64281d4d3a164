// SPDX-License-Identifier: GPL-2.0-only
import type { Series } from '../patch.ts';
import { checkConfigSwiotlb } from './check-config-swiotlb.ts';
import { fixArchSyncDmaForMap } from './fix-arch-sync-dma-for-map.ts';
import { fixSyncSg } from './fix-sync-sg.ts';
import { passSkipToSwiotlbUnmap } from './pass-skip-to-swiotlb-unmap.ts';

export const v2: Series = {
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
      claims: [
        'sync_sg for cpu and for device on a bounced buffer copies and maintains the bounce buffer',
        'drivers that use SKIP_CPU_SYNC with sg lists, or sync_sg, now see the data',
        'trusted devices are unchanged',
      ],
    },
    {
      apply: fixArchSyncDmaForMap,
      subject: 'dma-iommu: fix arch_sync_dma for map with swiotlb',
      messageId: '20210709033502.3545820-3-stevensd@google.com',
      claims: [
        'cache maintenance at map goes to the bounce buffer, in map_page and in map_sg of untrusted devices',
        'the original buffer is no longer maintained for nothing',
      ],
    },
    {
      apply: passSkipToSwiotlbUnmap,
      subject: 'dma-iommu: pass SKIP_CPU_SYNC to swiotlb unmap',
      messageId: '20210709033502.3545820-4-stevensd@google.com',
      claims: ['no second copy from the bounce buffer at unmap'],
    },
    {
      apply: checkConfigSwiotlb,
      subject: 'dma-iommu: Check CONFIG_SWIOTLB more broadly',
      messageId: '20210709033502.3545820-5-stevensd@google.com',
      claims: [
        'with CONFIG_SWIOTLB=n the swiotlb code is compiled out more widely',
        'strict invalidation of untrusted devices is kept',
        'with CONFIG_SWIOTLB=y nothing changes',
      ],
    },
  ],
};
