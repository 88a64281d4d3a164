// SPDX-License-Identifier: GPL-2.0-only
/** Why a byte is stale: what happened to its memory and its cache line, read off the trace. */
import { LINE_SIZE } from '../machine/config.ts';
import type { EventKind } from '../machine/event-log.ts';
import { DMA_FROM_DEVICE, DMA_TO_DEVICE } from '../machine/vocabulary.ts';
import type { EventIndex } from '../run/event-index.ts';
import type { Event } from '../run/recording.ts';
import { lineOf } from './bytes.ts';

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
  /** What may have done something to memory. */
  private readonly events: readonly Event[];

  /** Where memory begins or ends that an event touched, and the cache lines there; in order. */
  private edges: readonly number[] | undefined;

  private readonly coherent: (device: number) => boolean;

  /** `coherent`: whether a device's writes go through the CPU's cache. */
  constructor(events: EventIndex, coherent: (device: number) => boolean) {
    this.coherent = coherent;
    this.events = events.all.filter(({ kind }) => TOUCHING.has(kind));
  }

  /** How many of `size` bytes from `phys` on every event has treated alike. */
  alike(phys: number, size: number): number {
    this.edges ??= edgesOf(this.events);
    for (const edge of this.edges) if (edge > phys) return Math.min(size, edge - phys);
    return size;
  }

  /** What became of the byte at `phys` in events [from, to). `snooped`: its device is coherent. */
  of(phys: number, from: number, to: number, snooped: boolean): ByteHistory {
    const history = new Byte(phys, snooped);
    for (const event of this.events) {
      if (event.index >= from && event.index < to) history.take(event, this.coherent(event.device));
    }
    return history;
  }
}

/** First and last lines count whole: what happens to a line happens to each of its bytes. */
function edgesOf(events: readonly Event[]): number[] {
  const edges = new Set<number>();
  const add = (start: number, size: number): void => {
    const end = start + size;
    const lastLine = lineOf(end - 1);
    for (const edge of [lineOf(start), start, lineOf(start) + LINE_SIZE]) edges.add(edge);
    for (const edge of [lastLine, end, lastLine + LINE_SIZE]) edges.add(edge);
  };
  for (const { kind, a, b, c, e, f } of events) {
    if (kind === 'cpu_write') add(e, c);
    else if (kind === 'cpu_read') add(f, c);
    else if (kind === 'device_write_run') add(b, c);
    else add(a, kind === 'swiotlb_bounce' ? c : b);
    if (kind === 'swiotlb_bounce') add(b, c);
  }
  return [...edges].toSorted((one, other) => one - other);
}

/** One byte, event after event. */
class Byte implements ByteHistory {
  last: ByteHistory['last'] = 'nothing';
  line: ByteHistory['line'] = 'clean';
  overwritten = false;
  private readonly phys: number;
  /** Start of its cache line. */
  private readonly start: number;
  private readonly snooped: boolean;
  private cached = false;
  private lineDirty = false;
  private stale = false;

  constructor(phys: number, snooped: boolean) {
    this.phys = phys;
    this.start = lineOf(phys);
    this.snooped = snooped;
  }

  get cachedStale(): boolean {
    return this.stale && this.cached;
  }

  /** `coherent`: of the event's device. */
  take(event: Event, coherent: boolean): void {
    const { kind, a, b, c, d, e, f } = event;
    switch (kind) {
      case 'memset':
        this.store('cleared', a, b);
        break;
      case 'cpu_write':
        this.store('written', e, c);
        break;
      case 'swiotlb_bounce': {
        const [from, to] = d === DMA_TO_DEVICE ? [a, b] : [b, a];
        this.store('copied', to, c);
        if (within(this.phys, from, c)) this.cached = true;
        break;
      }
      case 'cpu_read':
        if (within(this.phys, f, c)) this.cached = true;
        break;
      case 'arch_sync_dma_for_device':
      case 'arch_sync_dma_for_cpu':
        if (overlaps(this.start, a, b)) this.maintain(event);
        break;
      case 'device_write_run':
        if (this.snooped || !overlaps(this.start, b, c)) break;
        if (coherent) this.snoopedStore(b, c);
        else this.deviceStore(b, c);
        break;
      default:
    }
  }

  /** Any store allocates the line and makes it dirty. */
  private store(as: Exclude<ByteHistory['last'], 'nothing'>, start: number, size: number): void {
    if (!overlaps(this.start, start, size)) return;
    this.cached = !this.snooped;
    this.lineDirty = !this.snooped;
    if (!within(this.phys, start, size)) return;
    this.last = as;
    this.line = this.snooped ? 'clean' : 'dirty';
    this.stale = false;
  }

  /** Of a coherent device: into the line, where that is cached. */
  private snoopedStore(start: number, size: number): void {
    if (!this.cached) return;
    this.lineDirty = true;
    if (!within(this.phys, start, size)) return;
    this.line = 'dirty';
    this.stale = false;
  }

  private deviceStore(start: number, size: number): void {
    if (within(this.phys, start, size)) {
      this.overwritten = this.lineDirty;
      this.stale = !this.lineDirty;
    }
    this.writeBack();
    this.cached = true;
  }

  private writeBack(): void {
    if (this.line === 'dirty') this.line = 'clean';
    this.lineDirty = false;
  }

  /** An arch call; a line only partly inside an invalidate is written back first. */
  private maintain({ kind, a: start, b: size, c: dir }: Event): void {
    const forCpu = kind === 'arch_sync_dma_for_cpu';
    if (forCpu && dir === DMA_TO_DEVICE) return;
    const whole = this.start >= start && this.start + LINE_SIZE <= start + size;
    const cleans = !forCpu && dir !== DMA_FROM_DEVICE;
    if (!cleans && whole && this.line === 'dirty') this.line = 'dropped';
    this.writeBack();
    if (cleans) return;
    this.cached = false;
    this.stale = false;
  }
}

/** The line has a byte of [start, start + size). */
function overlaps(line: number, start: number, size: number): boolean {
  return size > 0 && line + LINE_SIZE > start && line < start + size;
}

function within(phys: number, start: number, size: number): boolean {
  return phys >= start && phys < start + size;
}
