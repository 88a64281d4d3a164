// SPDX-License-Identifier: GPL-2.0-only
import { LINE_SIZE, SLOT_SIZE } from '../../machine/config.ts';
import { FIRST_LABEL } from '../../machine/memory.ts';
import { IOMMU_READ } from '../../machine/vocabulary.ts';
import type { Provenance } from '../../recording/provenance.ts';
import { exposures, type Exposure } from '../../recording/recording.ts';
import { ByteSet } from '../byte-set.ts';
import type { Cause, Clause, Findings } from '../clause.ts';
import { byteOf, type Facts, type MappingFacts } from '../facts.ts';
import { boundaryPadding, granulesOf } from '../granules.ts';
import { staleCause } from './wrong-bytes.ts';

export const confinementRead: Clause = {
  id: 'confinement-read',
  title: "the device can read its mapped bytes and nobody else's",
  why: 'An untrusted device behind an external port reads whatever the IOMMU lets it: other buffers, old secrets.',
  judge(facts, findings) {
    judgeExposures(facts, findings);
    judgeReach(facts, findings);
  },
};

/** More than there are labels or bytes of memory. */
const LABELS = 2 ** 33;

/** Untrusted device, CONFIG_SWIOTLB=y: byte by byte, by whose data it is. */
function judgeExposures(facts: Facts, findings: Findings): void {
  if (facts.mappings.some((m) => m.mapped && facts.confined(m.device) && isReadable(m))) findings.exercise();
  const counted = new ByteSet();
  for (const exposure of exposures(facts.run)) {
    if (!facts.confined(exposure.device)) continue;
    for (let i = 0; i < exposure.size;) {
      const n = pieceAt(facts, exposure, i);
      judgePiece(facts, findings, exposure, i, n, counted);
      i += n;
    }
  }
}

function isReadable(mapping: MappingFacts): boolean {
  return mapping.reach.some(({ prot }) => (prot & IOMMU_READ) !== 0);
}

/** Bytes from byte `i` on that one write wrote and that stand in one cache line: they share their fate. */
function pieceAt({ labels }: Facts, { label, phys, size }: Exposure, i: number): number {
  const line = LINE_SIZE - ((phys + i) % LINE_SIZE);
  return Math.min(size - i, line, label >= FIRST_LABEL ? labels.span(label + i) : line);
}

function judgePiece(
  facts: Facts,
  findings: Findings,
  exposure: Exposure,
  from: number,
  size: number,
  counted: ByteSet,
): void {
  const { step, event, device, mapping, iova, phys } = exposure;
  const label = exposure.label >= FIRST_LABEL ? exposure.label + from : exposure.label;
  const origin = facts.labels.of(label);
  if (isOwnPiece(facts, exposure, iova + from, size, origin)) return;
  const own = ownBytes(facts, exposure, from, size, origin);
  for (let i = 0; i < size; i++) {
    if (own[i] === 1) continue;
    const at = from + i;
    const place = placeOf(facts, exposure, iova + at, phys + at);
    const cause = causeAt(facts, exposure, phys + at, place);
    // A byte that is exposed again through the mapping is no further byte. What follows in the piece
    // and is not the device's own either has the same cause.
    let count = 0;
    for (; i < size && own[i] !== 1; i++) {
      if (counted.add((mapping + 1) * LABELS + (label >= FIRST_LABEL ? label + i : phys + from + i))) count++;
    }
    if (count === 0) continue;
    const owner = mapping < 0 ? {} : { mapping };
    const observed = exposure.label >= FIRST_LABEL ? exposure.label + at : exposure.label;
    const where = { device, iova: iova + at, phys: phys + at, observed, place };
    findings.breaks(cause, { step, event: event - 1, ...owner, count, ...where });
  }
}

/** The quick answer for most pieces: all of it is the device's own, for certain. */
function isOwnPiece(
  facts: Facts,
  { device, step }: Exposure,
  iova: number,
  size: number,
  origin: Provenance,
): boolean {
  if (origin.by === 'device') return origin.device === device;
  const first = facts.mappingAt(device, iova, step);
  if (origin.by !== 'cpu' || first === undefined) return false;
  const { byte, mapping } = first;
  const end = byte + size - 1;
  const { buffers, offsets, mapStep } = mapping;
  if (
    byteOf(mapping, iova + size - 1) !== end ||
    buffers[byte] !== origin.buffer ||
    buffers[end] !== origin.buffer
  ) {
    return false;
  }
  if (offsets[byte] !== origin.offset || offsets[end] !== origin.offset + size - 1) return false;
  return (
    origin.step >= mapStep ||
    !facts.events.of('cpu_write').some(({ step: at }) => at >= 0 && at > origin.step && at < mapStep)
  );
}

/**
 * Per byte of the piece, 1: the device wrote it itself, or this very byte of the mapped buffer has
 * carried it since the map.
 */
