// SPDX-License-Identifier: GPL-2.0-only
/** Who wrote a byte: from its label back to the write. */
import { LABEL_FAULT, LABEL_NEVER_WRITTEN, LABEL_STALE, LABEL_ZERO, runLength } from '../machine/labels.ts';
import { events, type Event, type Recording } from './recording.ts';

/** The write that a label names, and which byte of it. */
export type Provenance =
  | { readonly by: 'nobody' | 'zero' | 'stale' | 'fault' }
  | {
      readonly by: 'cpu';
      readonly event: number;
      readonly step: number;
      readonly buffer: number;
      /** Of this byte, in the buffer. */
      readonly offset: number;
    }
  | {
      readonly by: 'device';
      readonly event: number;
      readonly step: number;
      readonly device: number;
      /** The mapping that the scenario meant, -1: a scribble. */
      readonly mapping: number;
      /** Bus address of this byte. */
      readonly iova: number;
    };

/** Labels [first, first + size) are those of one write, byte for byte. */
interface Write {
  readonly first: number;
  readonly size: number;
  readonly event: Event;
}

/** Decodes the labels of one recording. */
export class Labels {
  private readonly writes: Write[] = [];

  /** `all`: the events of the recording. */
  constructor(run: Recording, all: readonly Event[] = events(run)) {
    for (const event of all) {
      const { kind, b, c, d } = event;
      if (kind === 'cpu_write') this.writes.push({ first: run.labels[d] ?? 0, size: c, event });
      if (kind === 'device_write') this.writes.push({ first: run.labels[c] ?? 0, size: b, event });
    }
    this.writes.sort((one, other) => one.first - other.first);
  }

  /** How many labels from this one on name bytes of the same write; 1 for what nobody wrote. */
  span(label: number): number {
    const write = this.write(label);
    return write === undefined ? 1 : write.first + write.size - label;
  }

  /** Who wrote the byte with this label. */
  of(label: number): Provenance {
    if (label === LABEL_ZERO) return { by: 'zero' };
    if (label === LABEL_STALE) return { by: 'stale' };
    if (label === LABEL_FAULT) return { by: 'fault' };
    if (label === LABEL_NEVER_WRITTEN) return { by: 'nobody' };
    const write = this.write(label);
    return write === undefined ? { by: 'nobody' } : provenanceOf(write.event, label - write.first);
  }

  private write(label: number): Write | undefined {
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
function provenanceOf(write: Event, i: number): Provenance {
  const { kind, index: event, step, device, a, b, d } = write;
  if (kind === 'cpu_write') return { by: 'cpu', event, step, buffer: a, offset: b + i };
  return { by: 'device', event, step, device, mapping: d, iova: a + i };
}

/** Who wrote `size` bytes with the labels from `start` on, in words: runs of the same write, in order. */
export function describeLabels(
  run: Recording,
  labels: Labels,
  from: Uint32Array,
  start: number,
  size: number,
): string {
  const parts: string[] = [];
  for (let i = 0; i < size;) {
    const first = from[start + i] ?? 0;
    const n = runLength(from, start + i, size - i);
    parts.push(`${n} ${n === 1 ? 'byte' : 'bytes'} ${describeLabel(run, labels, first)}`);
    i += n;
  }
  return parts.join(', ');
}

/** Who wrote a byte, in words that follow "bytes". */
export function describeLabel(run: Recording, labels: Labels, label: number): string {
  const origin = labels.of(label);
  const { scenario } = run;
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
