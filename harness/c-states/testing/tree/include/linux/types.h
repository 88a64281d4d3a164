/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SMALL_TYPES_H
#define SMALL_TYPES_H

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef unsigned long size_t;
typedef long ssize_t;
typedef _Bool bool;
typedef unsigned int gfp_t;
typedef u64 phys_addr_t;
typedef u64 dma_addr_t;

#define true 1
#define false 0
#define NULL ((void *)0)
#define EINVAL 22
#define ENOMEM 12

#define PAGE_SHIFT CONFIG_PAGE_SHIFT
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define ALIGN(value, to) (((value) + (to) - 1) & ~((u64)(to) - 1))
#define container_of(pointer, type, member) ((type *)((char *)(pointer) - __builtin_offsetof(type, member)))

struct list_head {
	struct list_head *next, *prev;
};

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list->prev = list;
}

struct page {
	unsigned long words[8];
};

extern struct page *mem_map;

#define pfn_to_page(pfn) (mem_map + (pfn))
#define page_to_phys(page) ((phys_addr_t)((page) - mem_map) << PAGE_SHIFT)
#define phys_to_virt(phys) ((void *)(0xffff888080000000UL + (phys)))

extern void *memset(void *to, int byte, size_t size);
#endif
