// SPDX-License-Identifier: GPL-2.0-only
/** What several clauses need to know of a recording, worked out once. */
import { POOL_START, SLOT_SIZE } from '../machine/config.ts';
import { WARNINGS } from '../machine/crash.ts';
import type { Event, EventKind, EventOf } from '../machine/events.ts';
import type { EventIndex } from '../run/event-index.ts';
import type { Run } from '../run/run.ts';
import type { DmaSegment } from '../run/recording.ts';
import { isMisuse, type BufferRange } from '../run/scenario.ts';
import {
  DMA_TO_DEVICE,
  type BufferIx,
  type EventIx,
  type Label,
  type MappingIx,
  type Size,
  type StepIx,
} from '../machine/vocabulary.ts';
import { BufferHistory } from './buffer-history.ts';
import { MemoryHistory } from './cause.ts';

/** A stretch of bus addresses and the memory behind it. */
export interface Reach {
  readonly iova: number;
  readonly phys: number;
  readonly size: number;
  readonly prot: number;
}

/** One mapping of the scenario, as it went. */
export interface MappingFacts {
  readonly index: number;
  readonly device: number;
  readonly dir: number;
  readonly sg: boolean;
  /** Step that mapped it; what it maps is in the scenario. */
  readonly mapStep: number;
  /** Step that unmapped it, Infinity: none. */
  readonly unmapStep: number;
  readonly mapped: boolean;
  readonly segments: readonly DmaSegment[];
  /** What its map installed in the page table. */
  readonly reach: readonly Reach[];
  /** What it maps, one behind the other. */
  readonly ranges: readonly BufferRange[];
}

/** A bus address inside a mapping. */
export interface Hit {
  readonly mapping: MappingFacts;
  /** Which byte of the mapping it is. */
  readonly byte: number;
  /** Bytes from here to the end of the dma segment. */
  readonly left: number;
}

/** A byte of a buffer. */
export interface BufferByte {
  readonly buffer: BufferIx;
  readonly offset: Size;
}

/** Bytes in a row of one buffer, and which byte of the mapping the first one is. */
interface Piece extends BufferRange {
  readonly byte: number;
}

export class Facts {
  readonly run: Run;
  readonly memory: MemoryHistory;
  readonly buffers: BufferHistory;
  readonly mappings: readonly MappingFacts[];

  constructor(run: Run) {
    this.run = run;
    this.memory = new MemoryHistory(run.events, (device) => this.coherent(device));
    this.buffers = new BufferHistory(run);
    this.mappings = run.scenario.mappings.map((_, index) => mappingFacts(run, index));
  }

  /** Steps that ran to their end: all before a crash. */
  get completeSteps(): number {
    return this.run.crash?.step ?? this.run.steps.length;
  }

  /** Event behind the last one of the step that is not the standing adversary's: by then all is handed over. */
  endOfOperation(step: StepIx): EventIx {
    const { events, steps } = this.run;
    const { from = 0, to = 0 } = steps[step] ?? {};
    let end = to;
    for (let index = to - 1; index >= from; index--) {
      const event = events.at(index);
      if (event.kind === 'device_write' && event.mapping < 0) end = index;
      else if (event.kind !== 'device_write_run') break;
    }
    return end;
  }

  /**
   * Events of the step of these kinds, before and behind its hand-over. What the standing adversary put into a
   * buffer in the end stands in the views of the step already, and counts as before it.
   */
  aroundHandOver(
    step: StepIx,
    kinds: ReadonlySet<EventKind>,
  ): { within: readonly Event[]; behind: readonly Event[] } {
    const { events, steps } = this.run;
    const { from = 0, to = 0 } = steps[step] ?? {};
    const end = this.endOfOperation(step);
    if (end === to) return { within: events.between(from, to, kinds), behind: [] };
    const late = events.between(end, to, kinds);
    const isSeen = (event: Event): boolean => event.kind === 'device_write_run' && !this.inPool(event.phys);
    return {
      within: [...events.between(from, end, kinds), ...late.filter(isSeen)],
      behind: late.filter((event) => !isSeen(event)),
    };
  }

  /** The pool's physical range has this address. */
  inPool(phys: number): boolean {
    const { swiotlb, swiotlbSlots } = this.run.scenario.machine;
    return swiotlb && phys >= POOL_START && phys < POOL_START + swiotlbSlots * SLOT_SIZE;
  }

