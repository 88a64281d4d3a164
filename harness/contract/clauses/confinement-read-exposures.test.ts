// SPDX-License-Identifier: GPL-2.0-only
/** Whose the bytes are that an untrusted device could read, from exposures written by hand. */
import { describe, expect, test } from '@jest/globals';
import { EV, type EventLog } from '../../machine/event-log.ts';
import { LABEL_NEVER_WRITTEN, LABEL_STALE, LABEL_ZERO } from '../../machine/labels.ts';
import { DMA_FROM_DEVICE, DMA_TO_DEVICE, IOMMU_READ, IOMMU_WRITE } from '../../machine/vocabulary.ts';
import {
  A,
  B,
  breaksOf,
  exposureVerdict,
  IOVA_M,
  IOVA_N,
  LATER,
  ofM,
  ofN,
  ONE,
  RW,
  TLB_M,
  TLB_N,
  TRUSTED,
  TWO,
  written,
  type Exposed,
} from '../testing/exposures.ts';

describe('its own', () => {
  test.each<[string, Exposed]>([
    ['all of the data', ofM(0x10, 64, A)],
    ['its first byte', ofM(0x10, 1, A)],
    ['its last byte', ofM(0x4f, 1, A + 63)],
    ['in the second mapping', ofN(0x20, 64, B)],
    ['later', { ...ofM(0x10, 64, A), event: 12, step: 2 }],
    ['nothing at all', ofM(0x50, 0, LABEL_STALE)],
  ])('%s', (_, exposed) => {
    expect(exposureVerdict([exposed])).toEqual({ clause: 'confinement-read', status: 'holds', breaks: [] });
  });

  test('what it wrote itself, wherever it finds it', () => {
    const write = (log: EventLog): void => {
      log.push(EV.device_write, ONE, IOVA_M + 0x10, 64, written(log, LATER, 64), 0, 0);
    };
    expect(breaksOf([ofM(0x50, 64, LATER)], write)).toEqual([]);
    // But not what the other device wrote into its own mapping.
    const other = (log: EventLog): void => {
      log.push(EV.device_write, TWO, IOVA_N + 0x20, 64, written(log, LATER, 64), 1, 0);
    };
    expect(breaksOf([{ ...ofM(0x60, 8, LATER), event: 14 }], other)).toMatchObject([
      ['never-cleared', { count: 8, observed: LATER }],
    ]);
  });

  test('what the CPU wrote to it in the middle of the map, whatever it wrote over that since', () => {
    const write = (log: EventLog): void => {
      log.step = 0;
      log.push(EV.cpu_write, -1, 0, 0, 64, written(log, LATER, 64), 0x200010);
    };
    expect(breaksOf([ofM(0x10, 64, LATER)], write)).toEqual([]);
    // One step earlier, and no view has it: it was overwritten before the map.
    const earlier = (log: EventLog): void => {
      log.step = -1;
      log.push(EV.cpu_write, -1, 0, 0, 64, written(log, LATER, 64), 0x200010);
    };
    expect(breaksOf([ofM(0x10, 64, LATER)], earlier)).toMatchObject([['left-by-a-copy', { count: 64 }]]);
  });

  test('a kind of memory that the buffer had', () => {
    const labels = new Uint32Array(164).fill(LABEL_NEVER_WRITTEN, 0, 50).fill(LABEL_ZERO, 50);
    const zeros = (at: number, size: number): unknown =>
      breaksOf([ofM(at, size, LABEL_NEVER_WRITTEN)], undefined, { viewLabels: labels });
    expect(zeros(0x10, 50)).toEqual([]);
    expect(zeros(0x10, 51)).toMatchObject([
      ['left-by-a-copy', { iova: IOVA_M + 0x10 + 50, count: 1, observed: LABEL_NEVER_WRITTEN }],
    ]);
  });
});

