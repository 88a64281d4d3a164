// SPDX-License-Identifier: GPL-2.0-only
/** Who wrote a byte: from its label back to the write. */
import { FIRST_LABEL, LABEL_FAULT, LABEL_NEVER_WRITTEN, LABEL_STALE, LABEL_ZERO } from '../machine/memory.ts';
import { events, type Recording } from './recording.ts';

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

interface Write {
  readonly first: number;
  readonly size: number;
  readonly at: (index: number) => Provenance;
}

/** Decodes the labels of one recording. */
export class Labels {
  private readonly writes: Write[];

  constructor(run: Recording) {
    const cpu = events(run, 'cpu_write').map(({ args, index, step }): Write => {
      const [buffer = 0, offset = 0, size = 0, start = 0] = args;
      return {
        first: run.labels[start] ?? 0,
        size,
        at: (i) => ({ by: 'cpu', event: index, step, buffer, offset: offset + i }),
      };
    });
    const device = events(run, 'device_write').map(({ args, index, step, device: dev }): Write => {
      const [iova = 0, size = 0, start = 0, mapping = -1] = args;
      return {
        first: run.labels[start] ?? 0,
        size,
        at: (i) => ({ by: 'device', event: index, step, device: dev, mapping, iova: iova + i }),
      };
    });
    this.writes = [...cpu, ...device].toSorted((a, b) => a.first - b.first);
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
    return write === undefined ? { by: 'nobody' } : write.at(label - write.first);
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
    const counts = first >= FIRST_LABEL ? 1 : 0;
    let n = 1;
    while (i + n < size && from[start + i + n] === first + n * counts) n++;
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
