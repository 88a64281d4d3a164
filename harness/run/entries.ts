// SPDX-License-Identifier: GPL-2.0-only
/** The entries of a list, and which of them a call of an operation is about. */
import type { Event } from '../machine/events.ts';
import type { DmaAddr, MappingIx, PhysAddr, Size } from '../machine/vocabulary.ts';
import type { Run } from './run.ts';
import { elementAt } from '../text/element.ts';

/** An entry of a mapped list. */
export interface Entry {
  /** Its place in the list. */
  readonly index: number;
  /** The caller's bytes, and the bounce buffer that stands for them. */
  readonly memory: readonly { readonly phys: PhysAddr; readonly size: Size }[];
  /** The granules of bus addresses of its own; empty where the list has one range for all. */
  readonly iova: DmaAddr;
  readonly iovaSize: Size;
}

/** The entries of a list whose map worked. */
export function entriesOf(run: Run, mapping: MappingIx): Entry[] {
  const { scenario, events, bounceBuffers } = run;
  const info = scenario.mappings[mapping];
  const mapped = elementAt(run.steps, info?.step);
  if (info === undefined || mapped === undefined) return [];
  const { granule } = scenario.machine;
  const ranges = events.of('alloc_iova_fast', mapped.from, mapped.to).filter(({ result }) => result > 0);
  const isOwn = ranges.length === info.ranges.length && mapped.segments.length === ranges.length;
  const bounced = bounceBuffers.filter((buffer) => buffer.mapping === mapping);
  const free = [...bounced];
  return info.ranges.map(({ buffer, offset, size }, index): Entry => {
    const phys = (scenario.buffers[buffer]?.phys ?? 0) + offset;
    const at = free.findIndex(({ original, size: length }) => original === phys && length === size);
    const [slots] = at < 0 ? [] : free.splice(at, 1);
    const segment = isOwn ? mapped.segments[index] : undefined;
    const iova = segment === undefined ? 0 : segment.address - (segment.address % granule);
    const end = segment === undefined ? 0 : Math.ceil((segment.address + segment.length) / granule) * granule;
    return {
      index,
      memory: [
        { phys, size },
        ...(slots === undefined ? [] : [{ phys: slots.start, size: slots.end - slots.start }]),
      ],
      iova,
      iovaSize: end - iova,
    };
  });
}

/** The one entry that the call is about; undefined: all of them, none, or nobody can tell. */
export function entryOf(entries: readonly Entry[], event: Event, granule: Size): Entry | undefined {
  if (entries.length === 0) return undefined;
  const about = placeOf(event, granule);
  if (about === undefined) return undefined;
  const found = entries.filter((entry) =>
    'phys' in about ? holds(entry, about.phys) : isWithin(about.iova, entry.iova, entry.iovaSize),
  );
  return found.length === 1 ? found[0] : undefined;
}

/** The memory or the bus address that tells entries apart. */
function placeOf(
  event: Event,
  granule: Size,
): { readonly phys: PhysAddr } | { readonly iova: DmaAddr } | undefined {
  switch (event.kind) {
    case 'swiotlb_bounce':
      return { phys: event.tlb };
    case 'swiotlb_tbl_map_single':
      return { phys: event.result };
    case 'arch_sync_dma_for_cpu':
    case 'arch_sync_dma_for_device':
      return { phys: event.phys };
    case 'iommu_map':
    case 'iommu_unmap':
    case 'iommu_iova_to_phys':
      return { iova: event.iova };
    case 'alloc_iova_fast':
      return { iova: event.result * granule };
    default:
      return undefined;
  }
}

function holds({ memory }: Entry, phys: PhysAddr): boolean {
  return memory.some((piece) => isWithin(phys, piece.phys, piece.size));
}

function isWithin(address: number, start: number, size: Size): boolean {
  return address >= start && address < start + size;
}
