// SPDX-License-Identifier: GPL-2.0-only
/** What a run cost. Measured, not judged. */
import { LINE_SIZE, SLOT_SIZE } from '../machine/config.ts';
import type { EventOf } from '../machine/events.ts';
import {
  DMA_TO_DEVICE,
  type EventIx,
  type MappingIx,
  type PhysAddr,
  type Size,
  type StepIx,
} from '../machine/vocabulary.ts';
import type { Run } from './run.ts';
import { mappingOfStep } from './scenario.ts';

interface Cost {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly of: (run: Run) => number;
}

/** Every cost, in the order that reports show them. */
export const COSTS = [
  {
    name: 'copies-to-bounce',
    title: 'copies to the bounce buffer',
    unit: 'copies',
    of: (run) => copies(run, true).length,
  },
  {
    name: 'copied-to-bounce',
    title: 'bytes copied to the bounce buffer',
    unit: 'bytes',
    of: (run) => sum(copies(run, true), ({ size }) => size),
  },
  {
    name: 'copies-from-bounce',
    title: 'copies from the bounce buffer',
    unit: 'copies',
    of: (run) => copies(run, false).length,
  },
  {
    name: 'copied-from-bounce',
    title: 'bytes copied from the bounce buffer',
    unit: 'bytes',
    of: (run) => sum(copies(run, false), ({ size }) => size),
  },
  { name: 'redundant-copies', title: 'redundant copies', unit: 'copies', of: redundantCopies },
  {
    name: 'cache-maintenance',
    title: 'cache maintenance',
    unit: 'calls',
    of: (run) => maintenance(run).length,
  },
  {
    name: 'useful-lines',
    title: 'cache lines maintained',
    unit: 'lines',
    of: (run) => sum(maintenance(run), (call) => usefulLines(run, call)),
  },
  {
    name: 'misdirected-lines',
    title: 'cache lines maintained for nothing',
    unit: 'lines',
    of: (run) => sum(maintenance(run), (call) => call.result - usefulLines(run, call)),
  },
  {
    name: 'cleared',
    title: 'bytes cleared',
    unit: 'bytes',
    of: ({ events, crash }) =>
      sum(events.of('memset'), ({ index, size }) => (crash?.event === index + 1 ? 0 : Math.max(size, 0))),
  },
  {
    name: 'iommu-maps',
    title: 'IOMMU map calls',
    unit: 'calls',
    of: ({ events }) => events.countOf('iommu_map') + events.countOf('iommu_map_sg'),
  },
  {
    name: 'pages-mapped',
    title: 'IOMMU pages mapped',
    unit: 'granules',
    of: ({ events, scenario: { machine } }) =>
      sum(events.of('iommu_map'), ({ result, size }) => (result === 0 ? size / machine.granule : 0)) +
      sum(events.of('iommu_map_sg'), ({ result }) => result / machine.granule),
  },
  {
    name: 'iommu-unmaps',
    title: 'IOMMU unmap calls',
    unit: 'calls',
    of: ({ events }) => events.countOf('iommu_unmap'),
  },
  {
    name: 'pages-unmapped',
    title: 'IOMMU pages unmapped',
    unit: 'granules',
    of: ({ events, scenario: { machine } }) =>
      sum(events.of('iommu_unmap'), ({ result }) => result / machine.granule),
  },
  {
    name: 'iotlb-syncs',
    title: 'IOTLB syncs and flushes',
    unit: 'calls',
    of: ({ events }) => events.countOf('iommu_iotlb_sync') + events.countOf('iommu_flush_iotlb_all'),
  },
  {
    name: 'walks',
    title: 'page-table walks',
    unit: 'calls',
    of: ({ events }) => events.countOf('iommu_iova_to_phys'),
  },
  { name: 'peak-slots', title: 'slots held at peak', unit: 'slots', of: peakSlots },
  { name: 'peak-iova', title: 'IOVA held at peak', unit: 'granules', of: peakIova },
] as const satisfies readonly Cost[];
export type CostName = (typeof COSTS)[number]['name'];
export type Costs = Record<CostName, number>;

const NOTHING = Object.fromEntries(COSTS.map(({ name }) => [name, 0])) as Costs;

