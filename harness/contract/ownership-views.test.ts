// SPDX-License-Identifier: GPL-2.0-only
/** Who finds what in which byte, step by step, from views and accesses written by hand. */
import { describe, expect, test } from '@jest/globals';
import { LABEL_FAULT, LABEL_STALE, LABEL_ZERO } from '../machine/labels.ts';
import {
  A,
  a,
  AGAIN,
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
  type Happened,
} from './testing/walked.ts';
import type { Ownership } from './wrong-byte.ts';

/** For which clause the run cannot tell, from which byte on, and of how many. */
function unknown(found: Ownership): unknown[] {
  return found.unknown.map(({ look, offset, size }) => [look.clause, offset, size]);
}

const [Z, S] = [LABEL_ZERO, LABEL_STALE];

describe('handed over to the device', () => {
  const mapped = (m: readonly number[], dir = 'TO_DEVICE', device?: string): Ownership =>
    walk(dir, [], [{ m }], device);

  test('right', () => {
    const found = mapped(RIGHT);
    expect([wrong(found), [...found.exercised]]).toEqual([[], ['to-device-data']]);
  });

  test.each<[string, number[], unknown[]]>([
    ['the first byte', [Z, ...RIGHT.slice(1)], [[4, 1, A + 4, Z]]],
    ['the last byte', [...RIGHT.slice(0, 3), Z], [[7, 1, A + 7, Z]]],
    [
      'all, in two ways',
      [Z, Z, S, S + 1],
      [
        [4, 2, A + 4, Z],
        [6, 2, A + 6, S],
      ],
    ],
    ['the bytes in front', count(A + 3, 4), [[4, 4, A + 4, A + 3]]],
    [
      'of two writes, each up to its end',
      [A + 11, DEVICE, DEVICE + 1, A + 7],
      [
        [4, 1, A + 4, A + 11],
        [5, 2, A + 5, DEVICE],
      ],
    ],
    ['nothing reaches it', [], [[4, 4, A + 4, LABEL_FAULT]]],
    ['part of it reaches it', RIGHT.slice(0, 3), [[7, 1, A + 7, LABEL_FAULT]]],
  ])('wrong: %s', (_, m, pieces) => {
    expect(wrong(mapped(m))).toEqual(
      pieces.map((piece) => ['to-device-data', 0, undefined, 0, ...(piece as number[])]),
    );
  });

  test('which of a from-device mapping is no matter', () => {
    expect(mapped([Z, Z, Z, Z], 'FROM_DEVICE').exercised.has('to-device-data')).toBe(false);
  });

  test('with SKIP nothing is, but by a sync of a part', () => {
    const [skip, sync] = [
      'TO_DEVICE, attrs: SKIP_CPU_SYNC',
      'sync_single_for_device: { id: m, offset: 1, size: 2 }',
    ];
    expect(walk(skip, [], [{ m: [Z, Z, Z, Z] }]).exercised.size).toBe(0);
    const found = walk(skip, [sync], [{ m: [Z, Z, Z, Z] }, { m: [Z, Z, Z, Z] }]);
    expect(wrong(found)).toEqual([['to-device-data', 1, undefined, 0, 5, 2, A + 5, Z]]);
  });

  test('a read shows it: what is in turn of it, and nothing else', () => {
    const read = (from: number, labels: number[]): Ownership =>
      walk('TO_DEVICE', ['device_read: m'], [{ m: RIGHT }, { events: deviceReads(from, labels) }]);
    expect(wrong(read(0, RIGHT))).toEqual([]);
    expect(wrong(read(1, [A + 5, Z]))).toEqual([['to-device-data', 1, 1, 0, 6, 1, A + 6, Z]]);
    // Two bytes in front of the mapping, and its first two.
    expect(wrong(read(-2, [Z, Z, ...RIGHT.slice(0, 2)]))).toEqual([]);
    // Two bytes in front of the mapping, and two behind it.
    expect(wrong(read(-2, [Z, Z, ...RIGHT, Z, Z]))).toEqual([]);
    expect(wrong(read(-2, [Z, Z, Z, ...RIGHT.slice(1), Z, Z]))).toEqual([
      ['to-device-data', 1, 1, 0, 4, 1, A + 4, Z],
    ]);
  });

  test('what the device wrote itself it may find', () => {
    const found = walk(
      'BIDIRECTIONAL',
      ['device_write: m', 'device_read: m'],
      [{ m: RIGHT }, { events: deviceWrites(1, 2) }, { events: deviceReads(0, [Z, Z, Z, Z]) }],
    );
    expect(wrong(found)).toEqual([
      ['to-device-data', 2, 3, 0, 4, 1, A + 4, Z],
      ['to-device-data', 2, 3, 0, 7, 1, A + 7, Z],
    ]);
  });

  test('what the CPU writes before it is handed over counts', () => {
    const found = walk(
      'TO_DEVICE',
      ['unmap_page: m', 'cpu_write: a', 'map_page: { id: n, buffer: a, dir: TO_DEVICE }'],
      [{ m: RIGHT }, {}, { events: cpuWrites(0, 12, AGAIN), a: count(AGAIN, 12) }, {}],
    );
    // No view of the second mapping: it reaches nothing.
    expect(wrong(found)).toEqual([['to-device-data', 3, undefined, 1, 0, 12, AGAIN, LABEL_FAULT]]);
  });
});

