// SPDX-License-Identifier: GPL-2.0-only
import { grantedBy, SLOT_SIZE } from '../../machine/config.ts';
import { FIRST_LABEL, labelAfter } from '../../machine/labels.ts';
import {
  DMA_TO_DEVICE,
  IOMMU_READ,
  type DmaAddr,
  type EventIx,
  type PhysAddr,
} from '../../machine/vocabulary.ts';
import type { BounceBuffer } from '../../run/bounce-buffers.ts';
import type { Provenance } from '../../run/provenance.ts';
import { exposures, type Exposure } from '../../run/recording.ts';
import { elementAt } from '../../text/element.ts';
import { ByteSets, type ByteSet } from '../byte-set.ts';
import { makeClause, type FindingsOf } from '../clause.ts';
import type { Facts, Hit, MappingFacts, Reach } from '../facts.ts';
import { boundaryPadding, granulesOf } from '../granules.ts';
import { segmentOf } from '../victim.ts';
import { STALE_CAUSES, staleCause } from './wrong-bytes.ts';

const CAUSES = {
  'outside-the-buffers': 'this memory belongs to none of the mapped buffers',
  'other-mapping': 'it is the bounce buffer of another mapping',
  'no-write-only-entries': 'it was mapped for writing alone, and the IOMMU has no write-only entries',
  ...STALE_CAUSES,
} as const;
type ReadCause = keyof typeof CAUSES;

export const confinementRead = makeClause({
  id: 'confinement-read',
  title: "the device can read its mapped bytes and nobody else's",
  why: 'An untrusted device behind an external port reads whatever the IOMMU lets it: other buffers, old secrets.',
  causes: CAUSES,
  judge(facts, findings) {
    judgeExposures(facts, findings);
    judgeReach(facts, findings);
  },
});

/** Untrusted device, CONFIG_SWIOTLB=y: byte by byte, by whose data it is. */
function judgeExposures(facts: Facts, findings: FindingsOf<ReadCause>): void {
  // What a map installs before it fails is scanned as well.
  const isExposed = (mapping: MappingFacts): boolean =>
    facts.confined(mapping.device) && isReadable(facts, mapping);
  if (facts.mappings.some(isExposed)) findings.exercise();
  const counted = new ByteSets();
  for (const exposure of exposures(facts.run)) {
    if (!facts.confined(exposure.device)) continue;
    const { mapping, iova } = exposure;
    for (let i = 0; i < exposure.size;) {
      const harmless = writtenAhead(facts, exposure, i) || plantedAhead(facts, exposure, i);
      const n = harmless || pieceAt(facts, exposure, i);
      // Each segment of a list has its own places, whatever another one shows as well.
      const names = exposure.label < FIRST_LABEL ? 'addresses' : 'labels';
      const known = counted.of(mapping ?? 'none', segmentOf(facts, mapping, iova + i), names);
      if (harmless === 0) judgePiece(facts, findings, exposure, i, n, known);
      else leaveOpen(facts, findings, exposure, i, n, known);
      i += n;
    }
  }
}

/**
 * What a device put there without a right, the standing adversary above all, is nobody's secret, and that it
 * could is the matter of confinement-write. Before this mapping made it readable it says nothing about what lay
 * there: without that write, the device would read that now.
 */
function leaveOpen(
  facts: Facts,
  findings: FindingsOf<ReadCause>,
  { step, event, label, device, mapping, iova, phys }: Exposure,
  from: number,
  size: number,
  counted: ByteSet,
): void {
  const origin = facts.run.provenance.of(label + from);
  if (origin.by !== 'device' || mapping === undefined) return;
  if (origin.device === device && origin.mapping >= 0) return;
  if (origin.event >= madeReachable(facts, mapping, iova + from, event)) return;
  for (const { from: first, size: count } of counted.add(label + from, size)) {
    const at = from + first;
    const where = { device, iova: iova + at, phys: phys + at, observed: label + at };
    findings.cannotTell({ step, event: event - 1, mapping, count, ...where });
  }
}

/** The event that put this bus address of the mapping into the page table; its map's first one if none is known. */
function madeReachable({ run, mappings }: Facts, mapping: number, iova: number, until: EventIx): EventIx {
  const begun = elementAt(run.steps, mappings[mapping]?.mapStep)?.from ?? until;
  const calls = run.events.of('iommu_map', begun, until);
  return calls.find((call) => iova >= call.iova && iova < call.iova + call.size)?.index ?? begun;
}

function isReadable(facts: Facts, mapping: MappingFacts): boolean {
  const { iommu } = facts.run.scenario.machine;
  return mapping.reach.some(({ prot }) => (grantedBy(iommu, prot) & IOMMU_READ) !== 0);
}

/** How many bytes from byte `i` on one write of the device itself wrote; 0: it did not. */
function writtenAhead(facts: Facts, { label, device, size }: Exposure, i: number): number {
  if (label < FIRST_LABEL) return 0;
  const origin = facts.run.provenance.of(label + i);
  if (origin.by !== 'device' || origin.device !== device) return 0;
  return Math.min(size - i, facts.run.provenance.span(label + i));
}

