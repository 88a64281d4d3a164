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

function toVector(log: EventLog, index: number): VectorEvent | undefined {
  const at = index * STRIDE;
  const arg = (n: number): number => log.records[at + F_ARGS + n] ?? NaN;
  const result = log.records[at + F_RESULT] ?? NaN;
  const dir = (n: number): string => DIRECTION_NAMES[arg(n)] ?? '?';
  const kind = EVENT_KINDS[log.records[at + F_KIND] ?? -1];
  switch (kind) {
    case 'alloc_iova_fast':
      return ['alloc_iova', arg(0), hex(arg(1)), hex(result)];
    case 'free_iova_fast':
      return ['free_iova', hex(arg(0)), arg(1)];
    case 'queue_iova':
      return ['queue_iova', hex(arg(0)), arg(1)];
    case 'iommu_map':
      return ['iommu_map', hex(arg(0)), hex(arg(1)), size(arg(2)), arg(3), result];
    case 'iommu_map_sg': {
      const entries = Array.from({ length: arg(1) }, (_, i) => {
        const entry = (index + 1 + i) * STRIDE + F_ARGS;
        return [hex(log.records[entry] ?? NaN), log.records[entry + 1]];
      });
      return ['iommu_map_sg', hex(arg(0)), entries, arg(2), result];
    }
    case 'iommu_unmap':
      return ['iommu_unmap', hex(arg(0)), size(arg(1)), result];
    case 'iommu_iotlb_sync':
      return ['iotlb_sync'];
    case 'iommu_flush_iotlb_all':
      return ['iotlb_flush_all'];
    case 'iommu_iova_to_phys':
      return ['iova_to_phys', hex(arg(0)), hex(result)];
    case 'arch_sync_dma_for_device':
      return ['arch_sync_for_device', hex(arg(0)), size(arg(1)), dir(2)];
    case 'arch_sync_dma_for_cpu':
      return ['arch_sync_for_cpu', hex(arg(0)), size(arg(1)), dir(2)];
    case 'swiotlb_tbl_map_single': {
      const tlb = Number.isNaN(result) ? null : hex(result);
      return ['swiotlb_map', hex(arg(0)), arg(1), arg(2), arg(3), dir(4), arg(5), tlb];
    }
    case 'swiotlb_tbl_unmap_single':
      return ['swiotlb_unmap', hex(arg(0)), arg(1), dir(2), arg(3)];
    case 'swiotlb_sync_single_for_device':
      return ['swiotlb_sync_for_device', hex(arg(0)), arg(1), dir(2)];
    case 'swiotlb_sync_single_for_cpu':
      return ['swiotlb_sync_for_cpu', hex(arg(0)), arg(1), dir(2)];
    case 'swiotlb_bounce': {
      const to = arg(3) === DMA_TO_DEVICE ? 'to_device' : 'from_device';
      return ['bounce', to, hex(arg(0)), hex(arg(1)), arg(2)];
    }
    case 'memset':
      return ['memset', hex(arg(0)), size(arg(1))];
    case 'warn':
      return ['warn', describeWarning(WARNINGS[arg(0)] ?? 'pool-full', arg(1), arg(2), arg(3))];
    case 'crash':
      return { crash: describeCrash(CRASHES[arg(0)] ?? 'search-never-ends', arg(1), arg(2)) };
    case 'iommu_fault':
      return ['fault', hex(arg(0)), FAULT_REASONS[arg(1)]];
    default:
      return undefined;
  }
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
