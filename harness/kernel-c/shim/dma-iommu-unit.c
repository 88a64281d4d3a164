// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tree's dma-iommu.c, the IOMMU core below it and the driver above it, as far as a map, an unmap and a
 * sync reach. KERNEL_C_* macros come from the tree's own declarations, never from its version.
 */
#include "drivers/iommu/dma-iommu.c"
#include "machine.h"

#define MAX_DEVICES 16
#define APERTURE_END ((1ULL << 48) - 1)

struct modelled_device {
	struct pci_dev pci;
	struct pci_bus bus;
	struct iommu_domain domain;
	struct dev_iommu iommu;
	struct device_dma_parameters parms;
	u64 mask;
	bool strict;
};
static struct modelled_device devices[MAX_DEVICES];
static struct pci_host_bridge bridge;

__typeof__(pci_bus_type) pci_bus_type = { .name = "pci" };
struct page *mem_map = (struct page *)0xffffea0080000000UL;

static int index_of(struct device *dev)
{
	return container_of(to_pci_dev(dev), struct modelled_device, pci) - devices;
}

static int index_of_domain(struct iommu_domain *domain)
{
	return container_of(domain, struct modelled_device, domain) - devices;
}

static struct iommu_dma_cookie *cookie_of(int index)
{
	return devices[index].domain.iova_cookie;
}

static int index_of_iovad(struct iova_domain *iovad)
{
	int i;

	for (i = 0; i < MAX_DEVICES; i++)
		if (cookie_of(i) && &cookie_of(i)->iovad == iovad)
			return i;
	return -1;
}

/* The IOMMU core and an IOMMU driver. */

struct iommu_domain *iommu_get_domain_for_dev(struct device *dev)
{
	return &devices[index_of(dev)].domain;
}

struct iommu_domain *iommu_get_dma_domain(struct device *dev)
{
	return &devices[index_of(dev)].domain;
}

#if KERNEL_C_IOMMU_GET_DMA_STRICT
bool iommu_get_dma_strict(struct iommu_domain *domain)
{
	return devices[index_of_domain(domain)].strict;
}
#endif

#if KERNEL_C_DEVICE_IOMMU_CAPABLE
bool device_iommu_capable(struct device *dev, enum iommu_cap cap)
{
	return true;
}
#endif

void iommu_get_resv_regions(struct device *dev, struct list_head *list)
{
}

void iommu_put_resv_regions(struct device *dev, struct list_head *list)
{
}

struct pci_host_bridge *pci_find_host_bridge(struct pci_bus *bus)
{
	return &bridge;
}

static void driver_flush_iotlb_all(struct iommu_domain *domain)
{
	machine_iommu_flush_iotlb_all(index_of_domain(domain));
}

static void driver_iotlb_sync(struct iommu_domain *domain, struct iommu_iotlb_gather *gather)
{
	machine_iommu_iotlb_sync(index_of_domain(domain));
}

static const struct KERNEL_C_DOMAIN_OPS driver_ops = {
	.flush_iotlb_all = driver_flush_iotlb_all,
	.iotlb_sync = driver_iotlb_sync,
};

#if KERNEL_C_IOMMU_MAP_ATOMIC
int iommu_map_atomic(struct iommu_domain *domain, unsigned long iova, phys_addr_t phys, size_t size, int prot)
{
	return machine_iommu_map(index_of_domain(domain), iova, phys, size, prot);
}
#else
int iommu_map(struct iommu_domain *domain, unsigned long iova, phys_addr_t phys, size_t size, int prot, gfp_t gfp)
{
	return machine_iommu_map(index_of_domain(domain), iova, phys, size, prot);
}
#endif

static size_t map_sg(struct iommu_domain *domain, unsigned long iova, struct scatterlist *sgl,
		     unsigned int entries, int prot)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, entries, i)
		machine_sg_entry(sg_phys(sg), sg->length);
	return machine_iommu_map_sg(index_of_domain(domain), iova, entries, prot);
}

#if KERNEL_C_IOMMU_MAP_SG_ATOMIC
#if KERNEL_C_IOMMU_MAP_SG_ATOMIC == 1
size_t
#else
ssize_t
#endif
iommu_map_sg_atomic(struct iommu_domain *domain, unsigned long iova, struct scatterlist *sg, unsigned int nents,
		    int prot)
{
	return map_sg(domain, iova, sg, nents, prot);
}
#else
ssize_t iommu_map_sg(struct iommu_domain *domain, unsigned long iova, struct scatterlist *sg, unsigned int nents,
		     int prot, gfp_t gfp)
{
	return map_sg(domain, iova, sg, nents, prot);
}
#endif

