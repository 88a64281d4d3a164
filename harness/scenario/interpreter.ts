// SPDX-License-Identifier: GPL-2.0-only
/** Runs a scenario case on a state and records it. */
import type { DmaOps, Scatterlist } from '../../variants/dma-ops.ts';
import type { State } from '../../variants/registry.ts';
import { KernelCrash } from '../machine/crash.ts';
import type { DmaDevice } from '../machine/device.ts';
import { EV, EXPOSURE_STRIDE, STRIDE, type EventKind } from '../machine/event-log.ts';
import type { Machine } from '../machine/machine.ts';
import { DMA_MAPPING_ERROR, type Direction } from '../machine/vocabulary.ts';
import { Observer } from '../recording/observer.ts';
import { sameBytes } from '../recording/same.ts';
import type { DmaSegment, Recording, StepOutcome } from '../recording/recording.ts';
import type { AccessStep, Buffer, BufferRange, DmaStep, During, Scenario, Step } from './scenario.ts';

/** Runs `scenario` on `state`, on a fresh life of `machine`. */
export function runScenario(machine: Machine, state: State, scenario: Scenario): Recording {
  const observer = new Observer(machine, scenario);
  const { steps, crash } = execute(machine, state, scenario, observer);
  const { log } = machine;
  return {
    state: state.id,
    scenario,
    records: log.records.slice(0, log.length * STRIDE),
    bytes: log.bytes.slice(0, log.byteLength),
    labels: log.labels.slice(0, log.byteLength),
    exposures: log.exposures.slice(0, log.exposureCount * EXPOSURE_STRIDE),
    paths: machine.paths.frame.map((frame, index) => ({
      parent: machine.paths.parent[index] ?? 0,
      method: state.frames[frame]?.method ?? '',
      patch: state.frames[frame]?.patch ?? '',
    })),
    steps,
    views: observer.views,
    viewLabels: observer.labels.slice(0, observer.length),
    leftovers: observer.leftovers,
    flushQueue: machine.devices.map((device) => device.flushQueue),
    crash,
  };
}

/** Runs the scenario again, unobserved: true when every event, byte and exposure is as recorded. */
export function repeats(machine: Machine, state: State, { scenario, ...run }: Recording): boolean {
  execute(machine, state, scenario, undefined);
  const { log } = machine;
  return (
    sameBytes(run.records, log.records.subarray(0, log.length * STRIDE)) &&
    sameBytes(run.bytes, log.bytes.subarray(0, log.byteLength)) &&
    sameBytes(run.labels, log.labels.subarray(0, log.byteLength)) &&
    sameBytes(run.exposures, log.exposures.subarray(0, log.exposureCount * EXPOSURE_STRIDE))
  );
}

function execute(machine: Machine, state: State, scenario: Scenario, observer: Observer | undefined): Run {
  machine.reset(scenario.machine);
  const run = new Run(machine, new state.Ops(machine), scenario, observer);
  run.execute();
  return run;
}

/** A mapping while the scenario runs. */
interface Mapping {
  readonly device: number;
  readonly dir: Direction;
  /** undefined: map_page. */
  readonly sgl: Scatterlist | undefined;
  /** Bytes of a page mapping. */
  readonly size: number;
  /** Empty when the map failed. */
  segments: readonly DmaSegment[];
  live: boolean;
}

class Run {
  readonly steps: StepOutcome[] = [];
  private readonly observer: Observer | undefined;
  crash: Recording['crash'];
  private readonly machine: Machine;
  private readonly dma: DmaOps;
  private readonly scenario: Scenario;
  private readonly mappings: (Mapping | undefined)[];
  private writes = 0;

  constructor(machine: Machine, dma: DmaOps, scenario: Scenario, observer: Observer | undefined) {
    this.machine = machine;
    this.dma = dma;
    this.scenario = scenario;
    this.observer = observer;
    this.mappings = scenario.mappings.map(() => undefined);
  }

  execute(): void {
    const { machine, scenario } = this;
    machine.log.step = -1;
    for (const [index, buffer] of scenario.buffers.entries()) this.fillInitially(index, buffer);
    for (const device of machine.devices) this.dma.initDomain(device);
    this.observer?.observe(-1, this.mappings, -1);
    for (const [index, step] of scenario.steps.entries()) {
      machine.log.step = index;
      machine.log.path = 0;
      const from = machine.log.length;
      const { status, map } = this.attempt(step, index);
      if (status === 'done' && this.crash === undefined) machine.attack();
      if (this.observer !== undefined) this.note(this.observer, index, status, map, from);
      if (this.crash !== undefined) return;
    }
  }

