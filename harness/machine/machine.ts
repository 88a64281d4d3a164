// SPDX-License-Identifier: GPL-2.0-only
/** The machine: its parts, and the kernel functions on top of them, each call recorded. */
import { MAX_PATHS } from './budget.ts';
import { RAM_START, SLOT_SIZE, type MachineConfig } from './config.ts';
import { CpuCache } from './cpu-cache.ts';
import { CRASHES, KernelCrash, WARNINGS, type WarningKind } from './crash.ts';
import { DmaDevice } from './device.ts';
import { EV, EventLog } from './event-log.ts';
import type { InterleavePoint } from './events.ts';
import type { Kernel } from './kernel.ts';
import { FIRST_LABEL } from './labels.ts';
import { Memory } from './memory.ts';
import { SlotPool, type BouncePool } from './slot-pool.ts';
import { Swiotlb, type PoolUser, type SwiotlbCode, type SwiotlbKernel } from './swiotlb.ts';
import { numberOfText } from './texts.ts';
import { alignUp, lowBits } from './u64.ts';
import {
  DMA_FROM_DEVICE,
  DMA_TO_DEVICE,
  type Attrs,
  type Device,
  type Direction,
  type DmaAddr,
  type Pfn,
  type PhysAddr,
  type Scatterlist,
  type Size,
} from './vocabulary.ts';

const ENOMEM = -12;
const APERTURE_END = 2 ** 48 - 1;

/** Called after each kernel function that a state called. */
export type PrimitiveHook = (kind: InterleavePoint) => void;

export class Machine implements Kernel, SwiotlbKernel {
  readonly log = new EventLog();
  readonly memory = new Memory(this.log.budget);
  readonly cache = new CpuCache(this.memory);
  readonly slots = new SlotPool();
  private readonly ownSwiotlb = new Swiotlb(this);
  /** The pool of this life; a state may bring its own. */
  pool: BouncePool = this.slots;
  /** The code of kernel/dma/swiotlb.c in this life; a state may bring its own. */
  swiotlb: SwiotlbCode = this.ownSwiotlb;
  readonly devices: DmaDevice[] = [];
  configSwiotlb = true;
  dmaStrict = true;
  /** Set while an operation is interleaved with something else. */
  hook: PrimitiveHook | undefined;
  /** Call paths of this run: path p was entered from path `parent[p]` by frame `frame[p]`; 0 is the root. */
  readonly paths: { parent: number[]; frame: number[] } = { parent: [0], frame: [-1] };
  /** Every device that some life needed; one that is taken out is built anew when it is needed again. */
  readonly built: DmaDevice[] = [];
  private readonly pathOf = new Map<number, number>();
  private nextLabel = FIRST_LABEL;
  private warnedOnce = 0;
  private hostile = false;

  /** A new machine life. */
  reset(config: MachineConfig): void {
    this.configSwiotlb = config.swiotlb;
    this.dmaStrict = config.strict;
    const slots = config.swiotlb ? config.swiotlbSlots : 0;
    this.log.reset();
    this.hostile = config.cache === 'worst';
    this.memory.reset(slots * SLOT_SIZE, this.hostile ? RAM_START : 0);
    this.slots.reset(slots, config.pageSize);
    this.pool = this.slots;
    this.swiotlb = this.ownSwiotlb;
    this.cache.reset(this.hostile && config.devices.some((device) => !device.coherent));
    this.resetDevices(config);
    this.hook = undefined;
    this.paths.parent = [0];
    this.paths.frame = [-1];
    this.pathOf.clear();
    this.nextLabel = FIRST_LABEL;
    this.warnedOnce = 0;
  }

  /** Devices are used again, too: to build one costs more than a run does. */
  private resetDevices(machine: MachineConfig): void {
    this.devices.length = 0;
    for (const [index, config] of machine.devices.entries()) {
      const device = (this.built[index] ??= new DmaDevice(index, config, this));
      device.reset(config, machine);
      this.devices.push(device);
    }
  }

  takeLabels(count: number): number {
    const first = this.nextLabel;
    this.nextLabel += count;
    return first;
  }

