// SPDX-License-Identifier: GPL-2.0-only
/** Where a device's writes may go, and where they ended up, from writes and views written by hand. */
import { describe, expect, test } from '@jest/globals';
import { EV, type EventLog } from '../../machine/event-log.ts';
import type { Recording } from '../../run/recording.ts';
import type { Scenario } from '../../run/scenario.ts';
import { judge } from '../contract.ts';
import { caseOf } from '../testing/judging.ts';
import { logged, outcome } from '../testing/recordings.ts';
import type { Verdict } from '../verdict.ts';

const [ONE, TWO, DISK] = [0, 1, 2];
/** Mappings: 0 is `one`'s, of 64 bytes of a; 1 is `two`'s, which it may only read; 2 is `one`'s, which it may only read; 3 is the disk's. */
const yaml = (machine = ''): string => `
machine: { ${machine} }
devices: { one: { untrusted: true }, two: { untrusted: true }, disk: {} }
buffers:
  a: { size: 96, at: 0x200010 }
  b: { size: 32, at: 0x300020 }
  c: { size: 32, at: 0x400000 }
  d: { size: 0x1000, at: 0x500800 }
steps:
  - map_page: { id: m, buffer: a, offset: 16, size: 64, dir: BIDIRECTIONAL, device: one }
  - map_page: { id: n, buffer: b, dir: TO_DEVICE, device: two }
  - map_page: { id: o, buffer: c, dir: TO_DEVICE, device: one }
  - map_page: { id: p, buffer: d, dir: BIDIRECTIONAL, device: disk }
  - cpu_read: a
  - unmap_page: p
  - cpu_read: b
  - flush_queue: disk
  - cpu_read: c
`;
const SCENARIO = caseOf(yaml());
const [IOVA_M, IOVA_N, IOVA_O, IOVA_P] = [0xf010, 0xe020, 0xd000, 0xa800];
const STEPS = [
  outcome('done', 0, 0, [{ address: IOVA_M, length: 64 }]),
  outcome('done', 0, 0, [{ address: IOVA_N, length: 32 }]),
  outcome('done', 0, 0, [{ address: IOVA_O, length: 32 }]),
  outcome('done', 0, 0, [{ address: IOVA_P, length: 0x1000 }]),
  outcome('done', 0, 0),
  outcome('done', 0, 0),
  outcome('done', 0, 0),
  outcome('done', 0, 9),
  outcome('done', 9, 9),
];
const FAR = 0x900000;

function verdictOf(
  write: (log: EventLog) => void,
  instead: Partial<Recording> = {},
  scenario: Scenario = SCENARIO,
): Verdict {
  const [verdict] = judge(logged(write, scenario, { steps: STEPS, views: [], ...instead }), [
    'confinement-write',
  ]);
  if (verdict === undefined) throw new Error('no verdict');
  return verdict;
}

/** A write in step `step` as it reached memory. */
const run =
  (device: number, iova: number, phys: number, size: number, step = 4) =>
  (log: EventLog): void => {
    log.step = step;
    log.push(EV.device_write_run, device, iova, phys, size, 16);
  };

