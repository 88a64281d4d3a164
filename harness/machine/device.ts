// SPDX-License-Identifier: GPL-2.0-only
/** A device: its IOMMU domain, its IOVA space, its DMA, and the standing adversary in it. */
import { LOOK_AT_RANGE, LOOK_AT_TRANSLATION } from './budget.ts';
import type { DeviceConfig, MachineConfig } from './config.ts';
import type { CpuCache } from './cpu-cache.ts';
import { EV, type EventLog } from './event-log.ts';
import { WARNINGS } from './crash.ts';
import { IommuDomain, type MemoryRange, type Translation } from './iommu.ts';
import { IovaDomain, type IovaAllocator } from './iova.ts';
import { countUp, LABEL_FAULT, LABEL_ZERO, runLength } from './labels.ts';
import { CHUNK, type Memory } from './memory.ts';
import { IOMMU_READ, IOMMU_WRITE, type Device } from './vocabulary.ts';

/** The byte that a scribble writes. */
const SCRIBBLE_BYTE = 0xdd;

/** What a device works on. */
export interface DeviceWorld {
  readonly memory: Memory;
  readonly cache: CpuCache;
  readonly log: EventLog;
  /** `count` fresh provenance labels; returns the first. */
  takeLabels(count: number): number;
}

export class DmaDevice implements Device {
  readonly index: number;
  config: DeviceConfig;
  readonly domain: IommuDomain;
  /** The allocator of this life; a state may bring its own. */
  iovad: IovaAllocator;
  /** The domain has a flush queue. */
  flushQueue = false;
  /** Injected failures still armed, per kernel function. */
  readonly armed = { alloc_iova_fast: 0, iommu_map: 0, iommu_map_sg: 0 };
  /** Memory that the driver handed over to be written, and has not taken back. */
  handedOver: MemoryRange[] = [];
  /** Mapping whose map operation is under way, -1: none; the scribble leaves it alone. */
  mapping = -1;
  /** Memory clock, and translations made by then, when the standing adversary last scanned all; -1: never. */
  private scannedAt = -1;
  private scannedMaps = 0;
  private readonly world: DeviceWorld;
  private readonly ownIovad = new IovaDomain();
  private readonly scratch = new Uint32Array(CHUNK);

  constructor(index: number, config: DeviceConfig, world: DeviceWorld) {
    this.index = index;
    this.config = config;
    this.world = world;
    const warning = WARNINGS.indexOf('already-mapped');
    this.domain = new IommuDomain(world.log.budget, (iova, phys, asked) =>
      world.log.push(EV.warn, index, warning, iova, phys, asked),
    );
    this.iovad = this.ownIovad;
  }

  /** A new life as another device, on another machine. */
  reset(config: DeviceConfig, { granule, iommu, cache }: MachineConfig): void {
    this.config = config;
    this.domain.reset(granule, cache === 'worst', iommu);
    this.iovad = this.ownIovad;
    this.iovad.reset(granule, config.iovaBase);
    this.flushQueue = false;
    this.armed.alloc_iova_fast = 0;
    this.armed.iommu_map = 0;
    this.armed.iommu_map_sg = 0;
    this.handedOver = [];
    this.mapping = -1;
  }

  /** Takes an injected failure of the kernel function; false: none is armed. */
  disarm(what: keyof DmaDevice['armed']): boolean {
    if (this.armed[what] === 0) return false;
    this.armed[what]--;
    return true;
  }

  /**
   * The device reads [iova, iova + size). The first byte without a readable translation is a fault;
   * from there on it sees all-ones. `mapping` and `offset` only say what the scenario meant.
   * Returns the bytes before the fault.
   */
  dmaRead(iova: number, size: number, mapping: number, offset: number): number {
    const { log, cache, memory } = this.world;
    const { coherent } = this.config;
    const start = log.reserve(size);
    log.push(EV.device_read, this.index, iova, size, start, mapping, offset);
    log.bytes.fill(0xff, start, start + size);
    log.labels.fill(LABEL_FAULT, start, start + size);
    let done = 0;
    while (done < size) {
      const entry = this.route(iova + done, IOMMU_READ);
      if (entry === undefined) break;
      const phys = this.behind(entry, iova + done);
      const n = this.pieceSize(entry, iova + done, phys, size - done);
      if (memory.contains(phys, n)) cache.deviceLoad(phys, n, coherent, log.bytes, log.labels, start + done);
      done += n;
    }
    return done;
  }

  /**
   * The device writes [iova, iova + size), `byte(i)` each; the first fault ends it. Returns the bytes
   * done.
   */
  dmaWrite(iova: number, size: number, mapping: number, offset: number, byte: (i: number) => number): number {
    const { log } = this.world;
    const start = log.reserve(size);
    for (let i = 0; i < size; i++) log.bytes[start + i] = byte(i);
    return this.write(iova, size, mapping, offset, start);
  }

  /** The same with the first `size` of `bytes`, which repeat when they are fewer. */
  dmaStore(iova: number, size: number, mapping: number, offset: number, bytes: Uint8Array): number {
    const { log } = this.world;
    const start = log.reserve(size);
    log.repeat(bytes, start, size);
    return this.write(iova, size, mapping, offset, start);
  }

