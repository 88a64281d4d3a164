// SPDX-License-Identifier: GPL-2.0-only
/* A tree's iova.c, and what an observer asks of it. */
#include "drivers/iommu/iova.c"
#include "machine.h"

extern struct iova_domain *kernel_c_iovad(int index);

#define REAL(name) extern __typeof__(name) __real_##name
REAL(alloc_iova_fast);
REAL(free_iova_fast);

int kernel_c_boot_iova(void)
{
	return iova_cache_get();
}

u64 kernel_c_alloc_iova_fast(int index, u64 size, u64 limit_pfn, int flush_rcache)
{
	return __real_alloc_iova_fast(kernel_c_iovad(index), size, limit_pfn, flush_rcache);
}

void kernel_c_free_iova_fast(int index, u64 pfn, u64 size)
{
	__real_free_iova_fast(kernel_c_iovad(index), pfn, size);
}

#if KERNEL_C_QUEUE_IOVA
REAL(queue_iova);

void kernel_c_queue_iova(int index, u64 pfn, u64 pages)
{
	__real_queue_iova(kernel_c_iovad(index), pfn, pages, 0);
}

void kernel_c_flush(int index)
{
	struct iova_domain *iovad = kernel_c_iovad(index);

	if (iovad->fq)
		fq_flush_timeout(&iovad->fq_timer);
}

u32 kernel_c_queued(int index)
{
	struct iova_domain *iovad = kernel_c_iovad(index);
	struct iova_fq *fq;

	if (!iovad->fq)
		return 0;
	fq = raw_cpu_ptr(iovad->fq);
	return (fq->tail - fq->head + IOVA_FQ_SIZE) % IOVA_FQ_SIZE;
}
#endif

static u32 cached_in(struct iova_rcache *rcache)
{
	struct iova_cpu_rcache *cpu = raw_cpu_ptr(rcache->cpu_rcaches);
	u32 cached = cpu->loaded->size + cpu->prev->size;
#if KERNEL_C_DEPOT_LIST
	struct iova_magazine *magazine;

	for (magazine = rcache->depot; magazine; magazine = magazine->next)
		cached += IOVA_MAG_SIZE;
#else
	unsigned long i;

	for (i = 0; i < rcache->depot_size; i++)
		cached += rcache->depot[i]->size;
#endif
	return cached;
}

/* Ranges that somebody holds: in the tree, less the anchor, less what the caches keep for later. */
u32 kernel_c_iovas_live(int index)
{
	struct iova_domain *iovad = kernel_c_iovad(index);
	struct rb_node *node;
	u32 live = 0;
	int i;

	for (node = rb_first(&iovad->rbroot); node; node = rb_next(node))
		live++;
	for (i = 0; i < IOVA_RANGE_CACHE_MAX_SIZE; i++)
		live -= cached_in(&iovad->rcaches[i]);
	return live - 1;
}
