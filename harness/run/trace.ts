// SPDX-License-Identifier: GPL-2.0-only
/** A recording as lines that a kernel reviewer can read. */
import { CRASHES, WARNINGS, describeCrash, describeWarning } from '../machine/crash.ts';
import { FAULT_REASONS } from '../machine/event-log.ts';
import { decimal, hex } from '../machine/u64.ts';
import {
  ATTR_BITS,
  DIRECTION_NAMES,
  DMA_TO_DEVICE,
  IOMMU_CACHE,
  IOMMU_PRIV,
  IOMMU_READ,
  IOMMU_WRITE,
} from '../machine/vocabulary.ts';
import type { BufferRange, Scenario, Step } from './scenario.ts';
import { Names } from './names.ts';
import { describeLabels, Labels } from './provenance.ts';
import { callPath, eventAt, events, type Event, type Recording } from './recording.ts';

/** One line of a trace. */
export interface TraceLine {
  /** Index of its step, -1 before the first. */
  readonly step: number;
  /** Index of its event, -1: the line is the step itself or its outcome. */
  readonly event: number;
  /** With addresses by name only, so that equal behaviour at other addresses is equal text. */
  readonly text: string;
  /** The same with the raw addresses. */
  readonly raw: string;
  /** `v3.2:mapSwiotlb` …, outermost first; empty outside of a state's methods. */
  readonly path: readonly string[];
}

/** The whole run, step by step. */
export function traceOf(run: Recording): TraceLine[] {
  const names = new Names(run);
  const labels = new Labels(run);
  const lines: TraceLine[] = [];
  for (const [index, outcome] of run.steps.entries()) {
    const step = run.scenario.steps[index];
    if (step === undefined) break;
    const heading = describeStep(run.scenario, step);
    lines.push({ step: index, event: -1, text: heading, raw: heading, path: [] });
    for (const event of events(run, undefined, outcome.from, outcome.to)) {
      const isStep = !('during' in step);
      const text = describeEvent(run, labels, event, names.at(event.index), isStep);
      if (text === undefined) continue;
      const raw = describeEvent(run, labels, event, RAW, isStep) ?? text;
      const path = callPath(run, event.path).map(({ patch, method }) => `${patch}:${method}`);
      lines.push({ step: index, event: event.index, text, raw, path });
    }
    lines.push(...outcomeLines(run, index, names));
  }
  return lines;
}

/** What a run does, in lines without raw addresses: equal for runs that differ only in where things lie. */
export function behaviourOf(run: Recording): string[] {
  const behaviour = new Behaviour(run);
  const lines: string[] = [];
  for (let line = behaviour.next(); line !== undefined; line = behaviour.next()) lines.push(line);
  return lines;
}

/** Equal behaviourOf(); stops at the first difference. */
export function readsTheSame(a: Recording, b: Recording): boolean {
  const [one, other] = [new Behaviour(a), new Behaviour(b)];
  for (;;) {
    const line = one.next();
    if (line !== other.next()) return false;
    if (line === undefined) return true;
  }
}

/** The lines of a behaviour, one at a time. */
class Behaviour {
  private readonly run: Recording;
  private readonly names: Names;
  private readonly labels: Labels;
  private step = -1;
  private event = 0;
  private end = 0;
  /** What came of the step, and how much of that has been told. */
  private outcome: readonly TraceLine[] = [];
  private told = 0;

  constructor(run: Recording) {
    this.run = run;
    this.names = new Names(run);
    this.labels = new Labels(run);
  }

  /** The next line; undefined: that was all. */
  next(): string | undefined {
    for (;;) {
      if (this.event < this.end) {
        const isStep = !('during' in (this.run.scenario.steps[this.step] ?? {}));
        const event = eventAt(this.run, this.event++);
        return describeEvent(this.run, this.labels, event, this.names.at(event.index), isStep) ?? '';
      }
      const line = this.outcome[this.told++];
      if (line !== undefined) return line.text;
      const outcome = this.run.steps[++this.step];
      if (outcome === undefined) return undefined;
      this.event = outcome.from;
      this.end = outcome.to;
      this.outcome = outcomeLines(this.run, this.step, this.names);
      this.told = 0;
    }
  }
}

