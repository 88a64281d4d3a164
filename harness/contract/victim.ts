// SPDX-License-Identifier: GPL-2.0-only
/** Whose bytes a clause is broken for: what makes two breaks the same one, whatever their causes. */
import { FIRST_LABEL } from '../machine/labels.ts';
import type { Evidence } from './clause.ts';
import type { DmaAddr, MappingIx } from '../machine/vocabulary.ts';
import type { DmaSegment } from '../run/recording.ts';
import type { Run } from '../run/run.ts';
import { elementAt } from '../text/element.ts';
import type { Facts } from './facts.ts';

/** Bytes in a row of one owner. */
export interface Stretch {
  /** The owner, by what the scenario calls it, so that it is the same in every state. */
  readonly of: string;
  /** Bytes [from, to) of it; [0, 1) where it has no bytes. */
  readonly from: number;
  readonly to: number;
}

/** Data in its granules. */
export interface Placed extends Stretch {
  /** Where the last of its granules ends; the first one begins at 0. */
  readonly end: number;
}

/** Bytes in a row of one owner, or other things in a row that can be broken. */
export interface Victim extends Stretch {
  /** What shows it; its count is that of these bytes. */
  readonly evidence: Evidence;
  /** Where a device reached them, if the owner is another: the mapping, and the first byte's place in it. */
  readonly reached?: { readonly of: string; readonly from: number };
}

/**
 * Whom the evidence is about: bytes of a buffer by their place in it; what a device reaches without a
 * right by whose data it is, else by its place from the first granule of the mapping, or of the list's entry, on; what is left over by what
 * it is; all else by mapping or step.
 */
export function victimOf(
  facts: Facts,
  clause: string,
  cause: string | undefined,
  evidence: Evidence,
): Victim {
  const { step, mapping, device, buffer, offset, iova, observed, count } = evidence;
  const through = device === undefined ? '' : `device ${device}, `;
  const some = (of: string, from: number, size: number): Victim => ({ of, from, to: from + size, evidence });
  if (clause === 'no-crash' || clause === 'no-warn') return some(`step ${step}`, 0, 1);
  if (clause === 'no-leftovers') return some(`${through}${cause ?? ''}`, 0, count);
  if (PER_MAPPING.has(clause)) return some(`mapping ${mapping}`, 0, 1);
  if (buffer !== undefined && offset !== undefined) {
    return some(`${through}mapping ${mapping}, buffer ${buffer}`, offset, count);
  }
  if (iova === undefined || mapping === undefined) {
    return some(`${through}mapping ${mapping}, step ${step}`, 0, 1);
  }
  const origin = observed === undefined ? undefined : facts.run.provenance.of(observed);
  const { segments, reach } = facts.mappings[mapping] ?? { segments: [], reach: [] };
  const segment = device !== undefined && facts.confined(device) ? segmentOf(facts, mapping, iova) : 0;
  const first = segments[segment]?.address ?? reach[0]?.iova ?? 0;
  const reached = {
    of: `${through}${placeName(mapping, segment)}`,
    from: iova - first + (first % facts.run.scenario.machine.granule),
  };
  if (origin?.by !== 'cpu') return some(reached.of, reached.from, count);
  return { ...some(`${through}data of buffer ${origin.buffer}`, origin.offset, count), reached };
}

/** Clauses about a mapping as a whole, wherever it lies. */
const PER_MAPPING = new Set(['map-succeeds', 'iova-accounting', 'segments', 'attributes']);

function placeName(mapping: MappingIx, segment: number): string {
  return segment === 0 ? `mapping ${mapping}` : `mapping ${mapping}, segment ${segment}`;
}

/** The segment that was mapped together with the bus address; the first one if none is known. */
export function segmentOf(facts: Facts, mapping: MappingIx | undefined, iova: DmaAddr): number {
  const { segments, reach } = elementAt(facts.mappings, mapping) ?? { segments: [], reach: [] };
  const piece = reach.find((r) => iova >= r.iova && iova < r.iova + r.size);
  const isIn = ({ address }: DmaSegment): boolean =>
    piece !== undefined && address >= piece.iova && address < piece.iova + piece.size;
  return Math.max(0, segments.findIndex(isIn));
}

