// SPDX-License-Identifier: GPL-2.0-only
import { DMA_TO_DEVICE } from '../../machine/vocabulary.ts';
import type { View } from '../../run/recording.ts';
import type { BufferRange } from '../../run/scenario.ts';
import { ByteSets } from '../byte-set.ts';
import { makeClause, type FindingsOf } from '../clause.ts';
import type { Facts, MappingFacts } from '../facts.ts';
import { boundaryPadding, granulesOf } from '../granules.ts';

const CAUSES = {
  'outside-the-buffers': 'this memory belongs to none of the mapped buffers',
  'reached-a-buffer': "the device's bytes ended up in a buffer that was not theirs",
  'reached-another-mapping': "the device's bytes ended up in another mapping",
} as const;
type WriteCause = keyof typeof CAUSES;

export const confinementWrite = makeClause({
  id: 'confinement-write',
  title: 'no device write changes memory outside the buffers mapped for it',
  why: 'What an untrusted device writes into padding must reach nobody.',
  causes: CAUSES,
  judge(facts, findings) {
    const { run } = facts;
    if (facts.run.events.of('device_write').length > 0) findings.exercise();
    for (const event of facts.run.events.of('device_write_run')) {
      const { step, device, iova, phys, size, index } = event;
      if (facts.inPool(phys)) continue;
      for (let i = 0, n; i < size; i += n) {
        const part = partAt(facts, device, iova + i, phys + i, step);
        n = Math.min(size - i, part.size);
        if (part.allowed) continue;
        const where = { device, iova: iova + i, phys: phys + i };
        findings.breaks('outside-the-buffers', { step, event: index, ...where, count: n });
      }
    }
    const [first] = facts.run.events.of('device_write');
    const hostile = run.scenario.machine.devices.some((_, device) => facts.confined(device));
    if (first === undefined || !hostile) return;
    // Labels count up: before this one no device had written.
    const firstLabel = run.labels[first.bytes] ?? 0;
    const counted = new ByteSets();
    for (const view of run.views) {
      if (view.step >= first.step) judgeView(facts, findings, view, firstLabel, counted);
    }
  },
});

/** How far from here on memory outside the pool has the same answer: may the device write it at this step? */
function partAt(
  facts: Facts,
  device: number,
  iova: number,
  phys: number,
  step: number,
): { allowed: boolean; size: number } {
  if (facts.confined(device)) {
    const hit = facts.mappingAt(device, iova, step);
    if (hit === undefined) {
      const { own, size } = ownAt(facts, device, phys, step);
      return { allowed: own, size: Math.min(size, facts.gapAt(device, iova, step)) };
    }
    return { allowed: hit.mapping.dir !== DMA_TO_DEVICE, size: hit.left };
  }
  const { scenario } = facts.run;
  const { granule } = scenario.machine;
  const start = phys - (phys % granule);
  const allowed = facts.mappings.some((mapping) => {
    const held = facts.liveAt(mapping, step) || isInLazyWindow(facts, mapping, step);
    if (mapping.device !== device || !mapping.mapped || !held) return false;
    return (
      granulesOf(scenario, mapping.index).has(start) || boundaryPadding(scenario, mapping.index).has(start)
    );
  });
  return { allowed, size: start + granule - phys };
}

/** How far from here on memory is, or is not, the device's to write, through whichever live mapping of its own. */
function ownAt(facts: Facts, device: number, phys: number, step: number): { own: boolean; size: number } {
  let next = Infinity;
  for (const mapping of facts.mappings) {
    if (mapping.device !== device || mapping.dir === DMA_TO_DEVICE || !facts.liveAt(mapping, step)) continue;
    for (const { buffer, offset, size } of mapping.ranges) {
      const start = facts.bufferPhys(buffer, offset);
      if (phys >= start && phys < start + size) return { own: true, size: start + size - phys };
      if (start > phys) next = Math.min(next, start - phys);
    }
  }
  return { own: false, size: next };
}

/** Unmapped, but the flush that revokes it has not come yet. */
function isInLazyWindow(facts: Facts, mapping: MappingFacts, step: number): boolean {
  return facts.revokesLazily(mapping.device) && step > mapping.unmapStep && step <= facts.flushAfter(mapping);
}

/** Bytes that a device put where it had no mapping for them, but for those of each device that are `counted` already. */
function judgeView(
  facts: Facts,
  findings: FindingsOf<WriteCause>,
  view: View,
  firstLabel: number,
  counted: ByteSets,
): void {
  const labels = facts.run.viewLabels;
  const end = view.start + view.size;
  for (let at = view.start; at < end;) {
    const label = labels[at] ?? 0;
    const length = facts.run.provenance.together(labels, at, end - at);
    // One write after the other; what it left here is all right as a whole, or byte by byte.
    for (let i = label < firstLabel ? length : 0; i < length;) {
      i += judgeWritten(facts, findings, view, at - view.start + i, label + i, length - i, counted);
    }
    at += length;
  }
}

/** `size` bytes of the view from `byte` on that one device or CPU write wrote; returns how many are done with. */
function judgeWritten(
  facts: Facts,
  findings: FindingsOf<WriteCause>,
  view: View,
  byte: number,
  label: number,
  size: number,
  counted: ByteSets,
): number {
  const origin = facts.run.provenance.of(label);
  if (origin.by !== 'device') return size;
  const place = placeOf(facts, view, byte, size);
  const rightful = rightfullyWritten(facts, origin, place, size);
  if (rightful > 0) return rightful;
  if (!facts.confined(origin.device)) return 1;
  // What is there still, or again, in a later view is no further byte.
  if (counted.of(view.of, view.index, origin.device).add(byte, 1).length > 0) {
    findings.breaks(view.of === 'buffer' ? 'reached-a-buffer' : 'reached-another-mapping', {
      step: view.step,
      ...(view.of === 'mapping' && { mapping: view.index }),
      ...(place && { buffer: place.buffer, offset: place.offset }),
      device: origin.device,
      iova: origin.iova,
      count: 1,
      observed: label,
    });
  }
  return 1;
}

/** The buffer's bytes that bytes [byte, byte + size) of the view begin with; undefined: the mapping has more segments than bytes. */
function placeOf(facts: Facts, view: View, byte: number, size: number): BufferRange | undefined {
  return view.of === 'buffer'
    ? { buffer: view.index, offset: byte, size }
    : facts.pieces(view.index, byte, size)[0];
}

/**
 * For how many of the `size` bytes of one write from `origin` on, which stand in `place`, this is so: at the time of
 * the write, that bus address was this byte of a mapping that the device may write; or it was none of its mappings,
 * and the byte is the device's to write all the same. 0: it is not so.
 */
function rightfullyWritten(
  facts: Facts,
  { device, iova, step }: { device: number; iova: number; step: number },
  place: BufferRange | undefined,
  size: number,
): number {
  const hit = facts.mappingAt(device, iova, step);
  const phys = place && facts.bufferPhys(place.buffer, place.offset);
  const ahead = Math.min(size, place?.size ?? 1);
  if (hit === undefined) {
    if (phys === undefined) return 0;
    const { own, size: far } = ownAt(facts, device, phys, step);
    return own ? Math.min(ahead, far, facts.gapAt(device, iova, step)) : 0;
  }
  if (hit.mapping.dir === DMA_TO_DEVICE) return 0;
  const [target] = facts.pieces(hit.mapping.index, hit.byte, Math.min(ahead, hit.left));
  // Buffers may overlap: the same memory is the same byte.
  const written = target && facts.bufferPhys(target.buffer, target.offset);
  return written === phys ? (target?.size ?? ahead) : 0;
}