describe('not its own', () => {
  const at = { step: 0, event: 6, mapping: 0, device: ONE };
  test.each<[string, Exposed, string, object]>([
    [
      'behind the data',
      ofM(0x50, 16, LABEL_STALE),
      'never-cleared',
      { iova: 0xf050, phys: 0x1000050, count: 16, observed: LABEL_STALE, place: 'behind the data' },
    ],
    [
      'in front of it',
      ofM(0, 16, LABEL_STALE),
      'never-cleared',
      { iova: 0xf000, phys: 0x1000000, count: 16, observed: LABEL_STALE, place: 'in front of the data' },
    ],
    [
      'in the data, what is another byte of it',
      ofM(0x10, 63, A + 1),
      'left-by-a-copy',
      { iova: 0xf010, phys: 0x1000010, count: 63, observed: A + 1, place: 'the data' },
    ],
    [
      'in the data, what is of the other buffer',
      ofM(0x10, 64, B),
      'left-by-a-copy',
      { iova: 0xf010, phys: 0x1000010, count: 64, observed: B, place: 'the data' },
    ],
    [
      'what of its buffer is not mapped',
      ofM(0x50, 36, A + 64),
      'never-cleared',
      { iova: 0xf050, phys: 0x1000050, count: 36, observed: A + 64, place: 'behind the data' },
    ],
    [
      'a slot that nobody has',
      { ...ofM(0x800, 16, LABEL_STALE) },
      'never-cleared',
      { iova: 0xf800, phys: 0x1000800, count: 16, observed: LABEL_STALE, place: 'a slot of nobody' },
    ],
    [
      'outside of the pool',
      { ...ofM(0x50, 8, LABEL_NEVER_WRITTEN), phys: 0x200050 },
      'outside-the-buffers',
      { iova: 0xf050, phys: 0x200050, count: 8, observed: LABEL_NEVER_WRITTEN, place: 'outside the pool' },
    ],
    [
      'the IOMMU cannot but let it read',
      { ...ofM(0x50, 8, LABEL_STALE), prot: IOMMU_WRITE },
      'no-write-only-entries',
      { iova: 0xf050, phys: 0x1000050, count: 8, observed: LABEL_STALE, place: 'behind the data' },
    ],
  ])('%s', (_, exposed, cause, evidence) => {
    expect(breaksOf([exposed])).toEqual([[cause, { ...at, ...evidence }]]);
  });

  test('the bounce buffer of another mapping', () => {
    const exposed = { ...ofM(0x50, 16, B), phys: TLB_N + 0x20, event: 12, step: 2 };
    expect(breaksOf([exposed])).toEqual([
      [
        'other-mapping',
        {
          ...at,
          step: 2,
          event: 11,
          iova: 0xf050,
          phys: TLB_N + 0x20,
          count: 16,
          observed: B,
          place: 'the bounce buffer of another mapping',
        },
      ],
    ]);
    // Before the other map it was a slot of nobody.
    expect(breaksOf([{ ...exposed, event: 7, step: 0 }])).toMatchObject([
      ['never-cleared', { place: 'a slot of nobody' }],
    ]);
  });

  test('a bounce buffer that was released is a slot of nobody', () => {
    const release = (log: EventLog): void => {
      log.push(EV.swiotlb_tbl_unmap_single, TWO, TLB_N + 0x20, 64, DMA_FROM_DEVICE, 0);
    };
    const exposed = { ...ofM(0x50, 16, B), phys: TLB_N + 0x20, step: 2 };
    const place = (event: number): unknown => breaksOf([{ ...exposed, event }], release);
    expect(place(12)).toMatchObject([['other-mapping', {}]]);
    // What was copied there, for the other device, was not cleaned for this one.
    expect(place(13)).toMatchObject([['not-cleaned', { place: 'a slot of nobody' }]]);
  });

  test('through a translation of nobody', () => {
    const [found] = exposureVerdict([{ ...ofM(0x50, 16, LABEL_STALE), mapping: -1 }]).breaks;
    expect(found?.evidence).toEqual({
      step: 0,
      event: 6,
      device: ONE,
      iova: 0xf050,
      phys: 0x1000050,
      count: 16,
      observed: LABEL_STALE,
      place: 'the bounce buffer of another mapping',
    });
  });

  test('what happened to it since the slots were given out is the cause', () => {
    const clears = (log: EventLog): void => {
      log.push(EV.memset, -1, TLB_M, 0x40);
      log.push(EV.memset, -1, TLB_M + 0x80, 0x40);
      log.push(EV.arch_sync_dma_for_device, -1, TLB_M + 0x80, 0x40, DMA_TO_DEVICE, 0);
    };
    const exposed = (from: number, event: number): unknown =>
      exposureVerdict([{ ...ofM(from, 0x10, LABEL_STALE), event }], clears).breaks.map(({ cause }) => cause);
    expect([12, 13].map((event) => exposed(0, event))).toEqual([['never-cleared'], ['cleared-not-cleaned']]);
    expect([13, 14, 15].map((event) => exposed(0x80, event))).toEqual([
      ['never-cleared'],
      ['cleared-not-cleaned'],
      ['overwritten'],
    ]);
  });

  test('what a trusted device can read is no matter of this', () => {
    expect(breaksOf([{ ...ofM(0x50, 16, LABEL_STALE), device: TRUSTED }])).toEqual([]);
  });
});

