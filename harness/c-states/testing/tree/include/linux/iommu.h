/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SMALL_IOMMU_H
#define SMALL_IOMMU_H
#include <linux/device.h>

#define IOMMU_READ 1
#define IOMMU_WRITE 2
#define IOMMU_CACHE 4
#define IOMMU_DOMAIN_DMA 3

struct iommu_domain;

struct iommu_iotlb_gather {
	unsigned long start, end;
};

struct iommu_ops {
	void (*flush_iotlb_all)(struct iommu_domain *domain);
	void (*iotlb_sync)(struct iommu_domain *domain, struct iommu_iotlb_gather *gather);
};

struct iommu_domain {
	unsigned int type;
	const struct iommu_ops *ops;
	unsigned long pgsize_bitmap;
	struct {
		dma_addr_t aperture_start, aperture_end;
		bool force_aperture;
	} geometry;
	struct iommu_dma_cookie *iova_cookie;
};

struct dev_iommu {
	void *priv;
};

struct iommu_domain *iommu_get_dma_domain(struct device *dev);
bool iommu_get_dma_strict(struct iommu_domain *domain);
int iommu_map(struct iommu_domain *domain, unsigned long iova, phys_addr_t phys, size_t size, int prot);
int iommu_map_atomic(struct iommu_domain *domain, unsigned long iova, phys_addr_t phys, size_t size, int prot);
size_t iommu_map_sg(struct iommu_domain *domain, unsigned long iova, struct scatterlist *sg,
		    unsigned int nents, int prot);
size_t iommu_map_sg_atomic(struct iommu_domain *domain, unsigned long iova, struct scatterlist *sg,
			   unsigned int nents, int prot);
size_t iommu_unmap_fast(struct iommu_domain *domain, unsigned long iova, size_t size,
			struct iommu_iotlb_gather *gather);
phys_addr_t iommu_iova_to_phys(struct iommu_domain *domain, dma_addr_t iova);
#endif
