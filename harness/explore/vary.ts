// SPDX-License-Identifier: GPL-2.0-only
/** Programs near other programs: a few things in them changed, and what the API then refuses left out. */
import { DEVICE_DEFAULTS, IOMMUS, type DeviceConfig } from '../machine/config.ts';
import { DMA_ATTR_SKIP_CPU_SYNC, DMA_TO_DEVICE } from '../machine/vocabulary.ts';
import { FAULTS, type AccessStep, type Step } from '../run/scenario.ts';
import { makeDevice, makeOffset, makeSize } from './generate.ts';
import { continued } from './generate-steps.ts';
import { FEATURE_NAMES, isOn, makeAttrs, makeDirection, pick, type Feature } from './features.ts';
import { bulkOf, duringOf, isMap, mappedSize, MOST_BYTES, type MapStep, type Program } from './program.ts';
import type { Choices } from './random.ts';
import { mapRanges } from './rewrite.ts';
import { resized, withBuffer } from './shrink-numbers.ts';
import { Usage } from './usage.ts';

/** Most things that are changed at once. */
const MOST = 3;
/** A program that grew beyond that is not made any longer. */
const LONGEST = 24;
const MOST_DEVICES = 3;
const MOST_BUFFERS = 6;

/** The program with one to three things changed; `others` lend their steps. Only correct use of the API. */
export function vary(choices: Choices, program: Program, others: readonly Program[]): Program {
  const features = new Set(FEATURE_NAMES.filter((name) => isOn(choices, name)));
  let varied = program;
  for (let times = 1 + choices.below(MOST); times > 0; times--) {
    const change = pick(choices, CHANGES);
    const changed = legal(change({ choices, features, program: varied, others }));
    if (bulkOf(changed) <= Math.max(MOST_BYTES, bulkOf(varied))) varied = changed;
  }
  return varied;
}

interface Given {
  readonly choices: Choices;
  readonly features: ReadonlySet<Feature>;
  readonly program: Program;
  readonly others: readonly Program[];
}
type Change = (given: Given) => Program;

const CHANGES: readonly [Change, ...Change[]] = [
  otherSize,
  otherSize,
  otherOffset,
  otherDevice,
  otherDevice,
  oneMoreDevice,
  otherMachine,
  oneMoreMapping,
  moreSteps,
  moreSteps,
  moreSteps,
  fewerSteps,
  swappedSteps,
  otherMap,
  otherAttrs,
  otherSpan,
  otherEntry,
  mappedAgain,
  usedUp,
  joined,
];

function otherSize({ choices, features, program }: Given): Program {
  const at = choices.below(program.buffers.length);
  const buffer = program.buffers[at];
  if (buffer === undefined) return program;
  const step = pick(choices, [1, -1, 64, -64, 512, 2048, program.machine.granule]);
  const size =
    choices.below(2) === 0 ? buffer.size + step : makeSize(choices, features, program.machine.granule);
  return size > 0 && size <= 0x20000 ? resized(program, at, size) : program;
}

function otherOffset({ choices, features, program }: Given): Program {
  const at = choices.below(program.buffers.length);
  const buffer = program.buffers[at];
  if (buffer === undefined) return program;
  return withBuffer(program, at, {
    ...buffer,
    offset: makeOffset(choices, features, program.machine.granule),
  });
}

/** One setting, or all that another device would have. */
function otherDevice({ choices, features, program }: Given): Program {
  const { machine } = program;
  const at = choices.below(machine.devices.length);
  const other = makeDevice(
    choices,
    withAll(features, ['minAlign', 'boundary', 'segments', 'iovaPressure']),
    machine,
  );
  const key = pick(choices, SETTINGS);
  const devices = machine.devices.map((device, index): DeviceConfig => {
    if (index !== at) return device;
    return choices.below(4) === 0 ? { ...DEVICE_DEFAULTS, ...other } : { ...device, [key]: other[key] };
  });
  return { ...program, machine: { ...machine, devices } };
}

