// SPDX-License-Identifier: GPL-2.0-only
/**
 * Walks a recording with the contract's idea of who owns which byte, and notes where an owner did
 * not find what it should have. Ownership: the CPU's before the map, after the unmap, and between a
 * sync for cpu and the next sync for device that cover the byte; the device's in between. SKIP
 * hands nothing over. Several devices may own a byte that none of them may write. A byte touched out of
 * turn is left out from then on; but where an untrusted device did it, the CPU is still promised that it
 * does not change.
 */
import { countUp, differLength, equalLabels, LABEL_FAULT } from '../machine/labels.ts';
import {
  DMA_ATTR_SKIP_CPU_SYNC,
  DMA_FROM_DEVICE,
  DMA_TO_DEVICE,
  type BufferIx,
  type EventIx,
  type MappingIx,
} from '../machine/vocabulary.ts';
import { TOUCHING, type Event, type EventKind, type EventOf } from '../machine/events.ts';
import type { BufferRange, Step } from '../run/scenario.ts';
import { covers, makeBytes, type BufferBytes, type ByteRun } from './bytes.ts';
import type { Facts, MappingFacts } from './facts.ts';
import { checkFailedMap } from './failed-map.ts';
import { checkIsolation, type Moment } from './isolation.ts';
import { whyOutOfTurn, type WhyLeftOut } from './left-out.ts';
import { mayBeLeft } from './may-be-left.ts';
import { SharedLines } from './shared-lines.ts';
import { checkBothLooks, checkSeenAgain, noteWhatNeverArrived, putToTheTest } from './stability.ts';
import { Views } from './views.ts';
import { Ownership, type Look, type OwnershipClause } from './wrong-byte.ts';

const ACCESSES = new Set<EventKind>([...TOUCHING, 'device_read']);

const known = new WeakMap<Facts, Ownership>();

/** Whose byte is whose, and where that was not respected; walked once. */
export function ownershipOf(facts: Facts): Ownership {
  const found = known.get(facts);
  if (found !== undefined) return found;
  const walk = new Walk(facts);
  walk.run();
  known.set(facts, walk.found);
  return walk.found;
}

class Walk implements Moment {
  readonly found = new Ownership();
  readonly facts: Facts;
  readonly bytes: readonly BufferBytes[];
  readonly views: Views;
  private readonly lines: SharedLines;
  step = 0;

  constructor(facts: Facts) {
    this.facts = facts;
    this.bytes = makeBytes(facts.run.scenario);
    this.views = new Views(facts.run);
    this.lines = new SharedLines(this);
  }

  run(): void {
    const { run } = this.facts;
    this.views.advance(-1);
    for (const [buffer, { content, seen }] of this.bytes.entries()) {
      content.set(this.views.labels('buffer', buffer));
      seen.set(content);
    }
    for (this.step = 0; this.step < this.facts.completeSteps; this.step++) {
      const step = run.scenario.steps[this.step];
      const outcome = run.steps[this.step];
      if (step === undefined || outcome === undefined) break;
      this.views.advance(this.step);
      const dma = 'map' in step && step.op !== 'device_read' && step.op !== 'device_write';
      if (dma && outcome.status !== 'skipped') checkIsolation(this, step.map, outcome);
      const { within, behind } = this.facts.aroundHandOver(this.step, ACCESSES);
      this.accesses(within, dma ? step.map : undefined);
      if (outcome.status === 'done') this.handOver(step);
      this.accesses(behind);
      if (outcome.status === 'failed' && dma) checkFailedMap(this, step.map);
      if (step.op === 'flush_queue') for (const bytes of this.bytes) bytes.closeLazyWindow(step.device);
    }
  }

  /** Reads and writes; those on mapping `inside`, in the middle of an operation on it, are out of turn. */
  private accesses(events: readonly Event[], inside?: MappingIx): void {
    for (const event of events) {
      if (event.kind === 'cpu_write') this.cpuWrote(event, inside);
      else if (event.kind === 'cpu_read') this.cpuRead(event, inside);
      else if (event.kind === 'device_read') this.deviceRead(event, inside);
      else if (event.kind === 'device_write_run') this.deviceWrote(event, inside);
      this.lines.spoil(event, inside);
    }
  }

