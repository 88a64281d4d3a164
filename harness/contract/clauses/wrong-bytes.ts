// SPDX-License-Identifier: GPL-2.0-only
/** How the clauses about bytes turn what the ownership walk found into verdicts. */
import { labelAfter, LABEL_FAULT } from '../../machine/labels.ts';
import { copyOf, type EventOf } from '../../machine/events.ts';
import {
  DMA_FROM_DEVICE,
  type BufferIx,
  type EventIx,
  type PhysAddr,
  type Size,
} from '../../machine/vocabulary.ts';
import type { EventIndex } from '../../run/event-index.ts';
import type { Run } from '../../run/run.ts';
import { elementAt } from '../../text/element.ts';
import { ByteSets } from '../byte-set.ts';
import type { Evidence, FindingsOf } from '../clause.ts';
import type { Facts, MappingFacts } from '../facts.ts';
import { handedOverAgain } from '../hand-over.ts';
import { ownershipOf } from '../ownership.ts';
import type { Look, OwnershipClause, WrongBytes } from '../wrong-byte.ts';

/** Where a wrong byte lives. */
export interface ByteHome {
  readonly mapping: MappingFacts | undefined;
  /** The caller's memory. */
  readonly original: number;
  /** What the device uses for it, if anything. */
  readonly device: PhysAddr | undefined;
  /** For how many bytes on that goes on like that. */
  readonly size: Size;
  /** Event of the write that the owner should have found, 0: before the run. */
  readonly written: number;
  /** Event of the last write of a device to `device` before the byte was handed over again, 0: there is none. */
  readonly changed: number;
  /** Event up to which its history counts: the read that shows it, or the hand-over. */
  readonly until: number;
}

/** Reports the wrong bytes of a clause, each with the cause that `causeOf` finds. */
export function judgeBytes<C extends string>(
  clause: OwnershipClause,
  facts: Facts,
  findings: FindingsOf<C>,
  causeOf: (wrong: WrongBytes, home: ByteHome) => C,
): void {
  const { exercised, wrong, unknown } = ownershipOf(facts);
  if (exercised.has(clause)) findings.exercise();
  for (const { look, offset, size: count } of unknown) {
    if (look.clause !== clause) continue;
    const { step, buffer } = look;
    findings.cannotTell({ step, ...whereOf(look), buffer, offset, count });
  }
  const counted = new ByteSets();
  for (const run of wrong) {
    if (run.clause !== clause) continue;
    const { step, mapping, buffer, size } = run;
    for (let from = 0, n; from < size; from += n) {
      const offset = run.offset + from;
      const expected = labelAfter(run.expected, from);
      const observed = labelAfter(run.observed, from);
      const home = homeOf(facts, { ...run, offset, expected });
      // Bytes of one write that every event has treated alike share their fate.
      const ahead = Math.min(size - from, facts.run.provenance.span(expected), home.size);
      const alike = facts.memory.alike(home.original, ahead);
      n = home.device === undefined ? alike : facts.memory.alike(home.device, alike);
      const cause = causeOf({ ...run, offset, size: n, expected, observed }, home);
      // A byte of the same mapping that is seen wrong again is no further byte.
      for (const added of counted.of(mapping ?? 'none', buffer).add(offset, n)) {
        findings.breaks(cause, {
          step,
          ...whereOf(run),
          buffer,
          offset: offset + added.from,
          count: added.size,
          expected: labelAfter(expected, added.from),
          observed: labelAfter(observed, added.from),
        });
      }
    }
  }
}

/** Event and mapping of a look, as far as it has them. */
function whereOf({ event, mapping }: Look): Pick<Evidence, 'event' | 'mapping'> {
  return { ...(event !== undefined && { event }), ...(mapping !== undefined && { mapping }) };
}

function homeOf(
  facts: Facts,
  { mapping: index, buffer, offset, event, step, expected }: WrongBytes,
): ByteHome {
  const { run } = facts;
  const mapping = elementAt(facts.mappings, index);
  const original = facts.bufferPhys(buffer, offset);
  const until = event ?? facts.endOfOperation(step);
  const { phys: device, size } = memoryBehind(facts, mapping, buffer, offset);
  const origin = run.provenance.of(expected);
  const written = 'event' in origin ? origin.event : 0;
  const home = { mapping, original, device, size, written, until, changed: 0 };
  if (mapping === undefined || device === undefined) return home;
  const { since, alike } = handedOverAgain(facts, mapping.index, { buffer, offset }, step);
  return { ...home, size: Math.min(size, alike), changed: lastChange(run, device, since) };
}

