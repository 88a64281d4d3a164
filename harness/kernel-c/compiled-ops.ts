// SPDX-License-Identifier: GPL-2.0-only
/** The operations of a compiled dma-iommu.c. */
import type { Machine } from '../machine/machine.ts';
import type {
  Attrs,
  Device,
  Direction,
  DmaAddr,
  PhysAddr,
  Scatterlist,
  Size,
} from '../machine/vocabulary.ts';
import type { DmaOps } from '../subject/dma-ops.ts';
import type { CompiledKernel } from './compiled-kernel.ts';
import { TreeIova } from './tree-iova.ts';
import { TreeSwiotlb } from './tree-swiotlb.ts';
import { toI64 } from './wasm-numbers.ts';

export class CompiledOps implements DmaOps {
  /** The tree's own flush queue; undefined: the machine's is the one. */
  readonly flushQueue?: (dev: Device) => void;
  /** Undefined: the tree tells drivers of no limit. */
  readonly maxMappingSize?: (dev: Device) => Size;
  private readonly compiled: CompiledKernel;
  /** Where a list stands in the kernel's memory: from its map on as long as its mapping. */
  private readonly lists = new Map<Scatterlist, bigint>();

  /** A new life of `compiled` on a machine that was just reset. */
  constructor(compiled: CompiledKernel, machine: Machine) {
    this.compiled = compiled;
    compiled.start(machine);
    if (compiled.module.has('kernel_c_pool_used')) {
      const swiotlb = new TreeSwiotlb(compiled, machine);
      machine.swiotlb = swiotlb;
      machine.pool = swiotlb;
    }
    if (compiled.module.has('kernel_c_max_mapping_size')) {
      this.maxMappingSize = (dev) => {
        const size = compiled.observe('kernel_c_max_mapping_size', dev.index);
        // SIZE_MAX.
        return size === -1 ? Infinity : size;
      };
    }
    if (compiled.module.has('kernel_c_iovas_live')) {
      for (const device of machine.devices) device.iovad = new TreeIova(compiled, device);
      this.flushQueue = (dev) => {
        compiled.call('kernel_c_flush', dev.index);
      };
    }
  }

  initDomain(dev: Device): void {
    this.compiled.attach(dev);
  }

  mapPage(dev: Device, phys: PhysAddr, size: Size, dir: Direction, attrs: Attrs): DmaAddr {
    return this.compiled.u64('kernel_c_map_page', dev.index, toI64(phys), toI64(size), dir, toI64(attrs));
  }

  unmapPage(dev: Device, handle: DmaAddr, size: Size, dir: Direction, attrs: Attrs): void {
    this.compiled.call('kernel_c_unmap_page', dev.index, toI64(handle), toI64(size), dir, toI64(attrs));
  }

  mapSg(dev: Device, sgl: Scatterlist, nents: number, dir: Direction, attrs: Attrs): number {
    const list = this.listOf(sgl);
    try {
      // Newer kernels return -errno where older ones return 0.
      return Math.max(0, this.int('kernel_c_map_sg', dev.index, list, nents, dir, toI64(attrs)));
    } finally {
      this.readBack(list, sgl);
    }
  }

  unmapSg(dev: Device, sgl: Scatterlist, nents: number, dir: Direction, attrs: Attrs): void {
    this.compiled.call('kernel_c_unmap_sg', dev.index, this.listOf(sgl), nents, dir, toI64(attrs));
  }

  syncSingleForCpu(dev: Device, handle: DmaAddr, size: Size, dir: Direction): void {
    this.compiled.call('kernel_c_sync_single_for_cpu', dev.index, toI64(handle), toI64(size), dir);
  }

  syncSingleForDevice(dev: Device, handle: DmaAddr, size: Size, dir: Direction): void {
    this.compiled.call('kernel_c_sync_single_for_device', dev.index, toI64(handle), toI64(size), dir);
  }

  syncSgForCpu(dev: Device, sgl: Scatterlist, nents: number, dir: Direction): void {
    this.compiled.call('kernel_c_sync_sg_for_cpu', dev.index, this.listOf(sgl), nents, dir);
  }

  syncSgForDevice(dev: Device, sgl: Scatterlist, nents: number, dir: Direction): void {
    this.compiled.call('kernel_c_sync_sg_for_device', dev.index, this.listOf(sgl), nents, dir);
  }

  private listOf(sgl: Scatterlist): bigint {
    let list = this.lists.get(sgl);
    if (list === undefined) {
      list = BigInt(this.compiled.call('kernel_c_sg_alloc', sgl.length));
      for (const [entry, { phys, length }] of sgl.entries()) {
        this.compiled.call('kernel_c_sg_set', list, entry, toI64(phys), length);
      }
      this.lists.set(sgl, list);
    }
    return list;
  }

  private readBack(list: bigint, sgl: Scatterlist): void {
    for (const [entry, sg] of sgl.entries()) {
      sg.phys = this.compiled.u64('kernel_c_sg_phys', list, entry);
      sg.length = this.int('kernel_c_sg_length', list, entry);
      sg.dmaAddress = this.compiled.u64('kernel_c_sg_dma_address', list, entry);
      sg.dmaLength = this.int('kernel_c_sg_dma_length', list, entry) >>> 0;
    }
  }

  private int(name: string, ...args: (number | bigint)[]): number {
    return Number(this.compiled.call(name, ...args));
  }
}
