// SPDX-License-Identifier: GPL-2.0-only
/**
 * What is new about a run: the calls it makes on which call paths, and the classes of sizes, places and results in
 * them. Numbers, for speed; two runs share one where they have something in common.
 */
import { LINE_SIZE, SLOT_SIZE } from '../machine/config.ts';
import { argumentsOf, EVENT_KINDS } from '../machine/events.ts';
import { F_ARGS, F_KIND, F_PATH, F_RESULT, F_STEP, STRIDE } from '../machine/event-log.ts';
import type { Meaning } from '../machine/meanings.ts';
import type { Life } from '../run/alike.ts';
import type { Scenario } from '../run/scenario.ts';

/** Adds what the run that has just ended on that machine shows; `side` tells two states apart. */
export function addSignature(
  features: Set<number>,
  { machine, state }: Life,
  scenario: Scenario,
  side: number,
): void {
  const { log, paths } = machine;
  const { granule } = scenario.machine;
  const isNamed = state.frames.length > 0;
  const byPath = paths.parent.map(() => side);
  for (let path = 1; path < byPath.length; path++) {
    const frame = isNamed ? (paths.frame[path] ?? 0) : 0;
    byPath[path] = mix(byPath[paths.parent[path] ?? 0] ?? 0, frame + 1);
  }
  let before = 0;
  let step = -1;
  for (let at = 0; at < log.length * STRIDE; at += STRIDE) {
    const kind = log.records[at + F_KIND] ?? 0;
    const inStep = log.records[at + F_STEP] ?? 0;
    // What follows what, in a step.
    if (inStep !== step) before = mix(OP, OPS.indexOf(scenario.steps[inStep]?.op ?? ''));
    step = inStep;
    const here = mix(byPath[log.records[at + F_PATH] ?? 0] ?? 0, kind);
    features.add(mix(before, here));
    before = here;
    const result = log.records[at + F_RESULT] ?? NaN;
    features.add(mix(mix(here, 99), Number.isNaN(result) ? 3 : Math.sign(result) + 1));
    const meanings = ARGUMENTS[kind] ?? [];
    for (let i = 0; i < meanings.length; i++) {
      const value = classOf(meanings[i] ?? 'place', log.records[at + F_ARGS + i] ?? 0, granule);
      if (value >= 0) features.add(mix(mix(here, i + 1), value));
    }
  }
}

/** Operations of a step, by number. */
const OPS: readonly string[] = [
  'map_page',
  'map_sg',
  'unmap_page',
  'unmap_sg',
  'sync_single_for_cpu',
  'sync_single_for_device',
  'sync_sg_for_cpu',
  'sync_sg_for_device',
  'cpu_read',
  'cpu_write',
  'device_read',
  'device_write',
  'flush_queue',
];
const OP = 0x5bd1e995;

const ARGUMENTS: readonly (readonly Meaning[])[] = EVENT_KINDS.map((kind) =>
  argumentsOf(kind).map(({ meaning }) => meaning),
);

/** Numbers that matter in the same way are of one class; -1: of none. */
function classOf(meaning: Meaning, value: number, granule: number): number {
  switch (meaning) {
    case 'bytes':
    case 'span':
      return sizeClass(value, granule);
    case 'phys':
    case 'tlb':
    case 'dma':
    case 'offset':
      return placeClass(value, granule);
    case 'pages':
    case 'count':
      return Math.min(value, 5);
    case 'prot':
    case 'dir':
    case 'attrs':
    case 'errno':
    case 'flag':
    case 'cleans':
    case 'warning':
    case 'crash':
    case 'reason':
    case 'mask':
      return value;
    default:
      return -1;
  }
}

/** Against a line, a slot and a granule: shorter, one, or more of them; whole ones or not. */
function sizeClass(size: number, granule: number): number {
  let found = 0;
  for (const unit of [LINE_SIZE, SLOT_SIZE, granule]) {
    const rest = size % unit;
    found = found * 6 + Math.min(2, Math.max(0, Math.floor(size / unit))) * 2 + (rest === 0 ? 1 : 0);
  }
  return found;
}

/** Where it stands in its line, slot and granule. */
function placeClass(at: number, granule: number): number {
  return (at % LINE_SIZE === 0 ? 1 : 0) + (at % SLOT_SIZE === 0 ? 2 : 0) + (at % granule === 0 ? 4 : 0);
}

/** A number for two, of 32 bits. */
function mix(a: number, b: number): number {
  let h = Math.imul((a ^ (a >>> 15)) + (b | 0) + 0x7f4a7c15, 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return (h ^ (h >>> 15)) >>> 0;
}