/** The last event before `until` in which a device wrote to `phys`, 0: there is none. */
function lastChange({ events }: Run, phys: PhysAddr, until: EventIx): EventIx {
  const writes = events.of('device_write_run', 0, until);
  return writes.findLast((write) => phys >= write.phys && phys < write.phys + write.size)?.index ?? 0;
}

/** What the mapping's device uses for a buffer byte, if anything, and for how many bytes on that goes on like that. */
function memoryBehind(
  facts: Facts,
  mapping: MappingFacts | undefined,
  buffer: BufferIx,
  offset: Size,
): { phys: PhysAddr | undefined; size: Size } {
  if (mapping === undefined) return { phys: undefined, size: Infinity };
  const own = facts.bytesOf(mapping.index, buffer, offset);
  if (own.byte === undefined) return { phys: undefined, size: own.size };
  const { phys, size } = facts.memoryAt(mapping, own.byte);
  return { phys, size: Math.min(own.size, size) };
}

/** What can have become of bytes that are stale for a device or a copy. */
export const STALE_CAUSES = {
  'never-cleared': 'nobody cleared the memory',
  'cleared-not-cleaned': 'it was cleared in the CPU cache only, memory still holds the old bytes',
  'dropped-by-arch-invalidate':
    'what had been put there was still in the cache and the invalidate threw it away',
  'not-cleaned': 'the data is in the CPU cache and was not cleaned to memory',
  overwritten: 'it was cleared and then written again',
  'left-by-a-copy': 'a copy left it there',
} as const;

/** Cause of bytes that were cleared, copied or written, and yet are stale for a device or a copy. */
export function staleCause(
  facts: Facts,
  phys: number,
  from: number,
  until: number,
  device: number,
): keyof typeof STALE_CAUSES {
  const { last, line } = facts.memory.of(phys, from, until, facts.coherent(device));
  if (last === 'nothing') return 'never-cleared';
  if (line === 'dropped') return 'dropped-by-arch-invalidate';
  if (line === 'dirty') return last === 'cleared' ? 'cleared-not-cleaned' : 'not-cleaned';
  return last === 'cleared' ? 'overwritten' : 'left-by-a-copy';
}

/** Why a device may not see what the CPU wrote. */
export const NOT_SEEN_BY_DEVICE = {
  'device-fault': 'the access faulted in the IOMMU',
  'wrong-address': 'its bus address leads to other memory',
  'not-copied': 'it was not copied',
  'not-cleaned': 'the data is in the CPU cache and was not cleaned to memory',
  'dropped-by-arch-invalidate':
    'what had been put there was still in the cache and the invalidate threw it away',
  overwritten: 'it was cleared and then written again',
  'wrong-data': 'something else was put there',
} as const;

/** Why the device does not see what the CPU wrote. */
export function notSeenByDevice(
  facts: Facts,
  observed: number,
  home: ByteHome,
): keyof typeof NOT_SEEN_BY_DEVICE {
  const { mapping, device, original, until } = home;
  if (observed === LABEL_FAULT || mapping === undefined || device === undefined) return 'device-fault';
  if (!isAtItsAddress(facts, home)) return 'wrong-address';
  if (isNotCopiedOut(facts, home)) return 'not-copied';
  const from = device === original ? 0 : firstEvent(facts.run, mapping);
  const { last, line } = facts.memory.of(device, from, until, facts.coherent(mapping.device));
  if (line === 'dropped') return 'dropped-by-arch-invalidate';
  if (line === 'dirty') return 'not-cleaned';
  return last === 'cleared' ? 'overwritten' : 'wrong-data';
}

/** The byte's bus address leads to the byte itself, or to its place in the mapping's bounce buffer. */
export function isAtItsAddress({ run }: Facts, { mapping, device, original }: ByteHome): boolean {
  if (device === original) return true;
  return run.bounceBuffers.some(
    (bounce) =>
      bounce.mapping === mapping?.index &&
      original >= bounce.original &&
      original < bounce.original + bounce.size &&
      original - bounce.original + bounce.tlb === device,
  );
}

/** What the CPU had when it handed the byte over never went to the bounce buffer, or not since a device wrote there. */
export function isNotCopiedOut({ run }: Facts, home: ByteHome): boolean {
  const { mapping, device, original, written, changed, until } = home;
  if (mapping === undefined || device === undefined || device === original) return false;
  const from = Math.max(written, changed, firstEvent(run, mapping));
  return copies(run.events, device, from, until).length === 0;
}

/** Why the CPU may not see what a device wrote. */
export const NOT_SEEN_BY_CPU = {
  'wrong-address': 'its bus address leads to other memory',
  'not-copied': 'it was not copied',
  'not-invalidated': 'the CPU cache still held the line, nobody invalidated it',
  'overwritten-by-write-back': "a dirty cache line was written back over the device's data",
  'dropped-by-arch-invalidate':
    'what had been put there was still in the cache and the invalidate threw it away',
  'wrong-data': 'something else was put there',
} as const;

