// SPDX-License-Identifier: GPL-2.0-only
/** The labels of a buffer or a mapping as they stood after a step. */
import type { Recording, View } from '../run/recording.ts';

const NONE = new Uint32Array(0);

/** The views of one buffer or one mapping, as far as they have come. */
class Latest {
  now: View | undefined;
  /** What was seen before `now`. */
  before: View | undefined;
  /** Which move brought `now`. */
  move: number | undefined;
}

/** Steps through the views of a recording, forward only. */
export class Views {
  private readonly run: Recording;
  private readonly latest: Record<View['of'], (Latest | undefined)[]> = { buffer: [], mapping: [] };
  private next = 0;
  private move = 0;

  constructor(run: Recording) {
    this.run = run;
  }

  /** Move on to what was seen after step `step`. */
  advance(step: number): void {
    const { views } = this.run;
    this.move++;
    for (let view = views[this.next]; view !== undefined && view.step <= step; view = views[++this.next]) {
      const latest = (this.latest[view.of][view.index] ??= new Latest());
      if (latest.move !== this.move) latest.before = latest.now;
      latest.now = view;
      latest.move = this.move;
    }
  }

  /** True when the view was taken anew after the current step. */
  isNew(of: View['of'], index: number): boolean {
    return this.latest[of][index]?.move === this.move;
  }

  /** All labels after the current step; empty: never seen. */
  labels(of: View['of'], index: number): Uint32Array {
    return this.read(this.latest[of][index]?.now);
  }

  /** The same after the step before. */
  labelsBefore(of: View['of'], index: number): Uint32Array {
    const latest = this.latest[of][index];
    return this.read(latest?.move === this.move ? latest.before : latest?.now);
  }

  private read(view: View | undefined): Uint32Array {
    return view === undefined ? NONE : this.run.viewLabels.subarray(view.start, view.start + view.size);
  }
}
