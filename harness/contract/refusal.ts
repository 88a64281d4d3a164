// SPDX-License-Identifier: GPL-2.0-only
/** What refused a map that failed. */
import { hasFailed } from '../machine/events.ts';
import type { MappingIx } from '../machine/vocabulary.ts';
import type { Run } from '../run/run.ts';
import { elementAt } from '../text/element.ts';
import type { Evidence } from './clause.ts';
import { granulesAt, slotsAt, type Room } from './needs.ts';

/** Causes that are no fault of a state alone; beside a state whose map works they are. */
export const EXCUSES = {
  'no-slots': 'swiotlb found no slots for it',
  'no-iova': 'the IOVA allocator found no range for it',
  'injected-failure': 'it made a call that the scenario lets fail',
} as const;
/** Causes of a state alone: the pool or the allocator refused, and had to give all the same. */
export const NO_EXCUSES = {
  'asks-for-more': 'it asked for more than the mapping needs, and there was room for what it needs',
  'not-found': 'there was room for what it asked for, and it was not found',
  'never-served': 'what the mapping needs is more than the pool ever has in one piece',
  'beyond-dma-mask': 'what the mapping needs is more bus addresses than its device has up to its dma_mask',
} as const;
type NoExcuse = keyof typeof NO_EXCUSES;

/** Why a map failed, and what shows it. */
export interface Refusal {
  readonly cause: keyof typeof EXCUSES | NoExcuse;
  readonly evidence: Evidence;
}

/** Why the map of that mapping failed; undefined: it did not, or neither pool nor allocator nor scenario refused. */
export function refusalOf(run: Run, mapping: MappingIx): Refusal | undefined {
  const mapped = run.scenario.mappings[mapping];
  const outcome = elementAt(run.steps, mapped?.step);
  if (mapped === undefined || outcome?.status !== 'failed') return undefined;
  const failed = run.events.between(outcome.from, outcome.to).findLast(hasFailed);
  if (failed === undefined) return undefined;
  const { step, device, ranges } = mapped;
  const evidence = { step, event: failed.index, mapping, device, count: 1 };
  if (failed.injected) return { cause: 'injected-failure', evidence };
  const asksTooMuch = ranges.reduce((sum, { size }) => sum + size, 0) > (outcome.limit ?? Infinity);
  switch (failed.kind) {
    case 'swiotlb_tbl_map_single':
      return judged(POOL, slotsAt(run, mapping, failed), evidence, asksTooMuch);
    case 'alloc_iova_fast':
      return judged(IOVA_SPACE, granulesAt(run, mapping, failed), evidence, asksTooMuch);
    default:
      return undefined;
  }
}

/** What it is called when there is no room now, and when there never is. */
const POOL = { now: 'no-slots', ever: 'never-served' } as const;
const IOVA_SPACE = { now: 'no-iova', ever: 'beyond-dma-mask' } as const;

/** `asksTooMuch`: dma_max_mapping_size() would have told the driver that this is too much. */
function judged(
  noRoom: typeof POOL | typeof IOVA_SPACE,
  { fits, everFits, ...numbers }: Room,
  evidence: Evidence,
  asksTooMuch: boolean,
): Refusal {
  return { cause: causeOf(), evidence: { ...evidence, ...numbers } };

  function causeOf(): Refusal['cause'] {
    if (fits) return numbers.asked > numbers.needed ? 'asks-for-more' : 'not-found';
    return everFits || asksTooMuch ? noRoom.now : noRoom.ever;
  }
}

/** The cause is a fault of the state's own. */
export function isNoExcuse(cause: Refusal['cause']): cause is NoExcuse {
  return cause in NO_EXCUSES;
}