/** Why the CPU does not see what the device wrote. */
export function notSeenByCpu(facts: Facts, home: ByteHome): keyof typeof NOT_SEEN_BY_CPU {
  const { mapping, device, original, written, until } = home;
  if (mapping === undefined || device === undefined) return 'wrong-data';
  if (!isAtItsAddress(facts, home)) return 'wrong-address';
  if (device === original) return lostInCache(facts, device, 0, until, mapping.device) ?? 'wrong-data';
  const copy = broughtBack(facts, home);
  if (copy === undefined || copy.index < written) return 'not-copied';
  const own = ownFate(facts, original, copy.index, until);
  if (own !== 'left-by-a-copy') return own;
  if (sourceOf(copy, original) !== device) return 'wrong-data';
  return (
    lostInCache(facts, device, firstEvent(facts.run, mapping), copy.index, mapping.device) ?? 'wrong-data'
  );
}

/** Why bytes that the device did not write may not be what they were. */
export const NOT_PRESERVED = {
  'wrong-data': 'something else was put there',
  'not-copied': 'it was not copied',
  ...STALE_CAUSES,
} as const;

/** Why a byte that the device did not write is not what it was. */
export function notPreserved(facts: Facts, home: ByteHome): keyof typeof NOT_PRESERVED {
  const { mapping, device, original, until } = home;
  if (mapping === undefined) return 'wrong-data';
  const copy = broughtBack(facts, home);
  const own = ownFate(facts, original, copy?.index ?? 0, until);
  if (copy === undefined || own !== 'left-by-a-copy') return own;
  if (device === undefined || sourceOf(copy, original) !== device) return 'wrong-data';
  const then = { ...home, until: copy.index };
  if (mapping.dir !== DMA_FROM_DEVICE && isNotCopiedOut(facts, then)) return 'not-copied';
  const from = firstEvent(facts.run, mapping);
  const cause = staleCause(facts, device, from, copy.index, mapping.device);
  // A device may have written there since.
  const left = copies(facts.run.events, device, from, copy.index).at(-1)?.index ?? from;
  return cause === 'left-by-a-copy' && lastChange(facts.run, device, copy.index) > left
    ? 'wrong-data'
    : cause;
}

/** The last copy that brought something back into the caller's byte since the map; undefined: none did. */
export function broughtBack(
  { run }: Facts,
  { mapping, device, original, until }: ByteHome,
): EventOf<'swiotlb_bounce'> | undefined {
  if (mapping === undefined || device === original) return undefined;
  return copies(run.events, original, firstEvent(run, mapping), until).at(-1);
}

/** Where a copy has taken the byte at `phys` from. */
function sourceOf(copy: EventOf<'swiotlb_bounce'>, phys: PhysAddr): PhysAddr {
  const { from, to } = copyOf(copy);
  return from + phys - to;
}

/** What has become of a byte of the caller's own memory, whatever its device uses, in events [from, until). */
function ownFate(
  { memory }: Facts,
  phys: PhysAddr,
  from: EventIx,
  until: EventIx,
): 'dropped-by-arch-invalidate' | 'left-by-a-copy' | 'wrong-data' {
  const { last, line } = memory.of(phys, from, until, false);
  if (line === 'dropped') return 'dropped-by-arch-invalidate';
  return last === 'copied' ? 'left-by-a-copy' : 'wrong-data';
}

/** How the cache kept what a device wrote to `phys` from the CPU, among events [from, until); undefined: it did not. */
export function lostInCache(
  facts: Facts,
  phys: PhysAddr,
  from: EventIx,
  until: EventIx,
  device: number,
): 'overwritten-by-write-back' | 'not-invalidated' | undefined {
  const { overwritten, cachedStale } = facts.memory.of(phys, from, until, facts.coherent(device));
  if (overwritten) return 'overwritten-by-write-back';
  return cachedStale ? 'not-invalidated' : undefined;
}

/** Bounce copies that put something at `phys` among events [from, until). */
function copies(
  events: EventIndex,
  phys: PhysAddr,
  from: EventIx,
  until: EventIx,
): EventOf<'swiotlb_bounce'>[] {
  return events.of('swiotlb_bounce', from, until).filter((event) => {
    const { to, size } = copyOf(event);
    return phys >= to && phys < to + size;
  });
}

function firstEvent(run: Run, mapping: MappingFacts): number {
  return run.steps[mapping.mapStep]?.from ?? 0;
}
