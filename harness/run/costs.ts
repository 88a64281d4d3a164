// SPDX-License-Identifier: GPL-2.0-only
/** What one DMA operation cost. Measured, not judged. */
import { LINE_SIZE, SLOT_SIZE } from '../machine/config.ts';
import { touchesOf, type Event, type EventKind, type EventOf, type Treatment } from '../machine/events.ts';
import { DMA_TO_DEVICE, type EventIx, type MappingIx, type StepIx } from '../machine/vocabulary.ts';
import { entriesOf, entryOf, type Entry } from './entries.ts';
import type { StepOutcome } from './recording.ts';
import type { Run } from './run.ts';
import { mappingOfStep } from './scenario.ts';
import { elementAt } from '../text/element.ts';

interface Cost {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /** The cost that counts the calls of which this one says how much they did. */
  readonly amountOf?: string;
  /** It is no work of its own: part of another cost, or a call that does nothing on the architecture. */
  readonly isAside?: true;
  /** What the event adds. */
  readonly of?: (event: Event, facts: Facts) => number;
  /** What a list costs whose map returned these segments. */
  readonly ofList?: (segments: StepOutcome['segments']) => number;
}

const TABLE = [
  {
    name: 'copies-to-bounce',
    title: 'copies to the bounce buffer',
    unit: 'copies',
    of: (event) => copied(event, true, 1),
  },
  {
    name: 'copied-to-bounce',
    title: 'bytes copied to the bounce buffer',
    unit: 'bytes',
    amountOf: 'copies-to-bounce',
    of: (event) => copied(event, true),
  },
  {
    name: 'copies-from-bounce',
    title: 'copies from the bounce buffer',
    unit: 'copies',
    of: (event) => copied(event, false, 1),
  },
  {
    name: 'copied-from-bounce',
    title: 'bytes copied from the bounce buffer',
    unit: 'bytes',
    amountOf: 'copies-from-bounce',
    of: (event) => copied(event, false),
  },
  {
    name: 'redundant-copies',
    title: 'redundant copies',
    unit: 'copies',
    isAside: true,
    of: ({ index }, { redundant }) => Number(redundant.has(index)),
  },
  {
    name: 'cleans',
    title: 'cache cleans',
    unit: 'calls',
    of: (event) => Number(maintains(event, 'cleaned')),
  },
  {
    name: 'cleaned-lines',
    title: 'cache lines cleaned',
    unit: 'lines',
    amountOf: 'cleans',
    of: (event) => (maintains(event, 'cleaned') ? event.result : 0),
  },
  {
    name: 'invalidates',
    title: 'cache invalidates',
    unit: 'calls',
    of: (event) => Number(maintains(event, 'invalidated')),
  },
  {
    name: 'invalidated-lines',
    title: 'cache lines invalidated',
    unit: 'lines',
    amountOf: 'invalidates',
    of: (event) => (maintains(event, 'invalidated') ? event.result : 0),
  },
  {
    name: 'misdirected-lines',
    title: 'cache lines maintained that no device uses',
    unit: 'lines',
    isAside: true,
    of: (event, facts) => (isMaintenance(event) ? event.result - usedLines(event, facts) : 0),
  },
  {
    name: 'idle-maintenance',
    title: 'cache maintenance that does nothing',
    unit: 'calls',
    isAside: true,
    of: (event) => Number(isMaintenance(event) && touchesOf(event).length === 0),
  },
  {
    name: 'cleared',
    title: 'bytes cleared',
    unit: 'bytes',
    of: (event) => (event.kind === 'memset' ? Math.max(event.size, 0) : 0),
  },
  {
    name: 'walks',
    title: 'page-table walks',
    unit: 'calls',
    of: ({ kind }) => Number(kind === 'iommu_iova_to_phys'),
  },
  {
    name: 'iommu-maps',
    title: 'IOMMU map calls',
    unit: 'calls',
    of: ({ kind }) => Number(kind === 'iommu_map' || kind === 'iommu_map_sg'),
  },
  {
    name: 'pages-mapped',
    title: 'IOMMU pages mapped',
    unit: 'granules',
    amountOf: 'iommu-maps',
    of: (event, { granule }) => {
      if (event.kind === 'iommu_map') return event.result === 0 ? event.size / granule : 0;
      return event.kind === 'iommu_map_sg' ? event.result / granule : 0;
    },
  },
  {
    name: 'iommu-unmaps',
    title: 'IOMMU unmap calls',
    unit: 'calls',
    of: ({ kind }) => Number(kind === 'iommu_unmap'),
  },
  {
    name: 'pages-unmapped',
    title: 'IOMMU pages unmapped',
    unit: 'granules',
    amountOf: 'iommu-unmaps',
    of: (event, { granule }) => (event.kind === 'iommu_unmap' ? event.result / granule : 0),
  },
  {
    name: 'iotlb-syncs',
    title: 'IOTLB syncs and flushes',
    unit: 'calls',
    of: ({ kind }) => Number(kind === 'iommu_iotlb_sync' || kind === 'iommu_flush_iotlb_all'),
  },
  {
    name: 'slots',
    title: 'slots taken',
    unit: 'slots',
    of: ({ index }, { slots }) => slots.get(index) ?? 0,
  },
  {
    name: 'iova',
    title: 'IOVA taken',
    unit: 'granules',
    of: (event) => (event.kind === 'alloc_iova_fast' && event.result > 0 ? event.pages : 0),
  },
  {
    name: 'segments',
    title: 'DMA segments of a list',
    unit: 'segments',
    // The driver writes a descriptor for each, and the device fetches it.
    ofList: ({ length }) => length,
  },
] as const satisfies readonly Cost[];
export type CostName = (typeof TABLE)[number]['name'];
export type Costs = Record<CostName, number>;