  private note(
    observer: Observer,
    index: number,
    status: StepOutcome['status'],
    map: number,
    from: number,
  ): void {
    const { op } = this.scenario.steps[index] ?? {};
    observer.observe(index, this.mappings, map);
    const unmaps = op === 'unmap_page' || op === 'unmap_sg';
    if (unmaps || op === 'flush_queue' || status === 'failed') {
      observer.findLeftovers(index, (mapping) => this.mappings[mapping]?.live !== true);
    }
    const maps = op === 'map_page' || op === 'map_sg';
    this.steps.push({
      status,
      segments: maps ? (this.mappings[map]?.segments ?? []) : [],
      from,
      to: this.machine.log.length,
      held: observer.held(),
    });
  }

  private attempt(step: Step, index: number): { status: StepOutcome['status']; map: number } {
    const map = 'map' in step ? step.map : -1;
    try {
      return { status: this.step(step), map };
    } catch (error) {
      if (!(error instanceof KernelCrash)) throw error;
      this.machine.recordCrash(error);
      this.crash = { kind: error.kind, step: index, event: this.machine.log.length - 1 };
      return { status: 'crashed', map };
    } finally {
      this.machine.hook = undefined;
    }
  }

  private step(step: Step): StepOutcome['status'] {
    switch (step.op) {
      case 'cpu_read':
      case 'cpu_write':
      case 'device_read':
      case 'device_write':
        return this.access(step) ? 'done' : 'skipped';
      case 'fail_next':
        this.device(step.device).armed[step.what]++;
        return 'done';
      case 'flush_queue':
        this.machine.flush(step.device);
        return 'done';
      default:
        return this.dmaStep(step);
    }
  }

  private dmaStep(step: DmaStep): StepOutcome['status'] {
    this.interleave(step.during);
    if (step.op === 'map_page' || step.op === 'map_sg') return this.map(step) ? 'done' : 'failed';
    const mapping = this.mappings[step.map];
    if (mapping?.live !== true) return 'skipped';
    const device = this.device(mapping.device);
    const { dir, sgl = [], segments } = mapping;
    const handle = segments[0]?.address ?? DMA_MAPPING_ERROR;
    switch (step.op) {
      case 'sync_single_for_cpu':
        this.dma.syncSingleForCpu(device, handle + step.offset, step.size, dir);
        break;
      case 'sync_single_for_device':
        this.dma.syncSingleForDevice(device, handle + step.offset, step.size, dir);
        break;
      case 'sync_sg_for_cpu':
        this.dma.syncSgForCpu(device, sgl, sgl.length, dir);
        break;
      case 'sync_sg_for_device':
        this.dma.syncSgForDevice(device, sgl, sgl.length, dir);
        break;
      case 'unmap_page':
        this.dma.unmapPage(device, handle, mapping.size, dir, step.attrs);
        this.takeBack(device, mapping);
        break;
      case 'unmap_sg':
        this.dma.unmapSg(device, sgl, sgl.length, dir, step.attrs);
        this.takeBack(device, mapping);
        break;
    }
    return 'done';
  }

  private map(step: Extract<DmaStep, { op: 'map_page' | 'map_sg' }>): boolean {
    const device = this.device(step.device);
    const mapping: Mapping = {
      device: step.device,
      dir: step.dir,
      sgl: step.op === 'map_sg' ? step.sgl.map((range) => this.scatter(range)) : undefined,
      size: step.op === 'map_page' ? step.size : 0,
      segments: [],
      live: false,
    };
    this.mappings[step.map] = mapping;
    device.mapping = step.map;
    device.domain.owner = step.map;
    if (step.op === 'map_page') {
      const handle = this.dma.mapPage(device, this.phys(step), step.size, step.dir, step.attrs);
      if (handle !== DMA_MAPPING_ERROR) mapping.segments = [{ address: handle, length: step.size }];
    } else {
      const sgl = mapping.sgl ?? [];
      const count = this.dma.mapSg(device, sgl, sgl.length, step.dir, step.attrs);
      mapping.segments = sgl.slice(0, count).map((sg) => ({ address: sg.dmaAddress, length: sg.dmaLength }));
    }
    device.mapping = -1;
    device.domain.owner = -1;
    mapping.live = mapping.segments.length > 0;
    this.handOver(device);
    return mapping.live;
  }

