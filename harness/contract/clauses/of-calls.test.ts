// SPDX-License-Identifier: GPL-2.0-only
/** Clauses about the calls that a state makes, from calls written by hand: all of the evidence. */
import { describe, expect, test } from '@jest/globals';
import { WARNINGS, type WarningKind } from '../../machine/crash.ts';
import { EV, type EventLog } from '../../machine/event-log.ts';
import { DMA_FROM_DEVICE, DMA_TO_DEVICE } from '../../machine/vocabulary.ts';
import type { Recording } from '../../run/recording.ts';
import type { Step } from '../../run/scenario.ts';
import { judge } from '../contract.ts';
import { caseOf } from '../testing/judging.ts';
import { logged, outcome } from '../testing/recordings.ts';
import type { ClauseId } from '../verdict.ts';

type Write = (log: EventLog) => void;

/** Mapping 0 of bytes 16 to 79 of a, mapping 1 of b, of two devices. */
const YAML = `
machine: { swiotlbSlots: 128 }
devices: { one: { untrusted: true }, other: { untrusted: true } }
buffers: { a: { size: 100, at: 0x200000 }, b: { size: 64, at: 0x300000 } }
steps:
  - cpu_read: a
  - map_page: { id: m, buffer: a, offset: 16, size: 64, dir: BIDIRECTIONAL, device: one }
  - map_page: { id: n, buffer: b, dir: BIDIRECTIONAL, device: other }
  - sync_single_for_cpu: { id: n, offset: 32, size: 32 }
  - sync_single_for_device: { id: n, offset: 32, size: 32 }
  - unmap_page: n
`;
const SCENARIO = caseOf(YAML);

/** The status, or each cause with its evidence. */
function said(
  clause: ClauseId,
  write: Write,
  instead: Partial<Recording> = {},
  scenario = SCENARIO,
): unknown {
  const [verdict] = judge(logged(write, scenario, instead), [clause]);
  if (verdict?.status !== 'broken') return verdict?.status;
  return verdict.breaks.map(({ cause, evidence }) => [cause, evidence]);
}

