// SPDX-License-Identifier: GPL-2.0-only
/* A small DMA layer of our own: one page table entry per page, bounce buffers for what is not whole pages. */
#include <linux/dma-iommu.h>
#include <linux/iova.h>
#include <linux/pci.h>
#include <linux/scatterlist.h>
#include <linux/swiotlb.h>

struct iommu_dma_cookie {
	struct iova_domain iovad;
	struct iommu_domain *fq_domain;
};

extern void *kernel_c_allocate(u64 size);
extern void arch_sync_dma_for_device(phys_addr_t phys, size_t size, enum dma_data_direction dir);
extern void arch_sync_dma_for_cpu(phys_addr_t phys, size_t size, enum dma_data_direction dir);

int iommu_get_dma_cookie(struct iommu_domain *domain)
{
	domain->iova_cookie = kernel_c_allocate(sizeof(*domain->iova_cookie));
	return domain->iova_cookie ? 0 : -ENOMEM;
}

static struct iova_domain *iovad_of(struct device *dev)
{
	return &iommu_get_dma_domain(dev)->iova_cookie->iovad;
}

static bool must_bounce(struct device *dev, phys_addr_t phys, size_t size)
{
#ifdef CONFIG_SWIOTLB
	return to_pci_dev(dev)->untrusted && ((phys | size) & (iovad_of(dev)->granule - 1));
#else
	return false;
#endif
}

static int prot_of(struct device *dev, enum dma_data_direction dir)
{
	int prot = dev->dma_coherent ? IOMMU_CACHE : 0;

	if (dir != DMA_FROM_DEVICE)
		prot |= IOMMU_READ;
	if (dir != DMA_TO_DEVICE)
		prot |= IOMMU_WRITE;
	return prot;
}

static size_t mapped_size(struct device *dev, u64 address, size_t size)
{
	unsigned long granule = iovad_of(dev)->granule;

	return ALIGN(size + (address & (granule - 1)), granule);
}

static void unmap(struct device *dev, dma_addr_t handle, size_t size)
{
	struct iommu_domain *domain = iommu_get_dma_domain(dev);
	struct iova_domain *iovad = iovad_of(dev);
	struct iommu_iotlb_gather gather = { 0 };
	size_t mapped = mapped_size(dev, handle, size);
	dma_addr_t iova = handle & ~((u64)iovad->granule - 1);
	int shift = __builtin_ctzl(iovad->granule);

	iommu_unmap_fast(domain, iova, mapped, &gather);
	domain->ops->iotlb_sync(domain, &gather);
	free_iova_fast(iovad, iova >> shift, mapped >> shift);
}

static dma_addr_t map(struct device *dev, phys_addr_t phys, size_t size, int prot)
{
	struct iommu_domain *domain = iommu_get_dma_domain(dev);
	struct iova_domain *iovad = iovad_of(dev);
	size_t mapped = mapped_size(dev, phys, size);
	int shift = __builtin_ctzl(iovad->granule);
	unsigned long offset = phys & (iovad->granule - 1);
	unsigned long pfn;

	pfn = alloc_iova_fast(iovad, mapped >> shift, *dev->dma_mask >> shift, true);
	if (!pfn)
		return DMA_MAPPING_ERROR;
	if (iommu_map_atomic(domain, (u64)pfn << shift, phys - offset, mapped, prot)) {
		free_iova_fast(iovad, pfn, mapped >> shift);
		return DMA_MAPPING_ERROR;
	}
	return ((u64)pfn << shift) + offset;
}

static void iommu_dma_sync_single_for_cpu(struct device *dev, dma_addr_t handle, size_t size,
					  enum dma_data_direction dir)
{
	phys_addr_t phys = iommu_iova_to_phys(iommu_get_dma_domain(dev), handle);

	if (!dev->dma_coherent)
		arch_sync_dma_for_cpu(phys, size, dir);
	if (is_swiotlb_buffer(phys))
		swiotlb_sync_single_for_cpu(dev, phys, size, dir);
}

static void iommu_dma_sync_single_for_device(struct device *dev, dma_addr_t handle, size_t size,
					     enum dma_data_direction dir)
{
	phys_addr_t phys = iommu_iova_to_phys(iommu_get_dma_domain(dev), handle);

	if (is_swiotlb_buffer(phys))
		swiotlb_sync_single_for_device(dev, phys, size, dir);
	if (!dev->dma_coherent)
		arch_sync_dma_for_device(phys, size, dir);
}

