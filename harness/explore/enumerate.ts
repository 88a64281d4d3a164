// SPDX-License-Identifier: GPL-2.0-only
/**
 * Every program up to a size, over a grid of machines and buffer classes. Buffers and mappings are
 * numbered in the order of their first use, so that programs that differ in names only count once; a
 * shorter program is the beginning of a longer one, and so is its trace: only the longest are run.
 */
import { DEVICE_DEFAULTS, MACHINE_DEFAULTS, type MachineConfig } from '../machine/config.ts';
import { DIRECTION_NAMES, DMA_ATTR_SKIP_CPU_SYNC, type Direction } from '../machine/vocabulary.ts';
import type { Step } from '../run/scenario.ts';
import { isMap, mappedSize, type MapStep, type Program, type ProgramBuffer } from './program.ts';
import type { ProgramSource } from './source.ts';
import { Usage } from './usage.ts';

/** What is enumerated. */
export interface Grid {
  /** Operations and accesses between the first CPU writes and the last unmaps and CPU reads. */
  readonly operations: number;
  /** Most buffers. */
  readonly buffers: number;
  readonly classes: readonly ProgramBuffer[];
  readonly minAlignMasks: readonly number[];
  readonly granules: readonly number[];
}

/** Classes: whole pages · a sector inside a page · across the end of a page. */
export const DEFAULT_GRID: Grid = {
  operations: 2,
  buffers: 2,
  classes: [
    { size: 4096, offset: 0 },
    { size: 512, offset: 0x200 },
    { size: 1024, offset: 0xe00 },
  ],
  minAlignMasks: [0, 4095],
  granules: [4096],
};

/** Programs of a grid, and in words what they cover. */
export interface Enumeration extends ProgramSource {
  readonly covers: readonly string[];
}

/** A program without sizes: the size of buffer number b is -1 - b, half of it the same minus a half. */
type Shape = readonly Step[];
const ATTRS = [0, DMA_ATTR_SKIP_CPU_SYNC];
const DIRECTIONS = [...DIRECTION_NAMES.keys()] as Direction[];
/** Buffers that the shapes are made with; every class allows what they allow. */
const MODEL_SIZE = 512;

/** Every program of the grid. */
export function enumerate(grid: Grid): Enumeration {
  const machines = machinesOf(grid);
  const shapes = shapesOf(grid);
  const counts = shapes.map((shape) => grid.classes.length ** buffersOf(shape) * machines.length);
  const starts: number[] = [];
  let size = 0;
  for (const count of counts) {
    starts.push(size);
    size += count;
  }
  const at = (index: number): Program => {
    const number = lastNotAbove(starts, index);
    const shape = shapes[number] ?? [];
    let rest = index - (starts[number] ?? 0);
    const machine = machines[rest % machines.length];
    if (machine === undefined) throw new RangeError(`no program ${index} in this grid`);
    rest = Math.floor(rest / machines.length);
    const buffers = Array.from({ length: buffersOf(shape) }, () => {
      const found = grid.classes[rest % grid.classes.length];
      rest = Math.floor(rest / grid.classes.length);
      return found ?? { size: MODEL_SIZE, offset: 0 };
    });
    return { machine, buffers, steps: sized(shape, buffers) };
  };
  return { size, at, covers: inWords(grid, shapes.length, machines.length, size) };
}

function inWords(grid: Grid, shapes: number, machines: number, size: number): string[] {
  const classes = grid.classes.map(({ size: bytes, offset }) => `${bytes} bytes at 0x${offset.toString(16)}`);
  return [
    `${size} programs: ${shapes} sequences × buffer classes × ${machines} machines`,
    `sequences: the CPU writes each buffer; every legal sequence of up to ${grid.operations} of map_page, map_sg (1 to ${grid.buffers} entries), sync for cpu and for device (whole, first half), unmap, device read, device write (whole, first half), CPU read and write, beginning with a map; then all is unmapped and read`,
    `up to ${grid.buffers} buffers, each one of: ${classes.join(', ')}; all directions; with and without SKIP_CPU_SYNC at map and unmap`,
    `machines: trusted and untrusted × coherent and not × min_align_mask ${grid.minAlignMasks.join(', ')} × granule ${grid.granules.join(', ')} × CONFIG_SWIOTLB y, n × strict, lazy; one device`,
  ];
}

function machinesOf({ granules, minAlignMasks }: Grid): MachineConfig[] {
  const flags = [true, false];
  return granules.flatMap((granule) =>
    minAlignMasks.flatMap((minAlignMask) =>
      flags.flatMap((swiotlb) =>
        flags.flatMap((strict) =>
          flags.flatMap((untrusted) =>
            flags.map((coherent) => ({
              ...MACHINE_DEFAULTS,
              granule,
              swiotlb,
              strict,
              devices: [{ ...DEVICE_DEFAULTS, untrusted, coherent, minAlignMask }],
            })),
          ),
        ),
      ),
    ),
  );
}

