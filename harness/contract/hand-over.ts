// SPDX-License-Identifier: GPL-2.0-only
/** When a byte of a mapping was handed to its device again. */
import type { EventIx, MappingIx, Size, StepIx } from '../machine/vocabulary.ts';
import type { BufferRange } from '../run/scenario.ts';
import type { BufferByte, Facts } from './facts.ts';

/**
 * First event of the last sync, up to step `last`, that handed the byte to the mapping's device; 0: none did after the
 * map. `alike`: for how many bytes on that is so.
 */
export function handedOverAgain(
  facts: Facts,
  map: MappingIx,
  { buffer, offset }: BufferByte,
  last: StepIx,
): { since: EventIx; alike: Size } {
  let alike = Infinity;
  for (let at = last; at >= 0; at--) {
    for (const piece of handedOver(facts, map, at)) {
      if (piece.buffer !== buffer) continue;
      const left = piece.offset + piece.size - offset;
      if (piece.offset > offset) alike = Math.min(alike, piece.offset - offset);
      else if (left > 0) return { since: facts.run.steps[at]?.from ?? 0, alike: Math.min(alike, left) };
    }
  }
  return { since: 0, alike };
}

/** What a sync for the device in step `at` hands over of the mapping. */
function handedOver(facts: Facts, map: MappingIx, at: StepIx): readonly BufferRange[] {
  const { scenario, steps } = facts.run;
  const step = scenario.steps[at];
  if (steps[at]?.status !== 'done' || facts.isMisuse(at)) return [];
  switch (step?.op) {
    case 'sync_single_for_device':
      return step.map === map ? facts.pieces(map, step.offset, step.size) : [];
    case 'sync_sg_for_device':
      return step.map === map ? facts.pieces(map) : [];
    default:
      return [];
  }
}
