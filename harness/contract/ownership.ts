// SPDX-License-Identifier: GPL-2.0-only
/**
 * Walks a recording with the contract's idea of who owns which byte, and notes where an owner did
 * not find what it should have. Ownership: the CPU's before the map, after the unmap, and between a
 * sync for cpu and the next sync for device that cover the byte; the device's in between. SKIP
 * hands nothing over. A byte touched out of turn is judged by nobody from then on.
 */
import { LABEL_FAULT, LABEL_ZERO } from '../machine/memory.ts';
import { DMA_ATTR_SKIP_CPU_SYNC, DMA_FROM_DEVICE, DMA_TO_DEVICE } from '../machine/vocabulary.ts';
import type { Event, StepOutcome } from '../recording/recording.ts';
import type { Step } from '../scenario/scenario.ts';
import { covers, makeBytes, type BufferBytes } from './bytes.ts';
import type { Facts, MappingFacts } from './facts.ts';
import { checkIsolation, type Moment } from './isolation.ts';
import { SharedLines } from './shared-lines.ts';
import { Views } from './views.ts';
import { Ownership, type OwnershipClause } from './wrong-byte.ts';

/** Runs the walk. */
export function examineOwnership(facts: Facts): Ownership {
  const walk = new Walk(facts);
  walk.run();
  return walk.found;
}

class Walk implements Moment {
  readonly found = new Ownership();
  readonly facts: Facts;
  readonly bytes: readonly BufferBytes[];
  readonly views: Views;
  private readonly lines: SharedLines;
  step = -1;

  constructor(facts: Facts) {
    this.facts = facts;
    this.bytes = makeBytes(facts.run.scenario);
    this.views = new Views(facts.run);
    this.lines = new SharedLines(facts, this.bytes);
  }

  run(): void {
    const { run } = this.facts;
    this.views.advance(-1);
    for (const [buffer, bytes] of this.bytes.entries()) {
      const labels = this.views.labels('buffer', buffer);
      bytes.content.set(labels);
      bytes.seen.set(labels);
    }
    for (this.step = 0; this.step < this.facts.completeSteps; this.step++) {
      const step = run.scenario.steps[this.step];
      const outcome = run.steps[this.step];
      if (step === undefined || outcome === undefined) break;
      this.views.advance(this.step);
      const dma = 'map' in step && step.op !== 'device_read' && step.op !== 'device_write';
      if (dma && outcome.status !== 'skipped') checkIsolation(this, step.map, outcome);
      this.accesses(outcome, dma ? step.map : -1);
      if (outcome.status === 'done') this.handOver(step);
      if (outcome.status === 'failed' && dma) this.checkFailedMap(step.map);
      if (step.op === 'flush_queue') for (const bytes of this.bytes) bytes.closeLazyWindow(step.device);
    }
  }

  /** Reads and writes; those on mapping `inside`, in the middle of an operation on it, are out of turn. */
  private accesses(outcome: StepOutcome, inside: number): void {
    for (const event of this.facts.events.between(outcome.from, outcome.to)) {
      const [a = 0, b = 0, c = 0, d = 0, e = 0] = event.args;
      switch (event.kind) {
        case 'cpu_write':
          this.cpuWrote(event, inside);
          this.lines.spoil(e, c, this.step, inside);
          break;
        case 'cpu_read':
          this.cpuRead(event, inside);
          break;
        case 'device_read':
          this.deviceRead(event, inside);
          break;
        case 'device_write_run':
          this.deviceWrote(event, inside);
          this.lines.spoil(b, c, this.step, inside, event.device);
          break;
        case 'swiotlb_bounce':
          this.lines.spoil(d === DMA_TO_DEVICE ? b : a, c, this.step, inside);
          break;
        default:
      }
    }
  }

  private cpuWrote({ args }: Event, inside: number): void {
    const [buffer = 0, offset = 0, size = 0, start = 0] = args;
    const bytes = this.of(buffer);
    for (let i = 0; i < size; i++) {
      const at = offset + i;
      if (bytes.owner[at] !== -1 || this.isInside(inside, buffer, at)) bytes.judged[at] = 0;
      const label = this.facts.run.labels[start + i] ?? 0;
      bytes.content[at] = label;
      bytes.seen[at] = label;
      bytes.known[at] = 1;
      bytes.deviceWrote[at] = 0;
      if (bytes.mapped[at] !== -1) bytes.cpuWrote[at] = 1;
    }
  }

  /** The byte is mapped by the operation under way. */
  private isInside(inside: number, buffer: number, at: number): boolean {
    return inside >= 0 && covers(this.facts.run.scenario, inside, buffer, at);
  }