const RAW: Namer = { phys: hex, dma: hex };

/** Puts an address into words. */
interface Namer {
  phys(address: number): string;
  dma(address: number, device: number): string;
}

function outcomeLines(run: Recording, step: number, names: Names): TraceLine[] {
  const outcome = run.steps[step];
  const { op } = run.scenario.steps[step] ?? {};
  const device = run.scenario.mappings.find((mapping) => mapping.step === step)?.device ?? -1;
  names.at((outcome?.to ?? 0) - 1);
  const line = (text: string, raw: string): TraceLine => ({ step, event: -1, text, raw, path: [] });
  if (outcome?.status === 'skipped') return [line('= skipped: the map failed', '= skipped: the map failed')];
  if (outcome?.status === 'failed') return [line('= failed', '= failed')];
  if (op !== 'map_page' && op !== 'map_sg') return [];
  return (outcome?.segments ?? []).map(({ address, length }) =>
    line(`= ${names.dma(address, device)} (${length} bytes)`, `= ${hex(address)} (${length} bytes)`),
  );
}

/** A step as its author wrote it. */
export function describeStep(scenario: Scenario, step: Step): string {
  const range = ({ buffer, offset, size }: BufferRange): string =>
    `${scenario.buffers[buffer]?.name ?? '?'}[${hex(offset)}, +${size}]`;
  const dev = (index: number): string => scenario.deviceNames[index] ?? `device ${index}`;
  const mapping = 'map' in step ? (scenario.mappings[step.map]?.name ?? '?') : '';
  switch (step.op) {
    case 'cpu_read':
    case 'cpu_write':
      return `${step.op} ${range(step)}`;
    case 'device_read':
    case 'device_write': {
      const segment = step.segment === undefined ? '' : `.${step.segment}`;
      return `${step.op} ${mapping}${segment}[${signed(step.offset)}, +${step.size}]`;
    }
    case 'map_page':
      return `map_page ${mapping} = ${range(step)} ${DIRECTION_NAMES[step.dir]}${attrNames(step.attrs)} on ${dev(step.device)}`;
    case 'map_sg':
      return `map_sg ${mapping} = ${step.sgl.map(range).join(' ')} ${DIRECTION_NAMES[step.dir]}${attrNames(step.attrs)} on ${dev(step.device)}`;
    case 'unmap_page':
    case 'unmap_sg':
      return `${step.op} ${mapping}${attrNames(step.attrs)}`;
    case 'sync_single_for_cpu':
    case 'sync_single_for_device':
      return `${step.op} ${mapping}[${hex(step.offset)}, +${step.size}]`;
    case 'sync_sg_for_cpu':
    case 'sync_sg_for_device':
      return `${step.op} ${mapping}`;
    case 'fail_next':
      return `fail_next ${step.what} on ${dev(step.device)}`;
    case 'flush_queue':
      return `flush_queue of ${dev(step.device)}`;
  }
}

function signed(offset: number): string {
  return offset < 0 ? `-${hex(-offset)}` : hex(offset);
}

function attrNames(attrs: number): string {
  const names = Object.entries(ATTR_BITS).filter(([, bit]) => (attrs & bit) !== 0);
  return names.map(([name]) => ` ${name}`).join('');
}

function protection(prot: number): string {
  const bits = [
    [IOMMU_READ, 'READ'],
    [IOMMU_WRITE, 'WRITE'],
    [IOMMU_CACHE, 'CACHE'],
    [IOMMU_PRIV, 'PRIV'],
  ] as const;
  return bits.flatMap(([bit, name]) => ((prot & bit) === 0 ? [] : [name])).join('|');
}

