// SPDX-License-Identifier: GPL-2.0-only
/** The events of a recording, decoded once and found by kind. */
import type { EventKind } from '../machine/event-log.ts';
import { events, type Event, type Recording } from './recording.ts';

export class EventIndex {
  /** Every event, in order. */
  readonly all: readonly Event[];
  private readonly byKind = new Map<EventKind, Event[]>();

  constructor(run: Recording) {
    this.all = events(run);
    for (const event of this.all) {
      const list = this.byKind.get(event.kind);
      if (list === undefined) this.byKind.set(event.kind, [event]);
      else list.push(event);
    }
  }

  /** Events of a kind among [from, to), in order. */
  of(kind: EventKind, from = 0, to = Infinity): readonly Event[] {
    const list = this.byKind.get(kind) ?? [];
    return from === 0 && to === Infinity ? list : list.filter(({ index }) => index >= from && index < to);
  }

  /** Events [from, to). */
  between(from: number, to: number): readonly Event[] {
    return this.all.slice(from, to);
  }
}