/** Every legal sequence, on model buffers, with what goes before and after it. */
function shapesOf(grid: Grid): Shape[] {
  const machine = { ...MACHINE_DEFAULTS, devices: [{ ...DEVICE_DEFAULTS, coherent: false }] };
  const buffers = Array.from({ length: grid.buffers }, () => ({ size: MODEL_SIZE, offset: 0 }));
  const found: Shape[] = [];
  const extend = (steps: readonly Step[]): void => {
    const usage = new Usage({ machine, buffers });
    for (const step of steps) usage.add(step);
    if (steps.length === grid.operations) {
      found.push(finish(steps, usage));
      return;
    }
    for (const step of nextSteps(steps, usage, grid.buffers)) {
      if (usage.allows(step)) extend([...steps, step]);
    }
  };
  extend([]);
  return found;
}

function finish(steps: readonly Step[], usage: Usage): Shape {
  const used = [...Array.from({ length: buffersOf(steps) }).keys()];
  const whole = (op: 'cpu_write' | 'cpu_read') => (buffer: number) =>
    ({ line: 0, op, buffer, offset: 0, size: MODEL_SIZE }) as const;
  const unmaps = usage.live().map((map): Step => {
    const plain = unmapOf(usage.mapStep(map), map, 0);
    return usage.allows(plain) ? plain : unmapOf(usage.mapStep(map), map, DMA_ATTR_SKIP_CPU_SYNC);
  });
  return [...used.map(whole('cpu_write')), ...steps, ...unmaps, ...used.map(whole('cpu_read'))];
}

function unmapOf(mapped: MapStep | undefined, map: number, attrs: number): Step {
  return { line: 0, op: mapped?.op === 'map_sg' ? 'unmap_sg' : 'unmap_page', map, attrs, during: [] };
}

/** What may be tried next; a new buffer is the next one not used yet. */
function nextSteps(steps: readonly Step[], usage: Usage, most: number): Step[] {
  const used = buffersOf(steps);
  const whole = (buffer: number) => ({ buffer, offset: 0, size: MODEL_SIZE });
  const known = [...Array.from({ length: Math.min(used + 1, most) }).keys()];
  const lists = [
    ...known.map((b) => [b]),
    ...known.flatMap((a) => known.concat(used + 1).map((b) => [a, b])),
  ];
  const canonical = lists.filter((list) =>
    list.every((b, i) => b < most && b <= Math.max(used, ...list.slice(0, i).map((c) => c + 1))),
  );
  const maps = DIRECTIONS.flatMap((dir) =>
    ATTRS.flatMap((attrs): Step[] => {
      const common = { line: 0, map: usage.maps, device: 0, dir, attrs, during: [] } as const;
      return [
        ...known.map((buffer): Step => ({ ...common, op: 'map_page', ...whole(buffer) })),
        ...canonical.map((list): Step => ({ ...common, op: 'map_sg', sgl: list.map(whole) })),
      ];
    }),
  );
  if (steps.length === 0) return maps;
  const cpu = [...Array.from({ length: used }).keys()].flatMap((buffer): Step[] => [
    { line: 0, op: 'cpu_read', ...whole(buffer) },
    { line: 0, op: 'cpu_write', ...whole(buffer) },
  ]);
  return [...maps, ...usage.live().flatMap((map) => onMapping(usage.mapStep(map), map)), ...cpu];
}

function onMapping(mapped: MapStep | undefined, map: number): Step[] {
  if (mapped === undefined) return [];
  const size = mappedSize(mapped);
  const [all, half] = [
    { offset: 0, size },
    { offset: 0, size: size / 2 },
  ];
  const syncs: Step[] =
    mapped.op === 'map_sg'
      ? (['sync_sg_for_cpu', 'sync_sg_for_device'] as const).map((op) => ({ line: 0, op, map, during: [] }))
      : (['sync_single_for_cpu', 'sync_single_for_device'] as const).flatMap((op) =>
          [all, half].map((span) => ({ line: 0, op, map, ...span, during: [] })),
        );
  const accesses = [all, half].map((span): Step => ({
    line: 0,
    op: 'device_write',
    map,
    segment: undefined,
    ...span,
  }));
  const read: Step = { line: 0, op: 'device_read', map, segment: undefined, ...all };
  return [...syncs, read, ...accesses, ...ATTRS.map((attrs) => unmapOf(mapped, map, attrs))];
}

function buffersOf(steps: readonly Step[]): number {
  const used = steps.flatMap((step) => {
    if (step.op === 'map_sg') return step.sgl.map(({ buffer }) => buffer);
    return 'buffer' in step ? [step.buffer] : [];
  });
  return Math.max(-1, ...used) + 1;
}

/** The shape on buffers of other sizes; half stays half. */
function sized(shape: Shape, buffers: readonly ProgramBuffer[]): Step[] {
  const sizes = new Map<number, number>();
  return shape.map((step): Step => {
    const sizeOf = (buffer: number): number => buffers[buffer]?.size ?? 0;
    if (step.op === 'map_sg') {
      const sgl = step.sgl.map((range) => ({ ...range, size: sizeOf(range.buffer) }));
      sizes.set(step.map, sgl.reduce((sum, { size }) => sum + size, 0) / mappedSize(step));
      return { ...step, sgl };
    }
    if ('buffer' in step) {
      if (isMap(step)) sizes.set(step.map, sizeOf(step.buffer) / step.size);
      return { ...step, size: sizeOf(step.buffer) };
    }
    return 'size' in step && 'map' in step ? { ...step, size: step.size * (sizes.get(step.map) ?? 1) } : step;
  });
}

function lastNotAbove(starts: readonly number[], value: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
