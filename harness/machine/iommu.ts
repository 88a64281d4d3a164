// SPDX-License-Identifier: GPL-2.0-only
/**
 * One device's IOMMU domain: a page table in granules and the IOTLB's memory of what it once held.
 *
 * Removed translations stay reachable until the IOTLB is synced. Each translation remembers which
 * mapping installed it, so that what is left behind can be named. What the drivers of v5.14 do each in
 * their own way, by `iommu`: a page that is mapped already, an unmap of what is not, a write-only entry.
 */

import { Budget, TRANSLATION_SIZE } from './budget.ts';
import { grantedBy, type IommuKind } from './config.ts';
import type { Scatterlist } from './vocabulary.ts';

const EEXIST = -17;
const EINVAL = -22;

/** Physical addresses [start, start + size). */
export interface MemoryRange {
  readonly start: number;
  readonly size: number;
}

/** A translation of one granule. */
export interface Translation {
  /** Granule number of the IOVA. */
  pfn: number;
  phys: number;
  /** What was asked for: IOMMU_READ, IOMMU_WRITE, … */
  prot: number;
  /** What the device may do: the same, and IOMMU_READ where the hardware has no write-only entry. */
  granted: number;
  /** The mapping that installed it, -1: none. */
  owner: number;
  /** Memory clock when the standing adversary last scanned it, -1: never. */
  scanned: number;
}

/** Nothing is known of it yet. */
const BLANK: Translation = { pfn: -1, phys: -1, prot: -1, granted: -1, owner: -1, scanned: -1 };

/** Told of a page that was mapped already: where, what memory is behind it, and what was asked for. */
export type MappedAlready = (iova: number, phys: number, asked: number) => void;

export class IommuDomain {
  granule = 4096;
  iommu: IommuKind = 'amd';
  /** IOTLB syncs and flushes so far. */
  syncs = 0;
  /** Translations put into the table so far, in earlier lives, too. */
  maps = 0;
  /** Mapping number that new translations belong to. */
  owner = -1;
  private readonly table = new Map<number, Translation>();
  /** Translations gone from the table but, for all anyone knows, still in the IOTLB. */
  private readonly stale: Translation[] = [];
  private remembers = true;
  private readonly spare: Translation[] = [];
  /** Translations in `stale` that another one took the place of. */
  private replaced = 0;
  private readonly budget: Budget;
  private readonly warn: MappedAlready | undefined;

  /** `warn`: what the drivers that have a WARN_ON() for a page that is mapped already call. */
  constructor(budget = new Budget(), warn?: MappedAlready) {
    this.budget = budget;
    this.warn = warn;
  }

  /** Forget everything. `remembers`: the IOTLB keeps removed translations until the sync. */
  reset(granule: number, remembers: boolean, iommu: IommuKind): void {
    this.granule = granule;
    this.iommu = iommu;
    this.remembers = remembers;
    this.owner = -1;
    for (const entry of this.table.values()) this.spare.push(entry);
    this.table.clear();
    this.sync();
    this.syncs = 0;
  }

  /**
   * iommu_map(): all of [iova, iova + size) or nothing; 0, -EINVAL for what is not made of
   * granules, or -EEXIST. A granule that is mapped already: arm fails the call, and what the call had
   * mapped by then is taken back (and, as on hardware, was reachable for that moment); vtd keeps what is
   * there and goes on; amd puts the new translation in its place, without a flush.
   */
  map(iova: number, phys: number, size: number, prot: number): number {
    if (iova % this.granule !== 0 || phys % this.granule !== 0 || size % this.granule !== 0) return EINVAL;
    const first = iova / this.granule;
    const count = size / this.granule;
    if (count > 0) this.budget.take(count * TRANSLATION_SIZE);
    for (let i = 0; i < count; i++) {
      const there = this.table.get(first + i);
      if (there !== undefined) {
        if (this.iommu === 'amd') this.replace(there);
        else this.warn?.(iova + i * this.granule, there.phys, phys + i * this.granule);
        if (this.iommu === 'arm') {
          if (i > 0) this.unmap(iova, i * this.granule);
          return EEXIST;
        }
        if (this.iommu === 'vtd') continue;
      }
      const entry = this.spare.pop() ?? { ...BLANK };
      entry.pfn = first + i;
      entry.phys = phys + i * this.granule;
      entry.prot = prot;
      entry.granted = grantedBy(this.iommu, prot);
      entry.owner = this.owner;
      entry.scanned = -1;
      this.table.set(first + i, entry);
      this.maps++;
    }
    return 0;
  }