/** All zero. */
export function noCosts(): Costs {
  return { ...NOTHING };
}

/** What the run cost. */
export function costsOf(run: Run): Costs {
  const costs = noCosts();
  for (const { name, of } of COSTS) costs[name] = of(run);
  return costs;
}

function sum<T>(list: readonly T[], amount: (item: T) => number): number {
  let total = 0;
  for (const item of list) total += amount(item);
  return total;
}

function copies({ events }: Run, toBounce: boolean): EventOf<'swiotlb_bounce'>[] {
  return events.of('swiotlb_bounce').filter(({ dir }) => (dir === DMA_TO_DEVICE) === toBounce);
}

/** Copies that changed nothing and had been made before, since swiotlb last gave something out. */
function redundantCopies({ events, bounceBuffers }: Run): number {
  const made = new Map<string, EventIx>();
  let redundant = 0;
  for (const { index, original, tlb, size, dir, result } of events.of('swiotlb_bounce')) {
    const key = `${dir} ${original} ${tlb} ${size}`;
    const before = made.get(key) ?? Infinity;
    const isRepeated = before < index && !bounceBuffers.some(({ event }) => event > before && event < index);
    if (isRepeated && result === 0) redundant++;
    made.set(key, index);
  }
  return redundant;
}

type Maintenance = EventOf<'arch_sync_dma_for_device' | 'arch_sync_dma_for_cpu'>;

function maintenance({ events }: Run): Maintenance[] {
  return [...events.of('arch_sync_dma_for_device'), ...events.of('arch_sync_dma_for_cpu')];
}

/** Of the cache lines that the call maintained, those with a byte that the mapping's device can use. */
function usefulLines(run: Run, { phys, size, step, result }: Maintenance): number {
  if (result === 0) return 0;
  const used = usedMemory(run, mappingOfStep(run.scenario, step));
  let useful = 0;
  for (let line = phys - (phys % LINE_SIZE); line < phys + size; line += LINE_SIZE) {
    if (used.some((piece) => line + LINE_SIZE > piece.phys && line < piece.phys + piece.size)) useful++;
  }
  return useful;
}

/** The memory that the mapping's device could use through it. */
function usedMemory({ scenario, events }: Run, mapping: MappingIx): { phys: PhysAddr; size: Size }[] {
  const used: { phys: PhysAddr; size: Size }[] = [];
  const isOf = (step: StepIx): boolean => mappingOfStep(scenario, step) === mapping;
  for (const { phys, size, step, result } of events.of('iommu_map')) {
    if (result === 0 && isOf(step)) used.push({ phys, size });
  }
  for (const { phys, length, step } of events.of('sg_entry')) {
    if (isOf(step)) used.push({ phys, size: length });
  }
  return used;
}

function peakSlots({ events, bounceBuffers }: Run): number {
  return peak(
    bounceBuffers.map(({ event, tlb, start, end }) => [event, tlb, (end - start) / SLOT_SIZE]),
    events.of('swiotlb_tbl_unmap_single').map(({ index, tlb }) => [index, tlb]),
  );
}

function peakIova({ events }: Run): number {
  const key = (device: number, pfn: number): number => device * 2 ** 40 + pfn;
  const taken = events.of('alloc_iova_fast').filter(({ result }) => result > 0);
  return peak(
    taken.map(({ index, device, result, pages }) => [index, key(device, result), pages]),
    events.of('free_iova_fast').map(({ index, device, pfn }) => [index, key(device, pfn)]),
  );
}

/** The most that was held at a time of what was taken and released under the same key. */
function peak(
  taken: readonly (readonly [event: EventIx, key: number, amount: number])[],
  released: readonly (readonly [event: EventIx, key: number])[],
): number {
  const held = new Map<number, number>();
  let highest = 0;
  let next = 0;
  let now = 0;
  for (const [event, key, amount] of taken) {
    for (
      let release = released[next];
      release !== undefined && release[0] < event;
      release = released[++next]
    ) {
      now -= held.get(release[1]) ?? 0;
      held.delete(release[1]);
    }
    held.set(key, amount);
    now += amount;
    highest = Math.max(highest, now);
  }
  return highest;
}
