// SPDX-License-Identifier: GPL-2.0-only
/** Which bytes a write leaves uncertain, from mappings and events written by hand. */
import { describe, expect, test } from '@jest/globals';
import { EV, type EventLog } from '../machine/event-log.ts';
import { DMA_FROM_DEVICE, DMA_TO_DEVICE } from '../machine/vocabulary.ts';
import { makeBytes } from './bytes.ts';
import { Facts } from './facts.ts';
import { SharedLines } from './shared-lines.ts';
import { caseOf } from './testing/judging.ts';
import { logged, outcome } from './testing/recordings.ts';
import { Views } from './views.ts';
import { Ownership } from './wrong-byte.ts';

/** `one` does not snoop and has bytes 16 to 175 of a; a begins a line. `two` snoops and has b, which stands behind a. */
const SCENARIO = caseOf(`
devices: { one: { coherent: false }, two: {}, three: { coherent: false } }
buffers: { a: { size: 192, at: 0x200000 }, b: { size: 64, at: 0x2000c0 }, far: { size: 64, at: 0x300000 } }
steps:
  - map_page: { id: m, buffer: a, offset: 16, size: 160, dir: BIDIRECTIONAL, device: one }
  - map_page: { id: n, buffer: b, dir: BIDIRECTIONAL, device: two }
  - map_page: { id: o, buffer: far, size: 32, dir: BIDIRECTIONAL, device: three }
  - cpu_read: far
  - unmap_page: m
`);
const START = 0x200000;
const [M, N, O] = [0, 1, 2];

interface Situation {
  readonly inside?: number;
  readonly step?: number;
  readonly gone?: boolean;
}
/** What is left out after the event: why, which buffer, mapping, bytes [from, to). */
function spoilt(
  write: (log: EventLog) => void,
  { inside, step = 3, gone = false }: Situation = {},
): unknown[] {
  const run = logged(
    (log) => {
      log.result(log.push(EV.iommu_map, 0, 0xf000, START, 0x1000, 3), 0);
      log.result(log.push(EV.iommu_map, 1, 0xe000, START, 0x1000, 3), 0);
      log.result(log.push(EV.iommu_map, 2, 0xd000, 0x300000, 0x1000, 3), 0);
      write(log);
    },
    SCENARIO,
    {
      steps: [
        outcome('done', 0, 1, [{ address: 0xf010, length: 160 }]),
        outcome('done', 1, 2, [{ address: 0xe0c0, length: 64 }]),
        outcome('done', 2, 3, [{ address: 0xd000, length: 32 }]),
        outcome('done', 3, 4),
        outcome('done', 4, 4),
      ],
    },
  );
  const facts = new Facts(run);
  const bytes = makeBytes(SCENARIO);
  for (const { index } of facts.mappings) {
    for (const { buffer, offset, size } of facts.pieces(index)) {
      for (const one of bytes[buffer]?.between(offset, offset + size) ?? []) if (!gone) one.giveTo(index);
    }
  }
  const found = new Ownership();
  const lines = new SharedLines({ facts, bytes, views: new Views(run), found, step });
  lines.spoil(run.events.at(3), inside);
  const out = bytes.flatMap(({ runs }, buffer) =>
    runs.filter(({ judged }) => !judged).map(({ from, to }) => [buffer, from, to]),
  );
  return [out, found.leftOut.all.map(({ why, buffer, mapping, size }) => [why, buffer, mapping, size])];
}
const cpuWrites =
  (at: number, size: number) =>
  (log: EventLog): void => {
    log.push(EV.cpu_write, -1, 0, at, size, 0, START + at);
  };
const NOTHING = [[], []];

