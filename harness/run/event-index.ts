// SPDX-License-Identifier: GPL-2.0-only
/** The events of a recording: each decoded once, when first asked for, and found by kind. */
import { decode, kindAt, STRIDE } from '../machine/event-log.ts';
import type { Event, EventKind, EventOf } from '../machine/events.ts';
import type { EventIx } from '../machine/vocabulary.ts';

export class EventIndex {
  /** Number of events. */
  readonly count: number;
  private readonly records: Float64Array;
  private readonly decoded: (Event | undefined)[] = [];
  private readonly byKind = new Map<EventKind, readonly Event[]>();
  /** Per kind: which events are of it. */
  private positions: ReadonlyMap<EventKind, readonly EventIx[]> | undefined;

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
      this.positions ??= positionsOf(this.records, this.count);
      list = (this.positions.get(kind) ?? []).map((index) => this.at(index));
      this.byKind.set(kind, list);
    }
    const found =
      from === 0 && to === Infinity ? list : list.filter(({ index }) => index >= from && index < to);
    return found as readonly Event[] as readonly EventOf<K>[];
  }

  /** Events [from, to); `kinds`: only these, and the others are not decoded. */
  between(from: EventIx, to: EventIx, kinds?: ReadonlySet<EventKind>): readonly Event[] {
    const found: Event[] = [];
    for (let index = from; index < Math.min(to, this.count); index++) {
      if (kinds === undefined || kinds.has(kindAt(this.records, index))) found.push(this.at(index));
    }
    return found;
  }
}

function positionsOf(records: Float64Array, count: number): Map<EventKind, EventIx[]> {
  const positions = new Map<EventKind, EventIx[]>();
  for (let index = 0; index < count; index++) {
    const kind = kindAt(records, index);
    const list = positions.get(kind);
    if (list === undefined) positions.set(kind, [index]);
    else list.push(index);
  }
  return positions;
}
