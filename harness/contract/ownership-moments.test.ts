// SPDX-License-Identifier: GPL-2.0-only
/** What happens within a step, in its middle and at its end, and calls that the API does not allow. */
import { describe, expect, test } from '@jest/globals';
import { POOL_START } from '../machine/config.ts';
import { LABEL_ZERO } from '../machine/labels.ts';
import {
  A,
  a,
  count,
  cpuReads,
  cpuWrites,
  DEVICE,
  deviceReads,
  deviceWrites,
  leftOut,
  RIGHT,
  walk,
  wrong,
} from './testing/walked.ts';

const Z = LABEL_ZERO;
const SKIP = 'attrs: SKIP_CPU_SYNC';
const ZEROS = Array.from({ length: 6 }, () => Z);

describe('a read of the CPU in the middle of an operation', () => {
  /** It finds zeros in bytes 3 to 8, of which the operation is on 4 to 7. */
  const read = { events: cpuReads(3, ZEROS) };

  test('what a map is under way for it may find anyhow, and nothing else', () => {
    expect(wrong(walk('FROM_DEVICE', [], [read]))).toEqual([
      ['cpu-owned-stability', 0, 1, undefined, 3, 1, A + 3, Z],
      ['cpu-owned-stability', 0, 1, undefined, 8, 1, A + 8, Z],
    ]);
  });

  test('the same of an unmap of what it had back, and of its own step all of it', () => {
    const back = ['sync_single_for_cpu: m'];
    const before = [{ m: RIGHT }, { a: a() }];
    const unmapped = walk('BIDIRECTIONAL', [...back, 'unmap_page: m'], [...before, read]);
    expect(wrong(unmapped).map((each) => (each as unknown[])[4])).toEqual([3, 8]);
    const alone = walk('BIDIRECTIONAL', [...back, 'cpu_read: a'], [...before, read]);
    expect(wrong(alone).map((each) => (each as unknown[]).slice(3, 6))).toEqual([
      [undefined, 3, 1],
      [0, 4, 4],
      [undefined, 8, 1],
    ]);
  });
});

describe('what a device does at the end of the step that maps', () => {
  /** Of no mapping that the scenario meant: the standing adversary's. */
  const writes = (memory?: number): { events: ReturnType<typeof deviceWrites> } => ({
    events: deviceWrites(1, 2, DEVICE, -1, memory),
  });
  const judged = (memory: number | undefined, back: number[]): unknown => {
    const found = walk('FROM_DEVICE', ['unmap_page: m'], [writes(memory), { a: back }], 'untrusted: true');
    return [wrong(found), [...found.exercised]];
  };

  test('to its bounce buffer: it has the bytes by then, and what it wrote must come back', () => {
    const both = ['partial-write-preserved', 'from-device-data'];
    expect(judged(POOL_START, a(5, DEVICE, DEVICE + 1))).toEqual([[], both]);
    expect(judged(POOL_START, a())).toEqual([
      [['from-device-data', 1, undefined, 0, 5, 2, DEVICE, A + 5]],
      both,
    ]);
  });

  test('to the buffer itself: too soon', () => {
    expect(judged(undefined, a())).toEqual([[], ['partial-write-preserved']]);
  });
});

test('what a device attacks at the end of a map that fails is no matter of that map', () => {
  const again = 'map_page: { id: n, buffer: a, offset: 4, size: 4, dir: BIDIRECTIONAL }';
  const found = walk(
    'BIDIRECTIONAL',
    ['sync_single_for_cpu: m', again],
    [
      { m: RIGHT },
      { a: a() },
      { status: 'failed', events: deviceWrites(1, 2, DEVICE, -1, POOL_START), a: a(4, Z, Z, Z, Z) },
    ],
    'untrusted: true',
  );
  expect(wrong(found)).toEqual([
    ['failed-map-harmless', 2, undefined, 1, 4, 1, A + 4, Z],
    ['failed-map-harmless', 2, undefined, 1, 7, 1, A + 7, Z],
  ]);
});

describe('a call that the API does not allow', () => {
  test('a sync hands nothing over', () => {
    const sync = 'sync_single_for_cpu: { id: m, misuse: true, offset: 0, size: 64 }';
    const found = walk('FROM_DEVICE', [sync, 'cpu_read: a'], [{}, { a: a() }, { events: cpuReads(0, a()) }]);
    expect(leftOut(found)).toEqual([['cpu-read', 2, 0, 4]]);
    expect(found.exercised.has('partial-write-preserved')).toBe(false);
  });

  test('the first unmap ends the mapping all the same', () => {
    const unmap = 'unmap_page: { id: m, misuse: true, size: 64 }';
    const found = walk('FROM_DEVICE', [unmap, 'cpu_read: a'], [{}, { a: a() }, { events: cpuReads(0, a()) }]);
    expect(leftOut(found)).toEqual([]);
    expect(found.exercised.has('partial-write-preserved')).toBe(true);
  });

  test('a second one does nothing', () => {
    const steps = [`unmap_page: { id: m, ${SKIP} }`, 'unmap_page: { id: m, misuse: true }'];
    expect(leftOut(walk(`FROM_DEVICE, ${SKIP}`, steps, [{}, {}, {}]))).toEqual([]);
  });
});

test('what the CPU writes to its own buffer in the middle of a map is left out, and what is beside it is not', () => {
  const wrote = walk(
    'TO_DEVICE',
    [],
    [{ events: cpuWrites(2, 4, DEVICE), a: a(2, ...count(DEVICE, 4)), m: [] }],
  );
  expect(leftOut(wrote)).toEqual([['in-operation', 0, 0, 2]]);
  expect(wrong(wrote).map((each) => (each as unknown[]).slice(4, 6))).toEqual([[6, 2]]);
});

test('what the device reads in the middle of an operation on its mapping shows nothing', () => {
  const sync = 'sync_single_for_device: m';
  const found = walk('TO_DEVICE', [sync], [{ m: RIGHT }, { m: RIGHT, events: deviceReads(0, [Z, Z, Z, Z]) }]);
  expect(wrong(found)).toEqual([]);
});
