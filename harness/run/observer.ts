// SPDX-License-Identifier: GPL-2.0-only
/** Looks at buffers and mappings between steps, without disturbing anything. */
import { LOOK_AT_TRANSLATION } from '../machine/budget.ts';
import type { DmaDevice } from '../machine/device.ts';
import type { Machine } from '../machine/machine.ts';
import type { Translation } from '../machine/iommu.ts';
import { LABEL_FAULT } from '../machine/labels.ts';
import { CHUNK } from '../machine/memory.ts';
import type { Taken } from './layout.ts';
import type { Scenario } from './scenario.ts';
import type { DmaSegment, Held, Leftover, View } from './recording.ts';

/** Bytes of memory that can be asked for changes at the cost of one byte. */
const PER_LOOK = 128;

/** A mapping as the observer knows it. */
export interface LiveMapping {
  readonly device: number;
  readonly segments: readonly DmaSegment[];
  readonly live: boolean;
}

export class Observer {
  readonly views: View[] = [];
  readonly leftovers: Leftover[] = [];
  private readonly machine: Machine;
  private readonly scenario: Scenario;
  /** Per mapping: the memory behind it, granule by granule, at the last observation; -1: none. */
  private readonly routes: (readonly number[] | undefined)[] = [];
  /** Per device: IOTLB syncs when its leftovers were last looked for. */
  private readonly syncs: number[] = [];
  /** Memory clock at the last observation. */
  private seen = -1;
  private leftOut: Taken = { slots: 0, iovas: [] };

  constructor(machine: Machine, scenario: Scenario) {
    this.machine = machine;
    this.scenario = scenario;
  }

  /** After step number `step`: what changed of every buffer and every live mapping. */
  observe(step: number, mappings: readonly (LiveMapping | undefined)[], changed?: number): void {
    const { buffers } = this.scenario;
    this.machine.log.budget.take(buffers.length + mappings.length);
    for (let index = 0; index < buffers.length; index++) {
      const buffer = buffers[index];
      if (buffer === undefined || !this.changedSince(buffer.phys, buffer.size)) continue;
      const start = this.machine.log.reserveView(buffer.size);
      this.peek(buffer.phys, buffer.size, true, start);
      this.views.push({ step, of: 'buffer', index, start, size: buffer.size });
    }
    for (let index = 0; index < mappings.length; index++) {
      const mapping = mappings[index];
      if (mapping?.live === true) this.observeMapping(step, index, mapping, index === changed);
    }
    this.seen = this.machine.memory.clock;
  }

  /**
   * Translations whose mapping is gone, after step number `step`: those of the mapping `ended`, which the
   * step was about, and all of a device whose IOTLB was synced meanwhile.
   */
  findLeftovers(step: number, mappings: readonly (LiveMapping | undefined)[], ended?: number): void {
    for (const { index: device, domain } of this.machine.devices) {
      const synced = domain.syncs !== this.syncs[device];
      this.syncs[device] = domain.syncs;
      const look = ({ pfn, phys, owner: mapping }: Translation, inPageTable: boolean): void => {
        if (mappings[mapping]?.live === true || (!synced && mapping !== ended)) return;
        this.leftovers.push({ step, device, iova: pfn * domain.granule, phys, mapping, inPageTable });
      };
      this.machine.log.budget.take((domain.size + domain.lingering.length) * LOOK_AT_TRANSLATION);
      for (const entry of domain.installed()) look(entry, true);
      for (const entry of domain.lingering) look(entry, false);
    }
  }

  /** What was taken before the scenario begins is not of it. */
  leaveOut(taken: Taken): void {
    this.leftOut = taken;
  }

  /** What is taken now, of what the scenario took. */
  held(): Held {
    const { devices, pool } = this.machine;
    return {
      slots: pool.used - this.leftOut.slots,
      granules: devices.map((device) => device.domain.size),
      iovas: devices.map((device, i) => device.iovad.live - (this.leftOut.iovas[i] ?? 0)),
      queued: devices.map((device) => device.iovad.queued),
    };
  }

  private observeMapping(step: number, index: number, mapping: LiveMapping, isNew: boolean): void {
    const device = this.machine.devices[mapping.device];
    if (device === undefined) return;
    for (const { length } of mapping.segments) {
      this.machine.log.budget.take((length / device.domain.granule + 1) * LOOK_AT_TRANSLATION);
    }
    const route = routeOf(device, mapping.segments);
    const rerouted = !sameNumbers(route, this.routes[index]);
    this.routes[index] = route;
    if (!isNew && !rerouted && !this.changedBehind(device, mapping.segments, route)) return;
    let size = 0;
    for (const { length } of mapping.segments) size += length;
    const start = this.machine.log.reserveView(size);
    this.peekBehind(device, mapping.segments, route, start);
    this.views.push({ step, of: 'mapping', index, start, size });
  }

  /** Something changed in the memory behind the segments. */
  private changedBehind(
    device: DmaDevice,
    segments: readonly DmaSegment[],
    route: readonly number[],
  ): boolean {
    let piece = 0;
    for (const { address, length } of segments) {
      for (let done = 0; done < length;) {
        const phys = route[piece++] ?? -1;
        const size = pieceSize(device, address + done, length - done);
        if (phys >= 0 && this.changedSince(phys, size)) return true;
        done += size;
      }
    }
    return false;
  }

  /** The labels that the device sees through the segments. */
  private peekBehind(
    device: DmaDevice,
    segments: readonly DmaSegment[],
    route: readonly number[],
    start: number,
  ): void {
    let piece = 0;
    let at = start;
    for (const { address, length } of segments) {
      for (let done = 0; done < length;) {
        const phys = route[piece++] ?? -1;
        const size = pieceSize(device, address + done, length - done);
        if (phys < 0) this.machine.log.viewLabels.fill(LABEL_FAULT, at, at + size);
        else this.peek(phys, size, device.config.coherent, at);
        at += size;
        done += size;
      }
    }
  }

  private changedSince(phys: number, size: number): boolean {
    const { log, memory } = this.machine;
    log.budget.take(size / PER_LOOK);
    for (let p = phys - (phys % CHUNK); p < phys + size; p += CHUNK) {
      if (memory.lastChange(p) > this.seen) return true;
    }
    return false;
  }

  private peek(phys: number, size: number, seesCache: boolean, to: number): void {
    const { cache, log } = this.machine;
    for (let done = 0; done < size;) {
      const n = Math.min(size - done, CHUNK - ((phys + done) % CHUNK));
      cache.peekLabels(phys + done, n, seesCache, log.viewLabels, to + done);
      done += n;
    }
  }
}

/** The memory behind segments, granule by granule; -1 where nothing is mapped. */
function routeOf(device: DmaDevice, segments: readonly DmaSegment[]): number[] {
  const route: number[] = [];
  for (const { address, length } of segments) {
    for (let done = 0; done < length; done += pieceSize(device, address + done, length - done)) {
      const phys = device.domain.iovaToPhys(address + done);
      route.push(phys === 0 ? -1 : phys);
    }
  }
  return route;
}

/** How many of `size` bytes from bus address `iova` on lie in one granule. */
function pieceSize({ domain: { granule } }: DmaDevice, iova: number, size: number): number {
  return Math.min(size, granule - (iova % granule));
}

function sameNumbers(a: readonly number[], b: readonly number[] | undefined): boolean {
  if (a.length !== b?.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
