// SPDX-License-Identifier: GPL-2.0-only
/** Why a byte is stale: what happened to its memory and its cache line, read off the trace. */
import { LINE_SIZE } from '../machine/config.ts';
import { TOUCHING, touchesOf, type Touch } from '../machine/events.ts';
import type { EventIx, PhysAddr, Size } from '../machine/vocabulary.ts';
import type { EventIndex } from '../run/event-index.ts';
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

/** What an event did to memory. */
interface Treated extends Touch {
  readonly event: EventIx;
  /** The one that did it, -1: none. */
  readonly device: number;
}

/** Follows single bytes through a recording. */
export class MemoryHistory {
  private readonly events: EventIndex;
  private readonly coherent: (device: number) => boolean;
  private cachedTreatments: readonly Treated[] | undefined;
  /** Where memory begins or ends that an event touched, and the cache lines there; in order. */
  private edges: readonly number[] | undefined;

  /** `coherent`: whether a device's writes go through the CPU's cache. */
  constructor(events: EventIndex, coherent: (device: number) => boolean) {
    this.events = events;
    this.coherent = coherent;
  }

  /** How many of `size` bytes from `phys` on every event has treated alike. */
  alike(phys: PhysAddr, size: Size): Size {
    const edges = (this.edges ??= edgesOf(this.treatments));
    let low = 0;
    let high = edges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((edges[middle] ?? Infinity) > phys) high = middle;
      else low = middle + 1;
    }
    return Math.min(size, (edges[low] ?? Infinity) - phys);
  }

  /** What became of the byte at `phys` in events [from, to). `snooped`: its device is coherent. */
  of(phys: PhysAddr, from: EventIx, to: EventIx, snooped: boolean): ByteHistory {
    const history = new Byte(phys, snooped);
    for (const touch of this.treatments) {
      if (touch.event >= from && touch.event < to) history.take(touch, this.coherent(touch.device));
    }
    return history;
  }

  private get treatments(): readonly Treated[] {
    return (this.cachedTreatments ??= treatmentsOf(this.events));
  }
}

function treatmentsOf(events: EventIndex): Treated[] {
  const found: Treated[] = [];
  for (const event of events.between(0, Infinity, TOUCHING)) {
    const { index, device } = event;
    for (const { how, phys, size } of touchesOf(event)) {
      if (how !== 'reached' && how !== 'taken') found.push({ how, phys, size, event: index, device });
    }
  }
  return found;
}

/** First and last lines count whole: what happens to a line happens to each of its bytes. */
function edgesOf(touches: readonly Touch[]): number[] {
  const edges = new Set<number>();
  for (const { phys, size } of touches) {
    const end = phys + size;
    const lastLine = lineOf(end - 1);
    for (const edge of [lineOf(phys), phys, lineOf(phys) + LINE_SIZE]) edges.add(edge);
    for (const edge of [lastLine, end, lastLine + LINE_SIZE]) edges.add(edge);
  }
  return [...edges].toSorted((one, other) => one - other);
}

/** One byte, event after event. */
class Byte implements ByteHistory {
  last: ByteHistory['last'] = 'nothing';
  line: ByteHistory['line'] = 'clean';
  overwritten = false;
  private readonly phys: PhysAddr;
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

  /** `coherent`: of the device that did it. */
  take({ how, phys, size }: Touch, coherent: boolean): void {
    switch (how) {
      case 'cleared':
      case 'written':
      case 'copied':
        this.store(how, phys, size);
        break;
      case 'loaded':
        if (within(this.phys, phys, size)) this.cached = true;
        break;
      case 'cleaned':
      case 'invalidated':
        if (overlaps(this.start, phys, size)) this.maintain(how, phys, size);
        break;
      case 'stored':
        if (this.snooped || !overlaps(this.start, phys, size)) break;
        if (coherent) this.snoopedStore(phys, size);
        else this.deviceStore(phys, size);
        break;
      case 'reached':
      case 'taken':
        break;
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
  private maintain(how: 'cleaned' | 'invalidated', start: PhysAddr, size: Size): void {
    const cleans = how === 'cleaned';
    const whole = this.start >= start && this.start + LINE_SIZE <= start + size;
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