describe('the CPU writes', () => {
  test.each<[string, number, number, unknown]>([
    // Bytes 16 to 63 of the first line are the device's.
    [
      'the first bytes of a line',
      0,
      4,
      [
        [
          [0, 0, 4],
          [0, 16, 64],
        ],
        [
          ['shared-line', 0, M, 48],
          ['shared-line', 0, undefined, 4],
        ],
      ],
    ],
    [
      'a byte in front of the mapping',
      15,
      1,
      [
        [
          [0, 15, 16],
          [0, 16, 64],
        ],
        [
          ['shared-line', 0, M, 48],
          ['shared-line', 0, undefined, 1],
        ],
      ],
    ],
    // Its own bytes are what was written; the others of the line are spoilt.
    [
      'the first byte of the mapping',
      16,
      1,
      [
        [
          [0, 16, 17],
          [0, 17, 64],
        ],
        [
          ['shared-line', 0, M, 47],
          ['shared-line', 0, undefined, 1],
        ],
      ],
    ],
    ['a line as a whole', 64, 64, NOTHING],
    ['two lines as a whole', 0, 128, NOTHING],
    ['nothing', 20, 0, NOTHING],
    [
      'a line but for its first byte',
      65,
      63,
      [
        [
          [0, 64, 65],
          [0, 65, 128],
        ],
        [
          ['shared-line', 0, M, 1],
          ['shared-line', 0, undefined, 63],
        ],
      ],
    ],
    [
      'a line but for its last byte',
      64,
      63,
      [
        [
          [0, 64, 127],
          [0, 127, 128],
        ],
        [
          ['shared-line', 0, M, 1],
          ['shared-line', 0, undefined, 63],
        ],
      ],
    ],
    // Bytes 128 to 175 of the last line are the device's.
    [
      'the last bytes of a line',
      188,
      4,
      [
        [
          [0, 128, 176],
          [0, 188, 192],
        ],
        [
          ['shared-line', 0, M, 48],
          ['shared-line', 0, undefined, 4],
        ],
      ],
    ],
    [
      'from one line to the next',
      60,
      8,
      [
        [
          [0, 16, 60],
          [0, 60, 64],
          [0, 64, 68],
          [0, 68, 128],
        ],
        [
          ['shared-line', 0, M, 104],
          ['shared-line', 0, undefined, 8],
        ],
      ],
    ],
    [
      'from the middle of one line over the next to the middle of the third',
      60,
      72,
      [
        [
          [0, 16, 60],
          [0, 60, 64],
          [0, 128, 132],
          [0, 132, 176],
        ],
        [
          ['shared-line', 0, M, 88],
          ['shared-line', 0, undefined, 8],
        ],
      ],
    ],
    // Its line is b's alone, whose device snoops.
    ['elsewhere', 192, 8, NOTHING],
  ])('%s', (_, at, size, expected) => {
    expect(spoilt(cpuWrites(at, size))).toEqual(expected);
  });

  test('when the device has them no more, nothing is spoilt, but for what is being mapped', () => {
    expect(spoilt(cpuWrites(0, 4), { gone: true })).toEqual(NOTHING);
    expect(spoilt(cpuWrites(0, 4), { gone: true, inside: N })).toEqual(NOTHING);
    expect(spoilt(cpuWrites(0, 4), { gone: true, inside: M })).toEqual(spoilt(cpuWrites(0, 4)));
  });

  test('before the map and after the unmap nothing is spoilt', () => {
    expect(spoilt(cpuWrites(0, 4), { step: 4 })).toEqual(spoilt(cpuWrites(0, 4)));
    expect(spoilt(cpuWrites(0, 4), { step: 5 })).toEqual(NOTHING);
    expect(spoilt(cpuWrites(0, 4), { step: -1 })).toEqual(NOTHING);
  });
});

describe('other events', () => {
  const BESIDE = spoilt(cpuWrites(0, 4));
  test.each<[string, (log: EventLog) => void, unknown]>([
    ['a copy back', (log) => log.push(EV.swiotlb_bounce, 1, START, 0x1000000, 4, DMA_FROM_DEVICE), BESIDE],
    ['a copy out', (log) => log.push(EV.swiotlb_bounce, 1, START, 0x1000000, 4, DMA_TO_DEVICE), NOTHING],
    ['a device that snoops', (log) => log.push(EV.device_write_run, 1, 0xe000, START, 4, 16), BESIDE],
    ['another one that does not', (log) => log.push(EV.device_write_run, 2, 0xd000, START, 4, 16), BESIDE],
    ['its own device', (log) => log.push(EV.device_write_run, 0, 0xf000, START, 4, 16), NOTHING],
    ['the kernel clears', (log) => log.push(EV.memset, -1, START, 4), NOTHING],
    [
      'cache maintenance',
      (log) => log.push(EV.arch_sync_dma_for_device, -1, START, 4, DMA_TO_DEVICE, 0),
      NOTHING,
    ],
    ['a CPU read', (log) => log.push(EV.cpu_read, -1, 0, 0, 4, 0, 0, START), NOTHING],
    ['a map', (log) => log.push(EV.iommu_map, 0, 0xf000, START, 4, 3), NOTHING],
  ])('%s', (_, write, expected) => {
    expect(spoilt(write)).toEqual(expected);
  });

  test('the line of another device', () => {
    const write = (log: EventLog): void => log.push(EV.cpu_write, -1, 2, 40, 8, 0, 0x300028) as never;
    expect(spoilt(write)).toEqual([
      [
        [2, 0, 32],
        [2, 40, 48],
      ],
      [
        ['shared-line', 2, O, 32],
        ['shared-line', 2, undefined, 8],
      ],
    ]);
  });
});

test('what is left out of buffers by where it stands', () => {
  const facts = new Facts(logged(() => {}, SCENARIO, { steps: [] }));
  const bytes = makeBytes(SCENARIO);
  const found = new Ownership();
  const lines = new SharedLines({ facts, bytes, views: new Views(facts.run), found, step: 3 });
  lines.spoilWritten(START + 190, START + 194, 'not-mapped');
  expect(found.leftOut.all).toEqual([
    { why: 'not-mapped', step: 3, buffer: 0, mapping: undefined, size: 2 },
    { why: 'not-mapped', step: 3, buffer: 1, mapping: undefined, size: 2 },
  ]);
  lines.spoilWritten(START - 10, START, 'not-mapped');
  lines.spoilWritten(START + 256, START + 300, 'not-mapped');
  expect(found.leftOut.all).toHaveLength(2);
});