/** How many bytes from byte `i` on one write of another device put where it had no business; 0: it is none. */
function plantedAhead(facts: Facts, { label, size }: Exposure, i: number): number {
  if (label < FIRST_LABEL) return 0;
  const origin = facts.run.provenance.of(label + i);
  if (origin.by !== 'device') return 0;
  const { device, iova, step } = origin;
  if (facts.mappingAt(device, iova, step) !== undefined) return 0;
  return Math.min(size - i, facts.run.provenance.span(label + i), facts.gapAt(device, iova, step));
}

/** Bytes from byte `i` on that one write wrote and that have shared their fate, in one place. */
function pieceAt(facts: Facts, { label, iova, phys, size }: Exposure, i: number): number {
  const ahead = Math.min(
    size - i,
    facts.run.provenance.span(labelAfter(label, i)),
    onePlace(facts, iova + i, phys + i),
  );
  return facts.memory.alike(phys + i, ahead);
}

/** How far from there on placeOf() says the same: to the next slot, allocation, segment, or piece of a map. */
function onePlace({ mappings, run }: Facts, iova: number, phys: number): number {
  let ahead = SLOT_SIZE - (phys % SLOT_SIZE);
  for (const { tlb } of run.bounceBuffers) if (tlb > phys) ahead = Math.min(ahead, tlb - phys);
  for (const { segments, reach } of mappings) {
    for (const { address, length } of segments) ahead = Math.min(ahead, toEdge(iova, address, length));
    for (const { iova: start, size: length } of reach) ahead = Math.min(ahead, toEdge(iova, start, length));
  }
  return ahead;
}

/** From an address to where the range begins, or ends; Infinity: it is behind it. */
function toEdge(address: number, start: number, length: number): number {
  if (start > address) return start - address;
  return start + length > address ? start + length - address : Infinity;
}

/** `counted`: the mapping's bytes that are in the findings already, by label or by address. */
function judgePiece(
  facts: Facts,
  findings: FindingsOf<ReadCause>,
  exposure: Exposure,
  from: number,
  size: number,
  counted: ByteSet,
): void {
  const { step, event, device, mapping, iova, phys } = exposure;
  const label = labelAfter(exposure.label, from);
  // A byte that is exposed again through the mapping is no further byte.
  const name = label >= FIRST_LABEL ? label : phys + from;
  if (counted.has(name, size)) return;
  const origin = facts.run.provenance.of(label);
  const own = ownBytes(facts, exposure, from, size, origin);
  for (let first = own.indexOf(0), end; first >= 0; first = own.indexOf(0, end)) {
    // What follows in the piece and is not the device's own either has the same cause.
    end = own.indexOf(1, first);
    if (end < 0) end = size;
    for (const added of counted.add(name + first, end - first)) {
      const at = from + first + added.from;
      const place = placeOf(facts, exposure, iova + at, phys + at);
      const cause = causeAt(facts, exposure, phys + at, place);
      const owner = mapping === undefined ? {} : { mapping };
      const observed = labelAfter(exposure.label, at);
      const where = { device, iova: iova + at, phys: phys + at, observed, place };
      findings.breaks(cause, { step, event: event - 1, ...owner, count: added.size, ...where });
    }
  }
}

/** Per byte of the piece, 1: this very byte of the mapped buffer has carried it since the map. */
function ownBytes(
  facts: Facts,
  exposure: Exposure,
  from: number,
  size: number,
  origin: Provenance,
): Uint8Array {
  const own = new Uint8Array(size);
  const hit = facts.mappingAt(exposure.device, exposure.iova + from, exposure.step);
  if (hit !== undefined) markOwn(facts, exposure, hit, from, origin, own);
  else markOfFailedMap(facts, exposure, from, origin, own);
  return own;
}

/** The same of a piece that stands in one dma segment and one piece of a map, from `hit` on. */
function markOwn(
  facts: Facts,
  { step, label }: Exposure,
  { mapping, byte: hit }: Hit,
  from: number,
  origin: Provenance,
  own: Uint8Array,
): void {
  for (const piece of facts.pieces(mapping.index, hit, own.length)) {
    const first = piece.byte - hit;
    facts.buffers.markCarried(piece, mapping.mapStep, step, labelAfter(label, from + first), own, first);
    if (origin.by !== 'cpu' || origin.buffer !== piece.buffer) continue;
    if (origin.offset + first !== piece.offset) continue;
    // Not bounced: what memory holds is the buffer, however old.
    const isBuffer =
      facts.memoryAt(mapping, piece.byte).phys === facts.bufferPhys(piece.buffer, piece.offset);
    if (isBuffer || origin.step >= mapping.mapStep) own.fill(1, first, first + piece.size);
  }
}