/** Another device, of another kind; one of the mappings is for it. */
function oneMoreDevice({ choices, features, program }: Given): Program {
  const { machine } = program;
  const { length } = machine.devices;
  const maps = program.steps.filter(isMap);
  const chosen = maps[choices.below(maps.length)];
  if (length >= MOST_DEVICES || chosen === undefined) return program;
  const devices = [...machine.devices, makeDevice(choices, features, machine)];
  const steps = program.steps.map((step) => (step === chosen ? { ...chosen, device: length } : step));
  return { ...program, machine: { ...machine, devices }, steps };
}

/** Another buffer, mapped somewhere between the steps; it may have data of its device from then on to the end. */
function oneMoreMapping({ choices, features, program }: Given): Program {
  const { buffers, machine, steps } = program;
  if (buffers.length >= MOST_BUFFERS || steps.length >= LONGEST) return program;
  const size = makeSize(choices, features, machine.granule);
  const offset = makeOffset(choices, features, machine.granule);
  const at = choices.below(steps.length + 1);
  const map: MapStep = {
    line: 0,
    op: 'map_page',
    map: steps.slice(0, at).filter(isMap).length,
    device: choices.below(machine.devices.length),
    dir: makeDirection(choices, features),
    attrs: makeAttrs(choices, features),
    during: [],
    buffer: buffers.length,
    offset: 0,
    size,
  };
  const more = { ...program, buffers: [...buffers, { size, offset }] };
  if (choices.below(2) === 0) return inserted(more, at, [map]);
  const used = inserted(more, at, [map, useOf(map)]);
  return { ...used, steps: [...used.steps, unmapOf(map)] };
}

/** Its device reads or writes all of the mapping. */
function useOf(step: MapStep): Step {
  const op = step.dir === DMA_TO_DEVICE ? 'device_read' : 'device_write';
  return { line: 0, op, map: step.map, segment: undefined, offset: 0, size: mappedSize(step) };
}

function unmapOf({ op, map }: MapStep, attrs = 0): Step {
  return { line: 0, op: op === 'map_sg' ? 'unmap_sg' : 'unmap_page', map, attrs, during: [] };
}

const SETTINGS = [
  'untrusted',
  'coherent',
  'minAlignMask',
  'dmaMask',
  'segBoundary',
  'maxSegSize',
  'scribble',
] as const satisfies readonly (keyof DeviceConfig)[];

function withAll(features: ReadonlySet<Feature>, more: readonly Feature[]): ReadonlySet<Feature> {
  return new Set([...features, ...more]);
}

function otherMachine({ choices, program }: Given): Program {
  const { machine } = program;
  const pageSize = pick(choices, [machine.pageSize, 4096, 16384, 65536]);
  const granules = [4096, 2048, 1024, 8192, 16384, 65536].filter((granule) => granule <= pageSize);
  const changed = [
    { pageSize, granule: granules[choices.below(granules.length)] ?? pageSize },
    { iommu: pick(choices, IOMMUS) },
    { strict: !machine.strict },
    { swiotlb: !machine.swiotlb },
    { swiotlbSlots: pick(choices, [128, 1024, 256]) },
  ] as const;
  return { ...program, machine: { ...machine, ...changed[choices.below(changed.length)] } };
}

/** Some steps by chance, at any place. */
function moreSteps({ choices, features, program }: Given): Program {
  if (program.steps.length >= LONGEST) return program;
  const at = choices.below(program.steps.length + 1);
  const usual = withAll(features, ['sync', 'cpuAccess', 'deviceRead', 'deviceWrite', 'several', 'page']);
  return inserted(program, at, continued(choices, usual, { ...program, steps: program.steps.slice(0, at) }));
}

/** More steps at a place; what comes behind them means the mappings that it meant. */
function inserted(program: Program, at: number, added: readonly Step[]): Program {
  const before = program.steps.slice(0, at).filter(isMap).length;
  const more = added.filter(isMap).length;
  const shift = (map: number): number => (map >= before ? map + more : map);
  const behind = program.steps.slice(at).map((step) => renumbered(step, shift));
  return { ...program, steps: [...program.steps.slice(0, at), ...added, ...behind] };
}