describe('own-memory', () => {
  const POOL = 0x1000000;
  /** Slots 0 are mapping 0's, slots 2 to 3 mapping 1's; then in step 2 what `write` does. */
  const judged = (write: Write, step = 2, instead: Partial<Recording> = {}, scenario = SCENARIO): unknown =>
    said(
      'own-memory',
      (log) => {
        log.step = 1;
        log.result(log.push(EV.swiotlb_tbl_map_single, 0, 0x200010, 64, 2048, 0, 0, 0), POOL);
        log.step = 2;
        log.result(log.push(EV.swiotlb_tbl_map_single, 1, 0x300000, 64, 4096, 0, 0, 0), POOL + 0x1000);
        log.step = step;
        write(log);
      },
      instead,
      scenario,
    );
  const broken = (
    cause: string,
    phys: number,
    count: number,
    place: string,
    step = 2,
    event = 2,
  ): unknown => [[cause, { step, event, mapping: 1, phys, count, place }]];
  const clears =
    (phys: number, size: number): Write =>
    (log) =>
      log.push(EV.memset, -1, phys, size);
  const [SLOTS, BUFFER] = [POOL + 0x1000, 0x300000];

  test.each<[string, Write, unknown]>([
    ['its slots', clears(SLOTS, 0x1000), 'holds'],
    ['its buffer', clears(BUFFER, 64), 'holds'],
    ['nothing', clears(POOL, 0), 'holds'],
    ['a byte in front of its slots', clears(SLOTS - 1, 4), broken('foreign-slot', SLOTS - 1, 1, 'cleared')],
    [
      'a byte behind its slots',
      clears(SLOTS + 0xffc, 5),
      broken('foreign-slot', SLOTS + 0x1000, 1, 'cleared'),
    ],
    [
      'a byte in front of its buffer',
      clears(BUFFER - 1, 4),
      broken('foreign-memory', BUFFER - 1, 1, 'cleared'),
    ],
    ['a byte behind its buffer', clears(BUFFER + 60, 5), broken('foreign-memory', BUFFER + 64, 1, 'cleared')],
    ['slots of another', clears(POOL, 8), broken('foreign-slot', POOL, 8, 'cleared')],
    ['from in front of the pool on', clears(POOL - 8, 4), broken('foreign-memory', POOL - 8, 4, 'cleared')],
    [
      'from in front of the pool into it',
      clears(POOL - 8, 0x1010),
      [
        [
          'outside-the-pool',
          { step: 2, event: 2, mapping: 1, phys: POOL - 8, count: 0x1008, place: 'cleared' },
        ],
      ],
    ],
    [
      'from the pool to behind it',
      clears(POOL + 0x3fff8, 16),
      [
        [
          'foreign-slot',
          { step: 2, event: 2, mapping: 1, phys: POOL + 0x3fff8, count: 16, place: 'cleared' },
        ],
      ],
    ],
    [
      'maintains for the device',
      (log) => log.push(EV.arch_sync_dma_for_device, -1, BUFFER, 65, DMA_TO_DEVICE, 0),
      broken('foreign-memory', BUFFER + 64, 1, 'maintained for the device'),
    ],
    [
      'maintains for the CPU',
      (log) => log.push(EV.arch_sync_dma_for_cpu, -1, BUFFER, 65, DMA_FROM_DEVICE, 0),
      broken('foreign-memory', BUFFER + 64, 1, 'maintained for the CPU'),
    ],
    ['copies out', (log) => log.push(EV.swiotlb_bounce, 1, BUFFER, SLOTS, 64, DMA_TO_DEVICE), 'holds'],
    ['copies back', (log) => log.push(EV.swiotlb_bounce, 1, BUFFER, SLOTS, 64, DMA_FROM_DEVICE), 'holds'],
    [
      'copies too much out of its buffer',
      (log) => log.push(EV.swiotlb_bounce, 1, BUFFER, SLOTS, 65, DMA_TO_DEVICE),
      broken('foreign-memory', BUFFER + 64, 1, 'copied from or to'),
    ],
    [
      'copies out to where no pool is',
      (log) => log.push(EV.swiotlb_bounce, 1, BUFFER, 0x500000, 64, DMA_TO_DEVICE),
      broken('outside-the-pool', 0x500000, 64, 'copied from or to'),
    ],
    [
      'copies back from where no pool is',
      (log) => log.push(EV.swiotlb_bounce, 1, BUFFER, 0x500000, 64, DMA_FROM_DEVICE),
      broken('outside-the-pool', 0x500000, 64, 'copied from or to'),
    ],
  ])('%s', (_, write, expected) => {
    expect(judged(write)).toEqual(expected);
  });

  test('slots before they are given, and after they are released', () => {
    const early: Write = (log) => {
      log.step = 2;
      log.push(EV.memset, -1, SLOTS, 8);
      log.result(log.push(EV.swiotlb_tbl_map_single, 1, 0x300000, 64, 4096, 0, 0, 0), SLOTS);
    };
    expect(said('own-memory', early)).toMatchObject([['foreign-slot', { event: 0, count: 8 }]]);
    const late =
      (work: Write, next = 5): Write =>
      (log) => {
        log.push(EV.swiotlb_tbl_unmap_single, 1, SLOTS, 64, DMA_FROM_DEVICE, 0);
        log.step = next;
        work(log);
      };
    const copy: Write = (log) => log.push(EV.swiotlb_bounce, 1, BUFFER, SLOTS, 64, DMA_FROM_DEVICE);
    expect(judged(late(clears(SLOTS, 8)), 5)).toMatchObject([['foreign-slot', { event: 3 }]]);
    // What its release copies back, in the same step.
    expect(judged(late(copy), 5)).toBe('holds');
    expect(judged(late(copy, 5), 4)).toMatchObject([['foreign-slot', { event: 3 }]]);
  });

  test('a step of no mapping, and one that was not complete', () => {
    expect(judged(clears(POOL, 8), 0)).toBe('not-exercised');
    expect(judged(clears(POOL, 8), 2, { crash: { kind: 'kernel-bug', step: 2, event: 2 } })).toBe(
      'not-exercised',
    );
    expect(judged(clears(POOL, 8), 2, { crash: { kind: 'kernel-bug', step: 3, event: 2 } })).toMatchObject([
      ['foreign-slot', {}],
    ]);
  });

  test.each([3, 4])('a sync of more than is mapped gets what it asks for (step %i)', (step) => {
    const to = (size: number): typeof SCENARIO => ({
      ...SCENARIO,
      steps: SCENARIO.steps.map((each): Step =>
        each.op === 'sync_single_for_cpu' || each.op === 'sync_single_for_device' ? { ...each, size } : each,
      ),
    });
    const works = clears(BUFFER + 64, 1);
    expect(judged(works, step, {}, to(32))).toEqual(
      broken('foreign-memory', BUFFER + 64, 1, 'cleared', step),
    );
    expect(judged(works, step, {}, to(33))).toBe('not-exercised');
  });
});

