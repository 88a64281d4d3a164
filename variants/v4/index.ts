// SPDX-License-Identifier: GPL-2.0-only
import type { Series } from '../patch.ts';
import { accountForMinAlignMask } from './account-for-min-align-mask.ts';
import { checkConfigSwiotlb } from './check-config-swiotlb.ts';
import { fixArchSyncDmaForMap } from './fix-arch-sync-dma-for-map.ts';
import { fixSyncSg } from './fix-sync-sg.ts';
import { skipExtraSyncDuringUnmap } from './skip-extra-sync-during-unmap.ts';
import { supportAlignedSwiotlbBuffers } from './support-aligned-swiotlb-buffers.ts';

export const v4: Series = {
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
      claims: [
        'sync_sg for cpu and for device on a bounced buffer copies and maintains the bounce buffer',
        'drivers that use SKIP_CPU_SYNC with sg lists, or sync_sg, now see the data',
        'trusted devices are unchanged',
      ],
    },
    {
      apply: fixArchSyncDmaForMap,
      subject: 'dma-iommu: fix arch_sync_dma for map',
      messageId: '20210813073839.1562438-3-stevensd@google.com',
      claims: [
        'cache maintenance at map goes to the bounce buffer, in map_page and in map_sg of untrusted devices',
        'the original buffer is no longer maintained for nothing',
        'the fold of the helper changes nothing else',
      ],
    },
    {
      apply: skipExtraSyncDuringUnmap,
      subject: 'dma-iommu: skip extra sync during unmap w/swiotlb',
      messageId: '20210813073839.1562438-4-stevensd@google.com',
      claims: [
        'no sync before the swiotlb unmap: one copy instead of two at unmap',
        'cache maintenance is kept',
      ],
    },
    {
      apply: checkConfigSwiotlb,
      subject: 'dma-iommu: Check CONFIG_SWIOTLB more broadly',
      messageId: '20210813073839.1562438-5-stevensd@google.com',
      claims: [
        'with CONFIG_SWIOTLB=n the swiotlb code is compiled out more widely',
        'strict invalidation of untrusted devices is kept',
        'with CONFIG_SWIOTLB=y nothing changes',
      ],
    },
    {
      apply: supportAlignedSwiotlbBuffers,
      subject: 'swiotlb: support aligned swiotlb buffers',
      messageId: '20210813073839.1562438-6-stevensd@google.com',
      claims: [
        'bounce buffers are aligned to the IOVA granule, so that neighbouring slots are not exposed when slot size < granule < page size',
      ],
    },
    {
      apply: accountForMinAlignMask,
      subject: 'dma-iommu: account for min_align_mask',
      messageId: '20210813073839.1562438-7-stevensd@google.com',
      claims: [
        'the offset of a bounce buffer is no longer counted twice: no extra page is exposed to the device',
        'nothing is left mapped after unmap',
        'maps no longer fail when the IOVA is reused',
        'padding in front of the data is cleared',
      ],
    },
  ],
};
