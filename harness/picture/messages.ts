// SPDX-License-Identifier: GPL-2.0-only
/** A trace as messages between the CPU, dma-iommu, swiotlb, the IOMMU and the devices. */
import type { EventKind } from '../machine/event-log.ts';
import { callPath, eventAt, type Recording } from '../run/recording.ts';
import { traceOf, type TraceLine } from '../run/trace.ts';

/** C: CPU, F: dma-iommu, S: swiotlb, I: IOMMU; D0, D1 …: the devices. */
export type Participant = 'C' | 'F' | 'S' | 'I' | `D${number}`;

/** One line of the trace, on its way. */
export interface Message {
  readonly step: number;
  /** Index of its event, -1: the step itself or its outcome. */
  readonly event: number;
  /** What the event is; undefined: it has none. */
  readonly kind: EventKind | undefined;
  /** Events [first, end) are told by it. */
  readonly first: number;
  readonly end: number;
  readonly isHeading: boolean;
  readonly from: Participant;
  readonly to: Participant;
  /** Mermaid's arrow, or a note over `from`. */
  readonly arrow: '->>' | '-->>' | 'note';
  readonly text: string;
}

type Way = Pick<Message, 'from' | 'to' | 'arrow'>;

/** Where the calls go; `D`: the device of the event. */
const WAYS: Readonly<Record<EventKind, readonly [Participant | 'D', Participant | 'D', Message['arrow']]>> = {
  alloc_iova_fast: ['F', 'I', '->>'],
  free_iova_fast: ['F', 'I', '->>'],
  queue_iova: ['F', 'I', '->>'],
  iommu_map: ['F', 'I', '->>'],
  iommu_map_sg: ['F', 'I', '->>'],
  sg_entry: ['F', 'I', '->>'],
  iommu_unmap: ['F', 'I', '->>'],
  iommu_iotlb_sync: ['F', 'I', '->>'],
  iommu_flush_iotlb_all: ['F', 'I', '->>'],
  iommu_iova_to_phys: ['F', 'I', '->>'],
  arch_sync_dma_for_device: ['F', 'C', '->>'],
  arch_sync_dma_for_cpu: ['F', 'C', '->>'],
  swiotlb_tbl_map_single: ['F', 'S', '->>'],
  swiotlb_tbl_unmap_single: ['F', 'S', '->>'],
  swiotlb_sync_single_for_device: ['F', 'S', '->>'],
  swiotlb_sync_single_for_cpu: ['F', 'S', '->>'],
  swiotlb_bounce: ['S', 'S', '->>'],
  memset: ['F', 'F', '->>'],
  warn: ['F', 'F', 'note'],
  crash: ['F', 'F', 'note'],
  cpu_read: ['C', 'C', '->>'],
  cpu_write: ['C', 'C', '->>'],
  device_read: ['I', 'D', '-->>'],
  device_write: ['D', 'I', '->>'],
  device_write_run: ['D', 'I', '->>'],
  iommu_fault: ['I', 'D', '-->>'],
};

/** Every line of the trace as a message; a call that begins in another method says which. */
export function messagesOf(run: Recording): Message[] {
  const lines = traceOf(run);
  let path = -1;
  return lines.map((line, i) => {
    const outcome = run.steps[line.step];
    const isHeading = line.event < 0 && !line.text.startsWith('=');
    const next = lines[i + 1];
    const end = next !== undefined && next.event >= 0 ? next.event : (outcome?.to ?? 0);
    if (line.event < 0) {
      path = -1;
      const text = isHeading ? `${line.step + 1}. ${line.text}` : line.text;
      const first = isHeading ? (outcome?.from ?? 0) : end;
      const way = wayOfStep(run, line, isHeading);
      return { step: line.step, event: -1, kind: undefined, first, end, isHeading, ...way, text };
    }
    const event = eventAt(run, line.event);
    const method = callPath(run, event.path).at(-1);
    const says = event.path !== path && method !== undefined ? `${method.method}: ` : '';
    path = event.path;
    const [from, to, arrow] = WAYS[event.kind];
    const device = `D${event.device}` as const;
    return {
      step: line.step,
      event: line.event,
      first: line.event,
      end,
      kind: event.kind,
      isHeading,
      from: from === 'D' ? device : from,
      to: to === 'D' ? device : to,
      arrow,
      text: `${says}${line.text.trim()}`,
    };
  });
}

function wayOfStep(run: Recording, { step: index }: TraceLine, isHeading: boolean): Way {
  const step = run.scenario.steps[index];
  switch (step?.op) {
    case 'cpu_read':
    case 'cpu_write':
      return { from: 'C', to: 'C', arrow: '->>' };
    case 'device_read':
    case 'device_write': {
      const device = `D${run.scenario.mappings[step.map]?.device ?? 0}` as const;
      return isHeading ? { from: device, to: 'I', arrow: '->>' } : { from: 'I', to: device, arrow: '-->>' };
    }
    case 'fail_next':
    case 'flush_queue':
      return { from: 'C', to: 'I', arrow: '->>' };
    default:
      return isHeading ? { from: 'C', to: 'F', arrow: '->>' } : { from: 'F', to: 'C', arrow: '-->>' };
  }
}
