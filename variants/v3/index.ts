// SPDX-License-Identifier: GPL-2.0-only
import type { Series } from '../patch.ts';
import { fixArchSyncDmaForMap } from '../v2/fix-arch-sync-dma-for-map.ts';
import { accountForMinAlignMask } from './account-for-min-align-mask.ts';
import { addSkipAfterSyncing } from './add-skip-after-syncing.ts';
import { checkConfigSwiotlb } from './check-config-swiotlb.ts';
import { fixSyncSg } from './fix-sync-sg.ts';

export const v3: Series = {
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
      claims: [
        'sync_sg for cpu and for device on a bounced buffer copies and maintains the bounce buffer',
        'drivers that use SKIP_CPU_SYNC with sg lists, or sync_sg, now see the data',
        'trusted devices are unchanged',
      ],
    },
    {
      apply: fixArchSyncDmaForMap,
      subject: 'dma-iommu: fix arch_sync_dma for map',
      messageId: '20210811024247.1144246-3-stevensd@google.com',
      claims: [
        'cache maintenance at map goes to the bounce buffer, in map_page and in map_sg of untrusted devices',
        'the original buffer is no longer maintained for nothing',
      ],
    },
    {
      apply: addSkipAfterSyncing,
      subject: 'dma-iommu: add SKIP_CPU_SYNC after syncing',
      messageId: '20210811024247.1144246-4-stevensd@google.com',
      claims: ['after syncing at map or unmap nothing syncs again', 'one copy instead of two at unmap'],
    },
    {
      apply: checkConfigSwiotlb,
      subject: 'dma-iommu: Check CONFIG_SWIOTLB more broadly',
      messageId: '20210811024247.1144246-5-stevensd@google.com',
      claims: [
        'with CONFIG_SWIOTLB=n the swiotlb code is compiled out more widely',
        'strict invalidation of untrusted devices is kept',
        'with CONFIG_SWIOTLB=y nothing changes',
      ],
    },
    {
      apply: accountForMinAlignMask,
      subject: 'dma-iommu: account for min_align_mask',
      messageId: '20210811024247.1144246-6-stevensd@google.com',
      claims: [
        'the offset of a bounce buffer is no longer counted twice: no extra page is exposed to the device',
        'nothing is left mapped after unmap',
        'maps no longer fail when the IOVA is reused',
        'padding in front of the data is cleared',
      ],
    },
  ],
};
