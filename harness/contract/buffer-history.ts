// SPDX-License-Identifier: GPL-2.0-only
/** What the CPU has seen in the buffers of a run, over time. */
import { FIRST_LABEL, runLength } from '../machine/labels.ts';
import type { Label, StepIx } from '../machine/vocabulary.ts';
import type { View } from '../run/recording.ts';
import type { Run } from '../run/run.ts';
import type { BufferRange } from '../run/scenario.ts';

/** What stood in a buffer after a step. */
interface Seen {
  readonly view: View;
  /** Offsets where bytes begin that go on from one write, or are of one kind of memory, and the end; undefined: nobody has asked. */
  edges: readonly number[] | undefined;
}

export class BufferHistory {
  private readonly labels: Uint32Array;
  /** Per buffer, in order. */
  private readonly seen: readonly (readonly Seen[])[];

  constructor({ scenario, views, viewLabels }: Pick<Run, 'scenario' | 'views' | 'viewLabels'>) {
    this.labels = viewLabels;
    this.seen = scenario.buffers.map((_, buffer) =>
      views
        .filter(({ of, index }) => of === 'buffer' && index === buffer)
        .map((view) => ({ view, edges: undefined })),
    );
  }

  /**
   * Marks in `found`, from index `at` on, which of the bytes [offset, offset + size) of the buffer had the label
   * `label` (every byte, of a kind of memory; else `label`, `label + 1`, …) in the CPU's view just before step
   * `from` or after any step up to `to`.
   */
  markCarried(
    { buffer, offset, size }: BufferRange,
    from: StepIx,
    to: StepIx,
    label: Label,
    found: Uint8Array,
    at: number,
  ): void {
    const seen = this.seen[buffer] ?? [];
    const counts = label < FIRST_LABEL ? 0 : 1;
    const end = offset + size;
    for (let i = seen.length - 1; i >= 0; i--) {
      const one = seen[i];
      if (one === undefined || one.view.step > to) continue;
      const edges = (one.edges ??= this.edgesOf(one.view));
      for (let edge = lastAt(edges, offset), first = offset; first < end; edge++) {
        const next = Math.min(end, edges[edge + 1] ?? end);
        const isCarried = this.labels[one.view.start + first] === label + (first - offset) * counts;
        if (isCarried) found.fill(1, at + first - offset, at + next - offset);
        first = next;
      }
      if (one.view.step < from) return;
    }
  }

  private edgesOf({ start, size }: View): number[] {
    const edges = [0];
    for (let done = 0; done < size;) {
      done += runLength(this.labels, start + done, size - done);
      edges.push(done);
    }
    return edges;
  }
}

/** Index of the last edge that is not behind `offset`. */
function lastAt(edges: readonly number[], offset: number): number {
  let low = 0;
  let high = edges.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((edges[middle] ?? Infinity) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
