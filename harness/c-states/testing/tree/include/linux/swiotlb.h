/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SMALL_SWIOTLB_H
#define SMALL_SWIOTLB_H
#include <linux/device.h>

#define IO_TLB_SIZE 2048

void swiotlb_init(int verbose);
phys_addr_t swiotlb_tbl_map_single(struct device *dev, phys_addr_t phys, size_t mapping_size,
				   size_t alloc_size, enum dma_data_direction dir, unsigned long attrs);
void swiotlb_tbl_unmap_single(struct device *dev, phys_addr_t tlb, size_t size, enum dma_data_direction dir,
			      unsigned long attrs);
void swiotlb_sync_single_for_device(struct device *dev, phys_addr_t tlb, size_t size,
				    enum dma_data_direction dir);
void swiotlb_sync_single_for_cpu(struct device *dev, phys_addr_t tlb, size_t size,
				 enum dma_data_direction dir);

struct io_tlb_mem {
	phys_addr_t start, end;
};

extern struct io_tlb_mem *io_tlb_default_mem;

static inline bool is_swiotlb_buffer(phys_addr_t phys)
{
#ifdef CONFIG_SWIOTLB
	return io_tlb_default_mem && phys >= io_tlb_default_mem->start && phys < io_tlb_default_mem->end;
#else
	return false;
#endif
}
#endif
