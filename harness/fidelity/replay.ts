// SPDX-License-Identifier: GPL-2.0-only
/** Runs a recorded program on a state and writes down what happened in the vectors' own form. */
import { createHash } from 'node:crypto';
import type { DmaOps, Scatterlist } from '../../variants/dma-ops.ts';
import type { State } from '../subject/state.ts';
import { KernelCrash } from '../machine/crash.ts';
import type { DmaDevice } from '../machine/device.ts';
import type { Machine } from '../machine/machine.ts';
import { hex, parseU64 } from '../machine/u64.ts';
import {
  ATTR_BITS,
  DIRECTION_NAMES,
  DMA_MAPPING_ERROR,
  type AttrName,
  type Attrs,
  type Direction,
} from '../machine/vocabulary.ts';
import { eventsSince } from './events.ts';
import type { Operation, Program, Result } from './vectors.ts';

/** A mapping of the program: what unmap and sync need. */
interface Mapping {
  readonly dir: Direction;
  /** undefined: map_page. */
  readonly sgl: Scatterlist | undefined;
  readonly handle: number;
  readonly size: number;
  readonly count: number;
}

type OpResult = Result['ops'][number];

/** What `state` does with the program, on a fresh life of `machine`. */
export function replay(machine: Machine, state: State, program: Program): Result {
  const { device: dev, ...config } = program.machine;
  machine.reset({
    ...config,
    cache: 'off',
    devices: [
      { ...dev, dmaMask: parseU64(dev.dmaMask), segBoundary: parseU64(dev.segBoundary), scribble: false },
    ],
  });
  const device = machine.devices[0];
  if (device === undefined) throw new RangeError('a machine without devices');
  const run = new Run(machine, device, state.install(machine));
  for (const operation of program.program) if (!run.step(operation)) break;
  return {
    id: program.id,
    fq: device.flushQueue,
    ops: run.ops,
    crashed: run.crashed,
    end: {
      ptes: [...device.domain.installed()]
        .toSorted((a, b) => a.pfn - b.pfn)
        .map((t) => [hex(t.pfn * config.granule), hex(t.phys), t.prot]),
      slotsUsed: machine.pool.used,
      iovasLive: run.iovasLive(),
    },
    mem: run.buffers.map(([phys, size]) => [hex(phys), size, digest(machine, phys, size)]),
  };
}

class Run {
  readonly ops: OpResult[] = [];
  readonly buffers: [number, number][] = [];
  crashed = false;
  private readonly mappings = new Map<string, Mapping | undefined>();
  private readonly machine: Machine;
  private readonly device: DmaDevice;
  private readonly dma: DmaOps;

  constructor(machine: Machine, device: DmaDevice, dma: DmaOps) {
    this.machine = machine;
    this.device = device;
    this.dma = dma;
    dma.initDomain(device);
  }

  /** One operation; false when it crashed. */
  step(operation: Operation): boolean {
    const from = this.machine.log.length;
    const result: OpResult = { op: operation.op, events: [] };
    if ('id' in operation) result.id = operation.id;
    this.ops.push(result);
    if (operation.op !== 'map_page' && operation.op !== 'map_sg' && 'id' in operation) {
      if (this.mappings.get(operation.id) === undefined) {
        result.skipped = 'map failed';
        return true;
      }
    }
    try {
      this.execute(operation, result);
    } catch (error) {
      if (!(error instanceof KernelCrash)) throw error;
      this.machine.recordCrash(error);
      this.crashed = true;
    }
    result.events = eventsSince(this.machine.log, from);
    return !this.crashed;
  }

  /** Successful allocations that were not given back. */
  iovasLive(): number {
    let live = 0;
    for (const { events } of this.ops) {
      for (const event of events) {
        if (!Array.isArray(event)) continue;
        if (event[0] === 'alloc_iova' && event[3] !== '0x0') live++;
        if (event[0] === 'free_iova') live--;
      }
    }
    return live;
  }

