// SPDX-License-Identifier: GPL-2.0-only
import { expect } from '@jest/globals';
import { DEVICE_DEFAULTS, type DeviceConfig } from '../config.ts';
import { CpuCache } from '../cpu-cache.ts';
import { DmaDevice, type DeviceWorld } from '../device.ts';
import { EVENT_KINDS } from '../events.ts';
import { EXPOSURE_STRIDE, EventLog, F_ARGS, F_KIND, STRIDE } from '../event-log.ts';
import { Memory } from '../memory.ts';

export const READ = 1;
export const WRITE = 2;
/** Where the tests' pages are. */
export const PHYS = 0x300000;
export const IOVA = 0x10000;

export const untouched = (phys: number): number => (phys * 31 + 7) & 0xff;

/** One device on its own memory; labels from 16 on, as on a machine. */
export class Bench implements DeviceWorld {
  readonly memory = new Memory();
  readonly cache = new CpuCache(this.memory);
  readonly log = new EventLog();
  readonly device: DmaDevice;
  private nextLabel = 16;

  constructor(config: Partial<DeviceConfig> = {}, granule = 4096) {
    this.memory.reset(0);
    this.cache.reset(config.coherent === false);
    this.device = new DmaDevice(0, { ...DEVICE_DEFAULTS, ...config }, this);
    this.device.domain.reset(granule, true, 'amd');
  }

  takeLabels(count: number): number {
    this.nextLabel += count;
    return this.nextLabel - count;
  }

  map(iova: number, phys: number, size: number, prot: number, owner = -1): void {
    this.device.domain.owner = owner;
    expect(this.device.domain.map(iova, phys, size, prot)).toBe(0);
  }

  /** CPU store of 0xaa with these labels. */
  store(phys: number, size: number, label: number): void {
    this.cache.store(phys, size, new Uint8Array(size).fill(0xaa), 0, label);
  }

  /** Events as kind and arguments, arguments cut after the last that is not zero. */
  events(): (string | number)[][] {
    return Array.from({ length: this.log.length }, (_, i) => {
      const record = this.log.records.subarray(i * STRIDE, (i + 1) * STRIDE);
      const args = Array.from(record.subarray(F_ARGS, F_ARGS + 6));
      return [
        EVENT_KINDS[record[F_KIND] ?? -1] ?? '?',
        ...args.slice(0, args.findLastIndex((a) => a !== 0) + 1),
      ];
    });
  }

  /** What the adversary found since the last look: iova, phys, size, label, owner. */
  attack(): number[][] {
    const from = this.log.exposureCount;
    this.device.attack();
    return Array.from({ length: this.log.exposureCount - from }, (_, i) => {
      const at = (from + i) * EXPOSURE_STRIDE;
      return Array.from(this.log.exposures.subarray(at + 3, at + 8));
    });
  }

  /** Bytes that memory holds. */
  ram(phys: number, size: number): number[] {
    return Array.from({ length: size }, (_, i) => {
      const at = this.memory.index(phys + i);
      return this.memory.ram[at] ?? -1;
    });
  }
}