  private cpuWrote({ buffer, offset, size, bytes: start }: EventOf<'cpu_write'>, inside?: MappingIx): void {
    const bytes = this.of(buffer);
    const ranges = this.rangesOf(inside, buffer);
    const written = this.facts.run.labels.subarray(start, start + size);
    bytes.content.set(written, offset);
    bytes.seen.set(written, offset);
    bytes.wrong.fill(0, offset, offset + size);
    for (const run of this.of(buffer).aroundRanges(ranges, offset, offset + size)) {
      if (!run.isCpuOwned) this.leaveOut('cpu-wrote', run, buffer, run.owners[0]);
      else if (this.isInside(inside, buffer, run.from)) this.leaveOut('in-operation', run, buffer, inside);
      else run.attacked = false;
      run.known = true;
      run.deviceWrote = false;
      run.cpuWrote = run.cpuWroteMapped = true;
    }
  }

  /** What the operation under way maps of the buffer. */
  private rangesOf(inside: MappingIx | undefined, buffer: BufferIx): readonly BufferRange[] {
    if (inside === undefined) return [];
    return this.facts.pieces(inside).filter((range) => range.buffer === buffer);
  }

  /** The byte is mapped by the operation under way. */
  private isInside(inside: MappingIx | undefined, buffer: number, at: number): boolean {
    return inside !== undefined && covers(this.facts.run.scenario, inside, buffer, at);
  }

  private cpuRead(event: EventOf<'cpu_read'>, inside?: MappingIx): void {
    const { buffer, offset, size, first, second, index } = event;
    const ranges = this.rangesOf(inside, buffer);
    for (const run of this.of(buffer).aroundRanges(ranges, offset, offset + size)) {
      const why = !run.isCpuOwned ? 'cpu-read' : run.known ? undefined : 'not-returned';
      if (why !== undefined) this.found.pass(why, this.step, buffer, run.owners[0] ?? run.lastMap, run);
      if (!run.isCpuOwned || !run.judged || !run.known) continue;
      if (this.isInside(inside, buffer, run.from)) continue;
      checkBothLooks(this, run, buffer, { event: index, first: first - offset, second: second - offset });
    }
  }

  private deviceRead(
    { iova, size, bytes: start, device, index }: EventOf<'device_read'>,
    inside?: MappingIx,
  ): void {
    for (let i = 0, n; i < size; i += n) {
      const hit = this.facts.mappingAt(device, iova + i, this.step);
      n = Math.min(size - i, hit?.left ?? this.facts.gapAt(device, iova + i, this.step));
      if (hit === undefined || hit.mapping.dir === DMA_FROM_DEVICE || hit.mapping.index === inside) continue;
      const { index: map } = hit.mapping;
      for (const { buffer, offset, size: length, byte } of this.facts.pieces(map, hit.byte, n)) {
        const first = start + i + byte - hit.byte - offset;
        for (const run of this.of(buffer).between(offset, offset + length)) {
          if (run.owners.includes(map)) this.deviceSaw(run, map, buffer, this.facts.run.labels, first, index);
        }
      }
    }
  }

  private deviceWrote(
    { iova, phys, size, label, device }: EventOf<'device_write_run'>,
    inside?: MappingIx,
  ): void {
    for (let i = 0, n; i < size; i += n) {
      const hit = this.facts.mappingAt(device, iova + i, this.step);
      n = Math.min(size - i, hit?.left ?? this.facts.gapAt(device, iova + i, this.step));
      if (hit === undefined) {
        // Written without being entitled to: confinement's business, nobody else's.
        this.lines.spoilWritten(phys + i, phys + i + n, 'not-mapped');
        continue;
      }
      const { index } = hit.mapping;
      for (const { buffer, offset, size: length, byte } of this.facts.pieces(index, hit.byte, n)) {
        const { content } = this.of(buffer);
        for (const run of this.of(buffer).between(offset, offset + length)) {
          const why = whyOutOfTurn(run, hit.mapping, inside);
          if (why !== undefined && this.facts.confined(device)) {
            // An attack: the promise is that it does not reach the CPU.
            run.attacked = true;
            continue;
          }
          if (why === undefined) run.attacked = false;
          else this.leaveOut(why, run, buffer, index);
          run.deviceWrote = true;
          countUp(content, run.from, run.size, label + i + byte - hit.byte + run.from - offset);
        }
      }
    }
  }

