// SPDX-License-Identifier: GPL-2.0-only
/** Runs a scenario case on a state and records it. */
import type { DmaOps } from '../subject/dma-ops.ts';
import type { State } from '../subject/state.ts';
import { KernelCrash } from '../machine/crash.ts';
import type { DmaDevice } from '../machine/device.ts';
import { EXPOSURE_STRIDE, STRIDE } from '../machine/event-log.ts';
import type { InterleavePoint } from '../machine/events.ts';
import type { Machine } from '../machine/machine.ts';
import { DMA_MAPPING_ERROR, DMA_TO_DEVICE, type MappingIx, type Scatterlist } from '../machine/vocabulary.ts';
import { Accesses } from './accesses.ts';
import { occupy } from './layout.ts';
import type { Mapping } from './mapping.ts';
import { Observer } from './observer.ts';
import { kernelFor, runEnded } from './returning.ts';
import { stateError } from './state-error.ts';
import { sameSegments } from './same.ts';
import type { CallPath, Recording, StepOutcome } from './recording.ts';
import { keep, Run, type KeptRun } from './run.ts';
import type { BufferRange, DmaStep, During, Scenario, Step } from './scenario.ts';
import { elementAt } from '../text/element.ts';

/** Runs `scenario` on `state`, on a fresh life of `machine`. */
export function runScenario(machine: Machine, state: State, scenario: Scenario): KeptRun {
  return keep(lookAt(machine, state, scenario));
}

/** runScenario(), cheaper: the run stands in the machine's own log and is gone with its next one. */
export function lookAt(machine: Machine, state: State, scenario: Scenario): Run {
  const observer = new Observer(machine, scenario);
  const { steps, crash } = execute(machine, state, scenario, observer);
  const { log, paths } = machine;
  const methods: CallPath[] = [];
  for (let path = 0; path < paths.frame.length; path++) {
    const frame = elementAt(state.frames, paths.frame[path]);
    const parent = paths.parent[path] ?? 0;
    methods.push({ parent, method: frame?.method ?? '', patch: frame?.patch ?? '' });
  }
  return new Run({
    state: state.id,
    scenario,
    records: log.records.subarray(0, log.length * STRIDE),
    bytes: log.bytes.subarray(0, log.byteLength),
    labels: log.labels.subarray(0, log.byteLength),
    exposures: log.exposures.subarray(0, log.exposureCount * EXPOSURE_STRIDE),
    paths: methods,
    steps,
    views: observer.views,
    viewLabels: log.viewLabels.subarray(0, log.viewLength),
    leftovers: observer.leftovers,
    flushQueue: machine.devices.map((device) => device.flushQueue),
    crash,
  });
}

/** Runs the scenario; `observer` takes views between the steps. What happened is in the log of the machine. */
export function execute(
  machine: Machine,
  state: State,
  scenario: Scenario,
  observer: Observer | undefined,
): Execution {
  const begin = (kernel: Machine, seenBy: Observer | undefined): Execution => {
    machine.reset(scenario.machine);
    return new Execution(machine, state.install(kernel), scenario, seenBy).execute();
  };
  try {
    return begin(
      kernelFor(machine, state, scenario, (kernel) => begin(kernel, undefined)),
      observer,
    );
  } catch (error) {
    throw stateError(machine, state, scenario, error);
  } finally {
    runEnded();
  }
}

/** What came of a step, and the mapping that it is about. */
interface Attempt {
  readonly status: StepOutcome['status'];
  readonly map: MappingIx | undefined;
}

/** A scenario on its way. */
export class Execution {
  readonly steps: StepOutcome[] = [];
  private readonly observer: Observer | undefined;
  crash: Recording['crash'];
  private readonly machine: Machine;
  private readonly dma: DmaOps;
  private readonly scenario: Scenario;
  private readonly mappings: (Mapping | undefined)[];
  private readonly accesses: Accesses;
  /** Per device: the largest mapping that its driver was told of. */
  private readonly told: (number | undefined)[] = [];

  constructor(machine: Machine, dma: DmaOps, scenario: Scenario, observer: Observer | undefined) {
    this.machine = machine;
    this.dma = dma;
    this.scenario = scenario;
    this.observer = observer;
    this.mappings = scenario.mappings.map(() => undefined);
    this.accesses = new Accesses(machine, scenario, this.mappings);
  }

