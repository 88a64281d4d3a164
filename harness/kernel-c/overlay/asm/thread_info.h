/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ASM_THREAD_INFO_H
#define __ASM_THREAD_INFO_H
#define THREAD_SIZE_ORDER 2
#define THREAD_SIZE (PAGE_SIZE << THREAD_SIZE_ORDER)
#ifndef __ASSEMBLY__
struct thread_info {
	unsigned long flags;
	int preempt_count;
	unsigned int cpu;
};
#define INIT_THREAD_INFO(tsk) { .flags = 0 }
#define TIF_NOTIFY_RESUME 0
#define TIF_SIGPENDING 1
#define TIF_NEED_RESCHED 2
#define TIF_MEMDIE 3
#define TIF_NOTIFY_SIGNAL 4
#endif
#endif
