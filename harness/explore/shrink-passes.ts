// SPDX-License-Identifier: GPL-2.0-only
/** Ways to make a program smaller, each a list of candidates in a fixed order. */
import {
  DEVICE_DEFAULTS,
  MACHINE_DEFAULTS,
  type DeviceConfig,
  type MachineConfig,
} from '../machine/config.ts';
import type { BufferRange, Step } from '../run/scenario.ts';
import { isMap, keepSteps, rangesOf, type Program } from './program.ts';
import { mapRanges, withStep } from './rewrite.ts';
import { shrinkSpans, shrinkBuffers } from './shrink-numbers.ts';

/** Candidates that may be smaller than the program. */
export type Pass = (program: Program) => Iterable<Program>;

export const PASSES: readonly Pass[] = [
  dropHalves,
  dropSteps,
  dropPairs,
  dropInside,
  dropDevices,
  dropBuffers,
  shortenLists,
  usualSettings,
  plainAttrs,
  smallerMachine,
  shrinkBuffers,
  shrinkSpans,
];

/** Most steps for which every pair is tried. */
const PAIRS = 16;

function* dropHalves(program: Program): Iterable<Program> {
  const { length } = program.steps;
  for (let size = length >> 1; size > 1; size >>= 1) {
    for (let from = length - size; from >= 0; from -= size) {
      yield keepSteps(program, (index) => index < from || index >= from + size);
    }
  }
}

function* dropSteps(program: Program): Iterable<Program> {
  for (let at = program.steps.length - 1; at >= 0; at--) yield keepSteps(program, (index) => index !== at);
}

function* dropPairs(program: Program): Iterable<Program> {
  const { length } = program.steps;
  if (length > PAIRS) return;
  for (let a = length - 1; a > 0; a--) {
    for (let b = a - 1; b >= 0; b--) yield keepSteps(program, (index) => index !== a && index !== b);
  }
}

/** What happens inside operations: each access, each point; earlier calls. */
function* dropInside(program: Program): Iterable<Program> {
  for (const [at, step] of program.steps.entries()) {
    if (!('during' in step)) continue;
    for (const [number, point] of step.during.entries()) {
      const others = step.during.filter((_, index) => index !== number);
      yield withStep(program, at, { ...step, during: others });
      const put = (changed: typeof point): Program =>
        withStep(program, at, {
          ...step,
          during: step.during.map((each, index) => (index === number ? changed : each)),
        });
      for (const inner of point.steps.keys()) {
        const rest = point.steps.filter((_, index) => index !== inner);
        if (rest.length > 0) yield put({ ...point, steps: rest });
      }
      if (point.nth > 1) yield put({ ...point, nth: 1 });
    }
  }
}

/** One device less: its steps go to another one. */
function* dropDevices(program: Program): Iterable<Program> {
  const { machine, steps } = program;
  for (const gone of machine.devices.keys()) {
    if (machine.devices.length === 1) return;
    const devices = machine.devices.filter((_, index) => index !== gone);
    const moved = steps.map((step): Step => {
      if (!('device' in step)) return step;
      const device = step.device === gone ? 0 : step.device - (step.device > gone ? 1 : 0);
      return { ...step, device };
    });
    yield { ...program, machine: { ...machine, devices }, steps: moved };
  }
}

/** One buffer less: nobody uses it, or another one does as well. */
function* dropBuffers(program: Program): Iterable<Program> {
  const { buffers } = program;
  for (let gone = buffers.length - 1; gone >= 0; gone--) {
    const left = buffers.filter((_, index) => index !== gone);
    for (const instead of left.keys()) {
      const size = left[instead]?.size ?? 0;
      const isWhole = (range: BufferRange): boolean =>
        range.offset === 0 && range.size === buffers[range.buffer]?.size;
      yield mapRanges({ ...program, buffers: left }, (range) => {
        if (range.buffer !== gone) return { ...range, buffer: range.buffer - (range.buffer > gone ? 1 : 0) };
        return isWhole(range) ? { buffer: instead, offset: 0, size } : { ...range, buffer: instead };
      });
    }
    if (left.length === 0) yield { ...program, buffers: left };
  }
}

function* shortenLists(program: Program): Iterable<Program> {
  for (const [at, step] of program.steps.entries()) {
    if (!isMap(step) || step.op !== 'map_sg') continue;
    for (let gone = step.sgl.length - 1; gone >= 0 && step.sgl.length > 1; gone--) {
      yield withStep(program, at, { ...step, sgl: rangesOf(step).filter((_, index) => index !== gone) });
    }
  }
}

/** Every setting of the machine and its devices as it usually is, all together and one by one. */
function* usualSettings(program: Program): Iterable<Program> {
  const { devices } = program.machine;
  yield { ...program, machine: { ...MACHINE_DEFAULTS, devices } };
  for (const key of Object.keys(MACHINE_DEFAULTS) as (keyof typeof MACHINE_DEFAULTS)[]) {
    yield withMachine(program, { [key]: MACHINE_DEFAULTS[key] });
  }
  yield withMachine(program, { pageSize: MACHINE_DEFAULTS.pageSize, granule: MACHINE_DEFAULTS.granule });
  for (const index of devices.keys()) {
    for (const key of Object.keys(DEVICE_DEFAULTS) as (keyof DeviceConfig)[]) {
      yield withDevice(program, index, { [key]: DEVICE_DEFAULTS[key] });
    }
  }
}

function withMachine(program: Program, changed: Partial<MachineConfig>): Program {
  const machine = { ...program.machine, ...changed };
  // The IOVA granule is at most the page size.
  return { ...program, machine: { ...machine, granule: Math.min(machine.granule, machine.pageSize) } };
}

function withDevice(program: Program, at: number, changed: Partial<DeviceConfig>): Program {
  const devices = program.machine.devices.map((each, index) =>
    index === at ? { ...each, ...changed } : each,
  );
  return withMachine(program, { devices });
}

function* plainAttrs(program: Program): Iterable<Program> {
  for (const [at, step] of program.steps.entries()) {
    if (!('attrs' in step) || step.attrs === 0) continue;
    yield withStep(program, at, { ...step, attrs: 0 });
    for (let bit = 1; bit <= step.attrs; bit <<= 1) {
      if ((step.attrs & bit) !== 0) yield withStep(program, at, { ...step, attrs: step.attrs & ~bit });
    }
  }
}

/** Smaller pages, granules, pools and masks where the usual ones will not do. */
function* smallerMachine(program: Program): Iterable<Program> {
  const { machine } = program;
  for (const pageSize of [4096, 16384]) {
    if (pageSize < machine.pageSize) yield withMachine(program, { pageSize });
  }
  for (const granule of [2048, 4096, 8192, 16384]) {
    if (granule < machine.granule) yield withMachine(program, { granule });
  }
  for (const [index, { minAlignMask }] of machine.devices.entries()) {
    for (const mask of [511, 2047, 4095]) {
      if (mask < minAlignMask) yield withDevice(program, index, { minAlignMask: mask });
    }
  }
}
