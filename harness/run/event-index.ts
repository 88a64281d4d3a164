// SPDX-License-Identifier: GPL-2.0-only
/** The events of a recording: each decoded once, when first asked for, and found by kind. */
import { decode, EV, F_KIND, kindAt, STRIDE } from '../machine/event-log.ts';
import type { Event, EventKind, EventOf } from '../machine/events.ts';
import type { EventIx } from '../machine/vocabulary.ts';

export class EventIndex {
  /** Number of events. */
  readonly count: number;
  private readonly records: Float64Array;
  private readonly decoded: (Event | undefined)[] = [];
  private readonly byKind = new Map<EventKind, readonly Event[]>();
  /** Per kind, by its number: which events are of it. */
  private places: readonly (readonly EventIx[] | undefined)[] | undefined;

  /** `records`: as in a Recording. */
  constructor(records: Float64Array) {
    this.records = records;
    this.count = records.length / STRIDE;
  }

  /** Every event, in order. */
  get all(): readonly Event[] {
    return this.between(0, this.count);
  }

  /** Event number `index`. */
  at(index: EventIx): Event {
    return (this.decoded[index] ??= decode(this.records, index));
  }

  /** Events of a kind among [from, to), in order. */
  of<K extends EventKind>(kind: K, from: EventIx = 0, to: EventIx = Infinity): readonly EventOf<K>[] {
    let list = this.byKind.get(kind);
    if (list === undefined) {
      list = this.placesOf(kind).map((index) => this.at(index));
      this.byKind.set(kind, list);
    }
    const found =
      from === 0 && to === Infinity ? list : list.filter(({ index }) => index >= from && index < to);
    return found as readonly EventOf<K>[];
  }

  /** How many events are of a kind; decodes nothing. */
  countOf(kind: EventKind): number {
    return this.placesOf(kind).length;
  }

  /** Events [from, to); `kinds`: only these, and the others are not decoded. */
  between(from: EventIx, to: EventIx, kinds?: ReadonlySet<EventKind>): readonly Event[] {
    const found: Event[] = [];
    for (let index = from; index < Math.min(to, this.count); index++) {
      if (kinds === undefined || kinds.has(kindAt(this.records, index))) found.push(this.at(index));
    }
    return found;
  }

  private placesOf(kind: EventKind): readonly EventIx[] {
    this.places ??= placesByKind(this.records);
    return this.places[EV[kind]] ?? NONE;
  }
}

const NONE: readonly EventIx[] = [];

function placesByKind(records: Float64Array): (EventIx[] | undefined)[] {
  const places: (EventIx[] | undefined)[] = [];
  for (let at = F_KIND, index = 0; at < records.length; at += STRIDE, index++) {
    const kind = records[at] ?? 0;
    const list = places[kind];
    if (list === undefined) places[kind] = [index];
    else list.push(index);
  }
  return places;
}