  /** The standing adversary: scan, and scribble where the scenario asks for it. */
  attack(): void {
    if (!this.config.untrusted) return;
    const { budget } = this.world.log;
    budget.take((this.domain.size + this.domain.lingering.length) * LOOK_AT_TRANSLATION);
    if (this.scannedAt !== this.world.memory.clock || this.scannedMaps !== this.domain.maps) this.scanAll();
    if (this.config.scribble) this.scribble();
  }

  private scanAll(): void {
    for (const entry of this.domain.installed()) if ((entry.granted & IOMMU_READ) !== 0) this.scan(entry);
    for (const entry of this.domain.lingering) if ((entry.granted & IOMMU_READ) !== 0) this.scan(entry);
    this.scannedAt = this.world.memory.clock;
    this.scannedMaps = this.domain.maps;
  }

  /** Report every non-zero byte that the translation lets the device read, where anything changed. */
  private scan(entry: Translation): void {
    const { memory, cache } = this.world;
    const { granule } = this.domain;
    const step = Math.min(granule, CHUNK);
    for (let offset = 0; offset < granule; offset += step) {
      const phys = entry.phys + offset;
      if (!memory.contains(phys, step) || memory.lastChange(phys) <= entry.scanned) continue;
      this.world.log.budget.take(step);
      cache.peekLabels(phys, step, this.config.coherent, this.scratch, 0);
      this.report(entry, offset, step);
    }
    entry.scanned = memory.clock;
  }

  /** The non-zero bytes of those that were just looked at: `size` from `offset` on. */
  private report({ pfn, phys: start, owner, prot }: Translation, offset: number, size: number): void {
    const labels = this.scratch;
    const iova = pfn * this.domain.granule + offset;
    const phys = start + offset;
    for (let i = 0; i < size;) {
      const label = labels[i] ?? 0;
      const next = i + runLength(labels, i, size - i);
      if (label !== LABEL_ZERO) {
        this.world.log.expose(this.index, iova + i, phys + i, next - i, label, owner, prot);
      }
      i = next;
    }
  }

  /** Write all it can write, but for the memory that the driver handed over to it, wherever it gets there. */
  private scribble(): void {
    const { granule } = this.domain;
    // The writes go through what is there now, whatever they change.
    for (const entry of [...this.domain.installed(), ...this.domain.lingering]) {
      if ((entry.granted & IOMMU_WRITE) === 0) continue;
      if (this.mapping >= 0 && entry.owner === this.mapping) continue;
      let from = entry.phys;
      const end = from + granule;
      const iova = entry.pfn * granule - entry.phys;
      while (from < end) {
        let stop = end;
        let covered = from;
        this.world.log.budget.take(this.handedOver.length * LOOK_AT_RANGE);
        for (const { start, size } of this.handedOver) {
          if (covered === from && from >= start && from < start + size) covered = start + size;
          if (start > from) stop = Math.min(stop, start);
        }
        if (covered === from) {
          this.scribbleOn(entry, iova + from, stop - from);
          from = stop;
        } else from = covered;
      }
    }
  }

  /** Write [iova, iova + size), which lies in the granule, through its translation. */
  private scribbleOn(entry: Translation, iova: number, size: number): void {
    const { log } = this.world;
    const start = log.reserve(size);
    log.bytes.fill(SCRIBBLE_BYTE, start, start + size);
    this.write(iova, size, -1, 0, start, entry);
  }

  /**
   * Write the bytes that stand from `start` on in the byte log; the first fault ends it. `via`: through
   * this translation, whatever the page table says by now. Returns the bytes done.
   */
  private write(
    iova: number,
    size: number,
    mapping: number,
    offset: number,
    start: number,
    via?: Translation,
  ): number {
    const { log, cache, memory } = this.world;
    const label = this.world.takeLabels(size);
    countUp(log.labels, start, size, label);
    log.push(EV.device_write, this.index, iova, size, start, mapping, offset);
    let done = 0;
    while (done < size) {
      const entry = via ?? this.route(iova + done, IOMMU_WRITE);
      if (entry === undefined) break;
      const phys = this.behind(entry, iova + done);
      const n = this.pieceSize(entry, iova + done, phys, size - done);
      if (memory.contains(phys, n)) {
        cache.deviceStore(phys, n, this.config.coherent, log.bytes, start + done, label + done);
        log.push(EV.device_write_run, this.index, iova + done, phys, n, label + done);
      }
      done += n;
    }
    return done;
  }

  /** The translation that an access at `address` goes through; undefined, and a fault in the log: none that allows it. */
  private route(address: number, prot: number): Translation | undefined {
    const entry = this.domain.translate(address);
    if (entry !== undefined && (entry.granted & prot) !== 0) return entry;
    const reason = entry === undefined ? 0 : prot === IOMMU_READ ? 1 : 2;
    this.world.log.push(EV.iommu_fault, this.index, address, reason);
    return undefined;
  }

  /** Where in memory the translation leads. */
  private behind(entry: Translation, address: number): number {
    return entry.phys + (address - entry.pfn * this.domain.granule);
  }

  /** How many of `size` bytes from `address` on lie in the translation's granule and in one memory chunk. */
  private pieceSize(entry: Translation, address: number, phys: number, size: number): number {
    return Math.min(size, (entry.pfn + 1) * this.domain.granule - address, CHUNK - (phys % CHUNK));
  }
}
