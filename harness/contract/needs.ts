// SPDX-License-Identifier: GPL-2.0-only
/** What a mapping needs at least, whatever the code asks for, and whether there was room for that. */
import { POOL_START, SLOT_SIZE, SLOTS_PER_SEGMENT, type DeviceConfig } from '../machine/config.ts';
import { hasFailed, type EventOf } from '../machine/events.ts';
import { alignUp, lowBits, minU64 } from '../machine/u64.ts';
import type { Size } from '../machine/vocabulary.ts';
import type { Run } from '../run/run.ts';
import type { BufferRange } from '../run/scenario.ts';

/** Bus addresses have 48 bits. */
const APERTURE_END = 2 ** 48 - 1;

export interface Room {
  /** Slots or granules that the call asked for, and that were used and free then. */
  readonly asked: number;
  readonly used: number;
  readonly free: number;
  /** The fewest that keep every promise to the mapping. */
  readonly needed: number;
  /** There was room for these. */
  readonly fits: boolean;
  /** There is where nothing else is mapped. */
  readonly everFits: boolean;
}

/** Slots at a call of swiotlb_tbl_map_single() for a mapping. */
export function slotsAt(run: Run, mapping: number, call: EventOf<'swiotlb_tbl_map_single'>): Room {
  const { machine, buffers, mappings } = run.scenario;
  const { minAlignMask: mask, segBoundary, untrusted } = deviceOf(run, call.device);
  const total = machine.swiotlbSlots;
  const taken = new Uint8Array(total);
  let used = 0;
  for (const { event, released, start, end } of run.bounceBuffers) {
    if (event >= call.index || released <= call.index) continue;
    const slots = (end - start) / SLOT_SIZE;
    taken.fill(1, (start - POOL_START) / SLOT_SIZE, (start - POOL_START) / SLOT_SIZE + slots);
    used += slots;
  }
  // The call may begin at the granule of the buffer, or at the buffer.
  const range = mappings[mapping]?.ranges.find(({ buffer, offset, size }) => {
    const phys = (buffers[buffer]?.phys ?? 0) + offset;
    return phys < call.phys + call.allocSize && call.phys < phys + size;
  });
  const phys = range === undefined ? call.phys : (buffers[range.buffer]?.phys ?? 0) + range.offset;
  const size = range?.size ?? call.mappingSize;
  // An untrusted device reaches whole granules, so they must be its own.
  const unit = untrusted ? Math.max(machine.granule, SLOT_SIZE) : SLOT_SIZE;
  const kept = phys & mask & (unit - 1);
  const needed = alignUp(kept + size, unit) / SLOT_SIZE;
  const boundary = segBoundary === -1 ? Infinity : segBoundary + 1;
  const suits = (slot: number): boolean => {
    const start = POOL_START + slot * SLOT_SIZE;
    const isAligned = start % unit === 0 && ((start ^ phys) & mask & ~(unit - 1)) === 0;
    const first = lowBits(start + kept, boundary === Infinity ? 2 ** 52 : boundary);
    return isAligned && first + size <= boundary;
  };
  const fitsIn = (occupied: Uint8Array): boolean => {
    for (let slot = 0, free = 0; slot < total; slot++) {
      free = occupied[slot] === 1 ? 0 : slot % SLOTS_PER_SEGMENT === 0 ? 1 : free + 1;
      if (free >= needed && suits(slot + 1 - needed)) return true;
    }
    return false;
  };
  // swiotlb_align_offset(): the slots begin before the address that the device insists on.
  const asked = Math.ceil((call.allocSize + (call.phys & mask & (SLOT_SIZE - 1))) / SLOT_SIZE);
  const everFits = fitsIn(new Uint8Array(total));
  return { asked, used, free: total - used, needed, fits: everFits && fitsIn(taken), everFits };
}

function deviceOf({ scenario: { machine } }: Run, index: number): DeviceConfig {
  const device = machine.devices[index];
  if (device === undefined) throw new RangeError(`no device ${index}`);
  return device;
}

