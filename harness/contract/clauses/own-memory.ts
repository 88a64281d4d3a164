// SPDX-License-Identifier: GPL-2.0-only
import { copyOf, type EventOf } from '../../machine/events.ts';
import { mappingOfStep } from '../../run/scenario.ts';
import { makeClause } from '../clause.ts';
import type { Facts } from '../facts.ts';

/** What of the kernel's work is judged: it touches memory on behalf of a mapping. */
const KINDS = ['memset', 'swiotlb_bounce', 'arch_sync_dma_for_device', 'arch_sync_dma_for_cpu'] as const;
type Work = EventOf<(typeof KINDS)[number]>;

/** Physical addresses [start, end). */
interface Stretch {
  readonly start: number;
  readonly end: number;
}

export const ownMemory = makeClause({
  id: 'own-memory',
  title: "an operation clears, copies and maintains only its mapping's buffer and bounce slots",
  why: 'What else there is belongs to somebody: today nobody may be using it, tomorrow it is a slot in flight.',
  causes: {
    'foreign-slot': 'they are in slots that swiotlb did not give to it',
    'outside-the-pool': 'they were taken for a bounce buffer, and lie outside the pool',
    'foreign-memory': "they are another owner's memory, or no memory at all",
  },
  judge(facts, findings) {
    for (const kind of KINDS) {
      for (const event of facts.run.events.of(kind)) {
        const { step, index } = event;
        const mapping = mappingOfStep(facts.run.scenario, step);
        if (mapping === undefined || step >= facts.completeSteps || isBeyond(facts, step)) continue;
        findings.exercise();
        const own = ownOf(facts, mapping, event);
        for (const { start, end, isBounce } of touched(event)) {
          for (const piece of without({ start, end }, own)) {
            findings.breaks(causeOf(facts, piece, isBounce || facts.inPool(start) || facts.inPool(end - 1)), {
              step,
              event: index,
              mapping,
              phys: piece.start,
              count: piece.end - piece.start,
              place: PLACES[kind],
            });
          }
        }
      }
    }
  },
});

const PLACES: Readonly<Record<Work['kind'], string>> = {
  memset: 'cleared',
  swiotlb_bounce: 'copied from or to',
  arch_sync_dma_for_device: 'maintained for the device',
  arch_sync_dma_for_cpu: 'maintained for the CPU',
};

/** A driver that names another size, entries that it does not have, or more than it mapped gets what it asks for. */
function isBeyond(facts: Facts, index: number): boolean {
  const { scenario } = facts.run;
  const step = scenario.steps[index];
  if (facts.isMisuse(index)) return true;
  if (step?.op !== 'sync_single_for_cpu' && step?.op !== 'sync_single_for_device') return false;
  const mapped = (scenario.mappings[step.map]?.ranges ?? []).reduce((sum, { size }) => sum + size, 0);
  return step.offset + step.size > mapped;
}

/** What the call touches; `isBounce`: as a bounce buffer. */
function touched(event: Work): (Stretch & { readonly isBounce: boolean })[] {
  const stretch = (phys: number, size: number, isBounce: boolean): Stretch & { isBounce: boolean } => ({
    start: phys,
    end: phys + size,
    isBounce,
  });
  if (event.kind !== 'swiotlb_bounce') return [stretch(event.phys, event.size, false)];
  const { from, to, size } = copyOf(event);
  return [stretch(from, size, from === event.tlb), stretch(to, size, to === event.tlb)];
}

/** The mapping's buffers, and the slots that it has at the call; for a copy, those that its release copies back, too. */
function ownOf(facts: Facts, mapping: number, { index, kind, step }: Work): Stretch[] {
  const { scenario, bounceBuffers, events } = facts.run;
  const buffers = (scenario.mappings[mapping]?.ranges ?? []).map(({ buffer, offset, size }): Stretch => {
    const start = facts.bufferPhys(buffer, offset);
    return { start, end: start + size };
  });
  const slots = bounceBuffers.filter(
    (bounce) =>
      bounce.mapping === mapping &&
      bounce.event < index &&
      (index < bounce.released || (kind === 'swiotlb_bounce' && events.at(bounce.released).step === step)),
  );
  return [...buffers, ...slots.map(({ start, end }) => ({ start, end }))];
}

/** The parts of a stretch that are in none of the others. */
function without(stretch: Stretch, others: readonly Stretch[]): Stretch[] {
  let left = stretch.start < stretch.end ? [stretch] : [];
  for (const other of others) {
    left = left.flatMap(({ start, end }) =>
      [
        { start, end: Math.min(end, other.start) },
        { start: Math.max(start, other.end), end },
      ].filter((part) => part.start < part.end),
    );
  }
  return left;
}

function causeOf(
  facts: Facts,
  { start }: Stretch,
  isBounce: boolean,
): 'foreign-slot' | 'outside-the-pool' | 'foreign-memory' {
  if (facts.inPool(start)) return 'foreign-slot';
  return isBounce ? 'outside-the-pool' : 'foreign-memory';
}