  /** Untrusted device on a kernel that can bounce. */
  confined(device: number): boolean {
    const { machine } = this.run.scenario;
    return machine.swiotlb && machine.devices[device]?.untrusted === true;
  }

  /** A trusted device with a flush queue on a lazy machine: what is unmapped stays reachable until the flush. */
  revokesLazily(device: number): boolean {
    const { strict, devices } = this.run.scenario.machine;
    return !strict && this.run.flushQueue[device] === true && devices[device]?.untrusted !== true;
  }

  /** The scenario says that the API does not allow what the step does. */
  isMisuse(step: StepIx): boolean {
    return isMisuse(this.run.scenario, step);
  }

  coherent(device: number): boolean {
    return this.run.scenario.machine.devices[device]?.coherent === true;
  }

  /** The mapping's device, which may write the byte, has scribbled it itself: that harms nobody else. */
  isOwnScribble(map: MappingIx, label: Label): boolean {
    const origin = this.run.provenance.of(label);
    const { device, dir } = this.mappings[map] ?? {};
    return origin.by === 'device' && origin.mapping < 0 && origin.device === device && dir !== DMA_TO_DEVICE;
  }

  /** Handed over at step `step` (its map and unmap included). */
  liveAt(mapping: MappingFacts, step: number): boolean {
    return mapping.mapped && step >= mapping.mapStep && step <= mapping.unmapStep;
  }

  /** The mapping of `device`, live at `step`, that has this bus address. */
  mappingAt(device: number, iova: number, step: number): Hit | undefined {
    for (const mapping of this.mappings) {
      if (mapping.device !== device || !this.liveAt(mapping, step)) continue;
      let before = 0;
      for (const { address, length } of mapping.segments) {
        const inside = iova - address;
        if (inside >= 0 && inside < length) return { mapping, byte: before + inside, left: length - inside };
        before += length;
      }
    }
    return undefined;
  }

  /** Bytes from a bus address to the next one where a dma segment begins. */
  gapAt(device: number, iova: number, step: number): number {
    let next = Infinity;
    for (const mapping of this.mappings) {
      if (mapping.device !== device || !this.liveAt(mapping, step)) continue;
      for (const { address } of mapping.segments) if (address > iova) next = Math.min(next, address);
    }
    return next - iova;
  }

  /** Memory behind byte `byte` of the mapping, if any, and for how many bytes on it goes on like that, at least. */
  memoryAt(mapping: MappingFacts, byte: number): { phys: number | undefined; size: Size } {
    let before = 0;
    for (const { address, length } of mapping.segments) {
      if (byte < before + length) {
        const iova = address + byte - before;
        const left = before + length - byte;
        const piece = mapping.reach.find((r) => iova >= r.iova && iova < r.iova + r.size);
        if (piece === undefined) return { phys: undefined, size: 1 };
        return {
          phys: piece.phys + (iova - piece.iova),
          size: Math.min(left, piece.iova + piece.size - iova),
        };
      }
      before += length;
    }
    return { phys: undefined, size: Infinity };
  }

  /** Bytes [from, from + size) of a mapping, buffer by buffer. */
  pieces(map: number, from = 0, size = Infinity): Piece[] {
    const pieces: Piece[] = [];
    let before = 0;
    for (const range of this.mappings[map]?.ranges ?? []) {
      const start = Math.max(from, before);
      const end = Math.min(from + size, before + range.size);
      if (start < end) {
        const offset = range.offset + start - before;
        pieces.push({ buffer: range.buffer, offset, size: end - start, byte: start });
      }
      before += range.size;
    }
    return pieces;
  }

  /** Where a buffer's byte stands. */
  bufferPhys(buffer: number, offset: number): number {
    return (this.run.scenario.buffers[buffer]?.phys ?? 0) + offset;
  }

  /** The memory behind a mapping, in pieces: which bytes of it stand where. */
  memoryOf(mapping: MappingFacts): readonly { phys: number; size: number; byte: number }[] {
    const pieces: { phys: number; size: number; byte: number }[] = [];
    let before = 0;
    for (const { address, length } of mapping.segments) {
      for (const { iova, phys, size } of mapping.reach) {
        const from = Math.max(iova, address);
        const to = Math.min(iova + size, address + length);
        if (from < to) {
          pieces.push({ phys: phys + from - iova, size: to - from, byte: before + from - address });
        }
      }
      before += length;
    }
    return pieces;
  }