/**
 * The same for what was exposed while a map was under way that then failed or crashed: no handle tells
 * the place. The mapping's own are bytes that the CPU wrote to its buffer, and what that buffer has
 * carried, where it stands and where the map had copied it.
 */
function markOfFailedMap(
  facts: Facts,
  exposure: Exposure,
  from: number,
  origin: Provenance,
  own: Uint8Array,
): void {
  const { step, event, label } = exposure;
  const mapping = elementAt(facts.mappings, exposure.mapping);
  if (mapping === undefined || mapping.mapped || mapping.mapStep !== step) return;
  const begun = facts.run.steps[step]?.from ?? event;
  const copies = facts.run.events
    .of('swiotlb_bounce', begun, event)
    .filter(({ dir }) => dir === DMA_TO_DEVICE);
  const phys = exposure.phys + from;
  for (const { buffer, offset, size: length } of mapping.ranges) {
    if (origin.by === 'cpu' && origin.buffer === buffer) {
      const first = Math.max(0, offset - origin.offset);
      own.fill(1, first, Math.max(first, offset + length - origin.offset));
    }
    const original = facts.bufferPhys(buffer, offset);
    const stands = [{ original, tlb: original, size: length }, ...copies];
    for (const { original: source, tlb: target, size: count } of stands) {
      const first = Math.max(phys, target + Math.max(original - source, 0));
      const end = Math.min(phys + own.length, target + Math.min(original + length - source, count));
      if (first >= end) continue;
      const carried = { buffer, offset: offset + source + first - target - original, size: end - first };
      const index = first - phys;
      facts.buffers.markCarried(carried, step, step, labelAfter(label, from + index), own, index);
    }
  }
}

/** The last bounce buffer that had `phys` before event `until`, if it is still held. */
function bounceBufferAt({ run }: Facts, phys: PhysAddr, until: EventIx): BounceBuffer | undefined {
  const last = run.bounceBuffers.findLast(
    ({ event, start, end }) => event < until && phys >= start && phys < end,
  );
  return last === undefined || last.released < until ? undefined : last;
}

function placeOf(facts: Facts, exposure: Exposure, iova: number, phys: number): string {
  if (facts.mappingAt(exposure.device, iova, exposure.step) !== undefined) return 'the data';
  if (!facts.inPool(phys)) return 'outside the pool';
  const bounced = bounceBufferAt(facts, phys, exposure.event);
  if (bounced === undefined) return 'a slot of nobody';
  const owner = facts.mappings.find(({ mapStep }) => mapStep === bounced.step);
  if (owner !== undefined && owner.index !== exposure.mapping) return 'the bounce buffer of another mapping';
  if (owner?.mapped === false) return 'the bounce buffer of a map that failed';
  // The data that was mapped together with it, which of a list is one entry's.
  const piece = owner?.reach.find((each) => isIn(each, iova));
  const data = piece && owner?.segments.find(({ address }) => isIn(piece, address));
  const isInFront = data === undefined ? phys < bounced.tlb : iova < data.address;
  return isInFront ? 'in front of the data' : 'behind the data';
}

function isIn({ iova, size }: Reach, address: DmaAddr): boolean {
  return address >= iova && address < iova + size;
}

function causeAt(facts: Facts, exposure: Exposure, phys: number, place: string): ReadCause {
  if ((exposure.prot & IOMMU_READ) === 0) return 'no-write-only-entries';
  if (place === 'outside the pool') return 'outside-the-buffers';
  if (place === 'the bounce buffer of another mapping') return 'other-mapping';
  const mapStep = elementAt(facts.mappings, exposure.mapping)?.mapStep ?? exposure.step;
  const mapped = facts.run.steps[mapStep]?.from ?? exposure.event;
  const from = bounceBufferAt(facts, phys, exposure.event)?.event ?? mapped;
  return staleCause(facts, phys, from, exposure.event, exposure.device);
}

/** Trusted device, or CONFIG_SWIOTLB=n: granule by granule, by what the map installed. */
function judgeReach(facts: Facts, findings: FindingsOf<ReadCause>): void {
  const { granule, iommu } = facts.run.scenario.machine;
  for (const mapping of facts.mappings) {
    if (!mapping.mapped || facts.confined(mapping.device)) continue;
    findings.exercise();
    const own = granulesOf(facts.run.scenario, mapping.index);
    const padding = boundaryPadding(facts.run.scenario, mapping.index);
    for (const { iova, phys, size, prot } of mapping.reach) {
      if ((grantedBy(iommu, prot) & IOMMU_READ) === 0) continue;
      const cause = (prot & IOMMU_READ) === 0 ? 'no-write-only-entries' : 'outside-the-buffers';
      for (let done = 0; done < size; done += granule) {
        if (own.has(phys + done) || padding.has(phys + done)) continue;
        const { index, mapStep, device } = mapping;
        const evidence = { step: mapStep, mapping: index, device, count: 1 };
        findings.breaks(cause, { ...evidence, iova: iova + done, phys: phys + done });
      }
    }
  }
}