  /** __iommu_map_sg(): all entries one behind the other, or nothing. Returns the bytes mapped. */
  mapSg(iova: number, sgl: Scatterlist, nents: number, prot: number): number {
    let mapped = 0;
    for (let i = 0; i < nents; i++) {
      const entry = sgl[i];
      if (entry === undefined) break;
      if (this.map(iova + mapped, entry.phys, entry.length, prot) !== 0) {
        this.unmap(iova, mapped);
        return 0;
      }
      mapped += entry.length;
    }
    return mapped;
  }

  /**
   * iommu_unmap(): returns the bytes unmapped. arm stops at the first hole; the others clear what is
   * there and count the holes.
   */
  unmap(iova: number, size: number): number {
    const first = iova / this.granule;
    const count = size / this.granule;
    for (let i = 0; i < count; i++) {
      const entry = this.table.get(first + i);
      if (entry !== undefined) this.remove(entry);
      else if (this.iommu === 'arm') return i * this.granule;
    }
    return size;
  }

  /** The IOTLB may still have it. */
  private remove(entry: Translation): void {
    this.table.delete(entry.pfn);
    (this.remembers ? this.stale : this.spare).push(entry);
  }

  /** Another translation takes its place: free_clear_pte() asks for no flush when no table was freed. */
  private replace(entry: Translation): void {
    this.remove(entry);
    if (this.remembers) this.replaced++;
  }

  /** iommu_iova_to_phys(): walk the table; 0 when unmapped. */
  iovaToPhys(iova: number): number {
    const entry = this.table.get(Math.floor(iova / this.granule));
    return entry === undefined ? 0 : entry.phys + (iova - entry.pfn * this.granule);
  }

  /** The memory that the table has behind [iova, iova + size), in pieces; nothing where nothing is mapped. */
  memoryBehind(iova: number, size: number): MemoryRange[] {
    const pieces: { start: number; size: number }[] = [];
    for (let done = 0; done < size;) {
      const n = Math.min(size - done, this.granule - ((iova + done) % this.granule));
      const entry = this.table.get(Math.floor((iova + done) / this.granule));
      const start = entry === undefined ? -1 : entry.phys + (iova + done - entry.pfn * this.granule);
      const last = pieces.at(-1);
      if (last !== undefined && last.start + last.size === start) last.size += n;
      else if (start >= 0) pieces.push({ start, size: n });
      done += n;
    }
    return pieces;
  }

  /**
   * What a device access at `iova` goes through: the table, else the IOTLB (latest first). What was put in
   * another's place without a flush comes after it: the IOTLB is asked first.
   */
  translate(iova: number): Translation | undefined {
    const pfn = Math.floor(iova / this.granule);
    const entry = this.table.get(pfn);
    if (entry !== undefined && this.replaced === 0) return entry;
    return this.stale.findLast((gone) => gone.pfn === pfn) ?? entry;
  }

  /** IOTLB sync or flush: removed translations are gone for good. */
  sync(): void {
    this.syncs++;
    for (const entry of this.stale) this.spare.push(entry);
    this.stale.length = 0;
    this.replaced = 0;
  }

  /** Every translation that the device may use now, the table's first. */
  *reachable(): Generator<Translation> {
    yield* this.table.values();
    yield* this.stale;
  }

  /** What the page table holds. */
  installed(): Iterable<Translation> {
    return this.table.values();
  }

  /** What only the IOTLB holds. */
  get lingering(): readonly Translation[] {
    return this.stale;
  }

  /** Granules in the page table. */
  get size(): number {
    return this.table.size;
  }
}