size_t iommu_unmap_fast(struct iommu_domain *domain, unsigned long iova, size_t size,
			struct iommu_iotlb_gather *gather)
{
	return machine_iommu_unmap(index_of_domain(domain), iova, size);
}

phys_addr_t iommu_iova_to_phys(struct iommu_domain *domain, dma_addr_t iova)
{
	return machine_iommu_iova_to_phys(index_of_domain(domain), iova);
}

void arch_sync_dma_for_device(phys_addr_t phys, size_t size, enum dma_data_direction dir)
{
	machine_arch_sync_dma_for_device(phys, size, dir);
}

void arch_sync_dma_for_cpu(phys_addr_t phys, size_t size, enum dma_data_direction dir)
{
	machine_arch_sync_dma_for_cpu(phys, size, dir);
}

struct scatterlist *sg_next(struct scatterlist *sg)
{
	return sg_is_last(sg) ? NULL : sg + 1;
}

/*
 * What dma-iommu.c calls of iova.c and swiotlb.c goes to the machine, which records it and has it done:
 * by its own model, or by the tree's own file through the kernel_c_* functions of the other units.
 */

unsigned long __wrap_alloc_iova_fast(struct iova_domain *iovad, unsigned long size, unsigned long limit_pfn,
				     bool flush_rcache)
{
	return machine_alloc_iova_fast(index_of_iovad(iovad), size, limit_pfn, flush_rcache);
}

void __wrap_free_iova_fast(struct iova_domain *iovad, unsigned long pfn, unsigned long size)
{
	machine_free_iova_fast(index_of_iovad(iovad), pfn, size);
}

#if KERNEL_C_QUEUE_IOVA
void __wrap_queue_iova(struct iova_domain *iovad, unsigned long pfn, unsigned long pages, unsigned long data)
{
	machine_queue_iova(index_of_iovad(iovad), pfn, pages);
}
#endif

#if !KERNEL_C_TREE_BELOW
void init_iova_domain(struct iova_domain *iovad, unsigned long granule, unsigned long start_pfn)
{
	iovad->granule = granule;
	iovad->start_pfn = start_pfn;
}

int init_iova_flush_queue(struct iova_domain *iovad, iova_flush_cb flush_cb, iova_entry_dtor entry_dtor)
{
	return 0;
}

#ifdef CONFIG_SWIOTLB
static struct io_tlb_mem machine_pool;
struct io_tlb_mem *io_tlb_default_mem = &machine_pool;
#endif

void kernel_c_boot(u64 pool_start, u64 slots)
{
#ifdef CONFIG_SWIOTLB
	machine_pool.start = pool_start;
	machine_pool.end = pool_start + slots * IO_TLB_SIZE;
#endif
}
#endif

#if KERNEL_C_SWIOTLB_TBL_MAP_SINGLE == 1
phys_addr_t __wrap_swiotlb_tbl_map_single(struct device *dev, phys_addr_t phys, size_t mapping_size,
					  size_t alloc_size, enum dma_data_direction dir, unsigned long attrs)
{
	return machine_swiotlb_tbl_map_single(index_of(dev), phys, mapping_size, alloc_size, 0, dir, attrs);
}
#elif KERNEL_C_SWIOTLB_TBL_MAP_SINGLE == 2
phys_addr_t __wrap_swiotlb_tbl_map_single(struct device *dev, phys_addr_t phys, size_t mapping_size,
					  size_t alloc_size, unsigned int alloc_align_mask,
					  enum dma_data_direction dir, unsigned long attrs)
{
	return machine_swiotlb_tbl_map_single(index_of(dev), phys, mapping_size, alloc_size, alloc_align_mask,
					      dir, attrs);
}
#elif KERNEL_C_SWIOTLB_TBL_MAP_SINGLE == 3
phys_addr_t __wrap_swiotlb_tbl_map_single(struct device *dev, phys_addr_t phys, size_t mapping_size,
					  unsigned int alloc_align_mask, enum dma_data_direction dir,
					  unsigned long attrs)
{
	/* This kernel rounds the size up itself, with the offset that it keeps. Others are told a size without. */
	u64 offset = phys & dma_get_min_align_mask(dev) & (alloc_align_mask | (IO_TLB_SIZE - 1));
	u64 size = ALIGN(mapping_size + offset, (u64)alloc_align_mask + 1) - (offset & (IO_TLB_SIZE - 1));

	return machine_swiotlb_tbl_map_single(index_of(dev), phys, mapping_size, size, alloc_align_mask, dir, attrs);
}
#endif