  private takeBack(device: DmaDevice, mapping: Mapping): void {
    mapping.live = false;
    this.handOver(device);
  }

  /** Tell the device's standing adversary what the driver has handed over. */
  private handOver(device: DmaDevice): void {
    device.handedOver = this.mappings.flatMap((mapping) =>
      mapping?.live === true && mapping.device === device.index
        ? mapping.segments.map(({ address, length }) => ({ start: address, size: length }))
        : [],
    );
  }

  /** Let the accesses happen after the nth call of their kernel function. */
  private interleave(during: readonly During[]): void {
    if (during.length === 0) return;
    const { machine } = this;
    const calls = new Map<EventKind, number>();
    const hook = (kind: EventKind): void => {
      const nth = (calls.get(kind) ?? 0) + 1;
      calls.set(kind, nth);
      const { path } = machine.log;
      machine.hook = undefined;
      machine.log.path = 0;
      for (const point of during) {
        if (point.after === kind && point.nth === nth) for (const step of point.steps) this.access(step);
      }
      machine.log.path = path;
      machine.hook = hook;
    };
    machine.hook = hook;
  }

  private access(step: AccessStep): boolean {
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

  private cpuWrite(range: BufferRange): void {
    const { log, cache } = this.machine;
    const phys = this.phys(range);
    const start = this.logBytes(range.size);
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
  private deviceAccess(step: Extract<AccessStep, { op: 'device_read' | 'device_write' }>): boolean {
    const mapping = this.mappings[step.map];
    if (mapping === undefined || mapping.segments.length === 0) return false;
    const device = this.device(mapping.device);
    const n = this.writes++;
    const touch = (iova: number, size: number, offset: number): boolean => {
      const done =
        step.op === 'device_read'
          ? device.dmaRead(iova, size, step.map, offset)
          : device.dmaWrite(iova, size, step.map, offset, (i) => pattern(n, offset + i));
      return done === size;
    };
    const single = mapping.segments.length === 1 ? 0 : step.segment;
    if (single !== undefined) {
      const before = mapping.segments.slice(0, single).reduce((sum, { length }) => sum + length, 0);
      const segment = mapping.segments[single];
      if (segment === undefined) return false;
      touch(segment.address + step.offset, step.size, before + step.offset);
      return true;
    }
    let position = 0;
    for (const { address, length } of mapping.segments) {
      const from = Math.max(step.offset, position);
      const to = Math.min(step.offset + step.size, position + length);
      if (from < to && !touch(address + from - position, to - from, from)) break;
      position += length;
    }
    return true;
  }

  private fillInitially(index: number, { phys, size }: Buffer): void {
    const { log, memory } = this.machine;
    const start = this.logBytes(size);
    log.push(EV.cpu_write, -1, index, 0, size, start, phys);
    memory.preload(phys, log.bytes.subarray(start, start + size), log.labels[start] ?? 0);
  }

  /** Bytes of the next write, into the byte log under fresh labels; where they start. */
  private logBytes(size: number): number {
    const { log } = this.machine;
    const start = log.reserve(size);
    const label = this.machine.takeLabels(size);
    const n = this.writes++;
    for (let i = 0; i < size; i++) {
      log.bytes[start + i] = pattern(n, i);
      log.labels[start + i] = label + i;
    }
    return start;
  }

  private scatter(range: BufferRange): Scatterlist[number] {
    return { phys: this.phys(range), length: range.size, dmaAddress: 0, dmaLength: 0 };
  }

  private phys({ buffer, offset }: BufferRange): number {
    return (this.scenario.buffers[buffer]?.phys ?? 0) + offset;
  }

  private device(index: number): DmaDevice {
    const device = this.machine.devices[index];
    if (device === undefined) throw new RangeError(`no device ${index} on this machine`);
    return device;
  }
}

/** Byte i of write number n: differs between neighbours and between writes. */
function pattern(n: number, i: number): number {
  return (n * 37 + i * 13 + 1) & 0xff;
}
