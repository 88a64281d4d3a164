// SPDX-License-Identifier: GPL-2.0-only
/** The labels of a buffer or a mapping as they stood after a step. */
import type { Recording, View } from '../recording/recording.ts';

/** The latest views of all buffers, or of all mappings. */
type Latest = (View | undefined)[];

const NONE = new Uint32Array(0);

/** Steps through the views of a recording, forward only. */
export class Views {
  private readonly run: Recording;
  private readonly now: Record<View['of'], Latest> = { buffer: [], mapping: [] };
  private readonly before: Record<View['of'], Latest> = { buffer: [], mapping: [] };
  private next = 0;

  constructor(run: Recording) {
    this.run = run;
  }

  /** Move on to what was seen after step `step`. */
  advance(step: number): void {
    const { views } = this.run;
    for (const kind of ['buffer', 'mapping'] as const) {
      for (const [index, view] of this.now[kind].entries()) this.before[kind][index] = view;
    }
    for (let view = views[this.next]; view !== undefined && view.step <= step; view = views[++this.next]) {
      this.now[view.of][view.index] = view;
    }
  }

  /** True when the view was taken anew after the current step. */
  isNew(of: View['of'], index: number): boolean {
    return this.now[of][index] !== this.before[of][index];
  }

  /** All labels after the current step; empty: never seen. */
  labels(of: View['of'], index: number): Uint32Array {
    return this.read(this.now[of][index]);
  }

  /** The same after the step before. */
  labelsBefore(of: View['of'], index: number): Uint32Array {
    return this.read(this.before[of][index]);
  }

  private read(view: View | undefined): Uint32Array {
    return view === undefined ? NONE : this.run.viewLabels.subarray(view.start, view.start + view.size);
  }
}