static void clear_padding(struct device *dev, phys_addr_t phys, size_t size)
{
	memset(phys_to_virt(phys + size), 0, mapped_size(dev, phys, size) - size);
}

static dma_addr_t iommu_dma_map_page(struct device *dev, struct page *page, unsigned long offset, size_t size,
				     enum dma_data_direction dir, unsigned long attrs)
{
	phys_addr_t phys = page_to_phys(page) + offset;
	bool bounced = must_bounce(dev, phys, size);
	dma_addr_t handle;

	if (bounced) {
		phys = swiotlb_tbl_map_single(dev, phys, size, ALIGN(size, iovad_of(dev)->granule), dir, attrs);
		if (phys == DMA_MAPPING_ERROR)
			return DMA_MAPPING_ERROR;
		clear_padding(dev, phys, size);
	}
	if (!dev->dma_coherent && !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		arch_sync_dma_for_device(phys, size, dir);
	handle = map(dev, phys, size, prot_of(dev, dir));
	if (handle == DMA_MAPPING_ERROR && bounced)
		swiotlb_tbl_unmap_single(dev, phys, size, dir, attrs | DMA_ATTR_SKIP_CPU_SYNC);
	return handle;
}

static void iommu_dma_unmap_page(struct device *dev, dma_addr_t handle, size_t size,
				 enum dma_data_direction dir, unsigned long attrs)
{
	phys_addr_t phys = iommu_iova_to_phys(iommu_get_dma_domain(dev), handle);

	if (!dev->dma_coherent && !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		arch_sync_dma_for_cpu(phys, size, dir);
	unmap(dev, handle, size);
	if (is_swiotlb_buffer(phys))
		swiotlb_tbl_unmap_single(dev, phys, size, dir, attrs);
}

static void iommu_dma_unmap_sg(struct device *dev, struct scatterlist *sg, int nents,
			       enum dma_data_direction dir, unsigned long attrs)
{
	int i;

	for_each_sg(sg, sg, nents, i)
		iommu_dma_unmap_page(dev, sg->dma_address, sg->dma_length, dir, attrs);
}

static int iommu_dma_map_sg(struct device *dev, struct scatterlist *list, int nents,
			    enum dma_data_direction dir, unsigned long attrs)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(list, sg, nents, i) {
		phys_addr_t phys = sg_phys(sg);

		sg->dma_address = iommu_dma_map_page(dev, pfn_to_page(phys >> PAGE_SHIFT), phys & ~PAGE_MASK,
						     sg->length, dir, attrs);
		if (sg->dma_address == DMA_MAPPING_ERROR) {
			iommu_dma_unmap_sg(dev, list, i, dir, attrs | DMA_ATTR_SKIP_CPU_SYNC);
			return 0;
		}
		sg->dma_length = sg->length;
	}
	return nents;
}

static void iommu_dma_sync_sg_for_cpu(struct device *dev, struct scatterlist *sg, int nents,
				      enum dma_data_direction dir)
{
	int i;

	if (dev->dma_coherent)
		return;
	for_each_sg(sg, sg, nents, i)
		iommu_dma_sync_single_for_cpu(dev, sg->dma_address, sg->length, dir);
}

static void iommu_dma_sync_sg_for_device(struct device *dev, struct scatterlist *sg, int nents,
					 enum dma_data_direction dir)
{
	int i;

	if (dev->dma_coherent)
		return;
	for_each_sg(sg, sg, nents, i)
		iommu_dma_sync_single_for_device(dev, sg->dma_address, sg->length, dir);
}

static const struct dma_map_ops iommu_dma_ops = {
	.map_page = iommu_dma_map_page,
	.unmap_page = iommu_dma_unmap_page,
	.map_sg = iommu_dma_map_sg,
	.unmap_sg = iommu_dma_unmap_sg,
	.sync_single_for_cpu = iommu_dma_sync_single_for_cpu,
	.sync_single_for_device = iommu_dma_sync_single_for_device,
	.sync_sg_for_cpu = iommu_dma_sync_sg_for_cpu,
	.sync_sg_for_device = iommu_dma_sync_sg_for_device,
};

void iommu_setup_dma_ops(struct device *dev, u64 dma_base, u64 dma_limit)
{
	struct iommu_domain *domain = iommu_get_dma_domain(dev);

	init_iova_domain(iovad_of(dev), domain->pgsize_bitmap, 1);
	dev->dma_ops = &iommu_dma_ops;
}
