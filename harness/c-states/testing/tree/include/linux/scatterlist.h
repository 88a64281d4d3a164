/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SMALL_SCATTERLIST_H
#define SMALL_SCATTERLIST_H
#include <linux/types.h>

struct scatterlist {
	phys_addr_t phys;
	unsigned int length;
	bool last;
	dma_addr_t dma_address;
	unsigned int dma_length;
};

#define sg_is_last(sg) ((sg)->last)
#define sg_phys(sg) ((sg)->phys)
#define sg_dma_address(sg) ((sg)->dma_address)
#define sg_dma_len(sg) ((sg)->dma_length)
#define for_each_sg(list, sg, nents, i) for (i = 0, sg = (list); i < (nents); i++, sg = sg_next(sg))

extern struct scatterlist *sg_next(struct scatterlist *sg);

static inline void sg_init_marker(struct scatterlist *list, unsigned int nents)
{
	list[nents - 1].last = true;
}

static inline void sg_set_page(struct scatterlist *sg, struct page *page, unsigned int length,
			       unsigned int offset)
{
	sg->phys = page_to_phys(page) + offset;
	sg->length = length;
}
#endif