#if KERNEL_C_SWIOTLB_POOL_ARGUMENT
#define POOL_PARAMETER , struct io_tlb_pool *pool
#define RECORDED(name) __wrap___swiotlb_##name
#else
#define POOL_PARAMETER
#define RECORDED(name) __wrap_swiotlb_##name
#endif

void RECORDED(tbl_unmap_single)(struct device *dev, phys_addr_t tlb, size_t size, enum dma_data_direction dir,
				unsigned long attrs POOL_PARAMETER)
{
	machine_swiotlb_tbl_unmap_single(index_of(dev), tlb, size, dir, attrs);
}

void RECORDED(sync_single_for_device)(struct device *dev, phys_addr_t tlb, size_t size,
				      enum dma_data_direction dir POOL_PARAMETER)
{
	machine_swiotlb_sync_single_for_device(index_of(dev), tlb, size, dir);
}

void RECORDED(sync_single_for_cpu)(struct device *dev, phys_addr_t tlb, size_t size,
				   enum dma_data_direction dir POOL_PARAMETER)
{
	machine_swiotlb_sync_single_for_cpu(index_of(dev), tlb, size, dir);
}

/* What the machine calls. */

struct device *kernel_c_device(int index)
{
	return &devices[index].pci.dev;
}

struct iova_domain *kernel_c_iovad(int index)
{
	return &cookie_of(index)->iovad;
}

int kernel_c_attach(int index, int untrusted, int coherent, u64 mask, u64 seg_boundary, u32 max_seg_size,
		    u32 min_align_mask, u64 granule, int strict)
{
	struct modelled_device *device = &devices[index];
	struct device *dev = &device->pci.dev;
	struct iommu_domain *domain = &device->domain;
	int error;

	if (!bridge.windows.next) {
		INIT_LIST_HEAD(&bridge.windows);
		INIT_LIST_HEAD(&bridge.dma_ranges);
	}
	device->mask = mask;
	device->strict = strict;
	device->pci.bus = &device->bus;
	device->pci.untrusted = untrusted;
	device->parms.segment_boundary_mask = seg_boundary;
	device->parms.max_segment_size = max_seg_size;
	device->parms.min_align_mask = min_align_mask;
	dev->init_name = "device";
	dev->bus = &pci_bus_type;
	dev->dma_mask = &device->mask;
	dev->coherent_dma_mask = mask;
	dev->dma_parms = &device->parms;
	dev->dma_coherent = coherent;
	dev->iommu = &device->iommu;
#if defined(CONFIG_SWIOTLB) && KERNEL_C_DEVICE_POOL == 1
	dev->dma_io_tlb_mem = &io_tlb_default_mem;
#elif defined(CONFIG_SWIOTLB) && KERNEL_C_DEVICE_POOL == 2
	swiotlb_dev_init(dev);
#endif
	domain->ops = &driver_ops;
	domain->pgsize_bitmap = granule;
	domain->geometry.aperture_end = APERTURE_END;
	domain->geometry.force_aperture = true;
	/* iommu_get_def_domain_type() and iommu.strict: the core gives an untrusted device no queue. */
#ifdef IOMMU_DOMAIN_DMA_FQ
	domain->type = untrusted || strict ? IOMMU_DOMAIN_DMA : IOMMU_DOMAIN_DMA_FQ;
#else
	domain->type = IOMMU_DOMAIN_DMA;
#endif
	error = iommu_get_dma_cookie(domain);
	if (error)
		return error;
#if KERNEL_C_IOMMU_SETUP_DMA_OPS == 1
	iommu_setup_dma_ops(dev, 0, APERTURE_END);
#else
	iommu_setup_dma_ops(dev);
#endif
	if (cookie_of(index)->fq_domain)
		machine_init_flush_queue(index);
	return kernel_c_iovad(index)->granule == granule ? 0 : -EINVAL;
}

#if KERNEL_C_DMA_MAP_OPS
#define CALL(index, name) (devices[index].pci.dev.dma_ops->name)
#else
#define CALL(index, name) (iommu_dma_##name)
#endif

