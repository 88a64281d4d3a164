// SPDX-License-Identifier: GPL-2.0-only
/** The kernel configuration that C is compiled for, as include/generated/autoconf.h says it. */
import type { SourceTree } from './source-tree.ts';

/** What changes from one build of a tree to another. */
export interface BuildConfiguration {
  /** PAGE_SIZE, bytes: 4096, 16384 or 65536. */
  readonly pageSize: number;
  /** CONFIG_SWIOTLB. */
  readonly swiotlb: boolean;
}

/** Options that are on in every build. */
const ON = [
  '64BIT',
  'PHYS_ADDR_T_64BIT',
  'ARCH_DMA_ADDR_T_64BIT',
  'PCI',
  'PCI_MSI',
  'GENERIC_MSI_IRQ',
  'GENERIC_MSI_IRQ_DOMAIN',
  'IRQ_MSI_IOMMU',
  'IRQ_DOMAIN',
  'IRQ_DOMAIN_HIERARCHY',
  'IOMMU_SUPPORT',
  'IOMMU_API',
  'IOMMU_DMA',
  'IOMMU_IOVA',
  'HAS_DMA',
  'HAS_IOMEM',
  'DMA_OPS',
  'DMA_OPS_HELPERS',
  'NEED_SG_DMA_LENGTH',
  'NEED_SG_DMA_FLAGS',
  'NEED_DMA_MAP_STATE',
  'DMA_NEED_SYNC',
  // Else the calls of arch_sync_dma_for_*() compile to nothing.
  'ARCH_HAS_SYNC_DMA_FOR_DEVICE',
  'ARCH_HAS_SYNC_DMA_FOR_CPU',
  'FLATMEM',
  'FLAT_NODE_MEM_MAP',
  'ZONE_DMA32',
  'BUG',
  'PRINTK',
  'PREEMPT_NONE',
  'PREEMPT_NONE_BUILD',
  'TINY_RCU',
  'TINY_SRCU',
  'THREAD_INFO_IN_TASK',
  'MULTIUSER',
  'CC_IS_CLANG',
  'GENERIC_BITREVERSE',
  'GENERIC_CSUM',
  'UACCESS_MEMCPY',
  'BASE_FULL',
  'SLAB_FREELIST_NONE',
] as const;

/** Options with a number. */
const NUMBERS = {
  NR_CPUS: 1,
  HZ: 100,
  PGTABLE_LEVELS: 2,
  NODES_SHIFT: 0,
  BASE_SMALL: 0,
  ARCH_MMAP_RND_BITS: 0,
  PAGE_BLOCK_ORDER: 10,
  ILLEGAL_POINTER_VALUE: 0,
  CLANG_VERSION: 220000,
  GCC_VERSION: 0,
  FRAME_WARN: 2048,
  LOG_BUF_SHIFT: 12,
  CONSOLE_LOGLEVEL_DEFAULT: 7,
  MESSAGE_LOGLEVEL_DEFAULT: 4,
} as const;

/** The text of include/generated/autoconf.h for a build of `tree`. */
export function autoconf(tree: SourceTree, { pageSize, swiotlb }: BuildConfiguration): string {
  const lines = ON.map((name) => `#define CONFIG_${name} 1`);
  for (const [name, value] of Object.entries(NUMBERS)) lines.push(`#define CONFIG_${name} ${value}`);
  const pageShift = Math.log2(pageSize);
  lines.push(`#define CONFIG_PAGE_SHIFT ${pageShift}`);
  lines.push(`#define CONFIG_PAGE_SIZE_${pageSize / 1024}KB 1`);
  if (swiotlb) lines.push('#define CONFIG_SWIOTLB 1');
  // The allocators' own headers differ in what they ask for; the smallest one asks for least.
  lines.push(tree.has('mm/slob.c') ? '#define CONFIG_SLOB 1' : '#define CONFIG_SLUB 1');
  return `${lines.join('\n')}\n`;
}