function fewerSteps({ choices, program }: Given): Program {
  const gone = choices.below(program.steps.length);
  return { ...program, steps: program.steps.filter((_, index) => index !== gone) };
}

function swappedSteps({ choices, program }: Given): Program {
  const steps = [...program.steps];
  const at = choices.below(Math.max(1, steps.length - 1));
  const [one, other] = [steps[at], steps[at + 1]];
  if (one === undefined || other === undefined) return program;
  steps[at] = other;
  steps[at + 1] = one;
  return { ...program, steps };
}

/** Another direction, device or length of list. */
function otherMap({ choices, features, program }: Given): Program {
  const maps = program.steps.filter(isMap);
  const chosen = maps[choices.below(maps.length)];
  if (chosen === undefined) return program;
  const device = choices.below(program.machine.devices.length);
  const buffer = choices.below(program.buffers.length);
  const range = { buffer, offset: 0, size: program.buffers[buffer]?.size ?? 0 };
  const changed =
    choices.below(3) === 0
      ? chosen.op === 'map_sg'
        ? { ...chosen, sgl: [...chosen.sgl, range] }
        : { ...chosen, ...range }
      : choices.below(3) === 0
        ? { ...chosen, device }
        : { ...chosen, dir: makeDirection(choices, features) };
  return { ...program, steps: program.steps.map((step) => (step === chosen ? changed : step)) };
}

function otherAttrs({ choices, features, program }: Given): Program {
  const at = choices.below(program.steps.length);
  const attrs = makeAttrs(choices, withAll(features, ['skip']));
  return {
    ...program,
    steps: program.steps.map((step, index) => (index === at && 'attrs' in step ? { ...step, attrs } : step)),
  };
}

/** Part of a buffer or mapping instead of all of it, or a byte more or less of it. */
function otherSpan({ choices, program }: Given): Program {
  const at = choices.below(program.steps.length);
  const by = pick(choices, [1, -1, 64, -64, 512, -512, 2048, -2048]);
  const isStart = choices.below(2) === 0;
  return {
    ...program,
    steps: program.steps.map((step, index) => {
      if (index !== at || !('offset' in step)) return step;
      return isStart
        ? { ...step, offset: Math.max(0, step.offset + by), size: Math.max(1, step.size - by) }
        : { ...step, size: Math.max(1, step.size + by) };
    }),
  };
}

/** One entry of a list that is shorter, longer, empty, or cut in two. */
function otherEntry({ choices, program }: Given): Program {
  const lists = program.steps.filter((step) => step.op === 'map_sg');
  const chosen = lists[choices.below(lists.length)];
  const at = choices.below(chosen?.sgl.length ?? 0);
  const entry = chosen?.sgl[at];
  if (entry === undefined) return program;
  const by = pick(choices, [1, -1, 64, -64, 512, program.machine.granule]);
  const cut = Math.min(entry.size, pick(choices, [0, 1, 64, 512, program.machine.granule]));
  const rest = { ...entry, offset: entry.offset + cut, size: entry.size - cut };
  const changed =
    choices.below(2) === 0
      ? [{ ...entry, size: Math.max(0, entry.size + by) }]
      : choices.below(2) === 0
        ? [{ ...entry, size: cut }]
        : [{ ...entry, size: cut }, rest];
  const sgl = chosen?.sgl.toSpliced(at, 1, ...changed) ?? [];
  return { ...program, steps: program.steps.map((step) => (step === chosen ? { ...step, sgl } : step)) };
}

