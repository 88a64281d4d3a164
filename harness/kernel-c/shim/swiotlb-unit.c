// SPDX-License-Identifier: GPL-2.0-only
/* A tree's swiotlb.c on the machine's pool memory, and what an observer asks of it. */
#include "kernel/dma/swiotlb.c"
#include "machine.h"

extern void *kernel_c_allocate(u64 size);
extern struct device *kernel_c_device(int index);

static phys_addr_t pool_memory;

/* Low memory is asked for the pool itself, other memory for its book-keeping. */
void *memblock_alloc_try_nid(phys_addr_t size, phys_addr_t align, phys_addr_t min_addr, phys_addr_t max_addr, int nid)
{
	return max_addr ? phys_to_virt(pool_memory) : kernel_c_allocate(size);
}

void kernel_c_boot(u64 pool_start, u64 slots)
{
	pool_memory = pool_start;
	default_nslabs = slots;
	if (slots == 0)
		return;
#if KERNEL_C_SWIOTLB_INIT == 1
	swiotlb_init(0);
#else
	swiotlb_init(true, 0);
#endif
}

u64 kernel_c_pool_used(void)
{
#if KERNEL_C_MEM_USED
	return mem_used(&io_tlb_default_mem);
#elif KERNEL_C_DEFAULT_MEM_POINTER
	return io_tlb_default_mem ? io_tlb_default_mem->used : 0;
#else
	return io_tlb_default_mem.used;
#endif
}

#if KERNEL_C_PAD_SLOTS
/* Slots of a bounce buffer in front of the one that its address is in. */
u32 kernel_c_pad_slots(u64 tlb)
{
#if KERNEL_C_DEFPOOL
	struct io_tlb_pool *pool = &io_tlb_default_mem.defpool;
#else
	struct io_tlb_mem *pool = &io_tlb_default_mem;
#endif

	return pool->slots[(tlb - pool->start) >> IO_TLB_SHIFT].pad_slots;
}
#endif

#define REAL(name) extern __typeof__(name) __real_##name
#if KERNEL_C_SWIOTLB_POOL_ARGUMENT
REAL(__swiotlb_tbl_unmap_single);
REAL(__swiotlb_sync_single_for_device);
REAL(__swiotlb_sync_single_for_cpu);
#define CALL(name, ...) __real___swiotlb_##name(__VA_ARGS__, swiotlb_find_pool(kernel_c_device(index), tlb))
#else
REAL(swiotlb_tbl_unmap_single);
REAL(swiotlb_sync_single_for_device);
REAL(swiotlb_sync_single_for_cpu);
#define CALL(name, ...) __real_swiotlb_##name(__VA_ARGS__)
#endif
REAL(swiotlb_tbl_map_single);

u64 kernel_c_swiotlb_tbl_map_single(int index, u64 phys, u64 mapping_size, u64 alloc_size, u64 align_mask, int dir,
				    u64 attrs)
{
	struct device *dev = kernel_c_device(index);

#if KERNEL_C_SWIOTLB_TBL_MAP_SINGLE == 1
	return __real_swiotlb_tbl_map_single(dev, phys, mapping_size, alloc_size, dir, attrs);
#elif KERNEL_C_SWIOTLB_TBL_MAP_SINGLE == 2
	return __real_swiotlb_tbl_map_single(dev, phys, mapping_size, alloc_size, align_mask, dir, attrs);
#else
	return __real_swiotlb_tbl_map_single(dev, phys, mapping_size, align_mask, dir, attrs);
#endif
}

void kernel_c_swiotlb_tbl_unmap_single(int index, u64 tlb, u64 size, int dir, u64 attrs)
{
	CALL(tbl_unmap_single, kernel_c_device(index), tlb, size, dir, attrs);
}

void kernel_c_swiotlb_sync_single_for_device(int index, u64 tlb, u64 size, int dir)
{
	CALL(sync_single_for_device, kernel_c_device(index), tlb, size, dir);
}

void kernel_c_swiotlb_sync_single_for_cpu(int index, u64 tlb, u64 size, int dir)
{
	CALL(sync_single_for_cpu, kernel_c_device(index), tlb, size, dir);
}
