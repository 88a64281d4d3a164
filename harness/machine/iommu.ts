// SPDX-License-Identifier: GPL-2.0-only
/**
 * One device's IOMMU domain: a page table in granules and the IOTLB's memory of what it once held.
 *
 * Removed translations stay reachable until the IOTLB is synced. Each translation remembers which
 * mapping installed it, so that what is left behind can be named.
 */

import { Budget, TRANSLATION_SIZE } from './budget.ts';
import type { Scatterlist } from './vocabulary.ts';

const EEXIST = -17;
const EINVAL = -22;

/** A translation of one granule. */
export interface Translation {
  /** Granule number of the IOVA. */
  pfn: number;
  phys: number;
  /** IOMMU_READ, IOMMU_WRITE, … */
  prot: number;
  /** The mapping that installed it, -1: none. */
  owner: number;
  /** Memory clock when the standing adversary last scanned it, -1: never. */
  scanned: number;
}

export class IommuDomain {
  granule = 4096;
  /** IOTLB syncs and flushes so far. */
  syncs = 0;
  /** Mapping number that new translations belong to. */
  owner = -1;
  private readonly table = new Map<number, Translation>();
  /** Translations gone from the table but, for all anyone knows, still in the IOTLB. */
  private readonly stale: Translation[] = [];
  private remembers = true;
  private readonly spare: Translation[] = [];
  private readonly budget: Budget;

  constructor(budget = new Budget()) {
    this.budget = budget;
  }

  /** Forget everything. `remembers`: the IOTLB keeps removed translations until the sync. */
  reset(granule: number, remembers: boolean): void {
    this.granule = granule;
    this.remembers = remembers;
    this.owner = -1;
    for (const entry of this.table.values()) this.spare.push(entry);
    this.table.clear();
    this.sync();
    this.syncs = 0;
  }

  /**
   * iommu_map(): all of [iova, iova + size) or nothing; 0, -EINVAL for what is not made of
   * granules, or -EEXIST. A granule that is mapped already fails the call; what the call had mapped by then is taken back (and, as on hardware,
   * was reachable for that moment).
   */
  map(iova: number, phys: number, size: number, prot: number): number {
    if (iova % this.granule !== 0 || phys % this.granule !== 0 || size % this.granule !== 0) return EINVAL;
    const first = iova / this.granule;
    const count = size / this.granule;
    if (count > 0) this.budget.take(count * TRANSLATION_SIZE);
    for (let i = 0; i < count; i++) {
      if (this.table.has(first + i)) {
        if (i > 0) this.unmap(iova, i * this.granule);
        return EEXIST;
      }
      const entry = this.spare.pop() ?? { pfn: 0, phys: 0, prot: 0, owner: 0, scanned: 0 };
      entry.pfn = first + i;
      entry.phys = phys + i * this.granule;
      entry.prot = prot;
      entry.owner = this.owner;
      entry.scanned = -1;
      this.table.set(first + i, entry);
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

  /** iommu_unmap(): stops at the first hole; returns the bytes unmapped. */
  unmap(iova: number, size: number): number {
    const first = iova / this.granule;
    const count = size / this.granule;
    for (let i = 0; i < count; i++) {
      const entry = this.table.get(first + i);
      if (entry === undefined) return i * this.granule;
      this.table.delete(first + i);
      (this.remembers ? this.stale : this.spare).push(entry);
    }
    return size;
  }

  /** iommu_iova_to_phys(): walk the table; 0 when unmapped. */
  iovaToPhys(iova: number): number {
    const entry = this.table.get(Math.floor(iova / this.granule));
    return entry === undefined ? 0 : entry.phys + (iova - entry.pfn * this.granule);
  }

  /** What a device access at `iova` goes through: the table, else the IOTLB (latest first). */
  translate(iova: number): Translation | undefined {
    const pfn = Math.floor(iova / this.granule);
    const entry = this.table.get(pfn);
    if (entry !== undefined) return entry;
    for (let i = this.stale.length - 1; i >= 0; i--) if (this.stale[i]?.pfn === pfn) return this.stale[i];
    return undefined;
  }

  /** IOTLB sync or flush: removed translations are gone for good. */
  sync(): void {
    this.syncs++;
    for (const entry of this.stale) this.spare.push(entry);
    this.stale.length = 0;
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
