/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ASM_ELF_H
#define __ASM_ELF_H
#define ELF_CLASS ELFCLASS64
#define ELF_DATA ELFDATA2LSB
#define ELF_ARCH EM_NONE
#define ELF_EXEC_PAGESIZE PAGE_SIZE
#define elf_check_arch(x) 0
typedef unsigned long elf_greg_t;
typedef elf_greg_t elf_gregset_t[1];
typedef unsigned long elf_fpregset_t;
#endif
