// SPDX-License-Identifier: GPL-2.0-only
/** Why a byte is stale: what happened to its memory and its cache line, read off the trace. */
import { LINE_SIZE } from '../machine/config.ts';
import type { EventKind } from '../machine/event-log.ts';
import { DMA_FROM_DEVICE, DMA_TO_DEVICE } from '../machine/vocabulary.ts';
import type { EventIndex } from '../recording/event-index.ts';
import type { Event } from '../recording/recording.ts';

/** What became of a byte. */
export interface ByteHistory {
  /** What the CPU last did to it. */
  readonly last: 'nothing' | 'cleared' | 'copied' | 'written';
  /** Where that went: still only in the cache, in memory, or thrown away. */
  readonly line: 'clean' | 'dirty' | 'dropped';
  /** The line was cached when memory changed under it, and nobody dropped it since. */
  readonly cachedStale: boolean;
  /** A dirty line was written back over what a device had written. */
  readonly overwritten: boolean;
}

/** Events that may do something to memory or to the cache. */
const TOUCHING: ReadonlySet<EventKind> = new Set([
  'memset',
  'arch_sync_dma_for_device',
  'arch_sync_dma_for_cpu',
  'swiotlb_bounce',
  'device_write_run',
  'cpu_write',
  'cpu_read',
]);

/** Follows single bytes through a recording. */
export class MemoryHistory {
  /** Those that may do something to memory. */
  private readonly events: readonly Event[];
  /** Per cache line: the events that did something to it. */
  private readonly byLine = new Map<number, readonly Event[]>();

  constructor(events: EventIndex) {
    this.events = events.all.filter(({ kind }) => TOUCHING.has(kind));
  }

  /** What became of the byte at `phys` in events [from, to). `snooped`: its device is coherent. */
  of(phys: number, from: number, to: number, snooped: boolean): ByteHistory {
    const line = lineStart(phys);
    let touching = this.byLine.get(line);
    if (touching === undefined) {
      touching = this.events.filter((event) => touches(event, line));
      this.byLine.set(line, touching);
    }
    return follow(touching, phys, from, to, snooped);
  }
}

/** The event may do something to a byte of the line. */
function touches({ kind, args }: Event, line: number): boolean {
  const [a = 0, b = 0, c = 0, , e = 0, f = 0] = args;
  switch (kind) {
    case 'memset':
    case 'arch_sync_dma_for_device':
    case 'arch_sync_dma_for_cpu':
      return overlaps(line, a, b);
    case 'swiotlb_bounce':
      return overlaps(line, a, c) || overlaps(line, b, c);
    case 'device_write_run':
      return overlaps(line, b, c);
    case 'cpu_write':
      return overlaps(line, e, c);
    case 'cpu_read':
      return overlaps(line, f, c);
    default:
      return false;
  }
}

function follow(
  events: readonly Event[],
  phys: number,
  from: number,
  to: number,
  snooped: boolean,
): ByteHistory {
  let last: ByteHistory['last'] = 'nothing';
  let line: ByteHistory['line'] = 'clean';
  let cached = false;
  let lineDirty = false;
  let cachedStale = false;
  let overwritten = false;
  for (const event of events) {
    if (event.index < from || event.index >= to) continue;
    const { kind, args } = event;
    const [a = 0, b = 0, c = 0, , , f = 0] = args;
    const stored = storeOf(event);
    if (stored !== undefined && overlaps(lineStart(phys), stored.start, stored.size)) {
      // Any store allocates the line and makes it dirty.
      cached = !snooped;
      lineDirty = !snooped;
      if (within(phys, stored.start, stored.size)) {
        last = stored.as;
        line = snooped ? 'clean' : 'dirty';
        cachedStale = false;
      }
    }
    switch (kind) {
      case 'swiotlb_bounce':
      case 'cpu_read':
        if (within(phys, kind === 'cpu_read' ? f : sourceOf(event), c)) cached = true;
        break;
      case 'arch_sync_dma_for_device':
      case 'arch_sync_dma_for_cpu': {
        const effect = maintenance(event, phys);
        if (effect === undefined || !overlaps(lineStart(phys), a, b)) break;
        if (effect === 'invalidate') {
          if (line === 'dirty') line = 'dropped';
        } else if (line === 'dirty') line = 'clean';
        lineDirty = false;
        if (effect !== 'clean') {
          cached = false;
          cachedStale = false;
        }
        break;
      }
      case 'device_write_run':
        if (snooped) break;
        if (within(phys, b, c)) {
          overwritten = lineDirty;
          cachedStale = !lineDirty;
        }
        if (line === 'dirty') line = 'clean';
        lineDirty = false;
        cached = true;
        break;
      default:
    }
  }
  return { last, line, cachedStale: cachedStale && cached, overwritten };
}

/** What the CPU stored, and where. */
interface Store {
  readonly as: Exclude<ByteHistory['last'], 'nothing'>;
  readonly start: number;
  readonly size: number;
}

function storeOf({ kind, args }: Event): Store | undefined {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = args;
  if (kind === 'memset') return { as: 'cleared', start: a, size: b };
  if (kind === 'cpu_write') return { as: 'written', start: e, size: c };
  if (kind === 'swiotlb_bounce') return { as: 'copied', start: d === DMA_TO_DEVICE ? b : a, size: c };
  return undefined;
}

/** Where a bounce copy reads. */
function sourceOf({ args }: Event): number {
  const [original = 0, tlb = 0, , dir = 0] = args;
  return dir === DMA_TO_DEVICE ? original : tlb;
}

/** What an arch call does to the line of `phys`; a line only partly inside an invalidate is written back first. */
function maintenance({ kind, args }: Event, phys: number): 'clean' | 'flush' | 'invalidate' | undefined {
  const [start = 0, size = 0, dir = 0] = args;
  const forCpu = kind === 'arch_sync_dma_for_cpu';
  if (forCpu && dir === DMA_TO_DEVICE) return undefined;
  if (!forCpu && dir !== DMA_FROM_DEVICE) return 'clean';
  const line = lineStart(phys);
  return line >= start && line + LINE_SIZE <= start + size ? 'invalidate' : 'flush';
}

function lineStart(phys: number): number {
  return phys - (phys % LINE_SIZE);
}

/** The line has a byte of [start, start + size). */
function overlaps(line: number, start: number, size: number): boolean {
  return size > 0 && line + LINE_SIZE > start && line < start + size;
}

function within(phys: number, start: number, size: number): boolean {
  return phys >= start && phys < start + size;
}
