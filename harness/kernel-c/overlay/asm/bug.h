/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Warnings and bugs tell the machine where they are and which condition they are about, in the
 * source's own words. A warning goes on, a bug ends the run.
 */
#ifndef __ASM_BUG_H
#define __ASM_BUG_H
#include <linux/compiler.h>
#include <linux/instrumentation.h>
#ifndef __ASSEMBLY__
#include <linux/panic.h>
#include <linux/printk.h>

extern void kernel_c_warn(const char *file, int line, const char *function, const char *condition);
extern __printf(5, 6) void kernel_c_warn_printk(const char *file, int line, const char *function,
						 const char *condition, const char *format, ...);
extern void kernel_c_bug(const char *file, int line, const char *function, const char *condition)
	__attribute__((__noreturn__));

struct warn_args;
struct pt_regs;
void __warn(const char *file, int line, void *caller, unsigned taint, struct pt_regs *regs,
	    struct warn_args *args);
extern __printf(1, 2) void __warn_printk(const char *fmt, ...);

#define HAVE_ARCH_BUG
#define BUG() kernel_c_bug(__FILE__, __LINE__, __func__, "")
#define HAVE_ARCH_BUG_ON
#define BUG_ON(condition)                                                        \
	do {                                                                     \
		if (unlikely(condition))                                         \
			kernel_c_bug(__FILE__, __LINE__, __func__, #condition);  \
	} while (0)

#define __WARN() kernel_c_warn(__FILE__, __LINE__, __func__, "")

#define KERNEL_C_WARN(once, condition, text)                                     \
	({                                                                       \
		static bool __section(".data.once") __kernel_c_warned;           \
		int __ret_warn_on = !!(condition);                               \
		if (unlikely(__ret_warn_on) && !(once && __kernel_c_warned)) {   \
			__kernel_c_warned = true;                                \
			kernel_c_warn(__FILE__, __LINE__, __func__, text);       \
		}                                                                \
		unlikely(__ret_warn_on);                                         \
	})
#define KERNEL_C_WARN_PRINTK(once, condition, text, format...)                   \
	({                                                                       \
		static bool __section(".data.once") __kernel_c_warned;           \
		int __ret_warn_on = !!(condition);                               \
		if (unlikely(__ret_warn_on) && !(once && __kernel_c_warned)) {   \
			__kernel_c_warned = true;                                \
			kernel_c_warn_printk(__FILE__, __LINE__, __func__, text, \
					     format);                            \
		}                                                                \
		unlikely(__ret_warn_on);                                         \
	})

#define WARN_ON(condition) KERNEL_C_WARN(0, condition, #condition)
#define WARN_ON_ONCE(condition) KERNEL_C_WARN(1, condition, #condition)
#define WARN(condition, format...) KERNEL_C_WARN_PRINTK(0, condition, #condition, format)
#define WARN_ONCE(condition, format...) KERNEL_C_WARN_PRINTK(1, condition, #condition, format)
#define WARN_TAINT(condition, taint, format...) WARN(condition, format)
#define WARN_TAINT_ONCE(condition, taint, format...) WARN_ONCE(condition, format)
#define WARN_ON_SMP(x) ({ 0; })
#define WARN_ON_FUNCTION_MISMATCH(x, fn) ({ 0; })
#endif
#endif
