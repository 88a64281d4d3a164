// SPDX-License-Identifier: GPL-2.0-only
/** How much there is to a program: fewer parts first, then plainer settings, then rounder numbers. */
import { DEVICE_DEFAULTS, MACHINE_DEFAULTS } from '../machine/config.ts';
import type { Step } from '../run/scenario.ts';
import { attrsOf, duringOf, isMap, mappedSize, mapStepOf, rangesOf, type Program } from './program.ts';

/** Numbers that a reader takes in at once, best first. */
export const ROUND_OFFSETS = [0, 64, 512, 2048, 4096, 1024, 3584, 128, 256] as const;
export const ROUND_SIZES = [512, 64, 4096, 2048, 1024, 8192, 6144, 65536, 32768] as const;

/** Compared from left to right. */
export type Cost = readonly number[];

export function isCheaper(a: Cost, b: Cost): boolean {
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? 0;
    if (value !== other) return value < other;
  }
  return false;
}

export function costOf(program: Program): Cost {
  const { machine, buffers, steps } = program;
  const { devices, ...settings } = machine;
  const inside = steps.flatMap((step) => duringOf(step).flatMap((point) => point.steps));
  const points = steps.flatMap(duringOf);
  return [
    steps.length + inside.length,
    steps.filter(isMap).length,
    steps.reduce((sum, step) => sum + (step.op === 'map_sg' ? step.sgl.length + 1 : 0), 0),
    devices.length,
    buffers.length,
    unusual(settings, MACHINE_DEFAULTS) +
      devices.reduce((sum, device) => sum + unusual(device, DEVICE_DEFAULTS), 0),
    steps.reduce((sum, step) => sum + bits(attrsOf(step)), 0) +
      points.reduce((sum, { nth }) => sum + nth - 1, 0),
    machine.pageSize +
      machine.granule +
      machine.swiotlbSlots +
      devices.reduce((sum, d) => sum + d.minAlignMask, 0),
    steps.reduce((sum, step) => sum + spans(program, step), 0),
    buffers.reduce(
      (sum, { size, offset }) => sum + round(size, ROUND_SIZES) + round(offset, ROUND_OFFSETS),
      0,
    ),
    buffers.reduce((sum, { size, offset }) => sum + size + offset, 0),
  ];
}

function unusual<T extends object>(config: T, defaults: T): number {
  const usual = new Map<string, unknown>(Object.entries(defaults));
  return Object.entries(config).filter(([key, value]) => usual.get(key) !== value).length;
}

function bits(attrs: number): number {
  return attrs.toString(2).replaceAll('0', '').length;
}

/** What the parts of buffers and mappings cost that a step names; a whole costs nothing. */
function spans(program: Program, step: Step): number {
  const of = (offset: number, size: number, total: number | undefined): number =>
    offset === 0 && size === total
      ? 0
      : 1000 + round(Math.abs(offset), ROUND_OFFSETS) + round(size, ROUND_SIZES) + (offset < 0 ? 1 : 0);
  const inside = duringOf(step).flatMap((point) => point.steps);
  return [step, ...inside].reduce((sum, each) => {
    if (isMap(each as Step)) {
      const ranges = rangesOf(each as Extract<Step, { op: 'map_page' }>);
      return sum + ranges.reduce((s, r) => s + of(r.offset, r.size, program.buffers[r.buffer]?.size), 0);
    }
    if (!('offset' in each)) return sum;
    if ('buffer' in each) return sum + of(each.offset, each.size, program.buffers[each.buffer]?.size);
    const mapped = mapStepOf(program, each.map);
    return sum + of(each.offset, each.size, mapped === undefined ? undefined : mappedSize(mapped));
  }, 0);
}

/** Place in the list; behind it, by length in binary. */
function round(value: number, list: readonly number[]): number {
  const at = list.indexOf(value);
  return at >= 0 ? at : list.length + Math.ceil(Math.log2(value + 1)) + bits(value);
}
