// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { archSync, prototypeOf, shimMacros } from './prototypes.ts';
import { layeredTree, type SourceTree } from './source-tree.ts';

describe('a prototype in C text', () => {
  test.each([
    ['int f(struct device *dev, u64 base);', 'int (struct device *, u64)'],
    ['extern int\nf(unsigned long a, size_t size);', 'int (unsigned long, size_t)'],
    ['static inline bool f(void) { return true; }', 'bool (void)'],
    [
      'struct page *f(enum dma_data_direction dir, unsigned long);',
      'struct page * (enum dma_data_direction, unsigned long)',
    ],
    ['void __init f(bool addressing_limited, unsigned int flags);', 'void (bool, unsigned int)'],
    ['/* f(int) */ void g(int f);\nvoid f(long x); // void f(char)', 'void (long)'],
    [
      '#define f_all 1\nextern ssize_t f(struct scatterlist *sg,unsigned int nents);',
      'ssize_t (struct scatterlist *, unsigned int)',
    ],
    ['int f(char **names) __must_check;', 'int (char **)'],
  ])('%s', (text, expected) => {
    expect(prototypeOf(text, 'f')).toBe(expected);
  });

  test.each(['', 'int ff(int);', 'x = f(1);', '#define f(x) g(x)\n'])('none in %j', (text) => {
    expect(prototypeOf(text, 'f')).toBeUndefined();
  });
});

const IOMMU_H = `
struct iommu_domain { unsigned type; const struct iommu_ops *ops; };
int iommu_map(struct iommu_domain *domain, unsigned long iova, phys_addr_t paddr, size_t size, int prot);
int iommu_map_atomic(struct iommu_domain *domain, unsigned long iova, phys_addr_t paddr, size_t size, int prot);
size_t iommu_map_sg(struct iommu_domain *d, unsigned long iova, struct scatterlist *sg, unsigned int nents, int prot);
size_t iommu_map_sg_atomic(struct iommu_domain *d, unsigned long iova, struct scatterlist *sg, unsigned int nents, int prot);
size_t iommu_unmap_fast(struct iommu_domain *d, unsigned long iova, size_t size, struct iommu_iotlb_gather *gather);
phys_addr_t iommu_iova_to_phys(struct iommu_domain *domain, dma_addr_t iova);
`;
const IOVA_H = `
unsigned long alloc_iova_fast(struct iova_domain *i, unsigned long size, unsigned long limit, bool flush);
void free_iova_fast(struct iova_domain *iovad, unsigned long pfn, unsigned long size);
`;
const MAP = `phys_addr_t swiotlb_tbl_map_single(struct device *hwdev, phys_addr_t phys,
  size_t mapping_size, size_t alloc_size, enum dma_data_direction dir, unsigned long attrs);`;
const SWIOTLB_H = `
${MAP}
void swiotlb_tbl_unmap_single(struct device *d, phys_addr_t a, size_t s, enum dma_data_direction dir, unsigned long attrs);
void swiotlb_sync_single_for_device(struct device *d, phys_addr_t a, size_t s, enum dma_data_direction dir);
void swiotlb_sync_single_for_cpu(struct device *d, phys_addr_t a, size_t s, enum dma_data_direction dir);
extern void swiotlb_init(int verbose);
`;

function treeOf(files: Record<string, string> = {}): SourceTree {
  return layeredTree(
    new Map(
      Object.entries({
        'include/linux/iommu.h': IOMMU_H,
        'include/linux/iova.h': IOVA_H,
        'include/linux/swiotlb.h': SWIOTLB_H,
        'include/linux/dma-iommu.h': 'void iommu_setup_dma_ops(struct device *dev, u64 base, u64 limit);',
        ...files,
      }),
    ),
  );
}

describe('what the shim is told', () => {
  test('the form of every function, 0 where a tree has none', () => {
    const macros = shimMacros(treeOf());
    expect(macros.get('KERNEL_C_IOMMU_MAP_ATOMIC')).toBe('1');
    expect(macros.get('KERNEL_C_QUEUE_IOVA')).toBe('0');
    expect(macros.get('KERNEL_C_SWIOTLB_TBL_MAP_SINGLE')).toBe('1');
    expect(macros.get('KERNEL_C_DOMAIN_OPS')).toBe('iommu_ops');
  });

  test('a patch that changes a header changes the form', () => {
    const patched = SWIOTLB_H.replace(
      'size_t alloc_size, enum',
      'size_t alloc_size, unsigned int mask, enum',
    );
    expect(
      shimMacros(treeOf({ 'include/linux/swiotlb.h': patched })).get('KERNEL_C_SWIOTLB_TBL_MAP_SINGLE'),
    ).toBe('2');
  });

  test('two forms that differ in nothing but types are told apart', () => {
    const newer = SWIOTLB_H.replace('size_t alloc_size, enum', 'unsigned int alloc_align_mask, enum');
    expect(
      shimMacros(treeOf({ 'include/linux/swiotlb.h': newer })).get('KERNEL_C_SWIOTLB_TBL_MAP_SINGLE'),
    ).toBe('3');
  });

  test('an unknown form is named', () => {
    const unknown = SWIOTLB_H.replace('size_t alloc_size, enum', 'struct pool *pool, enum');
    expect(() => shimMacros(treeOf({ 'include/linux/swiotlb.h': unknown }))).toThrow(
      'include/linux/swiotlb.h: swiotlb_tbl_map_single() has an unknown prototype, phys_addr_t (struct device *, ' +
        'phys_addr_t, size_t, struct pool *, enum dma_data_direction, unsigned long); known: ',
    );
  });

  test('a missing function is named', () => {
    expect(() => shimMacros(treeOf({ 'include/linux/iova.h': '' }))).toThrow(
      'include/linux/iova.h: alloc_iova_fast() is not declared here',
    );
  });
});

describe('the processor', () => {
  const file = 'arch/arm64/mm/dma-mapping.c';
  const doing = (body: string) =>
    treeOf({
      [file]: `void arch_sync_dma_for_device(phys_addr_t paddr, size_t size,\n\t\tint dir)\n{\n${body}\n}\n`,
    });

  test.each([
    ['\t__dma_map_area(phys_to_virt(paddr), size, dir);', 'by-direction'],
    ['\tdcache_clean_poc(start, start + size);', 'clean'],
  ])('%s', (body, expected) => {
    expect(archSync(doing(body))).toBe(expected);
  });

  test('is the machine where the tree has none', () => {
    expect(archSync(treeOf())).toBe('by-direction');
  });

  test('is refused when it does something else', () => {
    expect(() => archSync(doing('\tnothing();'))).toThrow(
      `${file}: arch_sync_dma_for_device() does something`,
    );
  });
});
