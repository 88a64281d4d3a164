// SPDX-License-Identifier: GPL-2.0-only
/** What the CPU and the devices read and write, for the interpreter. */
import { EV } from '../machine/event-log.ts';
import { countUp } from '../machine/labels.ts';
import type { Machine } from '../machine/machine.ts';
import type { PhysAddr } from '../machine/vocabulary.ts';
import { contentOf } from './content.ts';
import type { Mapping } from './mapping.ts';
import type { AccessStep, Buffer, BufferRange, Content, Scenario } from './scenario.ts';

type DeviceStep = Extract<AccessStep, { op: 'device_read' | 'device_write' }>;

export class Accesses {
  private readonly machine: Machine;
  private readonly scenario: Scenario;
  private readonly mappings: readonly (Mapping | undefined)[];
  private writes = 0;

  /** `mappings`: by number, as they are at the moment of an access. */
  constructor(machine: Machine, scenario: Scenario, mappings: readonly (Mapping | undefined)[]) {
    this.machine = machine;
    this.scenario = scenario;
    this.mappings = mappings;
  }

  /** Where the range begins. */
  phys({ buffer, offset }: BufferRange): PhysAddr {
    return (this.scenario.buffers[buffer]?.phys ?? 0) + offset;
  }

  /** False when there was nothing to access because the map failed. */
  access(step: AccessStep): boolean {
    switch (step.op) {
      case 'cpu_write':
        this.cpuWrite(step);
        return true;
      case 'cpu_read':
        this.cpuRead(step);
        return true;
      case 'device_read':
      case 'device_write':
        return this.deviceAccess(step);
    }
  }

  private cpuWrite({ byte, ...range }: BufferRange & Content): void {
    const { log, cache } = this.machine;
    const phys = this.phys(range);
    const start = this.logBytes(range.size, byte);
    log.push(EV.cpu_write, -1, range.buffer, range.offset, range.size, start, phys);
    cache.store(phys, range.size, log.bytes, start, log.labels[start] ?? 0);
  }

  private cpuRead(range: BufferRange): void {
    const { log, cache } = this.machine;
    const phys = this.phys(range);
    const first = log.reserve(range.size);
    const second = log.reserve(range.size);
    cache.load(phys, range.size, log.bytes, log.labels, first);
    cache.dropClean(phys, range.size);
    cache.load(phys, range.size, log.bytes, log.labels, second);
    log.push(EV.cpu_read, -1, range.buffer, range.offset, range.size, first, second, phys);
  }

  /** False when there is nothing to access because the map failed. */
  private deviceAccess(step: DeviceStep): boolean {
    const mapping = this.mappings[step.map];
    if (mapping === undefined || mapping.segments.length === 0) return false;
    const write = this.writes++;
    const single = mapping.segments.length === 1 ? 0 : step.segment;
    if (single !== undefined) {
      const segment = mapping.segments[single];
      if (segment === undefined) return false;
      let before = 0;
      for (let i = 0; i < single; i++) before += mapping.segments[i]?.length ?? 0;
      this.touch(step, mapping, write, segment.address + step.offset, step.size, before + step.offset);
      return true;
    }
    let position = 0;
    for (const { address, length } of mapping.segments) {
      const from = Math.max(step.offset, position);
      const to = Math.min(step.offset + step.size, position + length);
      if (from < to && !this.touch(step, mapping, write, address + from - position, to - from, from)) break;
      position += length;
    }
    return true;
  }

  /** The device reads or writes [iova, iova + size), byte `offset` of its mapping on; false when it faults. */
  private touch(
    step: DeviceStep,
    mapping: Mapping,
    write: number,
    iova: number,
    size: number,
    offset: number,
  ): boolean {
    const device = this.machine.deviceAt(mapping.device);
    if (step.op === 'device_read') return device.dmaRead(iova, size, step.map, offset) === size;
    return device.dmaStore(iova, size, step.map, offset, contentOf(step.byte, write, offset)) === size;
  }

  /** The CPU fills a buffer before the first step. */
  fillInitially(index: number, { phys, size }: Buffer): void {
    const { log, memory } = this.machine;
    const start = this.logBytes(size);
    log.push(EV.cpu_write, -1, index, 0, size, start, phys);
    memory.preload(phys, log.bytes.subarray(start, start + size), log.labels[start] ?? 0);
  }

  /** Bytes of the next write, into the byte log under fresh labels; where they start. */
  private logBytes(size: number, byte?: number): number {
    const { log } = this.machine;
    const start = log.reserve(size);
    const label = this.machine.takeLabels(size);
    log.repeat(contentOf(byte, this.writes++, 0), start, size);
    countUp(log.labels, start, size, label);
    return start;
  }
}
