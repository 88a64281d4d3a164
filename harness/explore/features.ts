// SPDX-License-Identifier: GPL-2.0-only
/** What a generated program may have at all, and small choices that hang on it. */
import {
  DMA_ATTR_NO_WARN,
  DMA_ATTR_PRIVILEGED,
  DMA_ATTR_SKIP_CPU_SYNC,
  DMA_BIDIRECTIONAL,
  DMA_FROM_DEVICE,
  DMA_TO_DEVICE,
  type Direction,
} from '../machine/vocabulary.ts';
import type { Choices } from './random.ts';

/** What a program may have: one program in so many does. Big buffers cost most, so they are rare. */
const FEATURES = {
  sg: 2,
  page: 2,
  toDevice: 3,
  fromDevice: 3,
  bidirectional: 3,
  skip: 3,
  noWarn: 12,
  privileged: 12,
  partialSync: 3,
  partialMap: 4,
  sync: 2,
  cpuAccess: 2,
  deviceRead: 2,
  deviceWrite: 2,
  reuse: 2,
  several: 2,
  crowd: 3,
  lists: 3,
  during: 4,
  hostile: 3,
  faults: 6,
  lazy: 4,
  noSwiotlb: 12,
  pages: 3,
  minAlign: 2,
  granules: 3,
  devices: 2,
  trusted: 3,
  scribble: 8,
  poolPressure: 7,
  iovaPressure: 8,
  boundary: 7,
  segments: 12,
  slivers: 8,
  retry: 7,
  edges: 3,
  long: 6,
  odd: 3,
  noCache: 24,
  tidy: 2,
} as const satisfies Record<string, number>;
export type Feature = keyof typeof FEATURES;
export const FEATURE_NAMES = Object.keys(FEATURES) as Feature[];

/** Whether this program has it. */
export function isOn(choices: Choices, name: Feature): boolean {
  return choices.below(FEATURES[name]) === FEATURES[name] - 1;
}

/** Devices limit what a segment of a list may be. */
export function isLimited(features: ReadonlySet<Feature>): boolean {
  return features.has('boundary') || features.has('segments');
}

/** One of the list. */
export function pick<T>(choices: Choices, list: readonly [T, ...T[]]): T {
  return list[choices.below(list.length)] ?? list[0];
}

/** One of the program's directions: a mapping in one may end it before another comes to anything. */
export function makeDirection(choices: Choices, features: ReadonlySet<Feature>): Direction {
  const own = DIRECTIONS.filter(([feature]) => features.has(feature));
  const [, direction] =
    (own.length === 0 ? DIRECTIONS : own)[choices.below(own.length || DIRECTIONS.length)] ?? DIRECTIONS[0];
  return direction;
}

const DIRECTIONS = [
  ['toDevice', DMA_TO_DEVICE],
  ['fromDevice', DMA_FROM_DEVICE],
  ['bidirectional', DMA_BIDIRECTIONAL],
] as const satisfies readonly (readonly [Feature, Direction])[];

/** Attributes of a map. */
export function makeAttrs(choices: Choices, features: ReadonlySet<Feature>): number {
  const bit = (feature: Feature, value: number): number =>
    features.has(feature) && choices.below(2) === 0 ? value : 0;
  return (
    bit('skip', DMA_ATTR_SKIP_CPU_SYNC) |
    bit('noWarn', DMA_ATTR_NO_WARN) |
    bit('privileged', DMA_ATTR_PRIVILEGED)
  );
}
