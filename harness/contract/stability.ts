// SPDX-License-Identifier: GPL-2.0-only
/**
 * What the CPU has got, it must find again. Where the wrong bytes came to it, nobody can tell whether the right
 * ones would have stayed.
 */
import { differLength, equalLabels } from '../machine/labels.ts';
import type { BufferIx, MappingIx } from '../machine/vocabulary.ts';
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
  for (let at = from, n; at < to; at += n) {
    n = equalLabels(seen, at, now, at, to - at);
    if (n > 0) continue;
    n = differLength(seen, at, now, at, to - at);
    found.miss(look, at, seen[at] ?? 0, now[at] ?? 0, n);
  }
  putToTheTest(moment, run, look);
}

/** The CPU has looked at the bytes once more, and found them as they were. */
export function putToTheTest({ bytes, found }: Moment, { from, to }: ByteRun, look: Look): void {
  const wrong = bytes[look.buffer]?.wrong.subarray(from, to);
  let right = to - from;
  for (let at = wrong?.indexOf(1) ?? -1, end; wrong !== undefined && at >= 0; at = wrong.indexOf(1, end)) {
    end = wrong.indexOf(0, at);
    if (end < 0) end = wrong.length;
    right -= end - at;
    found.cannotTell(look, from + at, end - at);
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
  now: Uint32Array,
): void {
  const { content, wrong } = bytes[buffer] ?? {};
  if (content === undefined || wrong === undefined || !deviceWrote) return;
  const { provenance } = facts.run;
  for (let at = from, n; at < to; at += n) {
    n = equalLabels(content, at, now, at, to - at);
    if (n > 0) continue;
    n = Math.min(differLength(content, at, now, at, to - at), provenance.together(now, at, to - at));
    if (provenance.of(now[at] ?? 0).by !== 'device') wrong.fill(1, at, at + n);
  }
}
