// SPDX-License-Identifier: GPL-2.0-only
/**
 * The IOVA allocator of drivers/iommu/iova.c, v5.14: a tree of ranges allocated top-down with two
 * search hints, per-CPU caches of freed ranges in front of it (one CPU here), and the flush queue.
 * All lengths and addresses are in granules (pfn).
 */
import { KernelCrash } from './crash.ts';
import { IOVA_RANGE_CACHE_MAX_SIZE } from './vocabulary.ts';

/** A range in the tree. */
interface IovaRange {
  lo: number;
  hi: number;
}

/** IOVA_MAG_SIZE: entries of a magazine. */
const MAGAZINE_SIZE = 128;
/** MAX_GLOBAL_MAGS: full magazines the depot takes. */
const DEPOT_SIZE = 32;
/** IOVA_FQ_SIZE; one slot of the ring stays free. */
const FLUSH_QUEUE_SIZE = 256;

/** The cache of one length (struct iova_rcache). */
class RangeCache {
  loaded: number[] = [];
  previous: number[] = [];
  depot: number[][] = [];

  /** Forget everything. */
  reset(): void {
    this.loaded.length = 0;
    this.previous.length = 0;
    this.depot.length = 0;
  }
}

/** What the machine and those who look at it need of an IOVA allocator, be it this one or a state's own. */
export interface IovaAllocator {
  /** Ranges in use, queued ones included. */
  readonly live: number;
  /** Ranges that wait in the flush queue. */
  readonly queued: number;
  /** The queue takes no more before a flush. */
  readonly queueFull: boolean;
  /** alloc_iova_fast(): a pfn; 0: failed. */
  allocFast(size: number, limitPfn: number, flushRcache: boolean): number;
  /** free_iova_fast(). */
  freeFast(pfn: number, size: number): void;
  /** queue_iova() into a ring that has room. */
  enqueue(pfn: number, pages: number): void;
  /** Empties the queue: pfn, pages, pfn, pages, … in the order they came. */
  drain(): readonly number[];
  /** Empty, for `granule` bytes, with ranges from bus address `base` on. */
  reset(granule: number, base: number): void;
}

export class IovaDomain implements IovaAllocator {
  /** Granule numbers below this are below 4 GiB (iovad->dma_32bit_pfn). */
  private dma32Pfn = 0;
  /** Sizes from here on failed below 4 GiB since the 32-bit hint last moved up. */
  private max32AllocSize = 0;
  /** Ascending; the last one is the anchor above everything. */
  private ranges: IovaRange[] = [];
  private anchor: IovaRange = { lo: Infinity, hi: Infinity };
  private hint32: IovaRange = this.anchor;
  private hint: IovaRange = this.anchor;
  private readonly caches = Array.from({ length: IOVA_RANGE_CACHE_MAX_SIZE }, () => new RangeCache());
  /** pfn and pages of ranges that wait for the flush. */
  private queue: number[] = [];
  private cached = 0;
  /** iovad->start_pfn. */
  private startPfn = 1;

  /** Empty, for `granule` bytes, with ranges from bus address `base` on (init_iova_domain()). */
  reset(granule: number, base = 0): void {
    this.startPfn = Math.max(1, Math.floor(base / granule));
    this.dma32Pfn = 2 ** 32 / granule;
    this.max32AllocSize = this.dma32Pfn;
    this.anchor = { lo: Infinity, hi: Infinity };
    this.ranges = [this.anchor];
    this.hint32 = this.anchor;
    this.hint = this.anchor;
    for (const cache of this.caches) cache.reset();
    this.queue = [];
    this.cached = 0;
  }

  /** Ranges in use: in the tree, queued ones included, those in the caches not. */
  get live(): number {
    return this.ranges.length - 1 - this.cached;
  }

  /** Ranges that wait in the flush queue. */
  get queued(): number {
    return this.queue.length / 2;
  }

  /**
   * alloc_iova_fast(): `size` granules at or below `limitPfn`. `flushRcache`: when the tree has
   * nothing, empty the caches into it and try once more. 0: failed.
   */
  allocFast(size: number, limitPfn: number, flushRcache: boolean): number {
    const pfn = this.cacheGet(size, limitPfn + 1);
    if (pfn !== 0) return pfn;
    const found = this.alloc(size, limitPfn);
    if (found >= 0 || !flushRcache) return Math.max(found, 0);
    this.emptyCaches();
    return Math.max(this.alloc(size, limitPfn), 0);
  }

  /** free_iova_fast(): `size` is what the caller says, right or wrong. */
  freeFast(pfn: number, size: number): void {
    if (!this.cacheInsert(pfn, size)) this.free(pfn);
  }

  /** fq_full(): the ring takes no more before a flush. */
  get queueFull(): boolean {
    return this.queued === FLUSH_QUEUE_SIZE - 1;
  }

  /** queue_iova() into a ring that has room. */
  enqueue(pfn: number, pages: number): void {
    this.queue.push(pfn, pages);
  }

  /** Empty the queue: pfn, pages, pfn, pages, … in the order they came. */
  drain(): readonly number[] {
    const { queue } = this;
    this.queue = [];
    return queue;
  }

