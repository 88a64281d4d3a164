// SPDX-License-Identifier: GPL-2.0-only
/** Which calls took what is left when a run ends, as far as the calls say. */
import { SLOT_SIZE } from '../machine/config.ts';
import type { EventKind, EventOf } from '../machine/events.ts';
import type { EventIx, Pfn } from '../machine/vocabulary.ts';
import type { Run } from '../run/run.ts';

/** An IOVA range that was never freed. */
export interface RangeLeft {
  readonly pfn: Pfn;
  readonly pages: number;
  /** The call that took it; undefined: one of several. */
  readonly took: EventIx | undefined;
}

const IOVA_CALLS: ReadonlySet<EventKind> = new Set(['alloc_iova_fast', 'free_iova_fast', 'queue_iova']);

/** The `count` IOVA ranges of the device that were never freed, in order; empty: the calls do not say which. */
export function rangesLeft(run: Run, device: number, count: number): RangeLeft[] {
  const ranges = new Map<Pfn, EventOf<'alloc_iova_fast'>[]>();
  for (const event of run.events.between(0, run.events.count, IOVA_CALLS)) {
    if (event.device !== device) continue;
    if (event.kind === 'free_iova_fast' || event.kind === 'queue_iova') ranges.delete(event.pfn);
    if (event.kind === 'alloc_iova_fast' && !event.injected) {
      ranges.set(event.result, [...(ranges.get(event.result) ?? []), event]);
    }
  }
  // A range at pfn 0 looks like none: it is one where a range more is left.
  if (count < ranges.size) ranges.delete(0);
  const lost = ranges.get(0)?.filter(({ step }) => losesARange(run, device, step)) ?? [];
  if (lost.length > 0) ranges.set(0, lost);
  const found = [...ranges].map(([pfn, calls]) => ({ pfn, calls, pages: calls[0]?.pages ?? 0 }));
  const isClear = found.every(({ calls, pages }) => calls.every((call) => call.pages === pages));
  if (found.length !== count || !isClear) return [];
  return found.map(({ pfn, calls, pages }) => ({
    pfn,
    pages,
    took: calls.length === 1 ? calls[0]?.index : undefined,
  }));
}

/** After the step the device holds more ranges than its calls gave out and took back. */
function losesARange({ events, steps }: Run, device: number, step: number): boolean {
  const { from = 0, to = 0, held } = steps[step] ?? {};
  const own = (event: { readonly device: number }): boolean => event.device === device;
  const given = events.of('alloc_iova_fast', from, to).filter((call) => own(call) && call.result > 0).length;
  const freed = events.of('free_iova_fast', from, to).filter(own).length;
  const before = steps[step - 1]?.held.iovas[device] ?? 0;
  return (held?.iovas[device] ?? 0) > before + given - freed;
}

/** The first call that took slots of the `count` that are left; undefined: the calls do not say. */
export function tookSlots({ bounceBuffers }: Run, count: number): EventIx | undefined {
  const left = bounceBuffers.filter(({ released }) => released === Infinity);
  const slots = left.reduce((sum, { start, end }) => sum + (end - start) / SLOT_SIZE, 0);
  return slots === count ? left[0]?.event : undefined;
}

const MAP_CALLS: ReadonlySet<EventKind> = new Set(['iommu_map', 'iommu_map_sg', 'iommu_unmap']);

/** The first call that mapped pages of the `count` granules that are left; undefined: the calls do not say. */
export function tookGranules(run: Run, device: number, count: number): EventIx | undefined {
  const { granule, iommu } = run.scenario.machine;
  const by = new Map<Pfn, EventIx>();
  for (const event of run.events.between(0, run.events.count, MAP_CALLS)) {
    if (event.device !== device) continue;
    const isMap = event.kind === 'iommu_map';
    if (!isMap && event.kind !== 'iommu_map_sg' && event.kind !== 'iommu_unmap') continue;
    const size = isMap ? (event.result === 0 ? event.size : 0) : event.result;
    for (let pfn = event.iova / granule; pfn < (event.iova + size) / granule; pfn++) {
      if (event.kind === 'iommu_unmap') by.delete(pfn);
      // That driver keeps a page that is mapped already.
      else if (iommu !== 'vtd' || !by.has(pfn)) by.set(pfn, event.index);
    }
  }
  return by.size === count ? Math.min(...by.values()) : undefined;
}
