// SPDX-License-Identifier: GPL-2.0-only
/** What other devices had put there, and what a failing map shows, from exposures written by hand. */
import { describe, expect, test } from '@jest/globals';
import { EV, type EventLog } from '../../machine/event-log.ts';
import { LABEL_ZERO } from '../../machine/labels.ts';
import { DMA_FROM_DEVICE, DMA_TO_DEVICE } from '../../machine/vocabulary.ts';
import { judge } from '../contract.ts';
import { caseOf } from '../testing/judging.ts';
import {
  A,
  B,
  exposureVerdict,
  IOVA_M,
  IOVA_N,
  LATER,
  ofM,
  ofN,
  ONE,
  PLANTED,
  RW,
  SCENARIO,
  TLB_M,
  TLB_N,
  TRUSTED,
  TWO,
  viewLabels,
  views,
  written,
  type Exposed,
} from '../testing/exposures.ts';
import { logged, outcome } from '../testing/recordings.ts';

describe('what another device put there without a right', () => {
  const unknownOf = (exposed: Exposed, write?: (log: EventLog) => void): unknown[] => {
    const { breaks, unknown = [] } = exposureVerdict([exposed], write);
    expect(breaks).toEqual([]);
    return unknown.map(({ evidence }) => evidence);
  };

  test('before this mapping: nobody can tell', () => {
    expect(unknownOf(ofN(0x20, 8, PLANTED))).toEqual([
      {
        step: 1,
        event: 9,
        mapping: 1,
        device: TWO,
        iova: IOVA_N + 0x20,
        phys: TLB_N + 0x20,
        observed: PLANTED,
        count: 8,
      },
    ]);
    expect(unknownOf(ofN(0x60, 64, PLANTED))).toMatchObject([{ count: 64, observed: PLANTED }]);
    // Its last byte; and from the middle of an exposure on.
    expect(unknownOf(ofN(0x60, 1, PLANTED + 63))).toMatchObject([{ count: 1, observed: PLANTED + 63 }]);
    expect(unknownOf({ ...ofN(0x40, 48, B + 32) })).toMatchObject([
      { count: 16, observed: PLANTED, iova: IOVA_N + 0x60, phys: TLB_N + 0x60 },
    ]);
  });

  test('through the first mapping as well', () => {
    expect(unknownOf(ofM(0x60, 8, PLANTED))).toMatchObject([{ step: 0, mapping: 0, count: 8 }]);
  });

  test('again: no further bytes', () => {
    const { unknown } = exposureVerdict([
      ofN(0x60, 8, PLANTED),
      ofN(0x60, 8, PLANTED),
      ofN(0x60, 12, PLANTED),
    ]);
    expect(unknown?.reduce((sum, { evidence }) => sum + evidence.count, 0)).toBe(12);
  });

  test('through a translation of nobody: nothing is said', () => {
    expect(unknownOf({ ...ofN(0x60, 8, PLANTED), mapping: -1 })).toEqual([]);
  });

  test.each([
    ['before the entry that makes it reachable', true, 1],
    ['after it', false, 0],
  ])('%s', (_, before, told) => {
    const log = (into: EventLog): void => {
      into.step = -1;
      into.push(EV.cpu_write, -1, 1, 0, 64, written(into, B, 64), 0x300020);
      into.step = 1;
      const write = (): unknown =>
        into.push(EV.device_write, TRUSTED, 0x8000, 64, written(into, PLANTED, 64), -1, 0);
      if (before) write();
      into.result(into.push(EV.iommu_map, TWO, IOVA_N, TLB_N, 0x1000, RW), 0);
      if (!before) write();
    };
    const run = logged(log, SCENARIO, {
      steps: [outcome('failed', 1, 1), outcome('done', 1, 3, [{ address: IOVA_N + 0x20, length: 64 }])],
      views,
      viewLabels,
      exposures: new Float64Array([3, 1, TWO, IOVA_N + 0x60, TLB_N + 0x60, 8, PLANTED, 1, RW]),
    });
    expect(judge(run, ['confinement-read'])[0]?.unknown ?? []).toHaveLength(told);
  });

  test.each([
    ['between the entry of another address and its own', 0xf000, 1],
    ['of a lower one', 0x1000, 1],
  ])('%s', (_, other, told) => {
    const log = (into: EventLog): void => {
      into.step = -1;
      into.push(EV.cpu_write, -1, 1, 0, 64, written(into, B, 64), 0x300020);
      into.step = 1;
      into.result(into.push(EV.iommu_map, TWO, other, TLB_M, 0x1000, RW), 0);
      into.push(EV.device_write, TRUSTED, 0x8000, 64, written(into, PLANTED, 64), -1, 0);
      into.result(into.push(EV.iommu_map, TWO, IOVA_N, TLB_N, 0x1000, RW), 0);
    };
    const run = logged(log, SCENARIO, {
      steps: [outcome('failed', 1, 1), outcome('done', 1, 4, [{ address: IOVA_N + 0x20, length: 64 }])],
      views,
      viewLabels,
      exposures: new Float64Array([4, 1, TWO, IOVA_N + 0x60, TLB_N + 0x60, 8, PLANTED, 1, RW]),
    });
    expect(judge(run, ['confinement-read'])[0]?.unknown ?? []).toHaveLength(told);
  });

  test('where no entry is known: before the first event of the map', () => {
    const told = (first: boolean): unknown => {
      const log = (into: EventLog): void => {
        into.step = -1;
        into.push(EV.cpu_write, -1, 1, 0, 64, written(into, B, 64), 0x300020);
        into.step = 0;
        if (first) into.push(EV.iommu_iotlb_sync, TWO);
        into.push(EV.device_write, TRUSTED, 0x8000, 64, written(into, PLANTED, 64), -1, 0);
        if (!first) into.push(EV.iommu_iotlb_sync, TWO);
        into.step = 1;
        into.push(EV.iommu_iotlb_sync, TWO);
      };
      const from = first ? 2 : 1;
      const run = logged(log, SCENARIO, {
        steps: [
          outcome('failed', 1, from),
          outcome('done', from, 4, [{ address: IOVA_N + 0x20, length: 64 }]),
        ],
        views,
        viewLabels,
        exposures: new Float64Array([4, 1, TWO, IOVA_N + 0x60, TLB_N + 0x60, 8, PLANTED, 1, RW]),
      });
      return judge(run, ['confinement-read'])[0]?.unknown?.length ?? 0;
    };
    // The write is the first event of the step that maps, or, in the end, the one in front of it.
    expect([told(true), told(false)]).toEqual([0, 0]);
  });

  test('its own write through its mapping, before: its own', () => {
    const own = (log: EventLog): void => {
      log.step = 0;
      log.push(EV.device_write, TWO, 0x8000, 64, written(log, LATER, 64), 1, 0);
    };
    expect(unknownOf(ofN(0x60, 8, LATER), own)).toEqual([]);
  });
});

