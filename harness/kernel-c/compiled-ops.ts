// SPDX-License-Identifier: GPL-2.0-only
/** The operations of a compiled dma-iommu.c. */
import type { Attrs, Device, Direction, DmaAddr, DmaOps, Kernel, PhysAddr, Scatterlist, Size } from '../../variants/dma-ops.ts';
import type { CompiledKernel } from './compiled-kernel.ts';
import { fromI64, toI64 } from './wasm-numbers.ts';

export class CompiledOps implements DmaOps {
  private readonly compiled: CompiledKernel;
  /** Where a list stands in the kernel's memory: from its map on as long as its mapping. */
  private readonly lists = new Map<Scatterlist, bigint>();

  /** A new life of `compiled` on `kernel`. */
  constructor(compiled: CompiledKernel, kernel: Kernel) {
    this.compiled = compiled;
    compiled.start(kernel);
  }

  initDomain(dev: Device): void {
    this.compiled.attach(dev);
  }

  mapPage(dev: Device, phys: PhysAddr, size: Size, dir: Direction, attrs: Attrs): DmaAddr {
    return this.u64('kernel_c_map_page', dev.index, toI64(phys), toI64(size), dir, toI64(attrs));
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
      sg.phys = this.u64('kernel_c_sg_phys', list, entry);
      sg.length = this.int('kernel_c_sg_length', list, entry);
      sg.dmaAddress = this.u64('kernel_c_sg_dma_address', list, entry);
      sg.dmaLength = this.int('kernel_c_sg_dma_length', list, entry) >>> 0;
    }
  }

  private u64(name: string, ...args: (number | bigint)[]): number {
    return fromI64(BigInt(this.compiled.call(name, ...args)));
  }

  private int(name: string, ...args: (number | bigint)[]): number {
    return Number(this.compiled.call(name, ...args));
  }
}
