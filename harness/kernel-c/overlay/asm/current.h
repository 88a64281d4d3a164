/* SPDX-License-Identifier: GPL-2.0-only */
/* The one task there is. */
#ifndef __ASM_CURRENT_H
#define __ASM_CURRENT_H
struct task_struct;
extern struct task_struct *current_task;
#define get_current() current_task
#define current get_current()
#endif
