// SPDX-License-Identifier: GPL-2.0-only
/**
 * Programs by chance, swarm style: each program first decides which features it has at all, so that
 * rare combinations come up. Only correct use of the API is generated.
 */
import {
  DEVICE_DEFAULTS,
  LINE_SIZE,
  IOMMUS,
  MACHINE_DEFAULTS,
  SLOT_SIZE,
  type DeviceConfig,
  type MachineConfig,
} from '../machine/config.ts';
import type { Choices } from './random.ts';
import { FEATURE_NAMES, isLimited, isOn, pick, type Feature } from './features.ts';
import { makeSteps } from './generate-steps.ts';
import { bulkOf, MOST_BYTES, type Program, type ProgramBuffer } from './program.ts';

/** The program that the choices stand for. */
export function generate(choices: Choices): Program {
  const features = new Set(FEATURE_NAMES.filter((name) => isOn(choices, name)));
  if (!features.has('sg')) features.add('page');
  for (const [feature, others] of TOGETHER) {
    if (!features.has(feature)) continue;
    for (const other of others) if (choices.below(2) === 0) features.add(other);
  }
  const machine = makeMachine(choices, features);
  const buffers = makeBuffers(choices, features, machine);
  const steps = makeSteps(choices, features, machine, buffers);
  return { machine: { ...machine, iommu: pick(choices, IOMMUS) }, buffers, steps };
}

/** What shows more where the others are there, too. */
const TOGETHER: readonly (readonly [Feature, readonly Feature[]])[] = [
  // A pool is full the sooner, the more mappings there are and the more each takes of it.
  ['poolPressure', ['crowd', 'pages', 'pages', 'granules', 'granules', 'sg', 'lists', 'lists']],
  // What one mapping does to another shows in its data, and most where these are of several devices.
  ['crowd', ['devices', 'deviceWrite', 'deviceWrite', 'tidy', 'tidy']],
  // Devices that ask for other alignments share granules of the pool where pages are larger than these.
  ['devices', ['pages', 'several', 'crowd']],
  // Only lists have segments that a limit could cut, most of all where the IOVA is one range for all of them.
  ['boundary', ['sg', 'sg', 'sg', 'lists', 'lists', 'several', 'trusted', 'trusted']],
  ['segments', ['sg', 'sg', 'lists', 'several', 'trusted', 'trusted']],
  ['slivers', ['sg', 'sg', 'several', 'trusted', 'trusted', 'retry', 'retry', 'faults', 'faults']],
  ['retry', ['faults', 'faults', 'sg']],
];

const GRANULES = [4096, 2048, 32768, 8192, 1024, 16384, 512, 65536];

function makeMachine(choices: Choices, features: ReadonlySet<Feature>): MachineConfig {
  const pageSize = features.has('pages') ? pick(choices, [65536, 16384]) : 4096;
  const granules = GRANULES.filter((granule) => granule <= pageSize);
  const largest = pageSize >> choices.below(4);
  const usual = features.has('poolPressure') ? largest : (granules[choices.below(granules.length)] ?? 4096);
  const granule = features.has('granules') ? usual : 4096;
  const count = features.has('devices') ? 2 + choices.below(2) : 1;
  return {
    pageSize,
    granule,
    swiotlb: !features.has('noSwiotlb'),
    swiotlbSlots: features.has('poolPressure') ? 128 : MACHINE_DEFAULTS.swiotlbSlots,
    iommu: MACHINE_DEFAULTS.iommu,
    strict: !features.has('lazy'),
    cache: features.has('noCache') ? 'off' : 'worst',
    devices: makeKinds(choices, features, count).map((kind) =>
      makeDevice(choices, kind, { pageSize, granule }),
    ),
  };
}

/** What each device has of these; several are of different kinds, and mostly every other one asks for an alignment. */
function makeKinds(
  choices: Choices,
  features: ReadonlySet<Feature>,
  count: number,
): readonly ReadonlySet<Feature>[] {
  if (count === 1) return [features];
  const first = choices.below(2);
  return Array.from({ length: count }, (_, index) => {
    const isOwn = (name: Feature): boolean => features.has(name) && choices.below(2) === 0;
    const kind = new Set<Feature>(OF_A_DEVICE.filter(isOwn));
    if (features.has('trusted')) kind.add('trusted');
    if (choices.below(4) === 0 ? choices.below(2) === 0 : (index + first) % 2 === 0) kind.add('minAlign');
    return kind;
  });
}

const OF_A_DEVICE = [
  'iovaPressure',
  'boundary',
  'segments',
  'scribble',
] as const satisfies readonly Feature[];