  private handOver(step: Step): void {
    // What the API does not allow hands nothing over; but the first unmap ends the mapping.
    if (this.facts.isMisuse(this.step)) {
      const ends = 'map' in step && this.mapping(step.map).unmapStep === this.step;
      if (!ends) return;
    }
    switch (step.op) {
      case 'map_page':
      case 'map_sg':
        this.mapped(step.map, (step.attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0);
        break;
      case 'sync_single_for_device':
        this.toDevice(step.map, step.offset, step.size);
        break;
      case 'sync_sg_for_device':
        this.toDevice(step.map);
        break;
      case 'sync_single_for_cpu':
        this.toCpu(step.map, step.offset, step.size);
        break;
      case 'sync_sg_for_cpu':
        this.toCpu(step.map);
        break;
      case 'unmap_page':
      case 'unmap_sg':
        if ((step.attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0) this.toCpu(step.map);
        this.unmapped(step.map);
        break;
      default:
    }
  }

  private mapped(map: number, handsOver: boolean): void {
    const mayWrite = (index: MappingIx): boolean => this.mapping(index).dir !== DMA_TO_DEVICE;
    for (const { buffer, offset, size } of this.facts.pieces(map)) {
      for (const run of this.of(buffer).between(offset, offset + size)) {
        const isShared = run.mappings.length > 0;
        run.cover(map);
        if (isShared && run.mappings.some(mayWrite)) this.leaveOut('two-mappings', run, buffer, map);
        run.cpuWrote = false;
        run.deviceWrote = false;
        run.deviceHad = false;
      }
    }
    if (handsOver) this.toDevice(map);
  }

  private toDevice(map: number, from?: number, length?: number): void {
    const { dir } = this.mapping(map);
    const seen = this.views.labels('mapping', map);
    for (const { buffer, offset, size, byte } of this.facts.pieces(map, from, length)) {
      for (const run of this.of(buffer).between(offset, offset + size)) {
        if (run.owners.includes(map)) {
          // Whether the device's bytes survive is nobody's promise.
          const mayBeLost = run.deviceWrote && dir !== DMA_FROM_DEVICE;
          if (mayBeLost) this.leaveOut('handed-over-twice', run, buffer, map);
          continue;
        }
        run.giveTo(map);
        run.deviceHad = true;
        run.deviceWrote = false;
        run.cpuWrote = false;
        if (dir !== DMA_FROM_DEVICE) this.deviceSaw(run, map, buffer, seen, byte - offset);
      }
    }
  }

  /** What the device sees in byte `at` of the buffer is label `first + at` of `labels`. */
  private deviceSaw(
    run: ByteRun,
    map: number,
    buffer: number,
    labels: Uint32Array,
    first: number,
    event?: EventIx,
  ): void {
    if (!run.isSettled || run.deviceWrote) return;
    const { content } = this.of(buffer);
    const { from, to } = run;
    const look = this.look('to-device-data', event, map, buffer);
    for (let at = from, n; at < to; at += n) {
      n = equalLabels(content, at, labels, first + at, to - at);
      if (n > 0) continue;
      // A byte that no dma segment has is out of the device's reach.
      const label = labels[first + at] ?? LABEL_FAULT;
      n = Math.min(
        differLength(content, at, labels, first + at, to - at),
        this.facts.run.provenance.span(label),
      );
      if (!this.facts.isOwnScribble(map, label)) this.found.miss(look, at, content[at] ?? 0, label, n);
    }
    this.found.exercise('to-device-data');
  }

  private toCpu(map: number, from?: number, length?: number): void {
    const mayChange = this.mapping(map).dir !== DMA_TO_DEVICE;
    for (const { buffer, offset, size } of this.facts.pieces(map, from, length)) {
      const bytes = this.of(buffer);
      const seen = this.views.labels('buffer', buffer);
      for (const run of bytes.between(offset, offset + size)) {
        if (run.owners.includes(map)) this.returned(run, map, buffer, seen);
        else if (mayChange && (run.cpuWrote || !run.deviceHad)) {
          // The CPU wrote to it since it came back, or the device never got it: a copy back is nobody's promise.
          this.leaveOut('taken-back-twice', run, buffer, map);
        } else if (run.isCpuOwned && run.judged && run.known && run.lazy === undefined) {
          checkSeenAgain(this, run, map, buffer, seen);
        }
        run.takeFrom(map);
        bytes.seen.set(seen.subarray(run.from, run.to), run.from);
      }
    }
  }

  /** Bytes come back from the device; `seen` is what the CPU finds in the buffer now. */
  private returned(run: ByteRun, map: number, buffer: number, seen: Uint32Array): void {
    const { content, wrong } = this.of(buffer);
    // What came wrong and comes once more is no better for it; what the device wrote since is something else.
    if (run.deviceWrote) wrong.fill(0, run.from, run.to);
    if (run.attacked) noteWhatNeverArrived(this, run, buffer, seen);
    if (!run.isSettled) return;
    const clause = run.deviceWrote ? 'from-device-data' : 'partial-write-preserved';
    const { from, to } = run;
    const look = this.look(clause, undefined, map, buffer);
    putToTheTest(this, run, look);
    for (let at = from, n; at < to; at += n) {
      n = equalLabels(content, at, seen, at, to - at);
      if (n > 0) continue;
      const label = seen[at] ?? 0;
      const left = mayBeLeft(
        this.facts,
        map,
        { buffer, offset: at, size: to - at },
        label,
        run.cpuWroteMapped,
      );
      n = Math.min(differLength(content, at, seen, at, to - at), left.size);
      const tolerated = !run.deviceWrote && left.may;
      this.found.expect(look, at, tolerated ? label : (content[at] ?? 0), label, n);
      wrong.fill(tolerated ? 0 : 1, at, at + n);
      content.set(seen.subarray(at, at + n), at);
    }
  }

  private unmapped(map: number): void {
    const { dir, device } = this.mapping(map);
    const lazy = this.facts.revokesLazily(device) ? device : undefined;
    for (const { buffer, offset, size } of this.facts.pieces(map)) {
      const bytes = this.of(buffer);
      const seen = this.views.labels('buffer', buffer);
      for (const run of bytes.between(offset, offset + size)) {
        if (run.owners.includes(map)) {
          // Unmapped with SKIP while the device had it: what is there now was never handed over.
          if (dir !== DMA_TO_DEVICE) run.known = false;
          // What the CPU had already must not change by this; what comes back now is new.
          bytes.seen.set(seen.subarray(run.from, run.to), run.from);
        }
        run.takeFrom(map);
        run.uncover(map);
        run.lazy = lazy;
      }
    }
  }

  /** No clause looks at the bytes again. */
  private leaveOut(why: WhyLeftOut, run: ByteRun, buffer: BufferIx, map?: MappingIx): void {
    this.found.leaveOut(why, this.step, buffer, map, run);
  }

  /** Somebody looks, at the current step. `event`: the read; undefined: the memory after the step is looked at. */
  private look(
    clause: OwnershipClause,
    event: EventIx | undefined,
    mapping: MappingIx,
    buffer: BufferIx,
    attacked?: boolean,
  ): Look {
    return { clause, step: this.step, event, mapping, buffer, attacked };
  }

  private of(buffer: number): BufferBytes {
    const bytes = this.bytes[buffer];
    if (bytes === undefined) throw new RangeError(`no buffer ${buffer}`);
    return bytes;
  }

  private mapping(index: number): MappingFacts {
    const mapping = this.facts.mappings[index];
    if (mapping === undefined) throw new RangeError(`no mapping ${index}`);
    return mapping;
  }
}
