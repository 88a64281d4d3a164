/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ASM_PTRACE_H
#define __ASM_PTRACE_H
struct pt_regs {
	unsigned long unused;
};
#define user_mode(regs) 0
#define instruction_pointer(regs) 0UL
#define profile_pc(regs) 0UL
#define user_stack_pointer(regs) 0UL
#define current_pt_regs() ((struct pt_regs *)0)
#define arch_has_single_step() 0
#endif
