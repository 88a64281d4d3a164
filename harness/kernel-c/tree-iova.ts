// SPDX-License-Identifier: GPL-2.0-only
/** A tree's own drivers/iommu/iova.c under the machine, in place of the machine's model of it. */
import type { IovaAllocator } from '../machine/iova.ts';
import type { Device } from '../machine/vocabulary.ts';
import type { CompiledKernel } from './compiled-kernel.ts';
import { toI64 } from './wasm-numbers.ts';

export class TreeIova implements IovaAllocator {
  /** The tree decides itself when its queue is full. */
  readonly queueFull = false;
  private readonly compiled: CompiledKernel;
  private readonly dev: Device;

  constructor(compiled: CompiledKernel, dev: Device) {
    this.compiled = compiled;
    this.dev = dev;
  }

  get live(): number {
    return this.compiled.observe('kernel_c_iovas_live', this.dev.index);
  }

  get queued(): number {
    return this.compiled.observe('kernel_c_queued', this.dev.index);
  }

  allocFast(size: number, limitPfn: number, flushRcache: boolean): number {
    const { compiled, dev } = this;
    return compiled.within({ dev, endless: ['iova-search-never-ends', size, limitPfn + 1] }, () =>
      compiled.u64('kernel_c_alloc_iova_fast', dev.index, toI64(size), toI64(limitPfn), Number(flushRcache)),
    );
  }

  freeFast(pfn: number, size: number): void {
    this.compiled.call('kernel_c_free_iova_fast', this.dev.index, toI64(pfn), toI64(size));
  }

  /** queue_iova() of iova.c; where it is of dma-iommu.c, that is what runs already. */
  enqueue(pfn: number, pages: number): void {
    if (!this.compiled.module.has('kernel_c_queue_iova')) return;
    this.compiled.call('kernel_c_queue_iova', this.dev.index, toI64(pfn), toI64(pages));
  }

  /** Never asked for: the state flushes its own queue. */
  drain(): readonly number[] {
    return [];
  }

  /** The allocator begins anew with the life of the kernel. */
  reset(): void {}
}
