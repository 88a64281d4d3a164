// SPDX-License-Identifier: GPL-2.0-only
/*
 * What compiled kernel code needs of a C library and of the kernel's allocators. No kernel header is
 * included, so that nothing here depends on a kernel version.
 */
#include "machine.h"

typedef machine_u64 u64;
typedef unsigned int u32;
typedef unsigned char u8;

extern u8 __heap_base[];

/* Steps that may still be taken before the kernel counts as hung; set by every entry point. */
static u32 fuel;

void kernel_c_refuel(u32 steps)
{
	fuel = steps;
}

/* Called at every edge of the control flow of the kernel's files. */
void __sanitizer_cov_trace_pc(void)
{
	if (fuel-- == 0)
		machine_did_not_return();
}

static int of_machine(const void *address)
{
	return (u64)address >= MACHINE_LINEAR_MAP;
}

void *memset(void *to, int byte, u64 size)
{
	u8 *p = to;

	if (of_machine(to)) {
		machine_memset((u64)to - MACHINE_LINEAR_MAP, byte, size);
		return to;
	}
	while (size--)
		*p++ = (u8)byte;
	return to;
}

void *memcpy(void *to, const void *from, u64 size)
{
	u8 *p = to;
	const u8 *q = from;

	if (of_machine(to) || of_machine(from)) {
		machine_memcpy((u64)to, (u64)from, size);
		return to;
	}
	while (size--)
		*p++ = *q++;
	return to;
}

void *memmove(void *to, const void *from, u64 size)
{
	u8 *p = to;
	const u8 *q = from;

	if (of_machine(to) || of_machine(from) || p <= q)
		return memcpy(to, from, size);
	while (size--)
		p[size] = q[size];
	return to;
}

