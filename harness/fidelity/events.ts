// SPDX-License-Identifier: GPL-2.0-only
/** The event log in the vectors' form. */
import { CRASHES, WARNINGS, describeCrash, describeWarning } from '../machine/crash.ts';
import {
  EVENT_KINDS,
  FAULT_REASONS,
  F_ARGS,
  F_KIND,
  F_RESULT,
  STRIDE,
  type EventKind,
  type EventLog,
} from '../machine/event-log.ts';
import { decimal, hex } from '../machine/u64.ts';
import { DIRECTION_NAMES, DMA_TO_DEVICE } from '../machine/vocabulary.ts';
import type { VectorEvent } from './vectors.ts';

/** Events from record number `from` on. */
export function eventsSince(log: EventLog, from: number): VectorEvent[] {
  const events: VectorEvent[] = [];
  for (let index = from; index < log.length; index++) {
    const event = toVector(log, index);
    if (event !== undefined) events.push(event);
  }
  return events;
}

/** Sizes above 2^53 are decimal strings. */
function size(value: number): number | string {
  return value < 0 ? decimal(value) : value;
}

/** A recorded call, as far as the vectors say something of it. */
interface Call {
  readonly arg: (n: number) => number;
  readonly dir: (n: number) => string;
  readonly result: number;
  /** The entries of an iommu_map_sg: address and length. */
  readonly entries: (count: number) => (readonly [string, number])[];
}

/** Why the vectors have no such event. */
interface NotCompared {
  readonly because: string;
}

const PROGRAM: NotCompared = { because: 'an access of the program itself, no call of the state' };

/** Every kind of event in the form of the vectors. */
const ENCODED: Readonly<Record<EventKind, ((call: Call) => VectorEvent) | NotCompared>> = {
  alloc_iova_fast: ({ arg, result }) => ['alloc_iova', arg(0), hex(arg(1)), hex(result)],
  free_iova_fast: ({ arg }) => ['free_iova', hex(arg(0)), arg(1)],
  queue_iova: ({ arg }) => ['queue_iova', hex(arg(0)), arg(1)],
  iommu_map: ({ arg, result }) => ['iommu_map', hex(arg(0)), hex(arg(1)), size(arg(2)), arg(3), result],
  iommu_map_sg: ({ arg, entries, result }) => ['iommu_map_sg', hex(arg(0)), entries(arg(1)), arg(2), result],
  sg_entry: { because: 'iommu_map_sg tells its entries' },
  iommu_unmap: ({ arg, result }) => ['iommu_unmap', hex(arg(0)), size(arg(1)), result],
  iommu_iotlb_sync: () => ['iotlb_sync'],
  iommu_flush_iotlb_all: () => ['iotlb_flush_all'],
  iommu_iova_to_phys: ({ arg, result }) => ['iova_to_phys', hex(arg(0)), hex(result)],
  arch_sync_dma_for_device: ({ arg, dir }) => ['arch_sync_for_device', hex(arg(0)), size(arg(1)), dir(2)],
  arch_sync_dma_for_cpu: ({ arg, dir }) => ['arch_sync_for_cpu', hex(arg(0)), size(arg(1)), dir(2)],
  swiotlb_tbl_map_single: ({ arg, dir, result }) => {
    const tlb = Number.isNaN(result) ? null : hex(result);
    return ['swiotlb_map', hex(arg(0)), arg(1), arg(2), arg(3), dir(4), arg(5), tlb];
  },
  swiotlb_tbl_unmap_single: ({ arg, dir }) => ['swiotlb_unmap', hex(arg(0)), arg(1), dir(2), arg(3)],
  swiotlb_sync_single_for_device: ({ arg, dir }) => ['swiotlb_sync_for_device', hex(arg(0)), arg(1), dir(2)],
  swiotlb_sync_single_for_cpu: ({ arg, dir }) => ['swiotlb_sync_for_cpu', hex(arg(0)), arg(1), dir(2)],
  swiotlb_bounce: ({ arg }) => {
    const to = arg(3) === DMA_TO_DEVICE ? 'to_device' : 'from_device';
    return ['bounce', to, hex(arg(0)), hex(arg(1)), arg(2)];
  },
  memset: ({ arg }) => ['memset', hex(arg(0)), size(arg(1))],
  warn: ({ arg }) => ['warn', describeWarning(WARNINGS[arg(0)] ?? 'pool-full', arg(1), arg(2), arg(3))],
  crash: ({ arg }) => ({
    crash: describeCrash(CRASHES[arg(0)] ?? 'search-never-ends', arg(1), arg(2)),
  }),
  iommu_fault: ({ arg }) => ['fault', hex(arg(0)), FAULT_REASONS[arg(1)]],
  cpu_read: PROGRAM,
  cpu_write: PROGRAM,
  device_read: PROGRAM,
  device_write: PROGRAM,
  device_write_run: PROGRAM,
};

function toVector(log: EventLog, index: number): VectorEvent | undefined {
  const at = index * STRIDE;
  const arg = (n: number): number => log.records[at + F_ARGS + n] ?? NaN;
  const encoded = ENCODED[EVENT_KINDS[log.records[at + F_KIND] ?? -1] ?? 'crash'];
  if ('because' in encoded) return undefined;
  return encoded({
    arg,
    dir: (n) => DIRECTION_NAMES[arg(n)] ?? '?',
    result: log.records[at + F_RESULT] ?? NaN,
    entries: (count) =>
      Array.from({ length: count }, (_, i) => {
        const entry = (index + 1 + i) * STRIDE + F_ARGS;
        return [hex(log.records[entry] ?? NaN), log.records[entry + 1] ?? NaN] as const;
      }),
  });
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
