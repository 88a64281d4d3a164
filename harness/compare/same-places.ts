// SPDX-License-Identifier: GPL-2.0-only
/** Exposed bytes of two sides, named so that the same bytes go by the same name. */
import type { Cause, Verdict } from '../contract/verdict.ts';
import { atPlace, shared, without, type Placed, type Stretch, type Victim } from '../contract/victim.ts';
import type { Side } from './side.ts';

/**
 * The verdicts of both sides on what a device reads. Two states may put the data elsewhere in its granules, and
 * what is around it moves along, whole cache lines of it and padding: where more of what the two expose is the same
 * then, the granules are turned until the data is where the first side has it. Else the data alone changes
 * places: a byte of the second side where the first has its data stands for the one that the first has where the
 * second's data is. And whatever lies in the padding or in an old slot, of whichever earlier use: what is exposed
 * in one place on both sides is the same.
 */
export function inSamePlaces(x: Verdict, from: Side, y: Verdict, to: Side): readonly [Verdict, Verdict] {
  if (y.clause !== 'confinement-read') return [x, y];
  const [before, after] = [x, y].map(({ breaks }) => breaks.flatMap(({ victims }) => victims.map(atPlace)));
  const moves = movesBetween(from.data, to.data, before ?? [], after ?? []);
  const moved = withVictims(y, (victims) => victims.flatMap((victim) => move(victim, moves)));
  return [byPlace(x, moved), byPlace(moved, x)];
}

/** Bytes of the second side that stand for others, as many, from `target` on. */
interface Move extends Stretch {
  readonly target: number;
}

/** `known`, `exposed`: what the first and the second side expose, by places. */
function movesBetween(
  before: readonly Placed[],
  after: readonly Placed[],
  known: readonly Victim[],
  exposed: readonly Victim[],
): Move[] {
  return after.flatMap((y): Move[] => {
    const x = before.find(({ of }) => of === y.of);
    if (x === undefined || x.from === y.from || x.to - x.from !== y.to - y.from) return [];
    const same = (moves: readonly Move[]): number =>
      exposed
        .filter(({ of }) => of === y.of)
        .flatMap((victim) => move(victim, moves).flatMap((part) => shared(part, known)))
        .reduce((sum, part) => sum + part.to - part.from, 0);
    const [alone, turned] = [dataAlone(x, y), allTurned(x, y)];
    return same(turned) > same(alone) ? turned : alone;
  });
}

/** The data, and what lies where it goes. */
function dataAlone(x: Placed, y: Placed): Move[] {
  const size = y.to - y.from;
  const shift = Math.min(Math.abs(y.from - x.from), size);
  // Where only the first side has data, and where only the second one has.
  const [there, here] = y.from < x.from ? [x.to - shift, y.from] : [x.from, y.to - shift];
  return [
    { ...y, target: x.from },
    { of: y.of, from: there, to: there + shift, target: here },
  ];
}

/** All in the granules of either side; what is pushed over one end comes in at the other. */
function allTurned(x: Placed, y: Placed): Move[] {
  const end = Math.max(x.end, y.end);
  const shift = (x.from - y.from + end) % end;
  return [
    { of: y.of, from: 0, to: end - shift, target: shift },
    { of: y.of, from: end - shift, to: end, target: 0 },
  ];
}

function move(victim: Victim, moves: readonly Move[]): readonly Victim[] {
  const placed = atPlace(victim);
  const own = moves.filter(({ of }) => of === placed.of);
  if (own.length === 0) return [victim];
  const there = own.map(({ from, to }) => ({ ...placed, from, to }));
  const put = (part: Victim, from: number): Victim =>
    victim.reached === undefined
      ? { ...part, from, to: from + part.to - part.from }
      : { ...sameBytes(victim, part), reached: { of: placed.of, from } };
  return [
    ...without(placed, there).map((part) => put(part, part.from)),
    ...own.flatMap(({ from, target }, at) =>
      shared(placed, there.slice(at, at + 1)).map((part) => put(part, part.from - from + target)),
    ),
  ];
}

/** The bytes of a victim that a part of it, named by its place, is about. */
function sameBytes(victim: Victim, part: Victim): Victim {
  const from = victim.from + part.from - atPlace(victim).from;
  const [found] = shared(victim, [{ ...victim, from, to: from + part.to - part.from }]);
  return found ?? victim;
}

/** It matters whose data it is where that is in use, or is somebody's memory. */
const WHOSE: ReadonlySet<Cause> = new Set(['other-mapping', 'outside-the-buffers']);

/**
 * The verdict, data of earlier uses named by its place where the other side exposes something there. Data in use
 * keeps its name, and has that of the place as well where the other side exposes what is left of earlier uses.
 */
function byPlace(verdict: Verdict, other: Verdict): Verdict {
  const known = other.breaks.flatMap(({ victims }) => victims);
  const places = known.map(atPlace);
  const [ofEarlierUse, own] = [earlierUse(other), earlierUse(verdict)];
  const elsewhere = (part: Victim): Victim[] => {
    const placed = atPlace(part);
    const rest = without(placed, places).map((bytes) => sameBytes(part, bytes));
    return [...shared(placed, places), ...rest];
  };
  return withVictims(verdict, (victims, cause) =>
    victims.flatMap((victim) => {
      if (victim.reached === undefined) return [victim];
      if (WHOSE.has(cause)) {
        // What this side exposed there at another time stands for itself.
        return [victim, ...shared(atPlace(victim), ofEarlierUse).flatMap((part) => without(part, own))];
      }
      return [...shared(victim, known), ...without(victim, known).flatMap(elsewhere)];
    }),
  );
}

/** Where a verdict has what is left of earlier uses. */
function earlierUse({ breaks }: Verdict): Victim[] {
  return breaks.flatMap(({ cause, victims }) => (WHOSE.has(cause) ? [] : victims.map(atPlace)));
}

function withVictims(
  verdict: Verdict,
  change: (victims: readonly Victim[], cause: Cause) => readonly Victim[],
): Verdict {
  return {
    ...verdict,
    breaks: verdict.breaks.map((found) => ({ ...found, victims: change(found.victims, found.cause) })),
  };
}