describe('handed back to the CPU', () => {
  const back = (
    dir: string,
    now: readonly number[],
    events = deviceWrites(1, 2),
    step = 'unmap_page: m',
  ): Ownership => walk(dir, ['device_write: m', step], [{ m: RIGHT }, { events }, { a: now }]);

  test('what the device wrote, and what it did not', () => {
    const found = back('BIDIRECTIONAL', a(5, DEVICE, DEVICE + 1));
    expect([wrong(found), [...found.exercised]]).toEqual([
      [],
      ['to-device-data', 'partial-write-preserved', 'from-device-data'],
    ]);
  });

  test('what the device wrote up to the middle of the mapping, from in front of it on', () => {
    const found = back('BIDIRECTIONAL', a(4, DEVICE + 2, DEVICE + 3), deviceWrites(-2, 4));
    expect(wrong(found)).toEqual([]);
  });

  test.each<[string, string, number[], unknown[]]>([
    ['what it wrote is not there', 'BIDIRECTIONAL', a(), [['from-device-data', 5, 2, DEVICE, A + 5]]],
    ['half of it is', 'BIDIRECTIONAL', a(5, DEVICE), [['from-device-data', 6, 1, DEVICE + 1, A + 6]]],
    ['zeros are', 'FROM_DEVICE', a(4, Z, Z, Z, Z), [['from-device-data', 5, 2, DEVICE, Z]]],
    [
      'zeros where it wrote nothing, and it may read',
      'BIDIRECTIONAL',
      a(4, Z, DEVICE, DEVICE + 1, Z),
      [
        ['partial-write-preserved', 4, 1, A + 4, Z],
        ['partial-write-preserved', 7, 1, A + 7, Z],
      ],
    ],
    ['zeros where it wrote nothing, and may not read', 'FROM_DEVICE', a(4, Z, DEVICE, DEVICE + 1, Z), []],
    [
      'what a slot held where it wrote nothing',
      'FROM_DEVICE',
      a(4, S, DEVICE, DEVICE + 1, S),
      [
        ['partial-write-preserved', 4, 1, A + 4, S],
        ['partial-write-preserved', 7, 1, A + 7, S],
      ],
    ],
    [
      'a part of its write elsewhere',
      'FROM_DEVICE',
      a(4, DEVICE + 1, DEVICE, DEVICE + 1),
      [['partial-write-preserved', 4, 1, A + 4, DEVICE + 1]],
    ],
  ])('%s', (_, dir, now, pieces) => {
    expect(wrong(back(dir, now))).toEqual(
      (pieces as [string, ...number[]][]).map(([clause, ...rest]) => [clause, 2, undefined, 0, ...rest]),
    );
  });

  test('by a sync of a part: that part', () => {
    const sync = 'sync_single_for_cpu: { id: m, offset: 2, size: 1 }';
    expect(wrong(back('BIDIRECTIONAL', a(), undefined, sync))).toEqual([
      ['from-device-data', 2, undefined, 0, 6, 1, DEVICE + 1, A + 6],
    ]);
  });

  test('to-device: nothing comes back, and what the device wrote is left out', () => {
    const found = back('TO_DEVICE', a());
    expect([wrong(found), leftOut(found)]).toEqual([[], [['wrote-to-device', 1, 0, 2]]]);
  });

  test('what came back wrong is no better when it comes back once more, unless the device wrote it since', () => {
    const there = { a: a(4, S, S, S, S) };
    const [cpu, out] = ['sync_single_for_cpu: m', 'sync_single_for_device: m'];
    const twice = walk(
      'FROM_DEVICE',
      [cpu, out, cpu, 'unmap_page: m'],
      [{ m: RIGHT }, there, {}, there, there],
    );
    // Neither whether it is preserved when it comes back, nor whether it stays so.
    expect(unknown(twice)).toEqual([
      ['partial-write-preserved', 4, 4],
      ['cpu-owned-stability', 4, 4],
    ]);
    const arrived = { a: a(4, S, DEVICE, DEVICE + 1, S) };
    const written = walk(
      'FROM_DEVICE',
      [cpu, out, 'device_write: m', cpu, 'unmap_page: m'],
      [{ m: RIGHT }, there, {}, { events: deviceWrites(1, 2) }, arrived, arrived],
    );
    const beside = (clause: string): unknown[] => [
      [clause, 4, 1],
      [clause, 7, 1],
    ];
    expect(unknown(written)).toEqual([
      ...beside('partial-write-preserved'),
      ...beside('cpu-owned-stability'),
    ]);
    // Nor is what the CPU writes itself then.
    const events = cpuWrites(5, 2, AGAIN);
    const anew = [{ m: RIGHT }, there, { events }, { a: a(4, S, AGAIN, AGAIN + 1, S) }];
    expect(unknown(walk('FROM_DEVICE', [cpu, 'cpu_write: a', cpu], anew))).toEqual(
      beside('cpu-owned-stability'),
    );
  });

  test('what came back is what the CPU finds from then on', () => {
    const found = walk(
      'BIDIRECTIONAL',
      ['device_write: m', 'unmap_page: m', 'cpu_read: a', 'cpu_read: a'],
      [
        { m: RIGHT },
        { events: deviceWrites(1, 2) },
        { a: a(5, DEVICE, S) },
        { events: cpuReads(0, a(5, DEVICE, S)) },
        { events: cpuReads(0, a(5, DEVICE, Z)) },
      ],
    );
    expect(wrong(found)).toEqual([
      ['from-device-data', 2, undefined, 0, 6, 1, DEVICE + 1, S],
      ['cpu-owned-stability', 4, expect.any(Number), 0, 6, 1, S, Z],
      ['from-device-data', 4, expect.any(Number), 0, 6, 1, S, Z],
    ]);
    // Of byte 6, which came back wrong, nobody can tell.
    expect(found.unknown.map(({ look, offset, size }) => [look.step, offset, size])).toEqual([
      [3, 6, 1],
      [4, 6, 1],
    ]);
  });
});