  execute(): this {
    const { machine, scenario } = this;
    machine.log.step = -1;
    machine.cache.keepsDirty = scenario.layout?.keepsDirty === true;
    let buffers = 0;
    for (const buffer of scenario.buffers) {
      if (buffer.untouched !== true) this.accesses.fillInitially(buffers, buffer);
      buffers++;
    }
    this.attempt(undefined, -1);
    this.observer?.observe(-1, this.mappings);
    if (this.crash !== undefined) return this;
    let index = -1;
    for (const step of scenario.steps) {
      machine.log.step = ++index;
      machine.log.path = 0;
      if (scenario.layout?.evicts === true) machine.cache.evict();
      const from = machine.log.length;
      const { status, map } = this.attempt(step, index);
      if (status === 'done' && this.crash === undefined) machine.attack();
      if (this.observer !== undefined) this.note(this.observer, index, status, map, from);
      if (this.crash !== undefined) break;
    }
    return this;
  }

  /** Every map returned the same, and every device got the same kind of domain. */
  endedLike(other: Execution): boolean {
    const { machine, mappings } = this;
    return (
      machine.devices.every((device, i) => device.flushQueue === other.machine.devices[i]?.flushQueue) &&
      mappings.every((mapping, i) => sameSegments(mapping?.segments ?? [], other.mappings[i]?.segments ?? []))
    );
  }

  private note(
    observer: Observer,
    index: number,
    status: StepOutcome['status'],
    map: MappingIx | undefined,
    from: number,
  ): void {
    const { op, device }: { op?: string; device?: number } = this.scenario.steps[index] ?? {};
    observer.observe(index, this.mappings, map);
    const unmaps = op === 'unmap_page' || op === 'unmap_sg';
    const mayLeave = unmaps || op === 'flush_queue' || status === 'failed';
    if (mayLeave) observer.findLeftovers(index, this.mappings, map);
    const maps = op === 'map_page' || op === 'map_sg';
    this.steps.push({
      status,
      segments: maps ? (elementAt(this.mappings, map)?.segments ?? []) : [],
      from,
      to: this.machine.log.length,
      held: observer.held(),
      ...(op === 'dma_max_mapping_size' ? { told: elementAt(this.told, device) ?? Infinity } : {}),
      ...(maps && status === 'failed' && device !== undefined ? { limit: this.maxMappingSize(device) } : {}),
    });
  }

  /** dma_max_mapping_size(). */
  private maxMappingSize(device: number): number {
    return this.dma.maxMappingSize?.(this.machine.deviceAt(device)) ?? Infinity;
  }

  private attempt(step: Step | undefined, index: number): Attempt {
    const map = step !== undefined && 'map' in step ? step.map : undefined;
    try {
      return { status: step === undefined ? this.initDomains() : this.step(step), map };
    } catch (error) {
      if (!(error instanceof KernelCrash)) throw error;
      this.machine.recordCrash(error);
      this.crash = { kind: error.kind, step: index, event: this.machine.log.length - 1 };
      return { status: 'crashed', map };
    } finally {
      this.machine.hook = undefined;
    }
  }

  private initDomains(): 'done' {
    for (const device of this.machine.devices) this.dma.initDomain(device);
    const taken = occupy(this.machine, this.scenario.layout);
    this.observer?.leaveOut(taken);
    return 'done';
  }

  private step(step: Step): StepOutcome['status'] {
    switch (step.op) {
      case 'cpu_read':
      case 'cpu_write':
      case 'device_read':
      case 'device_write':
        return this.accesses.access(step) ? 'done' : 'skipped';
      case 'fail_next':
        this.machine.deviceAt(step.device).armed[step.what]++;
        return 'done';
      case 'flush_queue':
        if (this.dma.flushQueue === undefined) this.machine.flush(step.device);
        else this.dma.flushQueue(this.machine.deviceAt(step.device));
        return 'done';
      case 'dma_max_mapping_size': {
        const { device, size = this.maxMappingSize(device) } = step;
        this.told[device] = size;
        return 'done';
      }
      default:
        return this.dmaStep(step);
    }
  }