u64 kernel_c_map_page(int index, u64 phys, u64 size, int dir, u64 attrs)
{
	return CALL(index, map_page)(kernel_c_device(index), pfn_to_page(phys >> PAGE_SHIFT),
				     phys & ~PAGE_MASK, size, dir, attrs);
}

void kernel_c_unmap_page(int index, u64 handle, u64 size, int dir, u64 attrs)
{
	CALL(index, unmap_page)(kernel_c_device(index), handle, size, dir, attrs);
}

int kernel_c_map_sg(int index, struct scatterlist *sgl, int nents, int dir, u64 attrs)
{
	return CALL(index, map_sg)(kernel_c_device(index), sgl, nents, dir, attrs);
}

void kernel_c_unmap_sg(int index, struct scatterlist *sgl, int nents, int dir, u64 attrs)
{
	CALL(index, unmap_sg)(kernel_c_device(index), sgl, nents, dir, attrs);
}

void kernel_c_sync_single_for_cpu(int index, u64 handle, u64 size, int dir)
{
	CALL(index, sync_single_for_cpu)(kernel_c_device(index), handle, size, dir);
}

void kernel_c_sync_single_for_device(int index, u64 handle, u64 size, int dir)
{
	CALL(index, sync_single_for_device)(kernel_c_device(index), handle, size, dir);
}

void kernel_c_sync_sg_for_cpu(int index, struct scatterlist *sgl, int nents, int dir)
{
	CALL(index, sync_sg_for_cpu)(kernel_c_device(index), sgl, nents, dir);
}

void kernel_c_sync_sg_for_device(int index, struct scatterlist *sgl, int nents, int dir)
{
	CALL(index, sync_sg_for_device)(kernel_c_device(index), sgl, nents, dir);
}

#if KERNEL_C_MAX_MAPPING_SIZE
u64 kernel_c_max_mapping_size(int index)
{
	return iommu_dma_max_mapping_size(kernel_c_device(index));
}
#endif

/* Scatterlists, as a driver makes and reads them. */

extern void *kernel_c_allocate(u64 size);

struct scatterlist *kernel_c_sg_alloc(int nents)
{
	struct scatterlist *sgl = kernel_c_allocate(nents * sizeof(*sgl));

	sg_init_marker(sgl, nents);
	return sgl;
}

void kernel_c_sg_set(struct scatterlist *sg, int entry, u64 phys, u32 length)
{
	sg_set_page(sg + entry, pfn_to_page(phys >> PAGE_SHIFT), length, phys & ~PAGE_MASK);
}

u64 kernel_c_sg_phys(struct scatterlist *sg, int entry)
{
	return sg_phys(sg + entry);
}

u32 kernel_c_sg_length(struct scatterlist *sg, int entry)
{
	return sg[entry].length;
}

u64 kernel_c_sg_dma_address(struct scatterlist *sg, int entry)
{
	return sg_dma_address(sg + entry);
}

u32 kernel_c_sg_dma_length(struct scatterlist *sg, int entry)
{
	return sg_dma_len(sg + entry);
}

#if !KERNEL_C_QUEUE_IOVA
/* The flush queue is of dma-iommu.c itself. Called with the arguments of queue_iova() whenever that begins. */
__typeof__(queue_iova) kernel_c_note_queue_iova;

void kernel_c_note_queue_iova(struct iommu_dma_cookie *cookie, unsigned long pfn, unsigned long pages,
			      struct list_head *freelist)
{
	machine_queue_iova(index_of_iovad(&cookie->iovad), pfn, pages);
}

void kernel_c_flush(int index)
{
	struct iommu_dma_cookie *cookie = cookie_of(index);

	if (cookie->fq_domain)
		fq_flush_timeout(&cookie->fq_timer);
}

static unsigned queue_length(struct iova_fq *fq)
{
#if KERNEL_C_FQ_MOD_MASK
	return (fq->tail - fq->head) & fq->mod_mask;
#else
	return (fq->tail - fq->head + IOVA_FQ_SIZE) % IOVA_FQ_SIZE;
#endif
}

u32 kernel_c_queued(int index)
{
	struct iommu_dma_cookie *cookie = cookie_of(index);

	if (!cookie->fq_domain)
		return 0;
#if KERNEL_C_PERCPU_FQ
	return queue_length(raw_cpu_ptr(cookie->percpu_fq));
#else
	return queue_length(raw_cpu_ptr(cookie->fq));
#endif
}
#endif