/** `isStep`: the step itself is the access, and its heading says so. */
function describeEvent(
  run: Recording,
  labels: Labels,
  event: Event,
  name: Namer,
  isStep: boolean,
): string | undefined {
  const { kind, device, a, b, c, d, e, f, result, extra } = event;
  const { granule } = run.scenario.machine;
  const injected = extra === 1 ? ' (injected)' : '';
  switch (kind) {
    case 'alloc_iova_fast':
      return `${kind}(pages ${a}, limit ${hex(b)}) = ${result === 0 ? '0' : name.dma(result * granule, device)}${injected}`;
    case 'free_iova_fast':
    case 'queue_iova':
      return `${kind}(${a === 0 ? '0' : name.dma(a * granule, device)}, pages ${b})`;
    case 'iommu_map':
      return `${kind}(${name.dma(a, device)} → ${name.phys(b)}, size ${hex(c)}, ${protection(d)}) = ${result}${injected}`;
    case 'iommu_map_sg':
      return `${kind}(${name.dma(a, device)}, nents ${b}, ${protection(c)}) = ${hex(result)}${injected}`;
    case 'sg_entry':
      return `  entry ${name.phys(a)}, length ${hex(b)}`;
    case 'iommu_unmap':
      return `${kind}(${name.dma(a, device)}, size ${hex(b)}) = ${hex(result)}`;
    case 'iommu_iotlb_sync':
    case 'iommu_flush_iotlb_all':
      return `${kind}()`;
    case 'iommu_iova_to_phys':
      return `${kind}(${name.dma(a, device)}) = ${name.phys(result)}`;
    case 'arch_sync_dma_for_device':
    case 'arch_sync_dma_for_cpu':
      return `${kind}(${name.phys(a)}, size ${decimal(b)}, ${DIRECTION_NAMES[c] ?? '?'})`;
    case 'swiotlb_tbl_map_single': {
      const returned = Number.isNaN(result) ? 'never returned' : result < 0 ? 'error' : name.phys(result);
      return `${kind}(${name.phys(a)}, mapping size ${decimal(b)}, alloc size ${decimal(c)}, align mask ${hex(d)}, ${DIRECTION_NAMES[e] ?? '?'}${attrNames(f)}) = ${returned}`;
    }
    case 'swiotlb_tbl_unmap_single':
      return `${kind}(${name.phys(a)}, size ${decimal(b)}, ${DIRECTION_NAMES[c] ?? '?'}${attrNames(d)})`;
    case 'swiotlb_sync_single_for_device':
    case 'swiotlb_sync_single_for_cpu':
      return `${kind}(${name.phys(a)}, size ${decimal(b)}, ${DIRECTION_NAMES[c] ?? '?'})`;
    case 'swiotlb_bounce':
      return d === DMA_TO_DEVICE
        ? `  copy ${name.phys(a)} → ${name.phys(b)}, size ${decimal(c)}`
        : `  copy ${name.phys(b)} → ${name.phys(a)}, size ${decimal(c)}`;
    case 'memset':
      return `memset(${name.phys(a)}, 0, size ${decimal(b)})`;
    case 'warn':
      return `WARNING: ${describeWarning(WARNINGS[a] ?? 'pool-full', b, c, d)}`;
    case 'crash':
      return `CRASH: ${describeCrash(CRASHES[a] ?? 'search-never-ends', b, c)}`;
    case 'iommu_fault':
      return `IOMMU fault at ${name.dma(a, device)}: ${FAULT_REASONS[b] ?? '?'}`;
    case 'device_write':
      if (d < 0) return `scribble at ${name.dma(a, device)}, size ${b}`;
      return isStep ? undefined : `meanwhile the device writes ${name.dma(a, device)}, size ${b}`;
    case 'cpu_read': {
      const [one, two] = [d, e].map((at) => describeLabels(run, labels, run.labels, at, c));
      const who = isStep ? '  sees' : 'meanwhile the CPU sees';
      return one === two ? `${who} ${one ?? ''}` : `${who} ${one ?? ''}; looking again: ${two ?? ''}`;
    }
    case 'device_read':
      return `${isStep ? '  sees' : 'meanwhile the device sees'} ${describeLabels(run, labels, run.labels, c, b)}`;
    case 'cpu_write':
      return isStep ? undefined : `meanwhile the CPU writes ${name.phys(e)}, size ${c}`;
    case 'device_write_run':
      return undefined;
  }
}