  private dmaStep(step: DmaStep): StepOutcome['status'] {
    this.interleave(step.during);
    if (step.op === 'map_page' || step.op === 'map_sg') {
      if (sizeOf(step) > (this.told[step.device] ?? Infinity)) return 'skipped';
      return this.map(step) ? 'done' : 'failed';
    }
    const mapping = this.mappings[step.map];
    const { misuse } = step;
    if (mapping === undefined || (!mapping.live && misuse === undefined)) return 'skipped';
    const device = this.machine.deviceAt(mapping.device);
    const handle = mapping.segments[0]?.address ?? DMA_MAPPING_ERROR;
    const dir = misuse?.dir ?? mapping.dir;
    const sgl = mapping.sgl ?? [this.asEntry(step.map, handle)];
    const nents = misuse?.entries ?? sgl.length;
    switch (step.op) {
      case 'sync_single_for_cpu':
        this.dma.syncSingleForCpu(device, handle + step.offset, step.size, dir);
        break;
      case 'sync_single_for_device':
        this.dma.syncSingleForDevice(device, handle + step.offset, step.size, dir);
        break;
      case 'sync_sg_for_cpu':
        this.dma.syncSgForCpu(device, sgl, nents, dir);
        break;
      case 'sync_sg_for_device':
        this.dma.syncSgForDevice(device, sgl, nents, dir);
        break;
      case 'unmap_page':
        this.dma.unmapPage(device, handle, misuse?.size ?? mapping.size, dir, step.attrs);
        this.takeBack(device, mapping);
        break;
      case 'unmap_sg':
        this.dma.unmapSg(device, sgl, nents, dir, step.attrs);
        this.takeBack(device, mapping);
        break;
    }
    return 'done';
  }

  private map(step: Extract<DmaStep, { op: 'map_page' | 'map_sg' }>): boolean {
    const device = this.machine.deviceAt(step.device);
    const mapping: Mapping = {
      device: step.device,
      dir: step.dir,
      sgl: step.op === 'map_sg' ? this.listFor(step) : undefined,
      size: sizeOf(step),
      segments: [],
      live: false,
    };
    this.mappings[step.map] = mapping;
    device.mapping = step.map;
    device.domain.owner = step.map;
    if (step.op === 'map_page') {
      const handle = this.dma.mapPage(device, this.accesses.phys(step), step.size, step.dir, step.attrs);
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

  /** A page mapping for a call that wants a list. */
  private asEntry(map: number, handle: number): Scatterlist[number] {
    const [range] = this.scenario.mappings[map]?.ranges ?? [];
    if (range === undefined) throw new RangeError(`mapping ${map} maps nothing`);
    return { ...this.scatter(range), dmaAddress: handle, dmaLength: range.size };
  }

  /** The list of an earlier map of the same that failed, as that left it; else a fresh one. */
  private listFor({ map, device, sgl }: Extract<DmaStep, { op: 'map_sg' }>): Scatterlist {
    const { mappings: infos } = this.scenario;
    const again = this.mappings.findLast((mapping, index) => {
      if (index >= map || mapping?.sgl === undefined || mapping.segments.length > 0) return false;
      return mapping.device === device && sameRanges(infos[index]?.ranges ?? [], sgl);
    });
    return again?.sgl ?? sgl.map((range) => this.scatter(range));
  }

  private takeBack(device: DmaDevice, mapping: Mapping): void {
    mapping.live = false;
    this.handOver(device);
  }

  /** Tell the device's scribble what it may write anyway, through whatever translation it gets there. */
  private handOver(device: DmaDevice): void {
    if (!device.config.scribble) return;
    device.handedOver = [];
    for (const mapping of this.mappings) {
      if (mapping?.live !== true || mapping.dir === DMA_TO_DEVICE) continue;
      if (mapping.device !== device.index) continue;
      for (const { address, length } of mapping.segments) {
        device.handedOver.push(...device.domain.memoryBehind(address, length));
      }
    }
  }

  /** Let the accesses happen after the nth call of their kernel function. */
  private interleave(during: readonly During[]): void {
    if (during.length === 0) return;
    const { machine } = this;
    const calls = new Map<InterleavePoint, number>();
    const hook = (kind: InterleavePoint): void => {
      const nth = (calls.get(kind) ?? 0) + 1;
      calls.set(kind, nth);
      const { path } = machine.log;
      machine.hook = undefined;
      machine.log.path = 0;
      for (const point of during) {
        if (point.after !== kind || point.nth !== nth) continue;
        for (const step of point.steps) this.accesses.access(step);
      }
      machine.log.path = path;
      machine.hook = hook;
    };
    machine.hook = hook;
  }

  private scatter(range: BufferRange): Scatterlist[number] {
    return { phys: this.accesses.phys(range), length: range.size, dmaAddress: 0, dmaLength: 0 };
  }
}

/** Bytes that a step maps. */
function sizeOf(step: Extract<DmaStep, { op: 'map_page' | 'map_sg' }>): number {
  return step.op === 'map_page' ? step.size : step.sgl.reduce((sum, { size }) => sum + size, 0);
}

function sameRanges(a: readonly BufferRange[], b: readonly BufferRange[]): boolean {
  if (a.length !== b.length) return false;
  return a.every(({ buffer, offset, size }, i) => {
    const other = b[i];
    return buffer === other?.buffer && offset === other.offset && size === other.size;
  });
}