describe('iova-accounting', () => {
  const given =
    (pfn: number, pages: number, device = 1): Write =>
    (log) =>
      log.result(log.push(EV.alloc_iova_fast, device, pages, 0xfffff), pfn);
  const freed =
    (pfn: number, pages: number, device = 1): Write =>
    (log) =>
      log.push(EV.free_iova_fast, device, pfn, pages);
  const queued =
    (pfn: number, pages: number, device = 1): Write =>
    (log) =>
      log.push(EV.queue_iova, device, pfn, pages);
  const judged = (...writes: Write[]): unknown =>
    said('iova-accounting', (log) => {
      log.step = 5;
      for (const write of writes) write(log);
    });
  const evidence = (event: number, count: number, place?: string, device = 1): object => ({
    step: 5,
    event,
    mapping: 1,
    device,
    iova: 0x7000,
    count,
    ...(place !== undefined && { place }),
  });

  test.each<[string, Write[], unknown]>([
    ['nothing is freed', [given(7, 3)], 'not-exercised'],
    ['as it was given', [given(7, 3), freed(7, 3)], 'holds'],
    ['rounded', [given(7, 3), freed(7, 4)], 'holds'],
    ['rounded, and given so', [given(7, 4), freed(7, 3)], 'holds'],
    ['too long', [given(7, 4), freed(7, 5)], [['another-length', evidence(1, 1, '5 of 4 granules')]]],
    ['too short', [given(7, 5), freed(7, 4)], [['another-length', evidence(1, 1, '4 of 5 granules')]]],
    ['one granule', [given(7, 1), freed(7, 2)], [['another-length', evidence(1, 1, '2 of 1 granules')]]],
    // The caches keep ranges of up to 32 granules.
    ['of 17 to 32', [given(7, 17), freed(7, 32)], 'holds'],
    [
      'longer ones are not rounded',
      [given(7, 33), freed(7, 34)],
      [['another-length', evidence(1, 1, '34 of 33 granules')]],
    ],
    ['longer ones, the same', [given(7, 33), freed(7, 33)], 'holds'],
    ['twice', [given(7, 3), freed(7, 3), freed(7, 3)], [['not-allocated', evidence(2, 3)]]],
    ['never given', [freed(7, 3)], [['not-allocated', evidence(0, 3)]]],
    ['in vain', [given(0, 3), freed(7, 3)], [['not-allocated', evidence(1, 3)]]],
    ['of another device', [given(7, 3, 0), freed(7, 3)], [['not-allocated', evidence(1, 3)]]],
    ['given again', [given(7, 3), freed(7, 3), given(7, 8), freed(7, 8)], 'holds'],
    ['queued, and freed from there', [given(7, 3), queued(7, 3), freed(7, 3)], 'holds'],
    [
      'queued with another length',
      [given(7, 3), queued(7, 9), freed(7, 9)],
      [['another-length', evidence(1, 6, '9 of 3 granules')]],
    ],
    ['queued twice', [given(7, 3), queued(7, 3), queued(7, 3)], [['not-allocated', evidence(2, 3)]]],
    [
      'queued, freed and freed',
      [given(7, 3), queued(7, 3), freed(7, 3), freed(7, 3)],
      [['not-allocated', evidence(3, 3)]],
    ],
  ])('%s', (_, writes, expected) => {
    expect(judged(...writes)).toEqual(expected);
  });

  test('in a step of no mapping, and before a crash', () => {
    const flushed: Write = (log) => {
      log.step = 0;
      freed(7, 3)(log);
    };
    expect(said('iova-accounting', flushed)).toStrictEqual([
      ['not-allocated', { step: 0, event: 0, device: 1, iova: 0x7000, count: 3 }],
    ]);
    const crash = { kind: 'kernel-bug', step: 5, event: 0 } as const;
    expect(
      said(
        'iova-accounting',
        (log) => {
          log.step = 5;
          freed(7, 3)(log);
        },
        { crash },
      ),
    ).toBe('not-exercised');
  });
});

