// SPDX-License-Identifier: GPL-2.0-only
/** A generated program: plain data, and the Scenario that it stands for. */
import type { MachineConfig } from '../machine/config.ts';
import type { Attrs, Size } from '../machine/vocabulary.ts';
import type {
  AccessStep,
  Buffer,
  BufferRange,
  During,
  MappingInfo,
  Scenario,
  Step,
} from '../run/scenario.ts';

/** A buffer in a home of its own, `offset` bytes into it. */
export interface ProgramBuffer {
  readonly size: Size;
  readonly offset: Size;
}

/** What runs, without names. Mappings are numbered in the order of their map steps; `line` is 0. */
export interface Program {
  readonly machine: MachineConfig;
  readonly buffers: readonly ProgramBuffer[];
  readonly steps: readonly Step[];
}

export type MapStep = Extract<Step, { op: 'map_page' | 'map_sg' }>;
export type DeviceAccess = Extract<AccessStep, { op: 'device_read' | 'device_write' }>;

/** The loader's homes: a buffer shares no page with another. */
export const HOME_SIZE = 0x10000;
export const FIRST_HOME = 0x100000;

/** More than the buffers of a program need, be it to fill the smallest pool: each step costs them again. */
export const MOST_BYTES = 0x60000;

/** Bytes of all buffers, in whole granules as an IOMMU maps them. */
export function bulkOf({ machine: { granule }, buffers }: Pick<Program, 'machine' | 'buffers'>): Size {
  return buffers.reduce((sum, { size }) => sum + Math.ceil(size / granule) * granule, 0);
}

/** What is said about a program when it becomes a scenario. */
export interface Telling {
  /** `topic/file-name`. */
  readonly id: string;
  readonly name: string;
  readonly why: string;
  readonly refs?: readonly string[];
}

const UNTOLD: Telling = { id: 'found/program', name: 'generated', why: 'generated' };

/** The scenario that the program stands for: what the loader makes of its YAML, but for line numbers. */
export function toScenario(program: Program, { id, name, why, refs = [] }: Telling = UNTOLD): Scenario {
  const { machine, steps } = program;
  let home = FIRST_HOME;
  const buffers = program.buffers.map(({ size, offset }, index): Buffer => {
    const phys = home + offset;
    home += Math.ceil((offset + size) / HOME_SIZE) * HOME_SIZE;
    return { name: bufferName(index), phys, size };
  });
  const mappings = steps.flatMap((step, index): MappingInfo[] => {
    if (!isMap(step)) return [];
    const { map, device, dir } = step;
    return [
      { name: mappingName(map), step: index, device, dir, sg: step.op === 'map_sg', ranges: rangesOf(step) },
    ];
  });
  const deviceNames = machine.devices.map((_, index) => deviceName(program, index));
  return { id, scenario: id, name, why, refs, watch: [], machine, deviceNames, buffers, mappings, steps };
}

export function bufferName(index: number): string {
  return index < 26 ? String.fromCodePoint(97 + index) : `b${index}`;
}

export function mappingName(map: number): string {
  return `m${map}`;
}

export function deviceName({ machine }: Program, index: number): string {
  return machine.devices.length === 1 ? 'dev' : `dev${index}`;
}

export function isMap(step: Step): step is MapStep {
  return step.op === 'map_page' || step.op === 'map_sg';
}

/** What a map step maps. */
export function rangesOf(step: MapStep): readonly BufferRange[] {
  if (step.op === 'map_sg') return step.sgl;
  const { buffer, offset, size } = step;
  return [{ buffer, offset, size }];
}

/** Bytes of a mapping. */
export function mappedSize(step: MapStep): Size {
  return rangesOf(step).reduce((sum, { size }) => sum + size, 0);
}

/** What happens inside the step. */
export function duringOf(step: Step): readonly During[] {
  return 'during' in step ? step.during : [];
}

/** Attributes of a map or unmap, 0 for the rest. */
export function attrsOf(step: Step): Attrs {
  return 'attrs' in step ? step.attrs : 0;
}

/** The map step of mapping number `map`. */
export function mapStepOf({ steps }: Program, map: number): MapStep | undefined {
  return steps.find((step): step is MapStep => isMap(step) && step.map === map);
}

/** The step, its mapping by its new number; undefined: that mapping is gone. */
function withMap<S extends Step | AccessStep>(step: S, numbers: ReadonlyMap<number, number>): S | undefined {
  if (!('map' in step)) return step;
  const map = numbers.get(step.map);
  return map === undefined ? undefined : { ...step, map };
}

/** The program with only the steps that `keep` lets through; what needs a mapping goes with its map step. */
export function keepSteps(program: Program, keep: (index: number) => boolean): Program {
  const numbers = new Map<number, number>();
  for (const [index, step] of program.steps.entries()) {
    if (isMap(step) && keep(index)) numbers.set(step.map, numbers.size);
  }
  const accesses = (steps: readonly AccessStep[]): AccessStep[] =>
    steps.map((step) => withMap(step, numbers)).filter((step) => step !== undefined);
  const steps = program.steps.flatMap((step, index): Step[] => {
    if (!keep(index)) return [];
    const renumbered = withMap(step, numbers);
    if (renumbered === undefined) return [];
    if (!('during' in renumbered)) return [renumbered];
    const during = renumbered.during
      .map((point) => ({ ...point, steps: accesses(point.steps) }))
      .filter((point) => point.steps.length > 0);
    return [{ ...renumbered, during }];
  });
  return { ...program, steps };
}
