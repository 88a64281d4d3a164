// SPDX-License-Identifier: GPL-2.0-only
/** What an operation is asked to do, whatever a state makes of it: what its cost depends on. */
import {
  DIRECTION_NAMES,
  DMA_ATTR_SKIP_CPU_SYNC,
  type Attrs,
  type DirectionName,
  type StepIx,
} from '../machine/vocabulary.ts';
import { isMisuse, mappingOfStep, type BufferRange, type DmaStep, type Scenario } from './scenario.ts';
import { elementAt } from '../text/element.ts';

/** The operations, in the order that reports show them. */
export const OPERATIONS = [
  'map_page',
  'unmap_page',
  'map_sg',
  'unmap_sg',
  'sync_single_for_cpu',
  'sync_single_for_device',
  'sync_sg_for_cpu',
  'sync_sg_for_device',
] as const satisfies readonly DmaStep['op'][];
export type Operation = (typeof OPERATIONS)[number];

/** Plain data; two that are equal in every field cost alike, but for their sizes. */
export interface Situation {
  readonly operation: Operation;
  readonly device: 'trusted' | 'untrusted' | 'untrusted, CONFIG_SWIOTLB=n';
  /** dev_is_dma_coherent(). */
  readonly coherent: boolean;
  readonly direction: DirectionName;
  /** DMA_ATTR_SKIP_CPU_SYNC; of a sync: false. */
  readonly skip: boolean;
  /** The device has a min_align_mask, and something is bounced. */
  readonly minAlignMask: boolean;
  /** Entries of the list; 1 for a page. */
  readonly entries: number;
  /** Of these, those that an untrusted device must not reach themselves: start or length is not granule-aligned. */
  readonly bounced: number;
}

/** The situation of a step; undefined: it is no DMA operation, or one that the API does not allow. */
export function situationOf(scenario: Scenario, index: StepIx): Situation | undefined {
  const step = scenario.steps[index];
  const mapping = elementAt(scenario.mappings, mappingOfStep(scenario, index));
  const operation = OPERATIONS.find((known) => known === step?.op);
  if (step === undefined || mapping === undefined || operation === undefined) return undefined;
  if (isMisuse(scenario, index)) return undefined;
  const { machine } = scenario;
  const device = machine.devices[mapping.device];
  if (device === undefined) return undefined;
  const { untrusted, coherent, minAlignMask } = device;
  const attrs: Attrs = 'attrs' in step ? step.attrs : 0;
  const bounces = untrusted && machine.swiotlb;
  const bounced = bounces ? mapping.ranges.filter((range) => isUneven(scenario, range)).length : 0;
  return {
    operation,
    device: untrusted ? (machine.swiotlb ? 'untrusted' : 'untrusted, CONFIG_SWIOTLB=n') : 'trusted',
    coherent,
    direction: DIRECTION_NAMES[mapping.dir],
    skip: (attrs & DMA_ATTR_SKIP_CPU_SYNC) !== 0,
    minAlignMask: minAlignMask > 0 && bounced > 0,
    entries: mapping.ranges.length,
    bounced,
  };
}

/** Which entries of the list the situation's `bounced` counts. */
export function bouncedEntries(scenario: Scenario, index: StepIx): boolean[] {
  const { ranges = [], device } = elementAt(scenario.mappings, mappingOfStep(scenario, index)) ?? {};
  const bounces = scenario.machine.swiotlb && elementAt(scenario.machine.devices, device)?.untrusted === true;
  return ranges.map((range) => bounces && isUneven(scenario, range));
}

/** iova_offset(phys | size). */
function isUneven({ buffers, machine: { granule } }: Scenario, range: BufferRange): boolean {
  const phys = (buffers[range.buffer]?.phys ?? 0) + range.offset;
  return phys % granule !== 0 || range.size % granule !== 0;
}