describe('map-succeeds', () => {
  const judged = (status: 'done' | 'failed' | 'crashed' | 'skipped', write: Write): unknown =>
    said(
      'map-succeeds',
      (log) => {
        log.push(EV.iommu_iotlb_sync, 1);
        write(log);
      },
      { steps: [outcome('done', 0, 0), outcome('skipped', 0, 0), outcome(status, 1, 99)] },
    );
  const evidence = { step: 2, event: 1, mapping: 1, device: 1, iova: 0xe000, count: 1 };
  const maps =
    (result: number, injected = false): Write =>
    (log) =>
      log.result(log.push(EV.iommu_map, 1, 0xe000, 0x300000, 0x1000, 3), result, injected);
  const there = { iova: 0xf000, phys: 0x555000 };
  const found = [['already-mapped', { ...evidence, ...there }]];
  const warns: Write = (log) => {
    log.push(EV.warn, 1, WARNINGS.indexOf('already-mapped'), there.iova, there.phys, 0x301000);
  };
  const both =
    (first: Write, second: Write): Write =>
    (log) => {
      first(log);
      second(log);
    };
  const list =
    (result: number, iova: number, ...entries: readonly (readonly [number, number])[]): Write =>
    (log) => {
      log.result(log.push(EV.iommu_map_sg, 1, iova, 2, 3), result);
      for (const [phys, length] of entries) log.push(EV.sg_entry, 1, phys, length);
    };
  const [whole, odd] = [
    [0x300000, 0x1000],
    [0x300800, 0x1000],
  ] as const;

  test.each<[string, 'done' | 'failed' | 'crashed' | 'skipped', Write, unknown]>([
    ['it works', 'done', maps(0), 'holds'],
    ['it crashed', 'crashed', maps(-17), 'not-exercised'],
    ['it was skipped', 'skipped', maps(-17), 'not-exercised'],
    [
      'nobody had refused',
      'failed',
      maps(0),
      [['failed-without-asking', { step: 2, mapping: 1, device: 1, count: 1 }]],
    ],
    ['something is at the second page of it', 'failed', both(maps(-17), warns), found],
    ['and yet it works', 'done', both(maps(-17), warns), found],
    ['something is there, and is kept', 'done', both(maps(0), warns), 'holds'],
    [
      'nothing is there, but where another call goes',
      'failed',
      both(maps(-22), both(maps(0), warns)),
      [['refused-by-iommu', { ...evidence, phys: 0x300000 }]],
    ],
    ['something else', 'failed', maps(-22), [['refused-by-iommu', { ...evidence, phys: 0x300000 }]]],
    ['the scenario had it fail', 'failed', maps(-12, true), 'holds'],
    ['a list works', 'done', list(0x2000, 0xe000, whole, whole), 'holds'],
    ['something is where a list goes', 'failed', both(list(0, 0xe000, whole, whole), warns), found],
    [
      'a list at half a granule',
      'failed',
      list(0, 0xe800, whole, whole),
      [['refused-by-iommu', { ...evidence, iova: 0xe800 }]],
    ],
    [
      'an entry of it at half a granule',
      'failed',
      list(0, 0xe000, whole, odd),
      [['refused-by-iommu', evidence]],
    ],
  ])('%s', (_, status, write, expected) => {
    expect(judged(status, write)).toEqual(expected);
  });

  test('in the order of the calls', () => {
    const calls = both(both(list(0, 0xe000, whole, whole), warns), maps(-22));
    expect(judged('failed', calls)).toMatchObject([
      ['already-mapped', { event: 1 }],
      ['refused-by-iommu', { event: 5 }],
    ]);
  });
});

describe('no-warn', () => {
  const judged = (which: WarningKind | undefined, scenario = SCENARIO): unknown =>
    said(
      'no-warn',
      (log) => {
        log.push(EV.iommu_iotlb_sync, 1);
        log.step = 5;
        const number = which === undefined ? WARNINGS.length : WARNINGS.indexOf(which);
        log.push(EV.warn, 1, number, 1, 2, 3);
        log.push(EV.warn, 1, number, 1, 2, 3);
      },
      {},
      scenario,
    );

  test.each(WARNINGS)('%s', (which) => {
    expect(judged(which)).toEqual(
      which === 'pool-full' ? 'holds' : [[which, { step: 5, event: 1, device: 1, count: 2 }]],
    );
  });

  test('one that there is not, and one that the driver asked for', () => {
    expect(judged(undefined)).toBe('holds');
    const misuse = caseOf(YAML.replace('unmap_page: n', 'unmap_page: { id: n, size: 128, misuse: true }'));
    expect(judged('unmap-of-nothing', misuse)).toBe('holds');
  });
});

describe('no-crash', () => {
  test('the step and the event', () => {
    const crash = { kind: 'wild-access', step: 3, event: 0 } as const;
    expect(said('no-crash', (log) => log.push(EV.crash, -1, 8, 0, 0), { crash })).toEqual([
      ['wild-access', { step: 3, event: 0, count: 1 }],
    ]);
    expect(said('no-crash', () => {})).toBe('holds');
  });
});