describe('while a map is under way that then fails', () => {
  /** The map of `one` has copied bytes 0 to 31 when it fails. */
  const failing = (exposed: Exposed): unknown =>
    judge(
      logged(
        (log) => {
          log.step = -1;
          log.push(EV.cpu_write, -1, 0, 0, 100, written(log, A, 100), 0x200010);
          log.push(EV.cpu_write, -1, 1, 0, 64, written(log, B, 64), 0x300020);
          log.step = 0;
          log.result(log.push(EV.swiotlb_tbl_map_single, ONE, 0x200010, 64, 64, 0, 0, 0), TLB_M + 0x10);
          log.push(EV.swiotlb_bounce, ONE, 0x200010, TLB_M + 0x10, 32, DMA_TO_DEVICE);
          log.push(EV.swiotlb_bounce, ONE, 0x300020, TLB_M + 0x80, 16, DMA_FROM_DEVICE);
          // From 16 bytes in front of a on.
          log.push(EV.swiotlb_bounce, ONE, 0x200000, TLB_M + 0x100, 48, DMA_TO_DEVICE);
          // And up to 16 bytes behind what is mapped of a.
          log.push(EV.swiotlb_bounce, ONE, 0x200010, TLB_M + 0x200, 80, DMA_TO_DEVICE);
          log.result(log.push(EV.iommu_map, ONE, IOVA_M, TLB_M, 0x1000, RW), 0);
        },
        SCENARIO,
        {
          steps: [outcome('failed', 2, 8)],
          views,
          // What a has held is of other writes, and of memory.
          viewLabels: Uint32Array.from({ length: 164 }, (_, i) => (i < 24 ? LABEL_ZERO : LATER + i)),
          exposures: new Float64Array([
            8,
            exposed.step ?? 0,
            ONE,
            exposed.iova,
            exposed.phys,
            exposed.size,
            exposed.label,
            0,
            RW,
          ]),
        },
      ),
      ['confinement-read'],
    )[0]?.breaks.map(({ cause, evidence: { iova, count, place } }) => [cause, iova, count, place]);
  const NEVER = 'the bounce buffer of a map that failed';

  test.each<[string, Exposed, unknown[]]>([
    ['what the CPU wrote to what it maps, wherever', ofM(0x90, 64, A), []],
    ['and no byte more', ofM(0x90, 70, A), [['never-cleared', 0xf0d0, 6, NEVER]]],
    ['what it wrote to the other buffer', ofM(0x90, 4, B), [['never-cleared', 0xf090, 4, NEVER]]],
    ['what the buffer holds, where it was copied', ofM(0x10, 24, LABEL_ZERO), []],
    ['not what it holds elsewhere', ofM(0x10, 32, LABEL_ZERO), [['not-cleaned', 0xf028, 8, NEVER]]],
    ['the rest of what it holds', ofM(0x28, 8, LATER + 24), []],
    ['and behind what was copied', ofM(0x28, 9, LATER + 24), [['never-cleared', 0xf030, 1, NEVER]]],
    ['in front of what was copied', ofM(0xf, 2, LABEL_ZERO), [['never-cleared', 0xf00f, 1, NEVER]]],
    ['what a copy that begins in front of it has put there', ofM(0x110, 24, LABEL_ZERO), []],
    ['and what is in front of that', ofM(0x10f, 2, LABEL_ZERO), [['not-cleaned', 0xf10f, 1, NEVER]]],
    ['what a copy that ends behind it has put there', ofM(0x228, 24, LATER + 40), []],
    ['and what is behind that', ofM(0x228, 30, LATER + 40), [['not-cleaned', 0xf240, 6, NEVER]]],
    [
      'in a later step nothing is its own',
      { ...ofM(0x90, 64, A), step: 1 },
      [['never-cleared', 0xf090, 64, NEVER]],
    ],
    ['where it stands itself', { ...ofM(0x10, 24, LABEL_ZERO), phys: 0x200010 }, []],
    [
      'and behind it',
      { ...ofM(0x10, 65, LATER), phys: 0x200010 },
      [['outside-the-buffers', 0xf010, 24 + 1, 'outside the pool']],
    ],
  ])('%s', (_, exposed, breaks) => {
    expect(failing(exposed)).toEqual(breaks);
  });
});