/** Where the data of untrusted devices' mappings is, by the names and from the places that their victims have. */
export function dataOf({ scenario, steps }: Run): Placed[] {
  const { machine } = scenario;
  return scenario.mappings.flatMap(({ device, step }, mapping): Placed[] => {
    const outcome = steps[step];
    const isConfined = machine.swiotlb && machine.devices[device]?.untrusted === true;
    if (outcome?.status !== 'done' || !isConfined) return [];
    return outcome.segments.map(({ address, length }, segment) => {
      const from = address % machine.granule;
      const to = from + length;
      const end = Math.ceil(to / machine.granule) * machine.granule;
      return { of: `device ${device}, ${placeName(mapping, segment)}`, from, to, end };
    });
  });
}

/** The victims in the order they were found, those in a row and in one kind of place together. */
export class Victims {
  private readonly found: Victim[] = [];

  add(victim: Victim): void {
    const last = this.found.at(-1);
    if (last !== undefined && follows(victim, last)) {
      const together = { ...last.evidence, count: last.evidence.count + victim.evidence.count };
      this.found[this.found.length - 1] = { ...last, to: victim.to, evidence: together };
    } else {
      this.found.push(victim);
    }
  }

  get all(): readonly Victim[] {
    return this.found;
  }
}

/** The victim begins where the last one ends, in every respect. */
function follows({ of, from, evidence, reached }: Victim, last: Victim): boolean {
  const { step, place } = last.evidence;
  if (last.of !== of || last.to !== from || evidence.step !== step || evidence.place !== place) return false;
  if (reached === undefined) return true;
  return reached.of === last.reached?.of && reached.from === last.reached.from + last.to - last.from;
}

/** The victim in two: what is in one of these places at that step, and the rest. */
export function splitBy(
  victim: Victim,
  places: readonly Victim[],
): { readonly inside: Victim[]; readonly outside: Victim[] } {
  const { from, to, reached, evidence } = victim;
  const there = places.filter((place) => place.evidence.step === evidence.step);
  if (there.length === 0) return { inside: [], outside: [victim] };
  const at =
    reached === undefined
      ? victim
      : { ...victim, of: reached.of, from: reached.from, to: reached.from + to - from };
  const back = (part: Victim): Victim[] => cut(victim, from + part.from - at.from, from + part.to - at.from);
  return { inside: shared(at, there).flatMap(back), outside: without(at, there).flatMap(back) };
}

/** The part of a victim that none of the others has; empty: they have all of it. */
export function without(victim: Victim, others: readonly Victim[]): Victim[] {
  let left = [victim];
  for (const other of others) {
    if (other.of !== victim.of || other.to <= victim.from || other.from >= victim.to) continue;
    left = left.flatMap((part) => [
      ...cut(part, part.from, Math.min(part.to, other.from)),
      ...cut(part, Math.max(part.from, other.to), part.to),
    ]);
  }
  return left;
}

/** The part of a victim that one of the others has, too; each byte once, however many have it. */
export function shared(victim: Victim, others: readonly Victim[]): Victim[] {
  const found: Victim[] = [];
  let left = [victim];
  for (const other of others) {
    if (other.of !== victim.of) continue;
    found.push(
      ...left.flatMap((part) => cut(part, Math.max(part.from, other.from), Math.min(part.to, other.to))),
    );
    left = left.flatMap((part) => without(part, [other]));
  }
  return found;
}

/** The same bytes by where they were reached, if that is known. */
export function atPlace(victim: Victim): Victim {
  const { reached, from, to, evidence } = victim;
  return reached === undefined ? victim : { ...reached, to: reached.from + to - from, evidence };
}

/** Bytes [from, to) of the victim, with evidence of their own; empty when there are none. */
function cut(victim: Victim, from: number, to: number): Victim[] {
  if (from >= to) return [];
  if (from === victim.from && to === victim.to) return [victim];
  const { evidence, of, reached } = victim;
  const skip = from - victim.from;
  const label = (l: number): number => (l >= FIRST_LABEL ? l + skip : l);
  const isInBytes = evidence.count === victim.to - victim.from;
  return [
    {
      of,
      from,
      to,
      ...(reached !== undefined && { reached: { of: reached.of, from: reached.from + skip } }),
      evidence: {
        ...evidence,
        ...(evidence.offset !== undefined && { offset: evidence.offset + skip }),
        ...(evidence.iova !== undefined && { iova: evidence.iova + skip }),
        ...(evidence.phys !== undefined && { phys: evidence.phys + skip }),
        ...(evidence.expected !== undefined && { expected: label(evidence.expected) }),
        ...(evidence.observed !== undefined && { observed: label(evidence.observed) }),
        count: isInBytes ? to - from : evidence.count,
      },
    },
  ];
}
