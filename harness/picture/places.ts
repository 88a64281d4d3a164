// SPDX-License-Identifier: GPL-2.0-only
/** Where in physical memory a finding is, and which calls had to do with it. */
import type { Evidence } from '../contract/clause.ts';
import { DMA_TO_DEVICE } from '../machine/vocabulary.ts';
import { eventAt, events, type Event, type Recording } from '../run/recording.ts';
import { bounceBuffersOf } from './bounce-buffers.ts';

/** Physical addresses of the finding's byte: the caller's, the bounce buffers' of it; empty: it has none. */
export function placesOf(run: Recording, { buffer, offset, phys, event }: Evidence): number[] {
  if (phys !== undefined) return [phys];
  if (buffer === undefined || offset === undefined) return crashPlace(run, event);
  const original = (run.scenario.buffers[buffer]?.phys ?? 0) + offset;
  const bounced = bounceBuffersOf(run).filter((b) => within(original, b.original, b.size));
  return [original, ...new Set(bounced.map((b) => b.tlb + original - b.original))];
}

/** Where a memset that never returned was to start. */
function crashPlace(run: Recording, event: number): number[] {
  if (run.crash === undefined || run.crash.event !== event) return [];
  const { kind, a } = eventAt(run, event - 1);
  return kind === 'memset' ? [a] : [];
}

/** Indexes of the events that wrote one of the places, took it for a bounce buffer, or let a device reach it. */
export function touchesOf(run: Recording, places: readonly number[]): Set<number> {
  const touching = events(run).filter((event) => {
    const stretch = writtenBy(event);
    return stretch !== undefined && places.some((place) => within(place, ...stretch));
  });
  return new Set(touching.map(({ index }) => index));
}

/** Start and size of the memory that an event gives another content or owner. */
function writtenBy({ kind, a, b, c, d, e, result }: Event): [number, number] | undefined {
  switch (kind) {
    case 'memset':
      return [a, b];
    case 'swiotlb_bounce':
      return [d === DMA_TO_DEVICE ? b : a, c];
    case 'swiotlb_tbl_map_single':
      return result >= 0 ? [result, c] : undefined;
    case 'device_write_run':
    case 'iommu_map':
      return [b, c];
    case 'sg_entry':
      return [a, b];
    case 'cpu_write':
      return [e, c];
    default:
      return undefined;
  }
}

function within(place: number, start: number, size: number): boolean {
  return place >= start && place < start + size;
}