test('what the CPU had in the buffer before it wrote it again is not what it gave', () => {
  /** The CPU writes a again in step 0; the map of step 1 shows the device what was there at first. */
  const again = caseOf(`
device: { untrusted: true }
buffers: { a: { size: 64, at: 0x200010 } }
steps:
  - cpu_write: a
  - map_page: { id: m, buffer: a, dir: TO_DEVICE }
`);
  const judged = (label: number): unknown =>
    judge(
      logged(
        (log) => {
          for (const [step, first] of [
            [-1, A],
            [0, LATER],
          ] as const) {
            log.step = step;
            log.push(EV.cpu_write, -1, 0, 0, 64, written(log, first, 64), 0x200010);
          }
          log.step = 1;
          log.result(log.push(EV.iommu_map, ONE, IOVA_M, TLB_M, 0x1000, RW), 0);
        },
        again,
        {
          steps: [outcome('done', 1, 2), outcome('done', 2, 3, [{ address: IOVA_M + 0x10, length: 64 }])],
          views: [
            { step: -1, of: 'buffer', index: 0, start: 0, size: 64 },
            { step: 0, of: 'buffer', index: 0, start: 64, size: 64 },
          ],
          viewLabels: Uint32Array.from({ length: 128 }, (_, i) => (i < 64 ? A + i : LATER + i - 64)),
          exposures: new Float64Array([3, 1, ONE, IOVA_M + 0x10, TLB_M + 0x10, 64, label, 0, RW]),
        },
      ),
      ['confinement-read'],
    )[0]?.breaks.map(({ evidence: { count } }) => count);
  expect([judged(LATER), judged(A)]).toEqual([[], [64]]);
});