/** A device as the features want it. */
export function makeDevice(
  choices: Choices,
  features: ReadonlySet<Feature>,
  { pageSize, granule }: Pick<MachineConfig, 'pageSize' | 'granule'>,
): DeviceConfig {
  return {
    ...DEVICE_DEFAULTS,
    untrusted: !features.has('trusted') || choices.below(isLimited(features) ? 4 : 2) === 0,
    coherent: choices.below(2) === 0,
    minAlignMask: features.has('minAlign') ? pick(choices, [4095, 511, 4095, 2047, 4095, 65535, 8191]) : 0,
    dmaMask: features.has('iovaPressure') ? makeDmaMask(choices) : DEVICE_DEFAULTS.dmaMask,
    segBoundary: features.has('boundary') ? makeBoundary(choices, pageSize) : DEVICE_DEFAULTS.segBoundary,
    maxSegSize: features.has('segments') ? makeSegment(choices, granule) : DEVICE_DEFAULTS.maxSegSize,
    scribble: features.has('scribble'),
  };
}

/** Room for a few granules, for none below the end of a small pool (16 MiB on), or beyond 32 bits. */
function makeDmaMask(choices: Choices): number {
  const bits = 15 + choices.below(5);
  return pick(choices, [2 ** bits - 1, 2 ** bits - 1, 0x1000000 + 2 ** bits - 1, 0x11fffff, -1]);
}

/** From a page to eight of the largest ones, mostly what an entry of a list of some pages crosses; or none at all. */
function makeBoundary(choices: Choices, pageSize: number): number {
  const page = Math.log2(pageSize);
  const bits = choices.below(3) === 0 ? page + choices.below(20 - page) : page + 1 + choices.below(2);
  return choices.below(8) === 0 ? -1 : 2 ** bits - 1;
}

/** Next to a multiple of a granule or slot, or more than a mapping ever has. */
function makeSegment(choices: Choices, granule: number): number {
  if (choices.below(6) === 0) return 0x20000;
  return (1 + choices.below(4)) * pick(choices, [granule, SLOT_SIZE, 4096]) + pick(choices, [0, 0, -1, 1]);
}

function makeBuffers(
  choices: Choices,
  features: ReadonlySet<Feature>,
  machine: MachineConfig,
): ProgramBuffer[] {
  const few = features.has('several') ? 2 + choices.below(2) : 1;
  const many = 3 + choices.below(features.has('poolPressure') ? 8 : 4);
  const count = features.has('crowd') ? many : few;
  const buffers: ProgramBuffer[] = [];
  while (buffers.length < count) {
    const offset = makeOffset(choices, features, machine.granule);
    const more = [...buffers, { size: makeSize(choices, features, machine.granule), offset }];
    if (buffers.length > 0 && bulkOf({ machine, buffers: more }) > MOST_BYTES) break;
    buffers.splice(0, Infinity, ...more);
  }
  return buffers;
}

/** Next to a multiple of what code rounds to: a granule, a slot, a sector, a line. */
function edge(choices: Choices, granule: number): number {
  const unit = pick(choices, [granule, SLOT_SIZE, 512, LINE_SIZE]);
  return (1 + choices.below(2)) * unit + pick(choices, [1, -1, 0]);
}

/** An alignment class: of a granule, a slot, a sector, a cache line, or of nothing. */
export function makeOffset(choices: Choices, features: ReadonlySet<Feature>, granule: number): number {
  const offsets = [
    0,
    0x200,
    0x800,
    0xe00,
    0x40,
    0xa00,
    granule,
    granule - 512 + (granule < 1024 ? 256 : 0),
  ] as const;
  if (features.has('edges') && choices.below(3) === 0) return edge(choices, granule);
  if (features.has('odd') && choices.below(2) === 0) return choices.below(4096);
  return pick(choices, offsets);
}

/** Bytes of a buffer; what large granules do shows with small ones, too, and each byte costs time. */
export function makeSize(choices: Choices, features: ReadonlySet<Feature>, granule: number): number {
  if (features.has('poolPressure')) {
    const fills = granule < 8192 ? [32768, 65536, 131072] : [granule, granule, 3 * granule];
    if (choices.below(granule < 8192 ? 8 : 12) === 0) return fills[choices.below(fills.length)] ?? granule;
  }
  const isForLimits = isLimited(features) && granule <= 4096;
  if (isForLimits && choices.below(2) === 0) return (2 + choices.below(5)) * granule;
  const [whole, most] = [Math.min(granule, 8192), Math.min(granule, 16384)];
  const beside = pick(choices, [most, whole, whole, whole]);
  if (features.has('edges') && choices.below(2) === 0) return edge(choices, beside);
  if (features.has('odd') && choices.below(2) === 0) return 1 + choices.below(6000);
  return pick(choices, [512, whole, 64, whole, 1024, most, 2048, 4096, 1536, whole + 2048]);
}