/** What was mapped is unmapped, and mapped again, as where the first map failed; mostly it does. */
function mappedAgain({ choices, program }: Given): Program {
  const maps = program.steps.filter(isMap);
  const chosen = maps[choices.below(maps.length)];
  if (chosen === undefined || program.steps.length >= LONGEST) return program;
  const { map, device } = chosen;
  const unmap = unmapOf(chosen, DMA_ATTR_SKIP_CPU_SYNC);
  const again = { ...chosen, map: map + 1, during: [] };
  const at = program.steps.indexOf(chosen);
  const more = inserted(program, at + 1, [unmap, again]);
  const what = FAULTS[choices.below(FAULTS.length + 1)];
  return what === undefined ? more : inserted(more, at, [{ line: 0, op: 'fail_next', device, what }]);
}

/** Every mapping is used by its device at once and unmapped in the end, and the CPU reads all: so harm shows in the data. */
function usedUp({ program }: Given): Program {
  const maps = program.steps.filter(isMap);
  if (program.steps.length + 2 * maps.length + program.buffers.length > LONGEST) return program;
  const used = program.steps.flatMap((step) => (isMap(step) ? [step, useOf(step)] : [step]));
  const unmaps = maps.map((map) => unmapOf(map));
  const reads = program.buffers.map(({ size }, buffer): Step => ({
    line: 0,
    op: 'cpu_read',
    buffer,
    offset: 0,
    size,
  }));
  return { ...program, steps: [...used, ...unmaps, ...reads] };
}

/** Behind the steps of this one, those of another one on its own buffers, all at once or one here, one there. */
function joined({ choices, program, others }: Given): Program {
  const other = others[choices.below(others.length)];
  if (other === undefined || program.steps.length + other.steps.length > LONGEST) return program;
  const { length } = program.buffers;
  if (length + other.buffers.length > MOST_BUFFERS) return program;
  const lent = mapRanges(other, (range) => ({ ...range, buffer: range.buffer + length })).steps;
  // With its own devices, if there is room for them: what mappings do to each other hangs on these.
  const { machine } = program;
  const own = machine.devices.length;
  const devices = [...machine.devices, ...other.machine.devices];
  const isRoom = devices.length <= MOST_DEVICES && choices.below(4) > 0;
  const both = {
    machine: isRoom ? { ...machine, devices } : machine,
    buffers: [...program.buffers, ...other.buffers],
    steps: program.steps,
  };
  const fitted = lent.map((step): Step =>
    'device' in step ? { ...step, device: isRoom ? step.device + own : step.device % own } : step,
  );
  const at = choices.below(program.steps.length + 1);
  const before = program.steps.slice(0, at).filter(isMap).length;
  return inserted(
    both,
    at,
    fitted.map((step) => renumbered(step, (map) => map + before)),
  );
}

function renumbered(step: Step, number: (map: number) => number): Step {
  const inside = <T extends AccessStep>(access: T): T =>
    'map' in access ? { ...access, map: number(access.map) } : access;
  const own: Step = 'map' in step ? { ...step, map: number(step.map) } : step;
  if (!('during' in own) || duringOf(own).length === 0) return own;
  return { ...own, during: own.during.map((point) => ({ ...point, steps: point.steps.map(inside) })) };
}

/** The program with only those steps that the API allows where they stand; mappings are numbered anew. */
export function legal(program: Program): Program {
  const usage = new Usage(program);
  const numbers = new Map<number, number>();
  const steps: Step[] = [];
  for (const step of program.steps) {
    const isKnown = (map: number): boolean => numbers.has(map);
    if (isMap(step)) numbers.set(step.map, usage.maps);
    else if ('map' in step && !isKnown(step.map)) continue;
    const during = duringOf(step).filter((point) =>
      point.steps.every((access) => !('map' in access) || isKnown(access.map)),
    );
    const candidate = renumbered(
      'during' in step ? { ...step, during } : step,
      (map) => numbers.get(map) ?? map,
    );
    const plain = 'during' in candidate ? { ...candidate, during: [] } : candidate;
    const taken = [candidate, plain].find((each) => usage.allows(each));
    if (taken === undefined) {
      if (isMap(step)) numbers.delete(step.map);
      continue;
    }
    usage.add(taken);
    steps.push(taken);
  }
  return { ...program, steps };
}
