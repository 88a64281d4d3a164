/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ASM_PROCESSOR_H
#define __ASM_PROCESSOR_H
#define TASK_SIZE (1UL << 47)
#define STACK_TOP TASK_SIZE
#define STACK_TOP_MAX TASK_SIZE
#define TASK_UNMAPPED_BASE (TASK_SIZE / 3)
#define cpu_relax() __asm__ __volatile__("" ::: "memory")
struct thread_struct {
	unsigned long unused;
};
#define INIT_THREAD {}
#define KSTK_EIP(task) 0UL
#define KSTK_ESP(task) 0UL
#define task_pt_regs(task) ((struct pt_regs *)0)
#endif
