// SPDX-License-Identifier: GPL-2.0-only
/** Who wrote a byte: from its label back to the write. */
import {
  FIRST_LABEL,
  isStale,
  LABEL_FAULT,
  LABEL_NEVER_WRITTEN,
  LABEL_ZERO,
  runLength,
} from '../machine/labels.ts';
import type { EventOf } from '../machine/events.ts';
import type { BufferIx, DmaAddr, EventIx, Label, MappingIx, Size, StepIx } from '../machine/vocabulary.ts';
import type { EventIndex } from './event-index.ts';
import type { Scenario } from './scenario.ts';

/** The write that a label names, and which byte of it. */
export type Provenance =
  | { readonly by: 'nobody' | 'zero' | 'stale' | 'fault' }
  | {
      readonly by: 'cpu';
      readonly event: EventIx;
      readonly step: StepIx;
      readonly buffer: BufferIx;
      /** Of this byte, in the buffer. */
      readonly offset: Size;
    }
  | {
      readonly by: 'device';
      readonly event: EventIx;
      readonly step: StepIx;
      readonly device: number;
      /** The mapping that the scenario meant, -1: a scribble. */
      readonly mapping: MappingIx;
      /** Bus address of this byte. */
      readonly iova: DmaAddr;
    };

/** Labels [first, first + size) are those of one write, byte for byte. */
interface Write {
  readonly first: Label;
  readonly size: Size;
  readonly event: EventOf<'cpu_write' | 'device_write'>;
}

/** Decodes the labels of one recording. */
export class Labels {
  private readonly writes: readonly Write[];

  /** `labels`: of the recording's byte log. */
  constructor(labels: Uint32Array, events: EventIndex) {
    const writes = [...events.of('cpu_write'), ...events.of('device_write')];
    this.writes = writes
      .map((event) => ({ first: labels[event.bytes] ?? 0, size: event.size, event }))
      .sort((one, other) => one.first - other.first);
  }

  /** How many labels from this one on name bytes of the same write; without end for a kind of memory and for old bytes of the pool, 1 for what nobody wrote. */
  span(label: Label): number {
    if (label < FIRST_LABEL || isStale(label)) return Infinity;
    const write = this.write(label);
    return write === undefined ? 1 : write.first + write.size - label;
  }

  /** How many of `size` labels from index `at` on belong together: bytes of one write, or of one kind of memory. */
  together(labels: Uint32Array, at: number, size: number): number {
    return runLength(labels, at, Math.min(size, this.span(labels[at] ?? LABEL_NEVER_WRITTEN)));
  }

  /** Who wrote the byte with this label. */
  of(label: Label): Provenance {
    if (label === LABEL_ZERO) return { by: 'zero' };
    if (isStale(label)) return { by: 'stale' };
    if (label === LABEL_FAULT) return { by: 'fault' };
    if (label === LABEL_NEVER_WRITTEN) return { by: 'nobody' };
    const write = this.write(label);
    return write === undefined ? { by: 'nobody' } : provenanceOf(write.event, label - write.first);
  }

  private write(label: Label): Write | undefined {
    let low = 0;
    let high = this.writes.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.writes[middle]?.first ?? Infinity) <= label) low = middle;
      else high = middle - 1;
    }
    const write = this.writes[low];
    return write !== undefined && label >= write.first && label < write.first + write.size
      ? write
      : undefined;
  }
}

/** Byte `i` of a write. */
function provenanceOf(write: EventOf<'cpu_write' | 'device_write'>, i: number): Provenance {
  const { index: event, step } = write;
  if (write.kind === 'cpu_write') {
    return { by: 'cpu', event, step, buffer: write.buffer, offset: write.offset + i };
  }
  const { device, mapping, iova } = write;
  return { by: 'device', event, step, device, mapping, iova: iova + i };
}

/** Who wrote the bytes with these labels, in words: runs of the same write, in order. */
export function describeLabels(scenario: Scenario, provenance: Labels, labels: Uint32Array): string {
  const parts: { who: string; count: number }[] = [];
  for (let i = 0; i < labels.length;) {
    const label = labels[i] ?? LABEL_NEVER_WRITTEN;
    const n = runLength(labels, i, labels.length - i);
    const who = describeLabel(scenario, provenance, label);
    const last = parts.at(-1);
    // Whichever slots it comes from.
    if (isStale(label) && last?.who === who) last.count += n;
    else parts.push({ who, count: n });
    i += n;
  }
  return parts.map(({ who, count }) => `${count} ${count === 1 ? 'byte' : 'bytes'} ${who}`).join(', ');
}

/** Who wrote a byte, in words that follow "bytes". */
export function describeLabel(scenario: Scenario, provenance: Labels, label: Label): string {
  const origin = provenance.of(label);
  switch (origin.by) {
    case 'nobody':
      return "of memory that is not the driver's";
    case 'zero':
      return 'cleared by the kernel';
    case 'stale':
      return "of a slot's earlier use";
    case 'fault':
      return 'of all-ones after an IOMMU fault';
    case 'cpu': {
      const when = origin.step < 0 ? 'at first' : `in step ${origin.step + 1}`;
      return `that the CPU wrote to ${scenario.buffers[origin.buffer]?.name ?? '?'} ${when}`;
    }
    case 'device': {
      const device = scenario.deviceNames[origin.device] ?? '?';
      const through = scenario.mappings[origin.mapping]?.name;
      if (through === undefined) return `that ${device} scribbled in step ${origin.step + 1}`;
      return `that ${device} wrote through ${through} in step ${origin.step + 1}`;
    }
  }
}
