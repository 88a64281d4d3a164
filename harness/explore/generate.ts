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
import { FEATURE_NAMES, isOn, pick, type Feature } from './features.ts';
import { makeSteps } from './generate-steps.ts';
import type { Program, ProgramBuffer } from './program.ts';

/** The program that the choices stand for. */
export function generate(choices: Choices): Program {
  const features = new Set(FEATURE_NAMES.filter((name) => isOn(choices, name)));
  if (!features.has('sg')) features.add('page');
  const machine = makeMachine(choices, features);
  const buffers = makeBuffers(choices, features, machine);
  const steps = makeSteps(choices, features, machine, buffers);
  return { machine: { ...machine, iommu: pick(choices, IOMMUS) }, buffers, steps };
}

function makeMachine(choices: Choices, features: ReadonlySet<Feature>): MachineConfig {
  const pageSize = features.has('pages') ? pick(choices, [4096, 16384, 65536]) : 4096;
  const granules = [4096, 2048, 4096, 1024, 8192, 512, 16384, 65536].filter((granule) => granule <= pageSize);
  const granule = features.has('granules') ? (granules[choices.below(granules.length)] ?? 4096) : 4096;
  const count = features.has('devices') ? 2 : 1;
  return {
    pageSize,
    granule,
    swiotlb: !features.has('noSwiotlb'),
    swiotlbSlots: features.has('poolPressure') ? 128 : MACHINE_DEFAULTS.swiotlbSlots,
    iommu: MACHINE_DEFAULTS.iommu,
    strict: !features.has('lazy'),
    cache: features.has('noCache') ? 'off' : 'worst',
    devices: Array.from({ length: count }, () => makeDevice(choices, features, { pageSize })),
  };
}

/** A device as the features want it. */
export function makeDevice(
  choices: Choices,
  features: ReadonlySet<Feature>,
  { pageSize }: Pick<MachineConfig, 'pageSize'>,
): DeviceConfig {
  // A pool at 16 MiB lies just below the last of them.
  const masks = [0xffff, 0x1ffff, 0x7fff, 0x11fffff] as const;
  return {
    ...DEVICE_DEFAULTS,
    untrusted: choices.below(4) !== 0,
    coherent: choices.below(2) === 0,
    minAlignMask: features.has('minAlign') ? pick(choices, [4095, 511, 4095, 2047, 65535]) : 0,
    dmaMask: features.has('iovaPressure') ? pick(choices, masks) : DEVICE_DEFAULTS.dmaMask,
    segBoundary: features.has('boundary')
      ? pick(choices, [0xffff, pageSize - 1, 0x1fff, 0x3fff, 0x1ffff, 0x3ffff, -1])
      : DEVICE_DEFAULTS.segBoundary,
    maxSegSize: features.has('segments')
      ? pick(choices, [4096, 2048, 8192, 4095, 1024, 0x20000])
      : DEVICE_DEFAULTS.maxSegSize,
    scribble: features.has('scribble'),
  };
}

function makeBuffers(
  choices: Choices,
  features: ReadonlySet<Feature>,
  { granule }: MachineConfig,
): ProgramBuffer[] {
  const count = features.has('several') ? 2 + choices.below(2) : 1;
  return Array.from({ length: count }, () => {
    const offset = makeOffset(choices, features, granule);
    return { size: makeSize(choices, features, granule), offset };
  });
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

/** Bytes of a buffer. */
export function makeSize(choices: Choices, features: ReadonlySet<Feature>, granule: number): number {
  if (features.has('poolPressure')) return pick(choices, [512, 65536, 32768, 131072, 4096]);
  if (features.has('edges') && choices.below(2) === 0) return edge(choices, Math.min(granule, 16384));
  if (features.has('odd') && choices.below(2) === 0) return 1 + choices.below(6000);
  return pick(choices, [512, 512, 64, 1024, 2048, Math.min(granule, 16384), 4096, 1536, 6144]);
}