describe('each piece has its place and its cause', () => {
  test('from the data to what is behind it', () => {
    const { breaks } = exposureVerdict([ofM(0x40, 0x20, LABEL_STALE)]);
    expect(
      breaks.map(({ cause, evidence: { count, place, iova, phys } }) => [cause, count, place, iova, phys]),
    ).toEqual([
      ['left-by-a-copy', 16, 'the data', 0xf040, 0x1000040],
      ['never-cleared', 16, 'behind the data', 0xf050, 0x1000050],
    ]);
  });

  test('from what is in front of the data to the data', () => {
    const { breaks } = exposureVerdict([ofM(0xc, 8, LABEL_STALE)]);
    expect(breaks.map(({ cause, evidence: { count, place } }) => [cause, count, place])).toEqual([
      ['never-cleared', 4, 'in front of the data'],
      ['left-by-a-copy', 4, 'the data'],
    ]);
  });

  test('from one slot to the next', () => {
    const [found] = exposureVerdict([ofM(0x7f8, 16, LABEL_STALE)]).breaks;
    expect(found?.evidence).toMatchObject({ count: 16, place: 'behind the data' });
    expect(found?.victims.map(({ from, to, evidence }) => [from, to, evidence.place])).toEqual([
      [0x7f8, 0x800, 'behind the data'],
      [0x800, 0x808, 'a slot of nobody'],
    ]);
  });

  test('of one write, and of the next', () => {
    // The last 4 labels of a, and the first 4 of b.
    const [found] = exposureVerdict([ofM(0x60, 8, A + 96)]).breaks;
    expect(found?.evidence.count).toBe(8);
    expect(found?.victims.map(({ of, from, to }) => [of, from, to])).toEqual([
      ['device 0, data of buffer 0', 96, 100],
      ['device 0, data of buffer 1', 0, 4],
    ]);
  });

  test('its own in front, somebody else’s behind', () => {
    // Bytes 32 to 63 of a, and then what of a is not mapped.
    expect(breaksOf([ofM(0x30, 40, A + 32)])).toMatchObject([
      ['never-cleared', { iova: 0xf050, phys: 0x1000050, count: 8, observed: A + 64 }],
    ]);
  });
});

describe('a byte that is exposed again through the mapping is no further byte', () => {
  const count = (...exposed: Exposed[]): unknown =>
    exposureVerdict(exposed).breaks.map(({ evidence }) => evidence.count);

  test('of a write: by its label', () => {
    expect(count(ofM(0x60, 8, B), ofM(0x60, 8, B))).toEqual([8]);
    expect(count(ofM(0x60, 8, B), { ...ofM(0x80, 8, B), step: 1, event: 9 })).toEqual([8]);
    expect(count(ofM(0x60, 8, B), ofM(0x60, 8, B + 4))).toEqual([12]);
    expect(count(ofM(0x60, 8, B), ofM(0x68, 8, B + 8))).toEqual([16]);
  });

  test('of a kind of memory: by its address', () => {
    const never = LABEL_NEVER_WRITTEN;
    expect(count(ofM(0x60, 8, never), ofM(0x60, 8, never))).toEqual([8]);
    expect(count(ofM(0x60, 8, never), ofM(0x64, 8, never))).toEqual([12]);
    expect(count(ofM(0x60, 8, never), ofM(0x68, 8, never))).toEqual([16]);
    // An address is no label, whatever the number.
    expect(count(ofM(0x60, 8, B), { ...ofM(0x80, 8, never), phys: B })).toEqual([8, 8]);
  });

  test('through another mapping it is', () => {
    const through = (mapping: number): Exposed => ({ ...ofM(0x60, 8, B), mapping, event: 12, step: 2 });
    // Of mapping 0 it stands behind its data, of the others it is another's.
    expect(count(through(0), through(1), through(-1))).toEqual([8, 16]);
  });
});

describe('exercised', () => {
  const statusOf = (prot: number): string =>
    exposureVerdict([], (log) => {
      for (const index of [6, 9]) log.records[index * 12 + 7] = prot;
    }).status;
  test.each([
    [IOMMU_READ, 'holds'],
    [RW, 'holds'],
    [IOMMU_WRITE, 'not-exercised'],
    [0, 'not-exercised'],
  ])('where a device may read: %i', (prot, status) => {
    expect(statusOf(prot)).toBe(status);
  });
});
