// SPDX-License-Identifier: GPL-2.0-only
/** A recording as lines that a kernel reviewer can read. */
import { F_PATH, STRIDE } from '../machine/event-log.ts';
import { hex } from '../machine/u64.ts';
import { DIRECTION_NAMES, type EventIx, type StepIx } from '../machine/vocabulary.ts';
import { attrNames, describeEvent } from './event-text.ts';
import type { Namer } from './names.ts';
import { callPath } from './recording.ts';
import type { Run } from './run.ts';
import type { BufferRange, Misuse, Scenario, Step } from './scenario.ts';

/** One line of a trace. */
export interface TraceLine {
  /** Index of its step. */
  readonly step: StepIx;
  /** Index of its event; absent: the line is the step itself or its outcome. */
  readonly event?: EventIx;
  /** With addresses by name only, so that equal behaviour at other addresses is equal text. */
  readonly text: string;
  /** The same with the raw addresses. */
  readonly raw: string;
  /** `v3.2:mapSwiotlb` …, outermost first; empty outside of a state's methods. */
  readonly path: readonly string[];
}

/** The whole run, step by step. */
export function traceOf(run: Run): TraceLine[] {
  const lines: TraceLine[] = [];
  for (const [index, outcome] of run.steps.entries()) {
    const step = run.scenario.steps[index];
    if (step === undefined) break;
    const heading = describeStep(run.scenario, step);
    lines.push({ step: index, text: heading, raw: heading, path: [] });
    for (let event = outcome.from; event < outcome.to; event++) {
      const text = describeEvent(run, event, run.names.at(event));
      if (text === undefined) continue;
      const raw = describeEvent(run, event, RAW) ?? text;
      const path = callPath(run, run.records[event * STRIDE + F_PATH] ?? 0).map(
        ({ patch, method }) => `${patch}:${method}`,
      );
      lines.push({ step: index, event, text, raw, path });
    }
    lines.push(...outcomeLines(run, index));
  }
  return lines;
}

/**
 * The line of the trace that each event belongs to: its own, else the last one before it in its step; undefined: it
 * happened before the first.
 */
export function lineOfEvents(run: Run, trace: readonly TraceLine[]): (number | undefined)[] {
  const owner: (number | undefined)[] = Array.from({ length: run.events.count });
  const own = new Map(trace.map(({ event }, index) => [event, index]));
  for (const [step, { from, to }] of run.steps.entries()) {
    let line = trace.findIndex((one) => one.step === step);
    for (let event = from; event < to; event++) {
      line = own.get(event) ?? line;
      owner[event] = line;
    }
  }
  return owner;
}

/** The runs do the same, line by line, but for where things lie; stops at the first difference. */
export function readsTheSame(a: Run, b: Run): boolean {
  const [one, other] = [new Behaviour(a), new Behaviour(b)];
  for (;;) {
    const line = one.next();
    if (line !== other.next()) return false;
    if (line === undefined) return true;
  }
}

/** What a run does, in lines without raw addresses, one at a time. */
class Behaviour {
  private readonly run: Run;
  private step = 0;
  private event = 0;
  private end = 0;
  /** What came of the step, and how much of that has been told. */
  private outcome: readonly TraceLine[] = [];
  private told = 0;

  constructor(run: Run) {
    this.run = run;
  }

  /** The next line; undefined: that was all. */
  next(): string | undefined {
    for (;;) {
      if (this.event < this.end) {
        const event = this.event++;
        return describeEvent(this.run, event, this.run.names.at(event)) ?? '';
      }
      const line = this.outcome[this.told++];
      if (line !== undefined) return line.text;
      const outcome = this.run.steps[this.step];
      if (outcome === undefined) return undefined;
      this.event = outcome.from;
      this.end = outcome.to;
      this.outcome = outcomeLines(this.run, this.step++);
      this.told = 0;
    }
  }
}

const RAW: Namer = { phys: hex, dma: hex };

function outcomeLines(run: Run, step: StepIx): TraceLine[] {
  const outcome = run.steps[step];
  const { op } = run.scenario.steps[step] ?? {};
  const mapped = run.scenario.mappings.find((mapping) => mapping.step === step);
  const names = run.names.at((outcome?.to ?? 0) - 1);
  const line = (text: string, raw: string): TraceLine => ({ step, text, raw, path: [] });
  if (outcome?.status === 'skipped') {
    const maps = op === 'map_page' || op === 'map_sg';
    const why = `= skipped: ${maps ? 'larger than what the driver was told' : 'the map failed'}`;
    return [line(why, why)];
  }
  if (outcome?.told !== undefined) {
    const told = Number.isFinite(outcome.told) ? `= ${outcome.told} bytes` : '= no limit';
    return [line(told, told)];
  }
  if (outcome?.status === 'failed') return [line('= failed', '= failed')];
  if (mapped === undefined) return [];
  return (outcome?.segments ?? []).map(({ address, length }) =>
    line(`= ${names.dma(address, mapped.device)} (${length} bytes)`, `= ${hex(address)} (${length} bytes)`),
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
      return `${step.op} ${mapping}${attrNames(step.attrs)}${wrongly(step.misuse)}`;
    case 'sync_single_for_cpu':
    case 'sync_single_for_device':
      return `${step.op} ${mapping}[${signed(step.offset)}, +${step.size}]${wrongly(step.misuse)}`;
    case 'sync_sg_for_cpu':
    case 'sync_sg_for_device':
      return `${step.op} ${mapping}${wrongly(step.misuse)}`;
    case 'fail_next':
      return `fail_next ${step.what} on ${dev(step.device)}`;
    case 'flush_queue':
      return `flush_queue of ${dev(step.device)}`;
    case 'dma_max_mapping_size':
      return `dma_max_mapping_size of ${dev(step.device)}`;
  }
}

/** What a misuse does otherwise than the map. */
function wrongly(misuse: Misuse | undefined): string {
  if (misuse === undefined) return '';
  const { size, dir, entries } = misuse;
  const parts = [
    ...(size === undefined ? [] : [` size ${size}`]),
    ...(dir === undefined ? [] : [` ${DIRECTION_NAMES[dir] ?? ''}`]),
    ...(entries === undefined ? [] : [` ${entries} entries`]),
  ];
  return ` (misuse${parts.length === 0 ? '' : `:${parts.join('')}`})`;
}

function signed(offset: number): string {
  return offset < 0 ? `-${hex(-offset)}` : hex(offset);
}
