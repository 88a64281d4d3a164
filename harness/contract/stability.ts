// SPDX-License-Identifier: GPL-2.0-only
/**
 * What the CPU has got, it must find again. Where the wrong bytes came to it, nobody can tell whether the right
 * ones would have stayed.
 */
import { differLength, equalLabels } from '../machine/labels.ts';
import type { BufferIx, EventIx, MappingIx } from '../machine/vocabulary.ts';
import type { ByteRun } from './bytes.ts';
import type { Moment } from './isolation.ts';
import type { Look } from './wrong-byte.ts';

const NONE = new Uint8Array(0);

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
  const look: Look = { clause: 'cpu-owned-stability', step, mapping, buffer };
  const { from, to } = run;
  for (let at = from, n; at < to; at += n) {
    n = equalLabels(seen, at, now, at, to - at);
    if (n > 0) continue;
    n = differLength(seen, at, now, at, to - at);
    found.miss(look, at, seen[at] ?? 0, now[at] ?? 0, n);
  }
  putToTheTest(moment, run, look);
}

/** A read of the CPU that looked twice: what it saw in byte `at` of the buffer is label `first + at`, and `second + at`. */
interface BothLooks {
  readonly event: EventIx;
  readonly first: number;
  readonly second: number;
}

/** The CPU looks twice: both times it must find what it saw last, and what the device wrote since. */
export function checkBothLooks(
  moment: Moment,
  run: ByteRun,
  buffer: BufferIx,
  { event, first, second }: BothLooks,
): void {
  const { bytes, facts, found, step } = moment;
  const { labels } = facts.run;
  const { content = labels, seen = labels, wrong } = bytes[buffer] ?? {};
  const { from, to, lazy, lastMap: mapping } = run;
  const isFromDevice = run.deviceWrote && !run.attacked;
  const look: Look = { clause: 'cpu-owned-stability', step, event, mapping, buffer, attacked: run.attacked };
  const fromDevice: Look = { clause: 'from-device-data', step, event, mapping, buffer };
  if (lazy === undefined) putToTheTest(moment, run, look);
  for (let at = from, n; at < to; at += n) {
    n = Math.min(
      differLength(labels, first + at, labels, second + at, to - at),
      differLength(seen, at, content, at, to - at),
    );
    const [one = 0, two = 0] = [labels[first + at], labels[second + at]];
    if (one === two && one === seen[at] && one === content[at]) continue;
    if (lazy === undefined) {
      found.expect(look, at, seen[at] ?? 0, one, n);
      found.expect(look, at, one, two, n);
    }
    if (isFromDevice) {
      found.expect(fromDevice, at, content[at] ?? 0, one, n);
      if (content[at] !== one) wrong?.fill(1, at, at + n);
    }
    seen.set(labels.subarray(second + at, second + at + n), at);
  }
  if (isFromDevice) found.exercise('from-device-data');
}

/** The CPU finds the bytes once more; of those that came back wrong nobody can tell. */
export function putToTheTest({ bytes, found }: Moment, { from, to }: ByteRun, look: Look): void {
  const wrong = bytes[look.buffer]?.wrong.subarray(from, to) ?? NONE;
  let right = to - from;
  for (let at = wrong.indexOf(1), end; at >= 0; at = wrong.indexOf(1, end)) {
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
    n = provenance.together(now, at, differLength(content, at, now, at, to - at));
    if (provenance.of(now[at] ?? 0).by !== 'device') wrong.fill(1, at, at + n);
  }
}