describe('memory that it writes', () => {
  const outside = (
    write: (log: EventLog) => void,
    instead: Partial<Recording> = {},
    scenario: Scenario = SCENARIO,
  ): unknown =>
    verdictOf(write, instead, scenario).breaks.flatMap(({ cause, evidence, victims }): unknown[] =>
      cause === 'outside-the-buffers'
        ? victims.map(({ evidence: { iova, phys, count } }) => [iova, phys, count, evidence.step])
        : [cause],
    );

  test.each<[string, (log: EventLog) => void, unknown[]]>([
    ['through its mapping', run(ONE, IOVA_M, FAR, 64), []],
    ['a byte in front of it', run(ONE, IOVA_M - 1, FAR, 65), [[IOVA_M - 1, FAR, 1, 4]]],
    ['a byte behind it', run(ONE, IOVA_M, FAR, 65), [[IOVA_M + 64, FAR + 64, 1, 4]]],
    ['through one that it may only read', run(ONE, IOVA_O, FAR, 32), [[IOVA_O, FAR, 32, 4]]],
    ['through another device’s bus address', run(TWO, IOVA_M, FAR, 8), [[IOVA_M, FAR, 8, 4]]],
    ['nowhere, but the memory is its own', run(ONE, 0x8000, 0x200020, 64), []],
    ['the same, and a byte in front of it', run(ONE, 0x8000, 0x20001f, 65), [[0x8000, 0x20001f, 1, 4]]],
    ['the same, and a byte behind it', run(ONE, 0x8000, 0x200020, 65), [[0x8040, 0x200060, 1, 4]]],
    ['nowhere, memory that it may only read', run(ONE, 0x8000, 0x400000, 32), [[0x8000, 0x400000, 32, 4]]],
    ['nowhere, another device’s memory', run(TWO, 0x8000, 0x200020, 64), [[0x8000, 0x200020, 64, 4]]],
    ['the pool', run(ONE, 0x8000, 0x1000000, 64), []],
    ['before its map', run(ONE, IOVA_M, FAR, 8, -1), [[IOVA_M, FAR, 8, -1]]],
    // From a bus address of nobody up to its mapping, whose memory is elsewhere.
    ['up to a mapping', run(ONE, IOVA_M - 16, FAR, 24), [[IOVA_M - 16, FAR, 16, 4]]],
  ])('of an untrusted device: %s', (_, write, breaks) => {
    expect(outside(write)).toEqual(breaks);
  });

  // d is 0x1000 bytes from 0x500800 on: in the granules at 0x500000 and 0x501000.
  test.each<[string, (log: EventLog) => void, unknown[]]>([
    ['its granules', run(DISK, IOVA_P, 0x500000, 0x2000), []],
    ['a byte in front of them', run(DISK, 0x9fff, 0x4fffff, 2), [[0x9fff, 0x4fffff, 1, 4]]],
    ['a byte behind them', run(DISK, 0xbfff, 0x501fff, 2), [[0xc000, 0x502000, 1, 4]]],
    ['another device’s memory', run(DISK, IOVA_M, 0x200020, 8), [[IOVA_M, 0x200020, 8, 4]]],
    ['before its map', run(DISK, IOVA_P, 0x500800, 8, 2), [[IOVA_P, 0x500800, 8, 2]]],
    ['in its unmap', run(DISK, IOVA_P, 0x500800, 8, 5), []],
    ['after its unmap', run(DISK, IOVA_P, 0x500800, 8, 6), [[IOVA_P, 0x500800, 8, 6]]],
  ])('of a trusted device: %s', (_, write, breaks) => {
    expect(outside(write)).toEqual(breaks);
  });

  test.each([
    [5, 0],
    [6, 0],
    [7, 0],
    [8, 1],
  ])('of a trusted device, until the flush: step %i', (step, count) => {
    const write = (log: EventLog): void => {
      log.step = 7;
      log.push(EV.iommu_flush_iotlb_all, DISK);
      run(DISK, IOVA_P, 0x500800, 8, step)(log);
    };
    const lazy = caseOf(yaml('strict: false'));
    expect(outside(write, { flushQueue: [false, false, true] }, lazy)).toHaveLength(count);
    // Of a device without a queue, and of a map that failed, nothing is in the window.
    if (step < 6) return;
    expect(outside(write, { flushQueue: [true, true, false] }, lazy)).toHaveLength(1);
    const failed = STEPS.with(3, outcome('failed', 0, 0));
    expect(outside(write, { flushQueue: [false, false, true], steps: failed }, lazy)).toHaveLength(1);
  });

  test('a trusted device’s failed map gives it nothing', () => {
    const failed = STEPS.with(3, outcome('failed', 0, 0));
    expect(outside(run(DISK, IOVA_P, 0x500800, 8), { steps: failed })).toHaveLength(1);
  });

  test('what shows it', () => {
    const write = (log: EventLog): void => {
      log.push(EV.iommu_iotlb_sync, ONE);
      run(ONE, IOVA_M, FAR, 65)(log);
    };
    expect(verdictOf(write).breaks.map(({ evidence }) => evidence)).toEqual([
      { step: 4, event: 1, device: ONE, iova: IOVA_M + 64, phys: FAR + 64, count: 1 },
    ]);
  });
});

