// SPDX-License-Identifier: GPL-2.0-only
/** Looks at buffers and mappings between steps, without disturbing anything. */
import type { DmaDevice } from '../machine/device.ts';
import type { Machine } from '../machine/machine.ts';
import { CHUNK, LABEL_FAULT } from '../machine/memory.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { DmaSegment, Held, Leftover, View } from './recording.ts';

/** A mapping as the observer knows it. */
export interface LiveMapping {
  readonly device: number;
  readonly segments: readonly DmaSegment[];
  readonly live: boolean;
}

export class Observer {
  readonly views: View[] = [];
  readonly leftovers: Leftover[] = [];
  labels: Uint32Array;
  length = 0;
  private readonly machine: Machine;
  private readonly scenario: Scenario;
  /** Per mapping: the memory behind it at the last observation. */
  private readonly routes = new Map<number, string>();
  /** Memory clock at the last observation. */
  private seen = -1;

  constructor(machine: Machine, scenario: Scenario) {
    this.machine = machine;
    this.scenario = scenario;
    // Room for a few looks at everything.
    this.labels = new Uint32Array(4 * scenario.buffers.reduce((sum, { size }) => sum + size, 256));
  }

  /** After step number `step`: what changed of every buffer and every live mapping. */
  observe(step: number, mappings: readonly (LiveMapping | undefined)[], changed: number): void {
    const { memory } = this.machine;
    for (const [index, buffer] of this.scenario.buffers.entries()) {
      if (!this.changedSince(buffer.phys, buffer.size)) continue;
      const start = this.reserve(buffer.size);
      this.peek(buffer.phys, buffer.size, true, start);
      this.views.push({ step, of: 'buffer', index, start, size: buffer.size });
    }
    for (const [index, mapping] of mappings.entries()) {
      if (mapping?.live === true) this.observeMapping(step, index, mapping, index === changed);
    }
    this.seen = memory.clock;
  }

  /** Translations whose mapping is gone, after step number `step`. */
  findLeftovers(step: number, gone: (mapping: number) => boolean): void {
    for (const device of this.machine.devices) {
      const add = (pfn: number, phys: number, mapping: number, inPageTable: boolean): void => {
        if (!gone(mapping)) return;
        const iova = pfn * device.domain.granule;
        this.leftovers.push({ step, device: device.index, iova, phys, mapping, inPageTable });
      };
      for (const t of device.domain.installed()) add(t.pfn, t.phys, t.owner, true);
      for (const t of device.domain.lingering) add(t.pfn, t.phys, t.owner, false);
    }
  }

  /** What is taken now. */
  held(): Held {
    const { devices, pool } = this.machine;
    return {
      slots: pool.used,
      granules: devices.map((device) => device.domain.size),
      iovas: devices.map((device) => device.iovad.live),
      queued: devices.map((device) => device.iovad.queued),
    };
  }

  private observeMapping(step: number, index: number, mapping: LiveMapping, isNew: boolean): void {
    const device = this.machine.devices[mapping.device];
    if (device === undefined) return;
    const pieces = [...this.pieces(device, mapping.segments)];
    const route = pieces.map(({ phys }) => phys).join();
    const rerouted = this.routes.get(index) !== route;
    this.routes.set(index, route);
    if (!isNew && !rerouted && !pieces.some(({ phys, size }) => phys >= 0 && this.changedSince(phys, size))) {
      return;
    }
    const size = pieces.reduce((sum, piece) => sum + piece.size, 0);
    const start = this.reserve(size);
    let at = start;
    for (const piece of pieces) {
      if (piece.phys < 0) this.labels.fill(LABEL_FAULT, at, at + piece.size);
      else this.peek(piece.phys, piece.size, device.config.coherent, at);
      at += piece.size;
    }
    this.views.push({ step, of: 'mapping', index, start, size });
  }

  /** The memory behind segments, granule by granule; phys -1 where nothing is mapped. */
  private *pieces(
    device: DmaDevice,
    segments: readonly DmaSegment[],
  ): Generator<{ phys: number; size: number }> {
    const { granule } = device.domain;
    for (const { address, length } of segments) {
      for (let done = 0; done < length;) {
        const iova = address + done;
        const size = Math.min(length - done, granule - (iova % granule));
        const phys = device.domain.iovaToPhys(iova);
        yield { phys: phys === 0 ? -1 : phys, size };
        done += size;
      }
    }
  }

  private changedSince(phys: number, size: number): boolean {
    const { memory } = this.machine;
    for (let p = phys - (phys % CHUNK); p < phys + size; p += CHUNK) {
      if (memory.lastChange(p) > this.seen) return true;
    }
    return false;
  }

  private peek(phys: number, size: number, seesCache: boolean, to: number): void {
    for (let done = 0; done < size;) {
      const n = Math.min(size - done, CHUNK - ((phys + done) % CHUNK));
      this.machine.cache.peekLabels(phys + done, n, seesCache, this.labels, to + done);
      done += n;
    }
  }

  private reserve(size: number): number {
    const start = this.length;
    this.length += size;
    if (this.length > this.labels.length) {
      const bigger = new Uint32Array(Math.max(this.length, this.labels.length * 2));
      bigger.set(this.labels);
      this.labels = bigger;
    }
    return start;
  }
}
