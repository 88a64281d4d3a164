/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ASM_SIGCONTEXT_H
#define __ASM_SIGCONTEXT_H
struct sigcontext {
	unsigned long unused;
};
#endif