int memcmp(const void *a, const void *b, u64 size)
{
	const u8 *p = a, *q = b;

	for (; size--; p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (u8)*a - (u8)*b;
}

u64 strlen(const char *s)
{
	u64 n = 0;

	while (s[n])
		n++;
	return n;
}

/* 64 x 64 -> 128 bits, for the overflow checks of size_t. */
void __multi3(u64 *result, u64 a_low, u64 a_high, u64 b_low, u64 b_high)
{
	u64 mask = 0xffffffff;
	u64 ll = (a_low & mask) * (b_low & mask);
	u64 lh = (a_low & mask) * (b_low >> 32);
	u64 hl = (a_low >> 32) * (b_low & mask);
	u64 middle = (ll >> 32) + (lh & mask) + (hl & mask);

	result[0] = (ll & mask) | (middle << 32);
	result[1] = (a_low >> 32) * (b_low >> 32) + (lh >> 32) + (hl >> 32) + (middle >> 32) + a_low * b_high +
		    a_high * b_low;
}

/* The allocators: blocks of a power of two, freed blocks of a size in a list. */
#define SMALLEST 6
#define CLASSES 32
#define GFP_ZERO 0x100
#define POISON 0x5a

struct block {
	u64 class;
	struct block *next;
};

static struct block *freed[CLASSES];
static u64 top;

/* The end of the memory in use: what a snapshot must hold. */
u64 kernel_c_heap_top(void)
{
	return top ? top : (u64)__heap_base;
}

static void *allocate(u64 size, u64 align, int zero)
{
	u64 class = SMALLEST, i;
	struct block *block;
	u8 *data;

	while (class < CLASSES - 1 && (1ULL << class) < size + sizeof(struct block))
		class++;
	if (size >= 1ULL << (CLASSES - 2) || align > 1ULL << 16)
		machine_out_of_memory(size);
	block = freed[class];
	if (block && align <= sizeof(struct block)) {
		freed[class] = block->next;
	} else {
		u64 at = top ? top : (u64)__heap_base;

		if (align < sizeof(struct block))
			align = sizeof(struct block);
		at = (at + sizeof(struct block) + align - 1) / align * align - sizeof(struct block);
		top = at + (1ULL << class);
		while (top > (u64)__builtin_wasm_memory_size(0) * 65536)
			if (__builtin_wasm_memory_grow(0, 16) == -1UL)
				machine_out_of_memory(size);
		block = (struct block *)at;
	}
	block->class = class;
	data = (u8 *)(block + 1);
	for (i = 0; i < size; i++)
		data[i] = zero ? 0 : POISON;
	return data;
}

static void release(const void *data)
{
	struct block *block = (struct block *)data - 1;

	if ((u64)data <= 16)
		return;
	block->next = freed[block->class];
	freed[block->class] = block;
}

void *kernel_c_allocate(u64 size)
{
	return allocate(size, 16, 1);
}

void kernel_c_release(void *data)
{
	release(data);
}

void *__kmalloc(u64 size, u32 gfp) { return allocate(size, 16, gfp & GFP_ZERO); }
void *__kmalloc_noprof(u64 size, u32 gfp) { return allocate(size, 16, gfp & GFP_ZERO); }
void *kmalloc_trace(void *cache, u32 gfp, u64 size) { return allocate(size, 16, gfp & GFP_ZERO); }
void *__kmalloc_cache_noprof(void *cache, u32 gfp, u64 size) { return allocate(size, 16, gfp & GFP_ZERO); }
void *vmalloc(u64 size) { return allocate(size, 16, 0); }
void *vmalloc_noprof(u64 size) { return allocate(size, 16, 0); }
void kfree(const void *data) { release(data); }
void kvfree(const void *data) { release(data); }
void vfree(const void *data) { release(data); }

/* One CPU: its copy is the only one. */
void *__alloc_percpu(u64 size, u64 align) { return allocate(size, align, 1); }
void *pcpu_alloc_noprof(u64 size, u64 align, int reserved, u32 gfp) { return allocate(size, align, 1); }
void free_percpu(void *data) { release(data); }

/* A cache of objects is the size of one of them. */
struct cache {
	u64 size;
};

static void *new_cache(u32 size)
{
	struct cache *cache = allocate(sizeof(*cache), 16, 1);

	cache->size = size;
	return cache;
}

void *kmem_cache_create(const char *name, u32 size, u32 align, u32 flags, void *constructor)
{
	return new_cache(size);
}

void *__kmem_cache_create_args(const char *name, u32 size, void *args, u32 flags)
{
	return new_cache(size);
}

void *kmem_cache_alloc(struct cache *cache, u32 gfp) { return allocate(cache->size, 16, gfp & GFP_ZERO); }
void *kmem_cache_alloc_noprof(struct cache *cache, u32 gfp) { return allocate(cache->size, 16, gfp & GFP_ZERO); }
void kmem_cache_free(void *cache, void *data) { release(data); }
void kmem_cache_destroy(void *cache) { release(cache); }

/* One CPU and no interrupts: locks are free, timers never fire by themselves. */
void mutex_lock(void *lock) {}
void mutex_unlock(void *lock) {}
void __mutex_init(void *lock, const char *name, void *key) {}
void init_timer_key(void *timer, void *function, u32 flags, const char *name, void *key) {}
int mod_timer(void *timer, u64 expires) { return 0; }
int del_timer(void *timer) { return 0; }
int timer_delete_sync(void *timer) { return 0; }
int del_timer_sync(void *timer) { return 0; }
u64 __msecs_to_jiffies(u32 ms) { return (ms + 9) / 10; }
int ___ratelimit(void *state, const char *function) { return 1; }
u64 jiffies;

/* Kernel data that is referred to and never read; as large as any kernel's. */
void *system_wq, *system_percpu_wq, *current_task;
void *kmalloc_caches[2048];
u64 vm_node_stat[512];
u64 contig_page_data[8192];

int __cpuhp_setup_state(int state, const char *name, int invoke, void *startup, void *teardown, int multi)
{
	return 0;
}
int __cpuhp_state_add_instance(int state, void *node, int invoke) { return 0; }
int __cpuhp_state_remove_instance(int state, void *node, int invoke) { return 0; }
void __cpuhp_remove_state(int state, int invoke) {}

/* Lists that are empty here: windows of the host bridge, pages of page tables that wait for a flush. */
void list_sort(void *private, void *head, void *compare) {}
void put_pages_list(void *pages) {}

/* Delayed work is for an allocator that trims its caches in the background: never due. */
int queue_delayed_work_on(int cpu, void *queue, void *work, u64 delay) { return 1; }
int cancel_delayed_work_sync(void *work) { return 0; }
void delayed_work_timer_fn(void *timer) {}
