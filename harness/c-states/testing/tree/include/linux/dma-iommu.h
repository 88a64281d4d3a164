/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SMALL_DMA_IOMMU_H
#define SMALL_DMA_IOMMU_H
#include <linux/iommu.h>

int iommu_get_dma_cookie(struct iommu_domain *domain);
void iommu_setup_dma_ops(struct device *dev, u64 dma_base, u64 dma_limit);
#endif
