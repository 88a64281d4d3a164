// SPDX-License-Identifier: GPL-2.0-only
/**
 * What the CPU has got, it must find again. Where the wrong bytes came to it, nobody can tell whether the right
 * ones would have stayed.
 */
import { equalLabels } from '../machine/labels.ts';
import type { BufferIx, Label, MappingIx } from '../machine/vocabulary.ts';
import type { ByteRun } from './bytes.ts';
import type { Moment } from './isolation.ts';
import type { Look } from './wrong-byte.ts';

/** The CPU had the bytes all the time: it must find in them what it saw last. */
export function checkSeenAgain(
  moment: Moment,
  run: ByteRun,
  mapping: MappingIx,
  buffer: BufferIx,
  now: Uint32Array,
): void {
  const { bytes, found, step } = moment;
  const seen = bytes[buffer]?.seen ?? now;
  const look: Look = { clause: 'cpu-owned-stability', step, event: -1, mapping, buffer };
  const { from, to } = run;
  for (let at = from + equalLabels(now, from, seen, from, to - from); at < to; at++) {
    const [before = 0, after = 0] = [seen[at], now[at]];
    if (before !== after) found.miss(look, at, before, after);
  }
  putToTheTest(moment, run, look);
}

/** The CPU has looked at the bytes once more, and found them as they were. */
export function putToTheTest({ bytes, found }: Moment, { from, to }: ByteRun, look: Look): void {
  const { wrong } = bytes[look.buffer] ?? {};
  let right = to - from;
  for (let at = wrong?.indexOf(1, from) ?? -1; at >= 0 && at < to; at = wrong?.indexOf(1, at + 1) ?? -1) {
    right--;
    found.cannotTell(look, at);
  }
  if (right > 0) found.exercise(look.clause);
}

/**
 * Bytes that an untrusted device has attacked come back from its rightful writes: what neither of them has
 * written did not come through the device at all.
 */
export function noteWhatNeverArrived(
  { bytes, facts }: Moment,
  { from, to, deviceWrote }: ByteRun,
  buffer: BufferIx,
  now: ArrayLike<Label>,
): void {
  const { content, wrong } = bytes[buffer] ?? {};
  if (content === undefined || wrong === undefined || !deviceWrote) return;
  for (let at = from; at < to; at++) {
    const label = now[at] ?? 0;
    if (label !== content[at] && facts.run.provenance.of(label).by !== 'device') wrong[at] = 1;
  }
}