describe('where its bytes ended up', () => {
  /** Labels from 16 on: what the CPU wrote to a; then what `one`, `two` and the disk wrote. */
  const [CPU, FIRST, SECOND, THIRD] = [16, 200, 300, 400];
  interface Written {
    readonly device?: number;
    readonly iova?: number;
    readonly step?: number;
    readonly label?: number;
  }
  const written =
    ({ device = ONE, iova = IOVA_M, step = 4, label = FIRST }: Written = {}) =>
    (log: EventLog): void => {
      const place = (first: number): number => {
        const at = log.reserve(64);
        for (let i = 0; i < 64; i++) log.labels[at + i] = first + i;
        return at;
      };
      log.step = -1;
      log.push(EV.cpu_write, -1, 0, 0, 64, place(CPU), 0x200010);
      log.step = step;
      log.push(EV.device_write, device, iova, 64, place(label), 0, 0);
    };
  interface Seen {
    readonly of?: 'buffer' | 'mapping';
    readonly index?: number;
    readonly step?: number;
    readonly labels: readonly number[];
  }
  const count = (first: number, size: number): number[] => Array.from({ length: size }, (_, i) => first + i);
  const seen = (...views: readonly Seen[]): Partial<Recording> => {
    const viewLabels: number[] = [];
    const made = views.map(({ of = 'buffer', index = 0, step = 4, labels }) => {
      const start = viewLabels.length;
      viewLabels.push(...labels);
      return { step, of, index, start, size: labels.length } as const;
    });
    return { views: made, viewLabels: new Uint32Array(viewLabels) };
  };
  const breaks = (write: Written, ...views: readonly Seen[]): unknown =>
    verdictOf(written(write), seen(...views)).breaks.map(({ cause, evidence }) => [cause, evidence]);
  const a = (at: number, ...labels: readonly number[]): number[] => {
    const all = count(CPU, 96);
    all.splice(at, labels.length, ...labels);
    return all;
  };

  test('where it had a right: bytes 16 to 79 of a', () => {
    expect(breaks({}, { labels: a(16, ...count(FIRST, 64)) })).toEqual([]);
    expect(breaks({ iova: IOVA_M + 8 }, { labels: a(24, ...count(FIRST, 56)) })).toEqual([]);
    expect(verdictOf(written(), seen()).status).toBe('holds');
    expect(verdictOf(() => {}, seen()).status).toBe('not-exercised');
  });

  test('in bytes of its own memory, through no mapping of its own', () => {
    expect(breaks({ iova: 0x8000 }, { labels: a(16, ...count(FIRST, 64)) })).toEqual([]);
    expect(breaks({ iova: 0x8000 }, { labels: a(15, ...count(FIRST, 64)) })).toMatchObject([
      ['reached-a-buffer', { offset: 15, count: 1, observed: FIRST }],
    ]);
    expect(breaks({ iova: 0x8000 }, { labels: a(17, ...count(FIRST, 64)) })).toMatchObject([
      ['reached-a-buffer', { offset: 80, count: 1, observed: FIRST + 63 }],
    ]);
  });

  test('in bytes of its own memory, up to where its write comes to a mapping, whose bytes are other ones', () => {
    // Bus addresses up to 0xf00f are of no mapping; 0xf010 is byte 16 of a, and what it wrote there stands in byte 24.
    expect(breaks({ iova: IOVA_M - 8 }, { labels: a(16, ...count(FIRST, 64)) })).toMatchObject([
      ['reached-a-buffer', { offset: 24, count: 56, iova: IOVA_M, observed: FIRST + 8 }],
    ]);
  });

  test('in other bytes', () => {
    expect(breaks({}, { labels: a(17, ...count(FIRST, 4)) })).toEqual([
      [
        'reached-a-buffer',
        {
          step: 4,
          buffer: 0,
          offset: 17,
          device: ONE,
          iova: IOVA_M,
          count: 4,
          observed: FIRST,
        },
      ],
    ]);
    expect(breaks({}, { index: 1, step: 5, labels: count(FIRST, 2) })).toEqual([
      [
        'reached-a-buffer',
        { step: 5, buffer: 1, offset: 0, device: ONE, iova: IOVA_M, count: 2, observed: FIRST },
      ],
    ]);
  });

  test('in another mapping', () => {
    expect(breaks({}, { of: 'mapping', index: 1, labels: [CPU, ...count(FIRST + 9, 2)] })).toEqual([
      [
        'reached-another-mapping',
        {
          step: 4,
          mapping: 1,
          buffer: 1,
          offset: 1,
          device: ONE,
          iova: IOVA_M + 9,
          count: 2,
          observed: FIRST + 9,
        },
      ],
    ]);
    // Of its own mapping: byte for byte.
    expect(breaks({}, { of: 'mapping', index: 0, labels: count(FIRST, 64) })).toEqual([]);
  });

  test('through a mapping that it may only read', () => {
    expect(breaks({ iova: IOVA_O }, { index: 2, labels: count(FIRST, 32) })).toMatchObject([
      ['reached-a-buffer', { offset: 0, count: 32 }],
    ]);
  });

  test('right at first, and wrong behind it', () => {
    // Bytes 16 to 79 are its own; what it wrote to 80 and 81 through bus addresses behind the mapping is not.
    const labels = [...count(CPU, 16), ...count(FIRST, 64), FIRST + 62, FIRST + 63];
    expect(breaks({ iova: IOVA_M }, { labels })).toMatchObject([
      ['reached-a-buffer', { offset: 80, count: 2, observed: FIRST + 62 }],
    ]);
    const over = [...count(CPU, 76), ...count(FIRST, 8)];
    expect(breaks({ iova: IOVA_M + 60 }, { labels: over })).toMatchObject([
      ['reached-a-buffer', { offset: 80, count: 4, observed: FIRST + 4 }],
    ]);
  });

  test('what a trusted device wrote, and what the CPU did, is believed', () => {
    expect(breaks({ device: DISK, label: THIRD }, { index: 1, labels: count(THIRD, 4) })).toEqual([]);
    expect(breaks({}, { index: 1, labels: count(CPU, 4) })).toEqual([]);
  });

  test('a byte counts once of each device, buffer and mapping', () => {
    const again = { index: 1, labels: count(FIRST, 4) };
    expect(
      breaks({}, again, { ...again, step: 5 }, { ...again, step: 6, labels: count(FIRST, 5) }),
    ).toMatchObject([['reached-a-buffer', { count: 5 }]]);
    expect(breaks({}, again, { of: 'mapping', index: 1, step: 5, labels: count(FIRST, 4) })).toMatchObject([
      ['reached-a-buffer', { count: 4 }],
      ['reached-another-mapping', { count: 4 }],
    ]);
    expect(breaks({}, again, { index: 2, step: 5, labels: count(FIRST, 4) })).toMatchObject([
      ['reached-a-buffer', { count: 8 }],
    ]);
    const two = (log: EventLog): void => {
      written()(log);
      written({ device: TWO, iova: IOVA_N, label: SECOND })(log);
    };
    const views = seen(again, { index: 1, step: 5, labels: count(SECOND, 4) });
    expect(verdictOf(two, views).breaks).toMatchObject([{ evidence: { count: 8 } }]);
  });

  test('what was seen before the first write of a device is nothing of it', () => {
    expect(breaks({ step: 4 }, { index: 1, step: 3, labels: count(FIRST, 4) })).toEqual([]);
  });

  test('where no device is confined nobody looks', () => {
    const open = caseOf(yaml('swiotlb: false'));
    const views = seen({ index: 1, labels: count(FIRST, 4) });
    expect(verdictOf(written(), views, open).breaks).toEqual([]);
  });
});