  private execute(operation: Operation, result: OpResult): void {
    const { dma, device, machine } = this;
    switch (operation.op) {
      case 'map_page': {
        const phys = parseU64(operation.phys);
        const { size } = operation;
        const dir = direction(operation.dir);
        this.buffers.push([phys, size]);
        const handle = dma.mapPage(device, phys, size, dir, attributes(operation.attrs));
        result.ret = hex(handle);
        const ok = handle !== DMA_MAPPING_ERROR;
        this.mappings.set(operation.id, ok ? { dir, sgl: undefined, handle, size, count: 1 } : undefined);
        return;
      }
      case 'map_sg': {
        const sgl = operation.sgl.map(([phys, length]) => {
          this.buffers.push([parseU64(phys), length]);
          return { phys: parseU64(phys), length, dmaAddress: 0, dmaLength: 0 };
        });
        const dir = direction(operation.dir);
        const count = dma.mapSg(device, sgl, sgl.length, dir, attributes(operation.attrs));
        result.ret = count;
        if (count > 0) result.segs = sgl.slice(0, count).map((sg) => [hex(sg.dmaAddress), sg.dmaLength]);
        this.mappings.set(operation.id, count > 0 ? { dir, sgl, handle: 0, size: 0, count } : undefined);
        return;
      }
      case 'cpu_fill':
        machine.cache.store(
          parseU64(operation.phys),
          operation.size,
          filled(operation),
          0,
          machine.takeLabels(operation.size),
        );
        return;
      case 'fail_next':
        device.armed[operation.what === 'alloc_iova' ? 'alloc_iova_fast' : operation.what]++;
        return;
      case 'flush_queue':
        machine.flush(device.index);
        return;
      default: {
        const mapping = this.mappings.get(operation.id);
        if (mapping !== undefined) this.onMapping(operation, mapping);
      }
    }
  }

  private onMapping(
    operation: Extract<Operation, { op: `unmap_${string}` | `sync_${string}` | 'device_fill' }>,
    { dir, sgl = [], handle, size, count }: Mapping,
  ): void {
    const { dma, device } = this;
    switch (operation.op) {
      case 'unmap_page':
        dma.unmapPage(device, handle, size, dir, attributes(operation.attrs));
        return;
      case 'unmap_sg':
        dma.unmapSg(device, sgl, sgl.length, dir, attributes(operation.attrs));
        return;
      case 'sync_single_for_cpu':
        dma.syncSingleForCpu(device, handle + operation.offset, operation.size, dir);
        return;
      case 'sync_single_for_device':
        dma.syncSingleForDevice(device, handle + operation.offset, operation.size, dir);
        return;
      case 'sync_sg_for_cpu':
        dma.syncSgForCpu(device, sgl, sgl.length, dir);
        return;
      case 'sync_sg_for_device':
        dma.syncSgForDevice(device, sgl, sgl.length, dir);
        return;
      case 'device_fill': {
        // A fill of a page mapping starts at the handle and ends where it is told to.
        const segments =
          sgl.length === 0
            ? [{ dmaAddress: handle, dmaLength: operation.offset + operation.size }]
            : sgl.slice(0, count);
        this.deviceFill(segments, operation.offset, operation.size, operation.byte);
      }
    }
  }

  private deviceFill(
    segments: readonly { dmaAddress: number; dmaLength: number }[],
    offset: number,
    size: number,
    byte: number,
  ): void {
    let skip = offset;
    let left = size;
    for (const { dmaAddress, dmaLength } of segments) {
      const n = Math.min(left, dmaLength - skip);
      if (n > 0) {
        if (this.device.dmaWrite(dmaAddress + skip, n, -1, 0, () => byte) < n) return;
        left -= n;
      }
      skip = Math.max(0, skip - dmaLength);
    }
  }
}

function direction(name: (typeof DIRECTION_NAMES)[number]): Direction {
  return DIRECTION_NAMES.indexOf(name) as Direction;
}

function attributes(names: readonly AttrName[]): Attrs {
  return names.reduce((bits, name) => bits | ATTR_BITS[name], 0);
}

function filled({ size, byte }: { size: number; byte: number }): Uint8Array {
  return new Uint8Array(size).fill(byte);
}

/** sha1 of the bytes as the CPU sees them. */
function digest(machine: Machine, phys: number, size: number): string {
  const bytes = new Uint8Array(size);
  machine.cache.load(phys, size, bytes, new Uint32Array(size), 0);
  return createHash('sha1').update(bytes).digest('hex');
}
