// SPDX-License-Identifier: GPL-2.0-only
/** What swiotlb gave out in a run. */
import { SLOT_SIZE } from '../machine/config.ts';
import { events, type Recording } from '../run/recording.ts';

/** The slots of one swiotlb_tbl_map_single(). */
export interface BounceBuffer {
  /** Index of the call, and of the one that released it; Infinity: nobody did. */
  readonly event: number;
  readonly released: number;
  /** The mapping, -1: none. */
  readonly mapping: number;
  /** The caller's bytes, and where they are in the pool; physical addresses. */
  readonly original: number;
  readonly tlb: number;
  /** Bytes that are the caller's. */
  readonly size: number;
  /** The slots are [start, end). */
  readonly start: number;
  readonly end: number;
}

/** Every bounce buffer of the run, in order. */
export function bounceBuffersOf(run: Recording): BounceBuffer[] {
  const { steps } = run.scenario;
  const releases = events(run, 'swiotlb_tbl_unmap_single');
  return events(run, 'swiotlb_tbl_map_single').flatMap((event): BounceBuffer[] => {
    const { index, a: original, b: size, c: allocSize, result: tlb } = event;
    if (!(tlb >= 0)) return [];
    const start = tlb - (tlb % SLOT_SIZE);
    const end = start + Math.ceil((tlb - start + allocSize) / SLOT_SIZE) * SLOT_SIZE;
    const step = steps[event.step];
    const mapping = step !== undefined && 'map' in step ? step.map : -1;
    const released = releases.find((r) => r.index > index && r.a === tlb)?.index ?? Infinity;
    return [{ event: index, released, mapping, original, tlb, size, start, end }];
  });
}
