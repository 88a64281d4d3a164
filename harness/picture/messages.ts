// SPDX-License-Identifier: GPL-2.0-only
/** A trace as messages between the CPU, dma-iommu, swiotlb, the IOMMU and the devices. */
import { EVENTS, type Event, type EventKind } from '../machine/events.ts';
import type { Run } from '../run/run.ts';
import { callPath } from '../run/recording.ts';
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

const PARTICIPANTS = { cpu: 'C', 'dma-iommu': 'F', swiotlb: 'S', iommu: 'I' } as const;
const ARROWS = { call: '->>', answer: '-->>', note: 'note' } as const;

/** From whom to whom the event goes. */
function wayOf({ kind, device }: Event): Way {
  const { between, as = 'call' } = EVENTS[kind];
  const [from, to] = between.map((party) =>
    party === 'device' ? (`D${device}` as const) : PARTICIPANTS[party],
  );
  return { from: from ?? 'F', to: to ?? 'F', arrow: ARROWS[as] };
}

/** Every line of the trace as a message; a call that begins in another method says which. */
export function messagesOf(run: Run): Message[] {
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
    const event = run.events.at(line.event);
    const method = callPath(run, event.path).at(-1);
    const says = event.path !== path && method !== undefined ? `${method.method}: ` : '';
    path = event.path;
    return {
      step: line.step,
      event: line.event,
      first: line.event,
      end,
      kind: event.kind,
      isHeading,
      ...wayOf(event),
      text: `${says}${line.text.trim()}`,
    };
  });
}

function wayOfStep(run: Run, { step: index }: TraceLine, isHeading: boolean): Way {
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