  /** alloc_iova() with size alignment; -1 when nothing fits. */
  private alloc(size: number, limitPfn: number): number {
    const bound = limitPfn + 1;
    const align = 2 ** Math.ceil(Math.log2(size));
    if (bound <= this.dma32Pfn && size >= this.max32AllocSize) return -1;

    const hint = bound <= this.dma32Pfn ? this.hint32 : this.hint;
    // The anchor's pfn_hi + 1 overflows to 0: the retry may then find pfn 0.
    const retryPfn = hint === this.anchor ? 0 : hint.hi + 1;
    let place = this.search(this.indexOf(hint), bound, size, align, this.startPfn);
    if (place === undefined && retryPfn < bound) {
      place = this.search(this.ranges.length - 1, bound, size, align, retryPfn);
      // The kernel tells the retry from the first search by its low limit alone: same limit, no end.
      if (place === undefined && retryPfn === this.startPfn) {
        throw new KernelCrash('iova-search-never-ends', size, bound);
      }
    }
    if (place === undefined) {
      this.max32AllocSize = size;
      return -1;
    }
    const range = { lo: place.pfn, hi: place.pfn + size - 1 };
    this.ranges.splice(place.index, 0, range);
    if (range.hi < this.dma32Pfn) this.hint32 = range;
    else this.hint = range;
    return range.lo;
  }

  /** Walk down from range number `from`; where a new range fits and what it would stand before. */
  private search(
    from: number,
    bound: number,
    size: number,
    align: number,
    lowPfn: number,
  ): { pfn: number; index: number } | undefined {
    let high = bound;
    for (let index = from; index >= 0; index--) {
      high = Math.min(high, this.ranges[index]?.lo ?? 0);
      if (high < size) return undefined;
      const pfn = Math.floor((high - size) / align) * align;
      if (pfn < lowPfn) return undefined;
      if (pfn > (this.ranges[index - 1]?.hi ?? -1)) return { pfn, index };
    }
    return undefined;
  }

  /** free_iova(): remove the range that holds `pfn`, if any. */
  private free(pfn: number): void {
    const index = this.find(pfn);
    const range = this.ranges[index];
    // The anchor is above everything.
    if (range === undefined || range.lo > pfn) return;
    const next = this.ranges[index + 1] ?? this.anchor;
    if (range === this.hint32 || (range.hi < this.dma32Pfn && range.lo >= this.hint32.lo)) {
      this.hint32 = next;
      this.max32AllocSize = this.dma32Pfn;
    }
    if (range.lo >= this.hint.lo) this.hint = next;
    this.ranges.splice(index, 1);
  }

  /** Number of the lowest range that ends at or above `pfn`. */
  private find(pfn: number): number {
    let low = 0;
    let high = this.ranges.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.ranges[middle]?.hi ?? Infinity) < pfn) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private indexOf(range: IovaRange): number {
    return range === this.anchor ? this.ranges.length - 1 : this.find(range.lo);
  }

  /** iova_rcache_get(): 0 when no cached range suits. */
  private cacheGet(size: number, bound: number): number {
    const cache = this.caches[Math.ceil(Math.log2(size))];
    if (cache === undefined) return 0;
    if (cache.loaded.length === 0) {
      if (cache.previous.length > 0) {
        [cache.loaded, cache.previous] = [cache.previous, cache.loaded];
      } else {
        const magazine = cache.depot.pop();
        if (magazine === undefined) return 0;
        cache.loaded = magazine;
      }
    }
    // Unsigned: with a size above the bound every cached range suits.
    const limit = bound < size ? Infinity : bound - size;
    const { loaded } = cache;
    for (let i = loaded.length - 1; i >= 0; i--) {
      const pfn = loaded[i] ?? 0;
      if (pfn > limit) continue;
      const last = loaded.pop() ?? 0;
      if (i < loaded.length) loaded[i] = last;
      this.cached--;
      return pfn;
    }
    return 0;
  }

  /** iova_rcache_insert(): false when the length is not cached. */
  private cacheInsert(pfn: number, size: number): boolean {
    const cache = this.caches[Math.ceil(Math.log2(size))];
    if (cache === undefined) return false;
    if (cache.loaded.length === MAGAZINE_SIZE) {
      if (cache.previous.length < MAGAZINE_SIZE) {
        [cache.loaded, cache.previous] = [cache.previous, cache.loaded];
      } else {
        if (cache.depot.length < DEPOT_SIZE) cache.depot.push(cache.loaded);
        else this.emptyMagazine(cache.loaded);
        cache.loaded = [];
      }
    }
    cache.loaded.push(pfn);
    this.cached++;
    return true;
  }

  /** free_cpu_cached_iovas() and free_global_cached_iovas(): everything back into the tree. */
  private emptyCaches(): void {
    for (const cache of this.caches) {
      for (const magazine of [cache.loaded, cache.previous, ...cache.depot]) this.emptyMagazine(magazine);
      cache.reset();
    }
  }

  private emptyMagazine(magazine: readonly number[]): void {
    this.cached -= magazine.length;
    for (const pfn of magazine) this.free(pfn);
  }
}
