// SPDX-License-Identifier: GPL-2.0-only
/** What swiotlb gave out in a run. */
import { SLOT_SIZE } from '../machine/config.ts';
import type { EventIx, MappingIx, PhysAddr, Size, StepIx } from '../machine/vocabulary.ts';
import type { EventIndex } from './event-index.ts';
import { mappingOfStep, type Scenario } from './scenario.ts';

/** The slots of one swiotlb_tbl_map_single(). */
export interface BounceBuffer {
  /** The call, and the one that released it; Infinity: nobody did. */
  readonly event: EventIx;
  readonly released: EventIx;
  readonly step: StepIx;
  readonly device: number;
  readonly mapping: MappingIx | undefined;
  /** The caller's bytes, and where they are in the pool. */
  readonly original: PhysAddr;
  readonly tlb: PhysAddr;
  /** Bytes that are the caller's, and those that were asked for. */
  readonly size: Size;
  readonly allocSize: Size;
  /** The slots are [start, end). */
  readonly start: PhysAddr;
  readonly end: PhysAddr;
}

/** Every bounce buffer of a run, in order. */
export function bounceBuffersOf(scenario: Scenario, events: EventIndex): BounceBuffer[] {
  const releases = events.of('swiotlb_tbl_unmap_single');
  const paddings = events.of('swiotlb_pad_slots');
  return events.of('swiotlb_tbl_map_single').flatMap((call): BounceBuffer[] => {
    const { index, step, device, phys: original, mappingSize: size, allocSize, result: tlb } = call;
    if (!(tlb >= 0)) return [];
    const first = tlb - (tlb % SLOT_SIZE);
    const padding = paddings.find((pad) => pad.index > index && pad.tlb === tlb && pad.step === step);
    const start = first - (padding?.count ?? 0) * SLOT_SIZE;
    const end = start + Math.ceil((tlb - first + allocSize) / SLOT_SIZE) * SLOT_SIZE;
    const released =
      releases.find((release) => release.index > index && release.tlb === tlb)?.index ?? Infinity;
    const mapping = mappingOfStep(scenario, step);
    return [{ event: index, released, step, device, mapping, original, tlb, size, allocSize, start, end }];
  });
}
