/* SPDX-License-Identifier: GPL-2.0-only */
/* What Kbuild computes from kernel/bounds.c. */
#ifndef __LINUX_BOUNDS_H__
#define __LINUX_BOUNDS_H__
#define NR_PAGEFLAGS 24
#define MAX_NR_ZONES 3
#define NR_CPUS_BITS 0
#define SPINLOCK_SIZE 0
#define LRU_GEN_WIDTH 0
#define __LRU_REFS_WIDTH 0
#endif