  /** Run the standing adversary of every device: after each change of what a device can reach. */
  attack(): void {
    if (!this.hostile) return;
    for (const device of this.devices) device.attack();
  }

  /** The flush queue's turn: one IOTLB flush, then the frees in order. */
  flush(index: number): void {
    const device = this.deviceAt(index);
    if (!device.flushQueue) return;
    this.iommuFlushIotlbAll(device);
    const queue = device.iovad.drain();
    for (let i = 0; i < queue.length; i += 2) this.freeIovaFast(device, queue[i] ?? 0, queue[i + 1] ?? 0);
  }

  /** Record a crash that the interpreter caught. */
  recordCrash(crash: KernelCrash): void {
    this.log.push(EV.crash, -1, CRASHES.indexOf(crash.kind), crash.a, crash.b);
  }

  enter(frame: number): void {
    const key = this.log.path * 256 + frame;
    let path = this.pathOf.get(key);
    if (path === undefined) {
      if (this.paths.frame.length > MAX_PATHS) throw this.log.endless();
      path = this.paths.frame.push(frame) - 1;
      this.paths.parent.push(this.log.path);
      this.pathOf.set(key, path);
    }
    this.log.path = path;
  }

  leave(): void {
    this.log.path = this.paths.parent[this.log.path] ?? 0;
  }

  devIsDmaCoherent(dev: Device): boolean {
    return this.deviceAt(dev.index).config.coherent;
  }

  devIsUntrusted(dev: Device): boolean {
    return this.deviceAt(dev.index).config.untrusted;
  }

  dmaGetMask(dev: Device): number {
    return this.deviceAt(dev.index).config.dmaMask;
  }

  dmaGetSegBoundary(dev: Device): number {
    return this.deviceAt(dev.index).config.segBoundary;
  }

  dmaGetMaxSegSize(dev: Device): Size {
    return this.deviceAt(dev.index).config.maxSegSize;
  }

  dmaGetMinAlignMask(dev: Device): number {
    return this.deviceAt(dev.index).config.minAlignMask;
  }

  iovaOffset(dev: Device, address: number): Size {
    return lowBits(address, this.deviceAt(dev.index).domain.granule);
  }

  iovaAlign(dev: Device, size: Size): Size {
    return alignUp(size, this.deviceAt(dev.index).domain.granule);
  }

  iovaMask(dev: Device): number {
    return this.deviceAt(dev.index).domain.granule - 1;
  }

  iovaShift(dev: Device): number {
    return Math.log2(this.deviceAt(dev.index).domain.granule);
  }

  apertureEnd(): DmaAddr {
    return APERTURE_END;
  }

  initIovaFlushQueue(dev: Device): void {
    this.deviceAt(dev.index).flushQueue = true;
  }

  fqDomain(dev: Device): boolean {
    return this.deviceAt(dev.index).flushQueue;
  }

  allocIovaFast(dev: Device, pages: number, limitPfn: Pfn, flushRcache: boolean): Pfn {
    const device = this.deviceAt(dev.index);
    const event = this.log.push(EV.alloc_iova_fast, dev.index, pages, limitPfn);
    const injected = device.disarm('alloc_iova_fast');
    const pfn = injected ? 0 : device.iovad.allocFast(pages, limitPfn, flushRcache);
    this.log.result(event, pfn, injected);
    this.hook?.('alloc_iova_fast');
    return pfn;
  }

  freeIovaFast(dev: Device, pfn: Pfn, pages: number): void {
    this.log.push(EV.free_iova_fast, dev.index, pfn, pages);
    this.deviceAt(dev.index).iovad.freeFast(pfn, pages);
  }

  queueIova(dev: Device, pfn: Pfn, pages: number): void {
    const { iovad } = this.deviceAt(dev.index);
    this.log.push(EV.queue_iova, dev.index, pfn, pages);
    if (iovad.queueFull) this.flush(dev.index);
    iovad.enqueue(pfn, pages);
  }

