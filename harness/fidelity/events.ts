// SPDX-License-Identifier: GPL-2.0-only
/** The events of a run in the vectors' form. */
import { CRASHES, WARNINGS, describeCrash, describeWarning } from '../machine/crash.ts';
import {
  argumentsOf,
  EVENTS,
  FAULT_REASONS,
  type Event,
  type EventKind,
  type EventOf,
} from '../machine/events.ts';
import type { Meaning } from '../machine/meanings.ts';
import { decimal, hex } from '../machine/u64.ts';
import { DIRECTION_NAMES, DMA_TO_DEVICE, type EventIx } from '../machine/vocabulary.ts';
import type { EventIndex } from '../run/event-index.ts';
import type { VectorEvent } from './vectors.ts';

const itself = (value: number): number => value;
/** Sizes above 2^53 are decimal strings. */
const size = (value: number): number | string => (value < 0 ? decimal(value) : value);

/** How the vectors have each kind of number. */
const VALUES: Readonly<Record<Meaning, (value: number) => unknown>> = {
  phys: hex,
  dma: hex,
  pfn: hex,
  limit: hex,
  pages: itself,
  bytes: size,
  span: size,
  prot: itself,
  dir: (value) => DIRECTION_NAMES[value],
  attrs: itself,
  mask: itself,
  count: itself,
  errno: itself,
  tlb: (value) => (Number.isNaN(value) ? null : hex(value)),
  buffer: itself,
  mapping: itself,
  offset: itself,
  place: itself,
  label: itself,
  warning: itself,
  crash: itself,
  reason: (value) => FAULT_REASONS[value],
  detail: itself,
  flag: itself,
  cleans: itself,
};

/** Why the vectors have no such event. */
interface NotCompared {
  readonly because: string;
}
const PROGRAM: NotCompared = { because: 'an access of the program itself, no call of the state' };

type Encoder<K extends EventKind> = (event: EventOf<K>, events: EventIndex) => VectorEvent;

/** What it does by direction is 5.14's. */
function maintenance(name: string): Encoder<'arch_sync_dma_for_device' | 'arch_sync_dma_for_cpu'> {
  return ({ phys, size: length, dir }) => [name, hex(phys), size(length), DIRECTION_NAMES[dir]];
}

/** Every kind: what the vectors call it, its arguments and what it returns following; or its own form. */
const ENCODED: { readonly [K in EventKind]: string | Encoder<K> | NotCompared } = {
  swiotlb_tbl_map_single: 'swiotlb_map',
  swiotlb_tbl_unmap_single: 'swiotlb_unmap',
  swiotlb_sync_single_for_device: 'swiotlb_sync_for_device',
  swiotlb_sync_single_for_cpu: 'swiotlb_sync_for_cpu',
  memset: 'memset',
  arch_sync_dma_for_device: maintenance('arch_sync_for_device'),
  arch_sync_dma_for_cpu: maintenance('arch_sync_for_cpu'),
  alloc_iova_fast: 'alloc_iova',
  iommu_map: 'iommu_map',
  iommu_map_sg: ({ index, iova, nents, prot, result }, events) => {
    const entries = events.of('sg_entry', index + 1, index + 1 + nents);
    return ['iommu_map_sg', hex(iova), entries.map(({ phys, length }) => [hex(phys), length]), prot, result];
  },
  iommu_unmap: 'iommu_unmap',
  iommu_iotlb_sync: 'iotlb_sync',
  iommu_iova_to_phys: 'iova_to_phys',
  free_iova_fast: 'free_iova',
  queue_iova: 'queue_iova',
  iommu_flush_iotlb_all: 'iotlb_flush_all',
  sg_entry: { because: 'iommu_map_sg tells its entries' },
  swiotlb_bounce: ({ dir, original, tlb, size: copied }) => {
    const to = dir === DMA_TO_DEVICE ? 'to_device' : 'from_device';
    return ['bounce', to, hex(original), hex(tlb), copied];
  },
  swiotlb_pad_slots: { because: "5.14's pool pads nothing in front" },
  warn: ({ which, a, b, c }) => ['warn', describeWarning(WARNINGS[which] ?? 'pool-full', a, b, c)],
  crash: ({ which, a, b }) => ({ crash: describeCrash(CRASHES[which] ?? 'search-never-ends', a, b) }),
  iommu_fault: 'fault',
  cpu_read: PROGRAM,
  cpu_write: PROGRAM,
  device_read: PROGRAM,
  device_write: PROGRAM,
  device_write_run: PROGRAM,
};

/** Events [from, to). */
export function vectorEvents(events: EventIndex, from: EventIx, to: EventIx): VectorEvent[] {
  return events.between(from, to).flatMap((event) => {
    // The IOMMU's driver says it, which the recordings have no calls of.
    if (event.kind === 'warn' && WARNINGS[event.which] === 'already-mapped') return [];
    const encoded = ENCODED[event.kind] as string | Encoder<EventKind> | NotCompared;
    if (typeof encoded === 'string') return [plainly(encoded, event)];
    return 'because' in encoded ? [] : [encoded(event, events)];
  });
}

function plainly(name: string, event: Event): VectorEvent {
  const numbers = event as unknown as Readonly<Record<string, number>>;
  const { returns } = EVENTS[event.kind];
  const given = argumentsOf(event.kind).map((one) => VALUES[one.meaning](numbers[one.name] ?? NaN));
  return [name, ...given, ...(returns === undefined ? [] : [VALUES[returns](event.result)])];
}

/** Kinds of message; two texts match when they are of the same kind. */
const MESSAGE_KINDS: readonly RegExp[] = [
  /buffer is full/,
  /^memset out of/,
  /slot index .* out of/,
  /find_slots/,
  /CONFIG_SWIOTLB=n/,
  /^(memcpy|copy) out of/,
  /clipped|overflow/i,
  /mapping size/i,
];

/** Equal in all but the wording of warnings and crashes. */
export function eventsMatch(a: VectorEvent, b: VectorEvent): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) {
    return !Array.isArray(a) && !Array.isArray(b) && sameKind(a.crash, b.crash);
  }
  if (a[0] === 'warn' && b[0] === 'warn') return sameKind(String(a[1]), String(b[1]));
  return JSON.stringify(a) === JSON.stringify(b);
}

function sameKind(a: string, b: string): boolean {
  const kind = MESSAGE_KINDS.findIndex((pattern) => pattern.test(a));
  return kind >= 0 && kind === MESSAGE_KINDS.findIndex((pattern) => pattern.test(b));
}
