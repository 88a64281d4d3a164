// SPDX-License-Identifier: GPL-2.0-only
/** What ends a run, and what the kernel warns about. */
import { textOfNumber } from './texts.ts';
import { decimal, hex } from './u64.ts';

/** Kinds of crash. */
export const CRASHES = [
  'memset-out-of-memory',
  'copy-out-of-memory',
  'maintenance-out-of-memory',
  'slot-index-out-of-pool',
  'search-never-ends',
  'iova-search-never-ends',
  'sync-without-swiotlb',
  'kernel-bug',
  'wild-access',
  'did-not-return',
] as const;
export type CrashKind = (typeof CRASHES)[number];

/** Kinds of warning. */
export const WARNINGS = [
  'pool-full',
  'mapping-larger-than-alloc',
  'bounce-overflow',
  'unmapped-less-than-asked',
  'unmap-of-nothing',
  'already-mapped',
  'kernel-warning',
] as const;
export type WarningKind = (typeof WARNINGS)[number];

/** Thrown by a kernel function that would oops or hang; the run ends there. */
export class KernelCrash {
  readonly kind: CrashKind;
  readonly a: number;
  readonly b: number;

  constructor(kind: CrashKind, a = 0, b = 0) {
    this.kind = kind;
    this.a = a;
    this.b = b;
  }
}

/** The crash in a sentence. `a` and `b` are what the kind recorded. */
export function describeCrash(kind: CrashKind, a: number, b: number): string {
  switch (kind) {
    case 'memset-out-of-memory':
      return `memset out of physical memory: phys ${hex(a)} size ${decimal(b)}`;
    case 'copy-out-of-memory':
      return `copy out of physical memory: phys ${hex(a)} size ${decimal(b)}`;
    case 'maintenance-out-of-memory':
      return `cache maintenance out of physical memory: phys ${hex(a)} size ${decimal(b)}`;
    case 'slot-index-out-of-pool':
      return `swiotlb slot index ${a} out of the pool of ${b} slots`;
    case 'search-never-ends':
      return `find_slots: the search for ${a} slots never ends${b < 0 ? '' : ` (slot ${b} is visited again)`}`;
    case 'iova-search-never-ends':
      return `alloc_iova: the search for ${a} granules below ${hex(b)} never ends`;
    case 'sync-without-swiotlb':
      return 'call of a swiotlb function with CONFIG_SWIOTLB=n: this kernel does not link';
    case 'kernel-bug':
      return `BUG: ${textOfNumber(a)}`;
    case 'wild-access':
      return `wild access: ${textOfNumber(a)}`;
    case 'did-not-return':
      return `${textOfNumber(a)} did not return`;
  }
}

/** The warning in a sentence. */
export function describeWarning(kind: WarningKind, a: number, b: number, c: number): string {
  switch (kind) {
    case 'pool-full':
      return `swiotlb buffer is full (sz: ${decimal(a)} bytes), total ${b} (slots), used ${c} (slots)`;
    case 'mapping-larger-than-alloc':
      return `swiotlb: mapping size ${decimal(a)} above alloc size ${decimal(b)}`;
    case 'bounce-overflow':
      return `swiotlb: copy of ${decimal(a)} bytes clipped to the ${decimal(b)} that the slot has left`;
    case 'unmapped-less-than-asked':
      return `__iommu_dma_unmap: ${decimal(a)} bytes were mapped of ${decimal(b)}`;
    case 'unmap-of-nothing':
      return `unmap of ${hex(a)}, which is not mapped`;
    case 'already-mapped':
      return `IOMMU page ${hex(a)} is mapped already, to ${hex(b)}, not ${hex(c)}`;
    case 'kernel-warning':
      return textOfNumber(a);
  }
}
