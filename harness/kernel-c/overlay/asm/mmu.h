/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ASM_MMU_H
#define __ASM_MMU_H
typedef struct {
	unsigned long unused;
} mm_context_t;
#endif