  iommuMap(dev: Device, iova: DmaAddr, phys: PhysAddr, size: Size, prot: number): number {
    const device = this.deviceAt(dev.index);
    const event = this.log.push(EV.iommu_map, dev.index, iova, phys, size, prot);
    const injected = device.disarm('iommu_map');
    const result = injected ? ENOMEM : device.domain.map(iova, phys, size, prot);
    this.log.result(event, result, injected);
    this.attack();
    this.hook?.('iommu_map');
    return result;
  }

  iommuMapSg(dev: Device, iova: DmaAddr, sgl: Scatterlist, nents: number, prot: number): Size {
    const device = this.deviceAt(dev.index);
    const event = this.log.push(EV.iommu_map_sg, dev.index, iova, nents, prot);
    const entries = sgl
      .slice(0, nents)
      .map(({ phys, length }) => this.log.push(EV.sg_entry, dev.index, phys, length));
    const injected = device.disarm('iommu_map_sg');
    const mapped = injected ? 0 : device.domain.mapSg(iova, sgl, nents, prot);
    this.log.result(event, mapped, injected);
    for (const entry of entries) this.log.result(entry, Number(mapped > 0));
    this.attack();
    this.hook?.('iommu_map_sg');
    return mapped;
  }

  iommuUnmap(dev: Device, iova: DmaAddr, size: Size): Size {
    const event = this.log.push(EV.iommu_unmap, dev.index, iova, size);
    const unmapped = this.deviceAt(dev.index).domain.unmap(iova, size);
    this.log.result(event, unmapped);
    this.attack();
    this.hook?.('iommu_unmap');
    return unmapped;
  }

  iommuIotlbSync(dev: Device): void {
    this.log.push(EV.iommu_iotlb_sync, dev.index);
    this.deviceAt(dev.index).domain.sync();
    this.attack();
    this.hook?.('iommu_iotlb_sync');
  }

  iommuFlushIotlbAll(dev: Device): void {
    this.log.push(EV.iommu_flush_iotlb_all, dev.index);
    this.deviceAt(dev.index).domain.sync();
    this.attack();
  }

  iommuIovaToPhys(dev: Device, iova: DmaAddr): PhysAddr {
    const phys = this.deviceAt(dev.index).domain.iovaToPhys(iova);
    this.log.result(this.log.push(EV.iommu_iova_to_phys, dev.index, iova), phys);
    this.hook?.('iommu_iova_to_phys');
    return phys;
  }

  /** arm64, v5.14: invalidate for a from-device mapping, else clean. */
  archSyncDmaForDevice(phys: PhysAddr, size: Size, dir: Direction): void {
    this.maintain('arch_sync_dma_for_device', phys, size, dir, dir === DMA_FROM_DEVICE);
  }

  /** arm64, v5.14: nothing for a to-device mapping, else invalidate. */
  archSyncDmaForCpu(phys: PhysAddr, size: Size, dir: Direction): void {
    this.maintain('arch_sync_dma_for_cpu', phys, size, dir, dir === DMA_TO_DEVICE ? undefined : true);
  }

  isSwiotlbBuffer(phys: PhysAddr): boolean {
    return this.pool.holds(phys);
  }

  swiotlbTblMapSingle(
    dev: Device,
    phys: PhysAddr,
    mappingSize: Size,
    allocSize: Size,
    allocAlignMask: number,
    dir: Direction,
    attrs: Attrs,
  ): PhysAddr {
    const event = this.log.push(
      EV.swiotlb_tbl_map_single,
      dev.index,
      phys,
      mappingSize,
      allocSize,
      allocAlignMask,
      dir,
      attrs,
    );
    const tlb = this.swiotlb.swiotlbTblMapSingle(
      dev,
      phys,
      mappingSize,
      allocSize,
      allocAlignMask,
      dir,
      attrs,
    );
    this.log.result(event, tlb);
    this.hook?.('swiotlb_tbl_map_single');
    return tlb;
  }

  swiotlbTblUnmapSingle(dev: Device, tlb: PhysAddr, size: Size, dir: Direction, attrs: Attrs): void {
    const event = this.log.push(EV.swiotlb_tbl_unmap_single, dev.index, tlb, size, dir, attrs);
    this.log.result(event, this.swiotlb.swiotlbTblUnmapSingle(dev, tlb, size, dir, attrs));
    this.hook?.('swiotlb_tbl_unmap_single');
  }

