// SPDX-License-Identifier: GPL-2.0-only
/** Who finds what in which byte, step by step, from views and accesses written by hand. */
import { describe, expect, test } from '@jest/globals';
import { EV, type EventLog } from '../machine/event-log.ts';
import { LABEL_FAULT, LABEL_STALE, LABEL_ZERO } from '../machine/labels.ts';
import type { View } from '../run/recording.ts';
import { Facts } from './facts.ts';
import { ownershipOf } from './ownership.ts';
import { caseOf } from './testing/judging.ts';
import { logged, outcome } from './testing/recordings.ts';
import type { Ownership } from './wrong-byte.ts';

const [Z, S] = [LABEL_ZERO, LABEL_STALE];
/** The CPU wrote a, twelve bytes, before the first step. The device writes labels from 100 on. */
const A = 16;
const DEVICE = 100;
const AGAIN = 200;
const PHYS = 0x200000;
const IOVA = 0xf000;
const count = (first: number, size: number): number[] => Array.from({ length: size }, (_, i) => first + i);
/** a, with other labels from byte `at` on. */
const a = (at = 0, ...labels: readonly number[]): number[] => {
  const all = count(A, 12);
  all.splice(at, labels.length, ...labels);
  return all;
};

interface Happened {
  readonly status?: 'done' | 'failed' | 'skipped' | 'crashed';
  /** What the CPU finds in a, and the device in mapping m, after the step. */
  readonly a?: readonly number[];
  readonly m?: readonly number[];
  readonly events?: (log: EventLog) => void;
}

function put(log: EventLog, labels: readonly number[]): number {
  const at = log.reserve(labels.length);
  log.labels.set(labels, at);
  return at;
}
/** A CPU write to a of labels from `label` on. */
const cpuWrites =
  (offset: number, size: number, label: number) =>
  (log: EventLog): void => {
    log.push(EV.cpu_write, -1, 0, offset, size, put(log, count(label, size)), PHYS + offset);
  };
const cpuReads =
  (offset: number, labels: readonly number[], again = labels) =>
  (log: EventLog): void => {
    const [first, second] = [put(log, labels), put(log, again)];
    log.push(EV.cpu_read, -1, 0, offset, labels.length, first, second, PHYS + offset);
  };
/** Mapping m is at IOVA, and so is its memory. */
const deviceWrites =
  (at: number, size: number, label = DEVICE, mapping = 0) =>
  (log: EventLog): void => {
    log.push(EV.device_write, 0, IOVA + at, size, put(log, count(label, size)), mapping, at);
    log.push(EV.device_write_run, 0, IOVA + at, PHYS + 4 + at, size, label);
  };
const deviceReads =
  (at: number, labels: readonly number[]) =>
  (log: EventLog): void => {
    log.push(EV.device_read, 0, IOVA + at, labels.length, put(log, labels), 0, at);
  };

/** The walk over these steps; the step that maps bytes 4 to 7 of a as m comes first. */
function walk(dir: string, steps: readonly string[], happened: readonly Happened[], device = ''): Ownership {
  const scenario = caseOf(`
device: { ${device} }
buffers: { a: { size: 12, at: ${PHYS} } }
steps:
  - map_page: { id: m, buffer: a, offset: 4, size: 4, dir: ${dir} }
${steps.map((step) => `  - ${step}\n`).join('')}
`);
  const views: View[] = [];
  const viewLabels: number[] = [];
  const see = (step: number, of: 'buffer' | 'mapping', labels?: readonly number[]): void => {
    if (labels === undefined) return;
    views.push({ step, of, index: 0, start: viewLabels.length, size: labels.length });
    viewLabels.push(...labels);
  };
  see(-1, 'buffer', a());
  const ends = [1];
  const run = logged(
    (log) => {
      log.step = -1;
      cpuWrites(0, 12, A)(log);
      for (const [step, { events }] of happened.entries()) {
        log.step = step;
        events?.(log);
        ends.push(log.length);
      }
    },
    scenario,
    { views, steps: [] },
  );
  for (const [step, each] of happened.entries()) {
    see(step, 'buffer', each.a);
    see(step, 'mapping', each.m);
  }
  const outcomes = happened.map(({ status = 'done' }, step) =>
    outcome(status, ends[step] ?? 0, ends[step + 1] ?? 0, step === 0 ? [{ address: IOVA, length: 4 }] : []),
  );
  Object.assign(run, { steps: outcomes, viewLabels: new Uint32Array(viewLabels) });
  return ownershipOf(new Facts(run));
}
const wrong = (found: Ownership): unknown[] =>
  found.wrong.map(({ clause, step, event, mapping, offset, size, expected, observed }) => [
    clause,
    step,
    event,
    mapping,
    offset,
    size,
    expected,
    observed,
  ]);
const leftOut = (found: Ownership): unknown[] =>
  found.leftOut.all.map(({ why, step, mapping, size }) => [why, step, mapping, size]);
/** What the device finds when all is well: bytes 4 to 7 of a. */
const RIGHT = count(A + 4, 4);

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
      [Z, Z, S, S],
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
      [['not-mapped', 1, -1, 4]],
      '',
    ],
  ])('%s', (_, dir, steps, happened, expected, device) => {
    expect(leftOut(walk(dir, steps, happened, device))).toEqual(expected);
  });

  test('a crash ends it, and what was skipped did not happen', () => {
    const steps = ['cpu_read: a'];
    const read = { events: cpuReads(4, [Z]) };
    expect(leftOut(walk('TO_DEVICE', steps, [{ status: 'failed' }, read]))).toEqual([]);
    expect(wrong(walk('TO_DEVICE', steps, [{ status: 'failed' }, read]))).toHaveLength(1);
    expect(wrong(walk('TO_DEVICE', steps, [{ status: 'skipped', m: [Z, Z, Z, Z] }, {}]))).toEqual([]);
  });
});
