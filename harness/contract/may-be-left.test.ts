// SPDX-License-Identifier: GPL-2.0-only
/** What may stand in bytes that the device did not write, from writes written by hand. */
import { describe, expect, test } from '@jest/globals';
import { EV, type EventLog } from '../machine/event-log.ts';
import { LABEL_NEVER_WRITTEN, LABEL_STALE, LABEL_ZERO } from '../machine/labels.ts';
import { Facts } from './facts.ts';
import { mayBeLeft } from './may-be-left.ts';
import { caseOf } from './testing/judging.ts';
import { logged, outcome } from './testing/recordings.ts';

const [F, T, B] = [0, 1, 2];
/** Mapping 0 is from the device, 1 to it, 2 both; each of 32 bytes of a buffer of its own. */
const SCENARIO = caseOf(`
devices: { one: { untrusted: true }, two: { untrusted: true } }
buffers: { a: { size: 48 }, b: { size: 32 }, c: { size: 32 } }
steps:
  - cpu_write: a
  - map_page: { id: f, buffer: a, offset: 8, size: 32, dir: FROM_DEVICE, device: one }
  - map_page: { id: t, buffer: b, dir: TO_DEVICE, device: one }
  - map_page: { id: b, buffer: c, dir: BIDIRECTIONAL, device: one }
  - cpu_read: a
`);
/** Labels: the CPU wrote a in step 0, in step 1, which maps it, and in step 4; then devices one and two, through mapping 0 and beside. */
const [EARLY, LATE, OWN, SCRIBBLE, OTHERS, LAST, MEANWHILE] = [16, 64, 112, 128, 144, 160, 176];

function happen(log: EventLog): void {
  const place = (label: number, size: number): number => {
    const at = log.reserve(size);
    for (let i = 0; i < size; i++) log.labels[at + i] = label + i;
    return at;
  };
  log.step = 0;
  log.push(EV.cpu_write, -1, 0, 0, 48, place(EARLY, 48), 0x100000);
  log.step = 1;
  log.push(EV.cpu_write, -1, 0, 0, 48, place(MEANWHILE, 48), 0x100000);
  log.step = 4;
  log.push(EV.cpu_write, -1, 0, 0, 48, place(LATE, 48), 0x100000);
  // Bytes 4 to 19 of mapping 0, which are bytes 12 to 27 of a.
  log.push(EV.device_write, 0, 0xf004, 16, place(OWN, 16), 0, 4);
  log.push(EV.device_write, 0, 0x8000, 16, place(SCRIBBLE, 16), -1, 0);
  log.push(EV.device_write, 1, 0xf004, 16, place(OTHERS, 16), 0, 4);
  // The last eight bytes of mapping 0, and eight behind it.
  log.push(EV.device_write, 0, 0xf018, 16, place(LAST, 16), 0, 24);
}
const FACTS = new Facts(
  logged(happen, SCENARIO, {
    steps: [
      outcome('done', 0, 1),
      outcome('done', 1, 2, [{ address: 0xf000, length: 32 }]),
      outcome('done', 2, 2, [{ address: 0xe000, length: 32 }]),
      outcome('done', 2, 2, [{ address: 0xd000, length: 32 }]),
      outcome('done', 2, 7),
    ],
  }),
);

function left(map: number, offset: number, label: number, everOfCpu = false, size = 6): unknown {
  return mayBeLeft(FACTS, map, { buffer: map, offset, size }, label, everOfCpu);
}
const yes = (size = 6): object => ({ may: true, size });
const no = (size = 6): object => ({ may: false, size });

describe('from the device', () => {
  test.each<[string, number, number, boolean, object]>([
    ['zeros', 8, LABEL_ZERO, false, yes()],
    ['what a slot held', 8, LABEL_STALE, false, no()],
    ['what memory held', 8, LABEL_NEVER_WRITTEN, false, no()],
    ['what the CPU wrote before the map', 8, EARLY + 8, false, no()],
    ['the same, where it wrote since', 8, EARLY + 8, true, yes()],
    ['another byte of it', 8, EARLY + 9, true, no()],
    ['what the CPU wrote in the middle of the map', 8, MEANWHILE + 8, false, yes()],
    ['what the CPU wrote since', 8, LATE + 8, false, yes()],
    ['up to the end of that write', 44, LATE + 44, false, yes(4)],
    ['another byte of that', 8, LATE + 9, false, no()],
    ['what its device wrote there', 12, OWN, false, yes()],
    ['up to the end of the write', 24, OWN + 12, false, yes(4)],
    ['what its device wrote to another byte', 12, OWN + 1, false, no()],
    ['what its device scribbled', 12, SCRIBBLE, false, yes()],
    ['what another device wrote there', 12, OTHERS, false, no()],
    ['up to the end of the mapping', 36, LAST + 4, false, yes(4)],
    ['and behind it', 40, LAST + 8, false, no()],
  ])('%s', (_, offset, label, everOfCpu, answer) => {
    expect(left(F, offset, label, everOfCpu)).toEqual(answer);
  });

  test('no more than is asked of', () => {
    expect(left(F, 12, OWN, false, 3)).toEqual(yes(3));
    expect(left(F, 8, LABEL_ZERO, false, 3)).toEqual(yes(3));
    expect(left(F, 8, LABEL_STALE, false, 3)).toEqual(no(3));
  });
});

test.each([T, B])('of mapping %i, which the device may read: nothing else than what was there', (map) => {
  for (const label of [LABEL_ZERO, EARLY, LATE, OWN, LABEL_STALE]) {
    expect(left(map, 0, label, true)).toEqual(no());
  }
});

test('but what its device scribbled, where it may write', () => {
  expect([left(B, 0, SCRIBBLE), left(T, 0, SCRIBBLE)]).toEqual([yes(), no()]);
});
