// SPDX-License-Identifier: GPL-2.0-only
/** What may stand in bytes that the device did not write when they come back from it. */
import { LABEL_ZERO } from '../machine/labels.ts';
import { DMA_FROM_DEVICE, type Label, type MappingIx, type Size } from '../machine/vocabulary.ts';
import type { BufferRange } from '../run/scenario.ts';
import type { Facts } from './facts.ts';

/** An answer that is the same for so many bytes in a row. */
interface Answer {
  readonly may: boolean;
  readonly size: Size;
}

/**
 * Whether bytes that the device did not write may look like this after a mapping; the label is the first one's.
 * `everOfCpu`: also like what the CPU wrote there before the map.
 */
export function mayBeLeft(
  facts: Facts,
  map: MappingIx,
  where: BufferRange,
  label: Label,
  everOfCpu: boolean,
): Answer {
  const size = Math.min(where.size, facts.run.provenance.span(label));
  if (facts.isOwnScribble(map, label)) return { may: true, size };
  if (facts.mappings[map]?.dir !== DMA_FROM_DEVICE) return { may: false, size };
  return label === LABEL_ZERO ? { may: true, size } : wasOf(facts, map, { ...where, size }, label, everOfCpu);
}

/** Since the map (`everOfCpu`: or of the CPU before), some rightful write put these labels on these very bytes. */
function wasOf(
  facts: Facts,
  map: MappingIx,
  { buffer, offset, size }: BufferRange,
  label: Label,
  everOfCpu: boolean,
): Answer {
  const origin = facts.run.provenance.of(label);
  const mapping = facts.mappings[map];
  if (mapping === undefined) return { may: false, size };
  if (origin.by === 'cpu') {
    const isOfByte = origin.buffer === buffer && origin.offset === offset;
    return { may: isOfByte && (everOfCpu || origin.step >= mapping.mapStep), size };
  }
  if (origin.by !== 'device' || origin.device !== mapping.device) return { may: false, size };
  const { device, iova, step } = origin;
  const hit = facts.mappingAt(device, iova, step);
  const own = facts.bytesOf(map, buffer, offset);
  return {
    may: hit?.mapping.index === map && hit.byte === own.byte,
    size: Math.min(size, own.size, hit?.left ?? facts.gapAt(device, iova, step)),
  };
}
