/* SPDX-License-Identifier: GPL-2.0-only */
/* What the machine does for compiled C. Devices go by their number, addresses are physical or bus addresses. */
#ifndef KERNEL_C_MACHINE_H
#define KERNEL_C_MACHINE_H

typedef unsigned long long machine_u64;

/* PAGE_OFFSET of overlay/asm/page.h: from here on an address is of the machine's memory. */
#define MACHINE_LINEAR_MAP 0xffff888080000000ULL

/* Called for each entry of a list, before machine_iommu_map_sg(). */
extern void machine_sg_entry(machine_u64 phys, machine_u64 length);
extern machine_u64 machine_iommu_map_sg(int device, machine_u64 iova, int entries, int prot);
extern int machine_iommu_map(int device, machine_u64 iova, machine_u64 phys, machine_u64 size, int prot);
extern machine_u64 machine_iommu_unmap(int device, machine_u64 iova, machine_u64 size);
extern machine_u64 machine_iommu_iova_to_phys(int device, machine_u64 iova);
extern void machine_iommu_iotlb_sync(int device);
extern void machine_iommu_flush_iotlb_all(int device);

extern machine_u64 machine_alloc_iova_fast(int device, machine_u64 pages, machine_u64 limit_pfn, int flush);
extern void machine_free_iova_fast(int device, machine_u64 pfn, machine_u64 pages);
extern void machine_queue_iova(int device, machine_u64 pfn, machine_u64 pages);
extern void machine_init_flush_queue(int device);

extern machine_u64 machine_swiotlb_tbl_map_single(int device, machine_u64 phys, machine_u64 mapping_size,
						  machine_u64 alloc_size, machine_u64 alloc_align_mask,
						  int dir, machine_u64 attrs);
extern void machine_swiotlb_tbl_unmap_single(int device, machine_u64 tlb, machine_u64 size, int dir,
					     machine_u64 attrs);
extern void machine_swiotlb_sync_single_for_device(int device, machine_u64 tlb, machine_u64 size, int dir);
extern void machine_swiotlb_sync_single_for_cpu(int device, machine_u64 tlb, machine_u64 size, int dir);

extern void machine_arch_sync_dma_for_device(machine_u64 phys, machine_u64 size, int dir);
extern void machine_arch_sync_dma_for_cpu(machine_u64 phys, machine_u64 size, int dir);

extern void machine_memset(machine_u64 phys, int byte, machine_u64 size);
/* Both ends are addresses as C sees them; at least one is of the machine's memory. */
extern void machine_memcpy(machine_u64 to, machine_u64 from, machine_u64 size);

/* None of these returns. */
extern void machine_out_of_memory(machine_u64 size) __attribute__((__noreturn__));
extern void machine_did_not_return(void) __attribute__((__noreturn__));
#endif