/** Granules of the device's IOVA space at a call of alloc_iova_fast() for a mapping. */
export function granulesAt(run: Run, mapping: number, call: EventOf<'alloc_iova_fast'>): Room {
  const { machine, mappings } = run.scenario;
  const { granule } = machine;
  const { dmaMask, minAlignMask, untrusted, iovaBase } = deviceOf(run, call.device);
  const last = Math.floor(minU64(dmaMask, APERTURE_END) / granule);
  const needs = (mappings[mapping]?.ranges ?? []).map((range) =>
    granulesOf(run, range, untrusted, minAlignMask),
  );
  const needed = neededFor(needs, call.pages, servedBefore(run, call));
  const live = run.events
    .of('alloc_iova_fast', 0, call.index)
    .filter((other) => other.device === call.device && !hasFailed(other) && isLive(run, other, call.index))
    .map(({ result, pages }) => ({ start: result, end: result + pages }))
    .toSorted((a, b) => a.start - b.start);
  let largest = 0;
  // Granule 0 is never given out.
  const lowest = Math.max(1, Math.floor(iovaBase / granule));
  const lost = lostAtZero(run, call);
  if (lost > lowest) live.unshift({ start: lowest, end: lost });
  let next = lowest;
  for (const { start, end } of [...live, { start: last + 1, end: Infinity }]) {
    largest = Math.max(largest, Math.min(start, last + 1) - next);
    next = Math.max(next, end);
  }
  const used = live.reduce((sum, { start, end }) => sum + end - start, 0);
  return {
    asked: call.pages,
    used,
    free: last + 1 - lowest - used,
    needed,
    fits: needed <= largest,
    everFits: needed <= last + 1 - lowest,
  };
}

/**
 * Where a range ends that the allocator gave out from granule 0 on, which everybody takes for a failure, and that
 * is held since; 0: there is none.
 */
function lostAtZero(run: Run, { device, index: until, step }: EventOf<'alloc_iova_fast'>): Size {
  const calls = run.events.of('alloc_iova_fast', 0, until).filter((call) => call.device === device);
  for (const [at, { held, to }] of run.steps.slice(0, step).entries()) {
    const known = calls.filter((call) => call.index < to && !hasFailed(call) && isLive(run, call, to)).length;
    if ((held.iovas[device] ?? 0) <= known) continue;
    const refused = calls.findLast((call) => call.step === at && hasFailed(call) && !call.injected);
    if (refused !== undefined) return refused.pages;
  }
  return 0;
}

/** Of a list's entries, what the call is about: all of them, or the one behind those that are served. */
function neededFor(needs: readonly Size[], asked: Size, served: number): Size {
  const all = needs.reduce((sum, need) => sum + need, 0);
  return served === 0 && asked >= all ? all : (needs[served] ?? all);
}

/** Calls of the same operation that were given something before this one. */
function servedBefore({ events, steps }: Run, { index, step }: EventOf<'alloc_iova_fast'>): number {
  const begun = steps[step]?.from ?? index;
  return events.of('alloc_iova_fast', begun, index).filter((call) => !hasFailed(call)).length;
}

/** A bounce buffer may begin where its granule does, but for the bits that the device insists on. */
function granulesOf(
  { scenario: { machine, buffers } }: Run,
  { buffer, offset, size }: BufferRange,
  untrusted: boolean,
  minAlignMask: number,
): number {
  const { granule, swiotlb } = machine;
  const phys = (buffers[buffer]?.phys ?? 0) + offset;
  const inside = phys % granule;
  const kept = untrusted && swiotlb ? inside & minAlignMask : inside;
  return Math.ceil((kept + size) / granule);
}

function isLive(run: Run, { device, result, index }: EventOf<'alloc_iova_fast'>, until: number): boolean {
  return !run.events
    .of('free_iova_fast', index, until)
    .some((call) => call.device === device && call.pfn === result);
}
