// SPDX-License-Identifier: GPL-2.0-only
/** A device: its IOMMU domain, its IOVA space, its DMA, and the standing adversary in it. */
import type { DeviceConfig } from './config.ts';
import type { CpuCache } from './cpu-cache.ts';
import { EV, type EventLog } from './event-log.ts';
import { IommuDomain, type Translation } from './iommu.ts';
import { IovaDomain } from './iova.ts';
import { CHUNK, FIRST_LABEL, LABEL_FAULT, LABEL_ZERO, type Memory } from './memory.ts';
import { IOMMU_READ, IOMMU_WRITE, type Device } from './vocabulary.ts';

/** The byte that a scribble writes. */
const SCRIBBLE_BYTE = 0xdd;

/** A range of bus addresses that the driver handed to the device. */
export interface DmaRange {
  readonly start: number;
  readonly size: number;
}

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
  readonly config: DeviceConfig;
  readonly domain = new IommuDomain();
  readonly iovad = new IovaDomain();
  /** The domain has a flush queue. */
  flushQueue = false;
  /** Injected failures still armed, per kernel function. */
  readonly armed = { alloc_iova_fast: 0, iommu_map: 0, iommu_map_sg: 0 };
  /** What the driver handed over and has not taken back. */
  handedOver: DmaRange[] = [];
  /** Mapping whose map operation is under way, -1: none; the scribble leaves it alone. */
  mapping = -1;
  private readonly world: DeviceWorld;
  private readonly scratch = new Uint32Array(CHUNK);

  constructor(index: number, config: DeviceConfig, world: DeviceWorld) {
    this.index = index;
    this.config = config;
    this.world = world;
  }

  /**
   * The device reads [iova, iova + size). The first byte without a readable translation is a fault;
   * from there on it sees all-ones. `mapping` and `offset` only say what the scenario meant.
   * Returns the bytes before the fault.
   */
  dmaRead(iova: number, size: number, mapping: number, offset: number): number {
    const { log, cache } = this.world;
    const start = log.reserve(size);
    log.push(EV.device_read, this.index, iova, size, start, mapping, offset);
    log.bytes.fill(0xff, start, start + size);
    log.labels.fill(LABEL_FAULT, start, start + size);
    return this.eachPiece(iova, size, IOMMU_READ, undefined, (phys, n, at) =>
      cache.deviceLoad(phys, n, this.config.coherent, log.bytes, log.labels, start + at),
    );
  }

  /**
   * The device writes [iova, iova + size), `byte(i)` each; the first fault ends it. `via`: through this
   * translation, whatever the page table says by now. Returns the bytes done.
   */
  dmaWrite(
    iova: number,
    size: number,
    mapping: number,
    offset: number,
    byte: (i: number) => number,
    via?: Translation,
  ): number {
    const { log, cache } = this.world;
    const start = log.reserve(size);
    const label = this.world.takeLabels(size);
    for (let i = 0; i < size; i++) {
      log.bytes[start + i] = byte(i);
      log.labels[start + i] = label + i;
    }
    log.push(EV.device_write, this.index, iova, size, start, mapping, offset);
    return this.eachPiece(iova, size, IOMMU_WRITE, via, (phys, n, at) => {
      cache.deviceStore(phys, n, this.config.coherent, log.bytes, start + at, label + at);
      log.push(EV.device_write_run, this.index, iova + at, phys, n, label + at);
    });
  }

  /** The standing adversary: scan, and scribble where the scenario asks for it. */
  attack(): void {
    if (!this.config.untrusted) return;
    for (const entry of this.domain.reachable()) {
      if ((entry.prot & IOMMU_READ) !== 0) this.scan(entry);
    }
    if (this.config.scribble) this.scribble();
  }

  /** Report every non-zero byte that the translation lets the device read, where anything changed. */
  private scan(entry: Translation): void {
    const { memory, cache } = this.world;
    const { granule } = this.domain;
    const step = Math.min(granule, CHUNK);
    for (let offset = 0; offset < granule; offset += step) {
      const phys = entry.phys + offset;
      if (!memory.contains(phys, step) || memory.lastChange(phys) <= entry.scanned) continue;
      cache.peekLabels(phys, step, this.config.coherent, this.scratch, 0);
      this.report(entry.pfn * granule + offset, phys, step, entry.owner);
    }
    entry.scanned = memory.clock;
  }

  private report(iova: number, phys: number, size: number, owner: number): void {
    const labels = this.scratch;
    for (let i = 0; i < size;) {
      const label = labels[i] ?? 0;
      const counts = label >= FIRST_LABEL ? 1 : 0;
      let n = 1;
      while (i + n < size && labels[i + n] === label + n * counts) n++;
      if (label !== LABEL_ZERO) this.world.log.expose(this.index, iova + i, phys + i, n, label, owner);
      i += n;
    }
  }

  /** Write all it may write, but for what the driver handed over. */
  private scribble(): void {
    const { granule } = this.domain;
    const targets = [...this.domain.reachable()].filter(
      (entry) => (entry.prot & IOMMU_WRITE) !== 0 && (this.mapping < 0 || entry.owner !== this.mapping),
    );
    for (const entry of targets) {
      let from = entry.pfn * granule;
      const end = from + granule;
      while (from < end) {
        const inside = this.handedOver.find((r) => from >= r.start && from < r.start + r.size);
        if (inside !== undefined) {
          from = inside.start + inside.size;
          continue;
        }
        const stop = this.handedOver.reduce((to, r) => (r.start > from ? Math.min(to, r.start) : to), end);
        this.dmaWrite(from, stop - from, -1, 0, () => SCRIBBLE_BYTE, entry);
        from = stop;
      }
    }
  }

  /**
   * Walk [iova, iova + size) in pieces inside one granule and one memory chunk. Returns the bytes
   * done; a piece without a translation of that protection is a fault and the end.
   */
  private eachPiece(
    iova: number,
    size: number,
    prot: number,
    via: Translation | undefined,
    visit: (phys: number, size: number, at: number) => void,
  ): number {
    const { granule } = this.domain;
    let done = 0;
    while (done < size) {
      const address = iova + done;
      const entry = via ?? this.domain.translate(address);
      if (entry === undefined || (entry.prot & prot) === 0) {
        const reason = entry === undefined ? 0 : prot === IOMMU_READ ? 1 : 2;
        this.world.log.push(EV.iommu_fault, this.index, address, reason);
        break;
      }
      const phys = entry.phys + (address - entry.pfn * granule);
      const n = Math.min(size - done, (entry.pfn + 1) * granule - address, CHUNK - (phys % CHUNK));
      if (this.world.memory.contains(phys, n)) visit(phys, n, done);
      done += n;
    }
    return done;
  }
}