  private cpuRead({ args, index }: Event, inside: number): void {
    const [buffer = 0, offset = 0, size = 0, first = 0, second = 0] = args;
    const { labels } = this.facts.run;
    const bytes = this.of(buffer);
    for (let i = 0; i < size; i++) {
      const at = offset + i;
      if (bytes.owner[at] !== -1 || bytes.judged[at] === 0 || bytes.known[at] === 0) continue;
      if (this.isInside(inside, buffer, at)) continue;
      const one = labels[first + i] ?? 0;
      const two = labels[second + i] ?? 0;
      if (one === two && one === bytes.seen[at] && one === bytes.content[at]) {
        if (bytes.lazy[at] === -1) this.found.exercise('cpu-owned-stability');
        if (bytes.deviceWrote[at] === 1) this.found.exercise('from-device-data');
        continue;
      }
      const mapping = bytes.lastMap[at] ?? -1;
      if (bytes.lazy[at] === -1) {
        this.expect('cpu-owned-stability', index, mapping, buffer, at, bytes.seen[at] ?? 0, one);
        this.expect('cpu-owned-stability', index, mapping, buffer, at, one, two);
      }
      if (bytes.deviceWrote[at] === 1) {
        this.expect('from-device-data', index, mapping, buffer, at, bytes.content[at] ?? 0, one);
      }
      bytes.seen[at] = two;
    }
  }

  private deviceRead({ args, device, index }: Event, inside: number): void {
    const [iova = 0, size = 0, start = 0] = args;
    for (let i = 0, n; i < size; i += n) {
      const hit = this.facts.mappingAt(device, iova + i, this.step);
      n = Math.min(size - i, hit?.left ?? this.facts.gapAt(device, iova + i, this.step));
      if (hit === undefined || hit.mapping.dir === DMA_FROM_DEVICE || hit.mapping.index === inside) continue;
      const { index: map } = hit.mapping;
      for (const { buffer, offset, size: length, byte } of this.facts.pieces(map, hit.byte, n)) {
        const bytes = this.of(buffer);
        const first = start + i + byte - hit.byte - offset;
        for (let at = offset; at < offset + length; at++) {
          if (bytes.owner[at] !== map) continue;
          this.checkDeviceSees(bytes, map, buffer, at, this.facts.run.labels[first + at] ?? 0, index);
        }
      }
    }
  }

  private deviceWrote({ args, device }: Event, inside: number): void {
    const [iova = 0, phys = 0, size = 0, label = 0] = args;
    for (let i = 0, n; i < size; i += n) {
      const hit = this.facts.mappingAt(device, iova + i, this.step);
      n = Math.min(size - i, hit?.left ?? this.facts.gapAt(device, iova + i, this.step));
      if (hit === undefined) {
        this.spoilByPhys(phys + i, n);
        continue;
      }
      const { index, dir } = hit.mapping;
      for (const { buffer, offset, size: length, byte } of this.facts.pieces(index, hit.byte, n)) {
        const bytes = this.of(buffer);
        for (let at = offset; at < offset + length; at++) {
          if (index === inside || bytes.owner[at] !== index || dir === DMA_TO_DEVICE) bytes.judged[at] = 0;
          bytes.content[at] = label + i + byte - hit.byte + at - offset;
        }
        bytes.deviceWrote.fill(1, offset, offset + length);
      }
    }
  }

  /** A device wrote there without being entitled to: confinement's business, nobody else's. */
  private spoilByPhys(phys: number, size: number): void {
    for (const [index, buffer] of this.facts.run.scenario.buffers.entries()) {
      const from = Math.max(phys, buffer.phys) - buffer.phys;
      const to = Math.min(phys + size, buffer.phys + buffer.size) - buffer.phys;
      if (from < to) this.of(index).judged.fill(0, from, to);
    }
  }

  private handOver(step: Step): void {
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
    for (const { buffer, offset, size } of this.facts.pieces(map)) {
      const bytes = this.of(buffer);
      for (let at = offset; at < offset + size; at++) if (bytes.mapped[at] !== -1) bytes.judged[at] = 0;
      bytes.mapped.fill(map, offset, offset + size);
      bytes.lastMap.fill(map, offset, offset + size);
      bytes.cpuWrote.fill(0, offset, offset + size);
      bytes.deviceWrote.fill(0, offset, offset + size);
      bytes.deviceHad.fill(0, offset, offset + size);
    }
    if (handsOver) this.toDevice(map);
  }

  private toDevice(map: number, from?: number, size?: number): void {
    const { dir } = this.mapping(map);
    const seen = this.views.labels('mapping', map);
    for (const piece of this.facts.pieces(map, from, size)) {
      const { buffer, offset } = piece;
      const bytes = this.of(buffer);
      for (let i = 0; i < piece.size; i++) {
        const at = offset + i;
        if (bytes.owner[at] === map) {
          // Handed over twice: whether the device's bytes survive is nobody's promise.
          if (bytes.deviceWrote[at] === 1 && dir !== DMA_FROM_DEVICE) bytes.judged[at] = 0;
          continue;
        }
        bytes.owner[at] = map;
        bytes.deviceHad[at] = 1;
        bytes.deviceWrote[at] = 0;
        bytes.cpuWrote[at] = 0;
        if (dir === DMA_FROM_DEVICE) continue;
        // A byte that no dma segment has is out of the device's reach.
        this.checkDeviceSees(bytes, map, buffer, at, seen[piece.byte + i] ?? LABEL_FAULT, -1);
      }
    }
  }