/** Every cost, in the order that reports show them. */
export const COSTS: readonly (Cost & { readonly name: CostName })[] = TABLE;

/** What a step that works cost. */
export interface StepCosts {
  readonly step: StepIx;
  readonly costs: Costs;
  /** Of a list: what can be told apart of it, entry by entry; what is for the whole list is in none. */
  readonly entries: readonly Costs[];
}

/** What a cost needs to know of the run. */
interface Facts {
  readonly run: Run;
  /** Bytes. */
  readonly granule: number;
  /** Copies that changed nothing and had been made before. */
  readonly redundant: ReadonlySet<EventIx>;
  /** Slots that each swiotlb_tbl_map_single() gave out. */
  readonly slots: ReadonlyMap<EventIx, number>;
  /** Memory that the mapping's device could use through it. */
  readonly used: (
    mapping: MappingIx | undefined,
  ) => readonly { readonly phys: number; readonly size: number }[];
}

const OF_EVENTS = COSTS.flatMap(({ name, of }) => (of === undefined ? [] : [{ name, of }]));
const OF_LISTS = COSTS.flatMap(({ name, ofList }) => (ofList === undefined ? [] : [{ name, ofList }]));

const NOTHING = Object.fromEntries(COSTS.map(({ name }) => [name, 0])) as Costs;

/** Events that cost something. */
const COSTLY: ReadonlySet<EventKind> = new Set([
  'swiotlb_tbl_map_single',
  'swiotlb_bounce',
  'arch_sync_dma_for_device',
  'arch_sync_dma_for_cpu',
  'memset',
  'alloc_iova_fast',
  'iommu_map',
  'iommu_map_sg',
  'iommu_unmap',
  'iommu_iova_to_phys',
  'iommu_iotlb_sync',
  'iommu_flush_iotlb_all',
]);

/** All zero. */
function noCosts(): Costs {
  return { ...NOTHING };
}