describe('out of turn', () => {
  test.each<[string, string, string[], Happened[], unknown[], string]>([
    [
      'the CPU reads what the device has',
      'TO_DEVICE',
      ['cpu_read: a'],
      [{ m: RIGHT }, { events: cpuReads(3, count(A + 3, 2)) }],
      [['cpu-read', 1, 0, 1]],
      '',
    ],
    [
      'the CPU writes it',
      'TO_DEVICE',
      ['cpu_write: a'],
      [{ m: RIGHT }, { events: cpuWrites(7, 2, AGAIN) }],
      [['cpu-wrote', 1, 0, 1]],
      '',
    ],
    [
      'the device writes what the CPU has',
      'FROM_DEVICE',
      ['sync_single_for_cpu: { id: m, offset: 0, size: 1 }', 'device_write: m'],
      [{}, { a: a() }, { events: deviceWrites(0, 4) }],
      [['device-wrote', 2, 0, 1]],
      '',
    ],
    [
      'an untrusted device does: an attack',
      'FROM_DEVICE',
      ['sync_single_for_cpu: { id: m, offset: 0, size: 1 }', 'device_write: m'],
      [{}, { a: a() }, { events: deviceWrites(0, 4) }],
      [],
      'untrusted: true',
    ],
    [
      'handed over twice, and the device had written',
      'BIDIRECTIONAL',
      ['device_write: m', 'sync_single_for_device: m'],
      [{ m: RIGHT }, { events: deviceWrites(1, 2) }, { m: RIGHT }],
      [['handed-over-twice', 2, 0, 2]],
      '',
    ],
    [
      'taken back twice, and the CPU had written',
      'BIDIRECTIONAL',
      ['sync_single_for_cpu: m', 'cpu_write: a', 'sync_single_for_cpu: m'],
      [{ m: RIGHT }, { a: a() }, { events: cpuWrites(5, 1, AGAIN), a: a(5, AGAIN) }, { a: a(5, AGAIN) }],
      [['taken-back-twice', 3, 0, 1]],
      '',
    ],
    [
      'taken back twice, and the device could only read it',
      'TO_DEVICE',
      ['sync_single_for_cpu: m', 'cpu_write: a', 'sync_single_for_cpu: m'],
      [{ m: RIGHT }, { a: a() }, { events: cpuWrites(5, 1, AGAIN), a: a(5, AGAIN) }, { a: a(5, AGAIN) }],
      [],
      '',
    ],
    [
      'taken back, and the device never had it',
      'BIDIRECTIONAL, attrs: SKIP_CPU_SYNC',
      ['sync_single_for_cpu: { id: m, offset: 1, size: 2 }'],
      [{}, { a: a() }],
      [['taken-back-twice', 1, 0, 2]],
      '',
    ],
    [
      'the CPU reads what it never got back',
      'FROM_DEVICE',
      ['unmap_page: { id: m, attrs: SKIP_CPU_SYNC }', 'cpu_read: a'],
      [{}, {}, { events: cpuReads(0, a()) }],
      [['not-returned', 2, 0, 4]],
      '',
    ],
    [
      'what the device could only read the CPU has all the time',
      'TO_DEVICE',
      ['unmap_page: { id: m, attrs: SKIP_CPU_SYNC }', 'cpu_read: a'],
      [{ m: RIGHT }, {}, { events: cpuReads(0, a()) }],
      [],
      '',
    ],
    [
      'a device writes where nothing is mapped',
      'FROM_DEVICE',
      ['device_write: m'],
      [{}, { events: deviceWrites(-2, 8) }],
      [['not-mapped', 1, undefined, 4]],
      '',
    ],
  ])('%s', (_, dir, steps, happened, expected, device) => {
    expect(leftOut(walk(dir, steps, happened, device))).toEqual(expected);
  });

  test('of what a device wrote, and then attacked in the middle of the unmap: what never came back puts no read to the test', () => {
    const now = a(4, Z, Z, DEVICE + 2, AGAIN + 3);
    const found = walk(
      'FROM_DEVICE',
      ['device_write: m', 'unmap_page: m', 'cpu_read: a'],
      [
        {},
        { events: deviceWrites(0, 4) },
        { events: deviceWrites(0, 4, AGAIN), a: now },
        { events: cpuReads(0, now) },
      ],
      'untrusted: true',
    );
    expect([wrong(found), unknown(found)]).toEqual([[], [['cpu-owned-stability', 4, 2]]]);
  });

  test('a crash ends it, and what was skipped did not happen', () => {
    const steps = ['cpu_read: a'];
    const read = { events: cpuReads(4, [Z]) };
    expect(leftOut(walk('TO_DEVICE', steps, [{ status: 'failed' }, read]))).toEqual([]);
    expect(wrong(walk('TO_DEVICE', steps, [{ status: 'failed' }, read]))).toHaveLength(1);
    expect(wrong(walk('TO_DEVICE', steps, [{ status: 'skipped', m: [Z, Z, Z, Z] }, {}]))).toEqual([]);
  });
});
