// SPDX-License-Identifier: GPL-2.0-only
/** Names for addresses: which buffer, whose bounce buffer, whose IOVA. */
import { POOL_START, SLOT_SIZE } from '../machine/config.ts';
import { hex } from '../machine/u64.ts';
import { events, type Recording } from './recording.ts';

interface Region {
  readonly name: string;
  /** The event that allocated it. */
  readonly since: number;
  readonly device: number;
  readonly start: number;
  /** Bytes around [start, end) that still go by the name. */
  readonly from: number;
  readonly to: number;
}

/** Knows what the addresses of one recording stand for at a moment; later allocations hide earlier ones. */
export class Names {
  private moment = Infinity;
  private readonly run: Recording;
  private readonly bounce: Region[] = [];
  private readonly iova: Region[] = [];

  constructor(run: Recording) {
    this.run = run;
    const { granule } = run.scenario.machine;
    const counts = new Map<string, number>();
    const named = (kind: string, step: number): string => {
      const mapping = run.scenario.mappings.find((m) => m.step === step);
      const base = `${kind}(${mapping?.name ?? '?'}`;
      const n = counts.get(`${base} ${step}`) ?? 0;
      counts.set(`${base} ${step}`, n + 1);
      return mapping?.sg === true && mapping.ranges.length > 1 ? `${base}.${n})` : `${base})`;
    };
    for (const event of events(run)) {
      const { index: since, device, result: r, a: pages, c: size } = event;
      if (event.kind === 'swiotlb_tbl_map_single' && r >= 0) {
        const from = r - (r % Math.max(granule, SLOT_SIZE));
        this.bounce.push({ name: named('bounce', event.step), since, device, start: r, from, to: r + size });
      }
      if (event.kind === 'alloc_iova_fast' && r > 0) {
        const start = r * granule;
        const to = start + pages * granule;
        this.iova.push({ name: named('iova', event.step), since, device, start, from: start, to });
      }
    }
  }

  /** From now on, names stand for what they did when event number `event` was over. */
  at(event: number): this {
    this.moment = event;
    return this;
  }

  /** A physical address: `buffer+0x40`, `bounce(m)+0x40`, or the number itself. */
  phys(address: number): string {
    for (const { name, phys, size } of this.run.scenario.buffers) {
      if (address >= phys && address < phys + size) return withOffset(name, address - phys);
    }
    if (address < POOL_START) return hex(address);
    return this.find(this.bounce, address) ?? hex(address);
  }

  /** A bus address of a device: `iova(m)+0x200`, or the number itself. */
  dma(address: number, device: number): string {
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