/** What each DMA operation of the run cost that was done; one that failed or crashed is left out. */
export function costsOf(run: Run): StepCosts[] {
  const facts = factsOf(run);
  return run.scenario.steps.flatMap(({ op }, step): StepCosts[] => {
    const outcome = run.steps[step];
    const mapping = mappingOfStep(run.scenario, step);
    if (outcome?.status !== 'done' || mapping === undefined) return [];
    if (op === 'device_read' || op === 'device_write') return [];
    const costs = noCosts();
    const list = run.scenario.mappings[mapping]?.sg === true ? entriesOf(run, mapping) : [];
    const entries = list.map(noCosts);
    let at: Entry | undefined;
    for (const event of run.events.between(outcome.from, outcome.to, COSTLY)) {
      // These say nothing of their own about an entry: they follow a call that does.
      const follows = event.kind === 'iommu_iotlb_sync' || event.kind === 'memset';
      at = follows ? at : entryOf(list, event, facts.granule);
      const entry = elementAt(entries, at?.index);
      for (const { name, of } of OF_EVENTS) {
        const amount = of(event, facts);
        costs[name] += amount;
        if (entry !== undefined) entry[name] += amount;
      }
    }
    if (op === 'map_sg') for (const { name, ofList } of OF_LISTS) costs[name] = ofList(outcome.segments);
    return [{ step, costs, entries }];
  });
}

function factsOf(run: Run): Facts {
  const used = new Map<MappingIx | undefined, readonly { phys: number; size: number }[]>();
  return {
    run,
    granule: run.scenario.machine.granule,
    redundant: redundantCopies(run),
    slots: new Map(run.bounceBuffers.map(({ event, start, end }) => [event, (end - start) / SLOT_SIZE])),
    used: (mapping) => {
      const known = used.get(mapping) ?? usedMemory(run, mapping);
      used.set(mapping, known);
      return known;
    },
  };
}

function copied(event: Event, toBounce: boolean, amount?: number): number {
  if (event.kind !== 'swiotlb_bounce' || (event.dir === DMA_TO_DEVICE) !== toBounce) return 0;
  return amount ?? event.size;
}

/** Copies that changed nothing and had been made before, since swiotlb last gave something out. */
function redundantCopies({ events, bounceBuffers }: Run): Set<EventIx> {
  const made = new Map<string, EventIx>();
  const redundant = new Set<EventIx>();
  for (const { index, original, tlb, size, dir, result } of events.of('swiotlb_bounce')) {
    const key = `${dir} ${original} ${tlb} ${size}`;
    const before = made.get(key) ?? Infinity;
    const isRepeated = before < index && !bounceBuffers.some(({ event }) => event > before && event < index);
    if (isRepeated && result === 0) redundant.add(index);
    made.set(key, index);
  }
  return redundant;
}

type Maintenance = EventOf<'arch_sync_dma_for_device' | 'arch_sync_dma_for_cpu'>;

function isMaintenance(event: Event): event is Maintenance {
  return event.kind === 'arch_sync_dma_for_device' || event.kind === 'arch_sync_dma_for_cpu';
}

function maintains(event: Event, how: Treatment): boolean {
  return isMaintenance(event) && touchesOf(event)[0]?.how === how;
}

/** Of the cache lines that the call maintained, those with a byte that the mapping's device can use. */
function usedLines({ phys, size, step, result }: Maintenance, { run, used }: Facts): number {
  if (result === 0) return 0;
  const memory = used(mappingOfStep(run.scenario, step));
  let lines = 0;
  for (let line = phys - (phys % LINE_SIZE); line < phys + size; line += LINE_SIZE) {
    if (memory.some((piece) => line + LINE_SIZE > piece.phys && line < piece.phys + piece.size)) lines++;
  }
  return lines;
}

function usedMemory(
  { scenario, events }: Run,
  mapping: MappingIx | undefined,
): { phys: number; size: number }[] {
  const used: { phys: number; size: number }[] = [];
  const isOf = (step: StepIx): boolean => mappingOfStep(scenario, step) === mapping;
  for (const { phys, size, step, result } of events.of('iommu_map')) {
    if (result === 0 && isOf(step)) used.push({ phys, size });
  }
  for (const { phys, length, step } of events.of('sg_entry')) {
    if (isOf(step)) used.push({ phys, size: length });
  }
  return used;
}