  swiotlbSyncSingleForDevice(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void {
    if (!this.configSwiotlb) throw new KernelCrash('sync-without-swiotlb');
    this.log.push(EV.swiotlb_sync_single_for_device, dev.index, tlb, size, dir);
    this.swiotlb.swiotlbSyncSingleForDevice(dev, tlb, size, dir);
    this.hook?.('swiotlb_sync_single_for_device');
  }

  swiotlbSyncSingleForCpu(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void {
    if (!this.configSwiotlb) throw new KernelCrash('sync-without-swiotlb');
    this.log.push(EV.swiotlb_sync_single_for_cpu, dev.index, tlb, size, dir);
    this.swiotlb.swiotlbSyncSingleForCpu(dev, tlb, size, dir);
    this.hook?.('swiotlb_sync_single_for_cpu');
  }

  memset(phys: PhysAddr, size: Size): void {
    this.log.push(EV.memset, -1, phys, size);
    if (!this.memory.contains(phys, size)) throw new KernelCrash('memset-out-of-memory', phys, size);
    this.cache.clear(phys, size);
    this.hook?.('memset');
  }

  warnUnmapped(dev: Device, unmapped: Size, asked: Size): void {
    this.warn('unmapped-less-than-asked', dev, unmapped, asked);
  }

  warnNotMapped(dev: Device, handle: DmaAddr): void {
    this.warn('unmap-of-nothing', dev, handle);
  }

  warnText(text: string): void {
    this.log.push(EV.warn, -1, WARNINGS.indexOf('kernel-warning'), numberOfText(text), 0, 0);
  }

  deviceAt(index: number): DmaDevice {
    const device = this.devices[index];
    if (device === undefined) throw new RangeError(`no device ${index} on this machine`);
    return device;
  }

  poolUser(dev: Device): PoolUser {
    return this.deviceAt(dev.index).config;
  }

  copyBounced(dev: Device, original: PhysAddr, tlb: PhysAddr, size: Size, dir: Direction): void {
    const event = this.log.push(EV.swiotlb_bounce, dev.index, original, tlb, size, dir);
    if (!this.memory.contains(original, size) || !this.memory.contains(tlb, size)) {
      throw new KernelCrash('copy-out-of-memory', original, size);
    }
    const toDevice = dir === DMA_TO_DEVICE;
    const changed = toDevice ? this.cache.copy(tlb, original, size) : this.cache.copy(original, tlb, size);
    this.log.result(event, Number(changed));
  }

  /** Cache maintenance, recorded as `kind`; `invalidate` undefined: it does nothing. */
  maintain(
    kind: 'arch_sync_dma_for_device' | 'arch_sync_dma_for_cpu',
    phys: PhysAddr,
    size: Size,
    dir: Direction,
    invalidate: boolean | undefined,
  ): void {
    const cleans = Number(invalidate === false && dir === DMA_FROM_DEVICE);
    const event = this.log.push(EV[kind], -1, phys, size, dir, cleans);
    let lines = 0;
    if (invalidate !== undefined && this.memory.contains(phys, size)) {
      lines = invalidate ? this.cache.invalidate(phys, size) : this.cache.clean(phys, size);
    } else if (this.hostile && invalidate !== undefined && size !== 0) {
      throw new KernelCrash('maintenance-out-of-memory', phys, size);
    }
    this.log.result(event, lines);
    this.hook?.(kind);
  }

  /** A warning, recorded. */
  warn(kind: WarningKind, dev: Device, a: number, b = 0, c = 0): void {
    this.log.push(EV.warn, dev.index, WARNINGS.indexOf(kind), a, b, c);
  }

  /** WARN_ONCE: one machine life, one message of a kind. */
  warnOnce(kind: WarningKind, dev: Device, a: number, b: number): void {
    const bit = 1 << WARNINGS.indexOf(kind);
    if ((this.warnedOnce & bit) !== 0) return;
    this.warnedOnce |= bit;
    this.warn(kind, dev, a, b);
  }
}
