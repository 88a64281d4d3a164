// SPDX-License-Identifier: GPL-2.0-only
/** What refused a map that failed with an excuse. */
import { SLOT_SIZE } from '../machine/config.ts';
import { hasFailed, type EventOf } from '../machine/events.ts';
import type { EventIx, MappingIx } from '../machine/vocabulary.ts';
import type { Run } from '../run/run.ts';
import type { Evidence } from './clause.ts';

/** Causes that are no fault of a state alone; beside a state whose map works they are. */
export const EXCUSES = {
  'no-slots': 'swiotlb found no slots for it',
  'no-iova': 'the IOVA allocator found no range for it',
  'injected-failure': 'it made a call that the scenario lets fail',
} as const;
export type Excuse = keyof typeof EXCUSES;

/** Why the map of that mapping failed: what refused, and what was asked, used and free; undefined: it has no excuse. */
export function refusalOf(run: Run, mapping: MappingIx): { cause: Excuse; evidence: Evidence } | undefined {
  const { step = -1, device } = run.scenario.mappings[mapping] ?? {};
  const outcome = run.steps[step];
  if (outcome?.status !== 'failed') return undefined;
  const failed = run.events.between(outcome.from, outcome.to).findLast(hasFailed);
  if (failed === undefined) return undefined;
  const evidence = { step, event: failed.index, mapping, ...(device !== undefined && { device }), count: 1 };
  if (failed.injected) return { cause: 'injected-failure', evidence };
  if (failed.kind === 'swiotlb_tbl_map_single') {
    return { cause: 'no-slots', evidence: { ...evidence, ...slotsAt(run, failed) } };
  }
  if (failed.kind === 'alloc_iova_fast') {
    return { cause: 'no-iova', evidence: { ...evidence, ...granulesAt(run, failed) } };
  }
  return undefined;
}

interface Room {
  readonly asked: number;
  readonly used: number;
  readonly free: number;
}

/** Slots at a call of swiotlb_tbl_map_single(). */
function slotsAt({ scenario, bounceBuffers }: Run, call: EventOf<'swiotlb_tbl_map_single'>): Room {
  const { swiotlbSlots, devices } = scenario.machine;
  // swiotlb_align_offset(): the slots begin before the address that the device insists on.
  const offset = call.phys & (devices[call.device]?.minAlignMask ?? 0) & (SLOT_SIZE - 1);
  const used = bounceBuffers
    .filter(({ event, released }) => event < call.index && released > call.index)
    .reduce((sum, { start, end }) => sum + (end - start) / SLOT_SIZE, 0);
  return { asked: Math.ceil((call.allocSize + offset) / SLOT_SIZE), used, free: swiotlbSlots - used };
}

/** Granules of the device's IOVA space up to the limit at a call of alloc_iova_fast(). */
function granulesAt(run: Run, { index, device, pages, limit }: EventOf<'alloc_iova_fast'>): Room {
  const live = new Map<number, number>();
  for (const call of run.events.of('alloc_iova_fast', 0, index)) {
    if (call.device !== device || hasFailed(call)) continue;
    if (isLiveAt(run, device, call.result, call.index, index)) live.set(call.result, call.pages);
  }
  const used = [...live.values()].reduce((sum, n) => sum + n, 0);
  return { asked: pages, used, free: limit + 1 - used };
}

function isLiveAt(run: Run, device: number, pfn: number, since: EventIx, until: EventIx): boolean {
  return !run.events
    .of('free_iova_fast', since, until)
    .some((call) => call.device === device && call.pfn === pfn);
}
