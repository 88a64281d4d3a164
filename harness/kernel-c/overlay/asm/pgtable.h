/* SPDX-License-Identifier: GPL-2.0-only */
/* Page tables of the CPU: nothing that is compiled walks them. */
#ifndef __ASM_PGTABLE_H
#define __ASM_PGTABLE_H
#include <asm-generic/pgtable-nopmd.h>
#define pmd_page(pmd) ((struct page *)0)
#define PAGE_KERNEL __pgprot(0)
#define PAGE_SHARED __pgprot(0)
#define PAGE_NONE __pgprot(0)
#define VMALLOC_START 0UL
#define VMALLOC_END 0xffffffffUL
#define swapper_pg_dir ((pgd_t *)0)
#define pgprot_noncached(prot) (prot)
#define pgprot_writecombine(prot) (prot)
#define pgprot_dmacoherent(prot) (prot)
#define ZERO_PAGE(vaddr) ((struct page *)0)
#endif
