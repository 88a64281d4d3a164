/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SMALL_IOVA_H
#define SMALL_IOVA_H
#include <linux/types.h>

struct iova_domain;

typedef void (*iova_flush_cb)(struct iova_domain *iovad);
typedef void (*iova_entry_dtor)(unsigned long data);

struct iova_domain {
	unsigned long granule;
	unsigned long start_pfn;
};

void init_iova_domain(struct iova_domain *iovad, unsigned long granule, unsigned long start_pfn);
int init_iova_flush_queue(struct iova_domain *iovad, iova_flush_cb flush_cb, iova_entry_dtor entry_dtor);
unsigned long alloc_iova_fast(struct iova_domain *iovad, unsigned long size, unsigned long limit_pfn,
			      bool flush_rcache);
void free_iova_fast(struct iova_domain *iovad, unsigned long pfn, unsigned long size);
void queue_iova(struct iova_domain *iovad, unsigned long pfn, unsigned long pages, unsigned long data);
#endif