  private checkDeviceSees(
    bytes: BufferBytes,
    map: number,
    buffer: number,
    offset: number,
    label: number,
    event: number,
  ): void {
    if (bytes.judged[offset] === 0 || bytes.known[offset] === 0 || bytes.deviceWrote[offset] === 1) return;
    const content = bytes.content[offset] ?? 0;
    if (content === label) this.found.exercise('to-device-data');
    else this.expect('to-device-data', event, map, buffer, offset, content, label);
  }

  private toCpu(map: number, from?: number, size?: number): void {
    const mayChange = this.mapping(map).dir !== DMA_TO_DEVICE;
    for (const { buffer, offset, size: length } of this.facts.pieces(map, from, size)) {
      const bytes = this.of(buffer);
      const seen = this.views.labels('buffer', buffer);
      for (let at = offset; at < offset + length; at++) {
        const label = seen[at] ?? 0;
        if (bytes.owner[at] === map) this.returned(bytes, map, buffer, at, label);
        else if (mayChange && (bytes.cpuWrote[at] === 1 || bytes.deviceHad[at] === 0)) {
          // The CPU wrote to it since it came back, or the device never got it: a copy back is nobody's promise.
          bytes.judged[at] = 0;
        } else if (bytes.judged[at] === 1 && bytes.known[at] === 1 && bytes.lazy[at] === -1) {
          this.expect('cpu-owned-stability', -1, map, buffer, at, bytes.seen[at] ?? 0, label);
        }
        bytes.owner[at] = -1;
        bytes.seen[at] = label;
      }
    }
  }

  /** A byte comes back from the device. */
  private returned(bytes: BufferBytes, map: number, buffer: number, offset: number, label: number): void {
    if (bytes.judged[offset] === 0 || bytes.known[offset] === 0) return;
    const content = bytes.content[offset] ?? 0;
    if (content === label) {
      this.found.exercise(bytes.deviceWrote[offset] === 1 ? 'from-device-data' : 'partial-write-preserved');
      return;
    }
    if (bytes.deviceWrote[offset] === 1) {
      this.expect('from-device-data', -1, map, buffer, offset, content, label);
      bytes.content[offset] = label;
      return;
    }
    const tolerated =
      this.mapping(map).dir === DMA_FROM_DEVICE &&
      (label === LABEL_ZERO || this.facts.wasOf(map, buffer, offset, label));
    this.expect('partial-write-preserved', -1, map, buffer, offset, tolerated ? label : content, label);
    bytes.content[offset] = label;
  }

  private unmapped(map: number): void {
    const { dir, device } = this.mapping(map);
    const lazy = this.facts.revokesLazily(device) ? device : -1;
    for (const { buffer, offset, size } of this.facts.pieces(map)) {
      const bytes = this.of(buffer);
      const seen = this.views.labels('buffer', buffer);
      for (let at = offset; at < offset + size; at++) {
        // Unmapped with SKIP while the device had it: what is there now was never handed over.
        if (bytes.owner[at] === map && dir !== DMA_TO_DEVICE) bytes.known[at] = 0;
        // What the CPU had already must not change by this; what comes back now is new.
        if (bytes.owner[at] === map) bytes.seen[at] = seen[at] ?? 0;
      }
      bytes.owner.fill(-1, offset, offset + size);
      bytes.mapped.fill(-1, offset, offset + size);
      bytes.lazy.fill(lazy, offset, offset + size);
    }
  }

  private checkFailedMap(map: number): void {
    const { dir } = this.mapping(map);
    for (const { buffer, offset, size } of this.facts.pieces(map)) {
      const bytes = this.of(buffer);
      const seen = this.views.labels('buffer', buffer);
      for (let at = offset; at < offset + size; at++) {
        if (bytes.owner[at] !== -1 || bytes.judged[at] === 0 || bytes.known[at] === 0) continue;
        const before = bytes.seen[at] ?? 0;
        const label = seen[at] ?? 0;
        const fine = label === before || (dir === DMA_FROM_DEVICE && label === LABEL_ZERO);
        this.expect('failed-map-harmless', -1, map, buffer, at, fine ? label : before, label);
        bytes.seen[at] = label;
        bytes.content[at] = label;
      }
    }
  }

  private expect(
    clause: OwnershipClause,
    event: number,
    mapping: number,
    buffer: number,
    offset: number,
    expected: number,
    observed: number,
  ): void {
    if (expected === observed) this.found.exercise(clause);
    else this.found.miss(clause, this.step, event, mapping, buffer, offset, expected, observed);
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