  /** Step of the first flush of the device's queue after the mapping was unmapped; Infinity: none. */
  flushAfter({ device, unmapStep }: MappingFacts): number {
    const unmapped = this.run.steps[unmapStep]?.to ?? Infinity;
    const flushes = this.run.events.of('iommu_flush_iotlb_all', unmapped);
    return flushes.find((flush) => flush.device === device)?.step ?? Infinity;
  }

  /** Which byte of the mapping is this buffer byte, if any, and for how many bytes on it goes on like that. */
  bytesOf(mapping: number, buffer: number, offset: number): { byte: number | undefined; size: Size } {
    let before = 0;
    let size = Infinity;
    for (const range of this.mappings[mapping]?.ranges ?? []) {
      const inside = offset - range.offset;
      if (range.buffer === buffer && inside >= 0 && inside < range.size) {
        return { byte: before + inside, size: Math.min(size, range.size - inside) };
      }
      if (range.buffer === buffer && inside < 0) size = Math.min(size, -inside);
      before += range.size;
    }
    return { byte: undefined, size };
  }

  /** Which buffer byte is byte `byte` of the mapping; undefined: it is behind the last. */
  bufferByte(mapping: number, byte: number): BufferByte | undefined {
    let inside = byte;
    for (const { buffer, offset, size } of this.mappings[mapping]?.ranges ?? []) {
      if (inside < size) return { buffer, offset: offset + inside };
      inside -= size;
    }
    return undefined;
  }
}

function mappingFacts(run: Run, index: MappingIx): MappingFacts {
  const info = run.scenario.mappings[index];
  if (info === undefined) throw new RangeError(`no mapping ${index}`);
  const outcome = run.steps[info.step];
  const mapped = outcome?.status === 'done';
  const unmapStep = run.scenario.steps.findIndex(
    (step) => (step.op === 'unmap_page' || step.op === 'unmap_sg') && step.map === index,
  );
  return {
    index,
    device: info.device,
    dir: info.dir,
    sg: info.sg,
    mapStep: info.step,
    unmapStep: unmapStep === -1 ? Infinity : unmapStep,
    mapped,
    segments: outcome?.segments ?? [],
    reach: outcome === undefined ? [] : reachOf(run, outcome.from, outcome.to),
    ranges: info.ranges,
  };
}

/** What the iommu_map and iommu_map_sg calls among events [from, to) installed, or found there and kept. */
function reachOf({ events, scenario }: Run, from: EventIx, to: EventIx): Reach[] {
  const pages = events.of('iommu_map', from, to).filter(({ result }) => result === 0);
  const asked = [
    ...pages.map(({ iova, phys, size, prot }) => ({ iova, phys, size, prot })),
    ...events.of('iommu_map_sg', from, to).flatMap((call) => sgReach(events, call)),
  ];
  const kept = events.of('warn', from, to).filter(({ which }) => WARNINGS[which] === 'already-mapped');
  if (kept.length === 0) return asked;
  const { granule: size } = scenario.machine;
  const there = kept.map(({ a: iova, b: phys }) => ({ iova, phys, size, prot: protAt(asked, iova) }));
  return [...there, ...asked.flatMap((piece) => without(piece, there))];
}

function protAt(pieces: readonly Reach[], iova: number): number {
  return pieces.find((piece) => iova >= piece.iova && iova < piece.iova + piece.size)?.prot ?? 0;
}

/** What is left of a piece without the granules of others. */
function without(piece: Reach, others: readonly Reach[]): Reach[] {
  const other = others.find(({ iova }) => iova >= piece.iova && iova < piece.iova + piece.size);
  if (other === undefined) return [piece];
  const before = other.iova - piece.iova;
  const after = piece.size - before - other.size;
  const end = other.iova + other.size;
  return [
    ...(before > 0 ? [{ ...piece, size: before }] : []),
    ...(after > 0
      ? without({ ...piece, iova: end, phys: piece.phys + before + other.size, size: after }, others)
      : []),
  ];
}

/** The pieces of an iommu_map_sg call that worked. */
function sgReach(events: EventIndex, { index, iova, nents, prot, result }: EventOf<'iommu_map_sg'>): Reach[] {
  if (result === 0) return [];
  let next = iova;
  return events.of('sg_entry', index, index + 1 + nents).map(({ phys, length: size }) => {
    const piece = { iova: next, phys, size, prot };
    next += size;
    return piece;
  });
}