function ownBytes(
  facts: Facts,
  exposure: Exposure,
  from: number,
  size: number,
  origin: Provenance,
): Uint8Array {
  const own = new Uint8Array(size);
  const { device, step, iova, label } = exposure;
  for (let i = 0, n; i < size; i += n) {
    const hit = facts.mappingAt(device, iova + from + i, step);
    n = Math.min(size - i, hit?.left ?? facts.gapAt(device, iova + from + i, step));
    for (let j = i; j < i + n; j++) {
      if (hit === undefined) {
        if (origin.by === 'cpu' && isOfFailedMap(facts, exposure, origin.buffer, origin.offset + j)) {
          own[j] = 1;
        }
        continue;
      }
      const byte = hit.byte + j - i;
      const buffer = hit.mapping.buffers[byte] ?? -1;
      const offset = hit.mapping.offsets[byte] ?? -1;
      const seen = label >= FIRST_LABEL ? label + from + j : label;
      if (facts.carriedSince(buffer, offset, hit.mapping.mapStep, step, seen)) own[j] = 1;
      else if (origin.by === 'cpu' && origin.buffer === buffer && origin.offset + j === offset) {
        // Not bounced: what memory holds is the buffer, however old.
        const original = (facts.run.scenario.buffers[buffer]?.phys ?? 0) + offset;
        const isNew = origin.step >= hit.mapping.mapStep;
        if (isNew || facts.devicePhys(hit.mapping, byte) === original) own[j] = 1;
      }
    }
  }
  return own;
}

/** Exposed while the map that then failed was under way: its own buffer, no handle yet to tell the place. */
function isOfFailedMap(facts: Facts, exposure: Exposure, buffer: number, offset: number): boolean {
  const mapping = facts.mappings[exposure.mapping];
  if (mapping === undefined || mapping.mapped || mapping.mapStep !== exposure.step) return false;
  const ranges = facts.run.scenario.mappings[exposure.mapping]?.ranges ?? [];
  return ranges.some((r) => r.buffer === buffer && offset >= r.offset && offset < r.offset + r.size);
}

/** A bounce buffer in the pool: the slots that some map took. */
interface Allocation {
  readonly mapping: MappingFacts | undefined;
  readonly event: number;
  readonly start: number;
  readonly end: number;
}

/** The last allocation that had `phys` before the exposure, and whether it is still held. */
function allocationOf(facts: Facts, phys: number, until: number): Allocation | undefined {
  let found: Allocation | undefined;
  for (const event of facts.events.all.slice(0, until)) {
    if (event.kind === 'swiotlb_tbl_map_single' && event.result >= 0) {
      const start = event.result - (event.result % SLOT_SIZE);
      const end = start + Math.ceil((event.result - start + (event.args[2] ?? 0)) / SLOT_SIZE) * SLOT_SIZE;
      if (phys < start || phys >= end) continue;
      const mapping = facts.mappings.find((m) => m.mapStep === event.step);
      found = { mapping, event: event.index, start: event.result, end };
    }
    if (event.kind === 'swiotlb_tbl_unmap_single' && found?.start === event.args[0]) found = undefined;
  }
  return found;
}

function placeOf(facts: Facts, exposure: Exposure, iova: number, phys: number): string {
  if (facts.mappingAt(exposure.device, iova, exposure.step) !== undefined) return 'the data';
  if (!facts.inPool(phys)) return 'outside the pool';
  const allocation = allocationOf(facts, phys, exposure.event);
  if (allocation === undefined) return 'a slot of nobody';
  const owner = allocation.mapping;
  if (owner !== undefined && owner.index !== exposure.mapping) return 'the bounce buffer of another mapping';
  if (owner?.mapped === false) return 'the bounce buffer of a map that failed';
  const { granule } = facts.run.scenario.machine;
  const isInFront =
    owner?.segments.some(({ address }) => iova < address && address - iova < granule) ?? false;
  return isInFront || phys < allocation.start ? 'in front of the data' : 'behind the data';
}

function causeAt(facts: Facts, exposure: Exposure, phys: number, place: string): Cause {
  if (place === 'outside the pool') return 'outside-the-buffers';
  if (place === 'the bounce buffer of another mapping') return 'other-mapping';
  const mapStep = facts.mappings[exposure.mapping]?.mapStep ?? exposure.step;
  const mapped = facts.run.steps[mapStep]?.from ?? exposure.event;
  const from = allocationOf(facts, phys, exposure.event)?.event ?? mapped;
  return staleCause(facts, phys, from, exposure.event, exposure.device);
}

/** Trusted device, or CONFIG_SWIOTLB=n: granule by granule, by what the map installed. */
function judgeReach(facts: Facts, findings: Findings): void {
  const { granule } = facts.run.scenario.machine;
  for (const mapping of facts.mappings) {
    if (!mapping.mapped || facts.confined(mapping.device)) continue;
    findings.exercise();
    const own = granulesOf(facts.run.scenario, mapping.index);
    const padding = boundaryPadding(facts.run.scenario, mapping.index);
    for (const { iova, phys, size, prot } of mapping.reach) {
      if ((prot & IOMMU_READ) === 0) continue;
      for (let done = 0; done < size; done += granule) {
        if (own.has(phys + done) || padding.has(phys + done)) continue;
        const { index, mapStep, device } = mapping;
        const evidence = { step: mapStep, event: -1, mapping: index, device, count: 1 };
        findings.breaks('outside-the-buffers', { ...evidence, iova: iova + done, phys: phys + done });
      }
    }
  }
}
