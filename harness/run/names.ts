// SPDX-License-Identifier: GPL-2.0-only
/** Names for addresses: which buffer, whose bounce buffer, whose IOVA. */
import { POOL_START, SLOT_SIZE } from '../machine/config.ts';
import { hex } from '../machine/u64.ts';
import type { DmaAddr, EventIx, PhysAddr, StepIx } from '../machine/vocabulary.ts';
import type { BounceBuffer } from './bounce-buffers.ts';
import type { EventIndex } from './event-index.ts';
import type { Scenario } from './scenario.ts';

/** Puts an address into words. */
export interface Namer {
  /** `buffer+0x40`, `bounce(m)+0x40`, or the number itself. */
  phys(address: PhysAddr): string;
  /** A bus address of a device: `iova(m)+0x200`, or the number itself. */
  dma(address: DmaAddr, device: number): string;
}

interface Region {
  readonly name: string;
  /** The event that allocated it. */
  readonly since: EventIx;
  readonly device: number;
  readonly start: number;
  /** Bytes around [start, end) that still go by the name. */
  readonly from: number;
  readonly to: number;
}

/** Knows what the addresses of one recording stand for at a moment; later allocations hide earlier ones. */
export class Names {
  private readonly scenario: Scenario;
  private readonly bounce: readonly Region[];
  private readonly iova: readonly Region[];

  constructor(scenario: Scenario, events: EventIndex, bounceBuffers: readonly BounceBuffer[]) {
    this.scenario = scenario;
    const { granule } = scenario.machine;
    const alignment = Math.max(granule, SLOT_SIZE);
    const counts = new Map<string, number>();
    const named = (kind: string, step: StepIx): string => {
      const mapping = scenario.mappings.find((m) => m.step === step);
      const base = `${kind}(${mapping?.name ?? '?'}`;
      const n = counts.get(`${base} ${step}`) ?? 0;
      counts.set(`${base} ${step}`, n + 1);
      return mapping?.sg === true && mapping.ranges.length > 1 ? `${base}.${n})` : `${base})`;
    };
    this.bounce = bounceBuffers.map(({ event: since, step, device, tlb: start, allocSize, end }) => {
      const name = named('bounce', step);
      return {
        name,
        since,
        device,
        start,
        from: start - (start % alignment),
        to: Math.min(start + allocSize, end),
      };
    });
    const allocations = events.of('alloc_iova_fast').filter(({ result }) => result > 0);
    this.iova = allocations.map(({ index: since, step, device, pages, result }) => {
      const start = result * granule;
      return { name: named('iova', step), since, device, start, from: start, to: start + pages * granule };
    });
  }

  /** What addresses stand for when event number `moment` is over. */
  at(moment: EventIx): Namer {
    return new NamesAt(this.scenario, this.bounce, this.iova, moment);
  }
}

class NamesAt implements Namer {
  private readonly scenario: Scenario;
  private readonly bounce: readonly Region[];
  private readonly iova: readonly Region[];
  private readonly moment: EventIx;

  constructor(scenario: Scenario, bounce: readonly Region[], iova: readonly Region[], moment: EventIx) {
    this.scenario = scenario;
    this.bounce = bounce;
    this.iova = iova;
    this.moment = moment;
  }

  phys(address: PhysAddr): string {
    for (const { name, phys, size } of this.scenario.buffers) {
      if (address >= phys && address < phys + size) return withOffset(name, address - phys);
    }
    if (address < POOL_START) return hex(address);
    return this.find(this.bounce, address) ?? hex(address);
  }

  dma(address: DmaAddr, device: number): string {
    return this.find(this.iova, address, device) ?? hex(address);
  }

  /** `device`: whose address it is; undefined: it is the same for all. */
  private find(regions: readonly Region[], address: number, device?: number): string | undefined {
    const region = regions.findLast(
      ({ since, from, to, device: owner }) =>
        since <= this.moment && address >= from && address < to && (device ?? owner) === owner,
    );
    return region && withOffset(region.name, address - region.start);
  }
}

function withOffset(name: string, offset: number): string {
  if (offset === 0) return name;
  return offset > 0 ? `${name}+${hex(offset)}` : `${name}-${hex(-offset)}`;
}
