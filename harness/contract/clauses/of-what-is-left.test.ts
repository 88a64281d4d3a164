// SPDX-License-Identifier: GPL-2.0-only
/** Clauses about what is left of maps, from outcomes written by hand: all of the evidence. */
import { describe, expect, test } from '@jest/globals';
import { EV } from '../../machine/event-log.ts';
import type { Held, Leftover, Recording } from '../../run/recording.ts';
import { outcome } from '../testing/recordings.ts';
import { BOTH, done, nothing, said, two } from '../testing/two-maps.ts';

describe('revocation', () => {
  const judged = (leftovers: readonly Leftover[], instead: Partial<Recording> = {}, machine = ''): unknown =>
    said(
      'revocation',
      two('', '', machine),
      (log) => {
        for (const step of [1, 2, 5]) {
          log.step = step;
          log.push(EV.iommu_flush_iotlb_all, step === 5 ? 1 : 0);
        }
      },
      { steps: BOTH.with(5, outcome('done', 2, 3)), leftovers, ...instead },
    );
  const left = (step: number, mapping = 1, inPageTable = true): Leftover => ({
    step,
    device: mapping,
    iova: 0xe000,
    phys: 0x300000,
    mapping,
    inPageTable,
  });
  const evidence = { step: 4, mapping: 1, device: 1, iova: 0xe000, phys: 0x300000, count: 1 };
  test.each<[string, Leftover[], unknown]>([
    ['nothing is left', [], 'holds'],
    ['after its unmap', [left(4)], [['page-table-entry-left', evidence]]],
    ['in the IOTLB', [left(4, 1, false)], [['iotlb-not-synced', evidence]]],
    ['later', [left(5)], 'holds'],
    ['earlier', [left(3)], 'holds'],
    [
      'of the other mapping',
      [left(3, 0)],
      [['page-table-entry-left', { ...evidence, step: 3, mapping: 0, device: 0 }]],
    ],
  ])('%s', (_, leftovers, expected) => {
    expect(judged(leftovers)).toEqual(expected);
  });

  test('where it is revoked lazily: at the flush', () => {
    const lazy = { flushQueue: [false, true] };
    expect(judged([left(4)], lazy, 'strict: false')).toBe('holds');
    expect(judged([left(5)], lazy, 'strict: false')).toEqual([
      ['page-table-entry-left', { ...evidence, step: 5 }],
    ]);
  });

  test('a map that failed, and a step that was not come to', () => {
    const failed = { steps: BOTH.with(1, outcome('failed', 0, 1)).with(2, outcome('failed', 1, 2)) };
    expect(judged([left(4)], failed)).toBe('not-exercised');
    expect(judged([], { crash: { kind: 'kernel-bug', step: 3, event: 2 } })).toBe('not-exercised');
    expect(judged([], { crash: { kind: 'kernel-bug', step: 4, event: 2 } })).toBe('holds');
  });
});

describe('what is taken', () => {
  const held = (slots: number, granules: number[], iovas: number[], queued: number[] = []): Held => ({
    slots,
    granules,
    iovas,
    queued,
  });

  describe('no-leftovers', () => {
    const judged = (last: Held, instead: Partial<Recording> = {}, yaml = two()): unknown =>
      said('no-leftovers', yaml, nothing, {
        steps: BOTH.with(5, { ...outcome('done', 2, 2), held: last }),
        ...instead,
      });
    const at = { step: 5 };
    test.each<[Held, unknown]>([
      [held(0, [0, 0], [0, 0], [0, 0]), 'holds'],
      [held(1, [], []), [['slots-left', { ...at, count: 1 }]]],
      [held(0, [0, 1], [0, 0]), [['iommu-pages-left', { ...at, device: 1, count: 1 }]]],
      [held(0, [2, 0], [0, 0]), [['iommu-pages-left', { ...at, device: 0, count: 2 }]]],
      [held(0, [0, 0], [0, 1]), [['iova-left', { ...at, device: 1, count: 1 }]]],
      [held(0, [0, 0], [3, 0]), [['iova-left', { ...at, device: 0, count: 3 }]]],
      [held(1, [1, 1], [1, 1], [0, 1]), 'not-exercised'],
    ])('%j', (last, expected) => {
      expect(judged(last)).toEqual(expected);
    });

    test('while a mapping is there, after a crash, and where there was none', () => {
      const kept = two().replace('  - unmap_page: n\n', '');
      const some = held(1, [1, 1], [1, 1]);
      expect(judged(some, {}, kept)).toBe('not-exercised');
      const failed = {
        steps: BOTH.with(2, outcome('failed', 1, 2)).with(5, { ...outcome('done', 2, 2), held: some }),
      };
      expect(judged(some, failed, kept)).toMatchObject([
        ['slots-left', {}],
        ['iommu-pages-left', {}],
        ['iova-left', {}],
      ]);
      expect(judged(some, { crash: { kind: 'kernel-bug', step: 5, event: 2 } })).toBe('not-exercised');
      expect(
        said('no-leftovers', 'buffers: { a: { size: 64 } }\nsteps: [{ cpu_read: a }]', nothing, {}),
      ).toBe('not-exercised');
      expect(said('no-leftovers', two(), nothing, { steps: BOTH.slice(0, 4) })).toBe('not-exercised');
    });
  });

  describe('failed-map-harmless', () => {
    const judged = (before: Held, after: Held, flush = false): unknown =>
      said(
        'failed-map-harmless',
        two(),
        (log) => {
          if (flush) log.push(EV.iommu_flush_iotlb_all, 1);
          else log.push(EV.iommu_iotlb_sync, 1);
          log.push(EV.iommu_iotlb_sync, 1);
        },
        {
          steps: BOTH.with(1, { ...done(0, 0, 0xf010, 64), held: before }).with(2, {
            ...outcome('failed', 0, 1),
            held: after,
          }),
        },
      );
    const evidence = (count: number): object => ({ step: 2, mapping: 1, count });
    const before = held(5, [9, 6], [9, 7], [0, 3]);
    test.each<[string, Held, unknown]>([
      ['as it was', before, 'holds'],
      ['less', held(4, [9, 5], [9, 6], [0, 3]), 'holds'],
      ['a slot more', held(6, [9, 6], [9, 7], [0, 3]), [['slots-kept', evidence(1)]]],
      ['two granules more', held(5, [9, 8], [9, 7], [0, 3]), [['pages-kept', evidence(2)]]],
      ['of another device', held(5, [11, 6], [11, 7], [2, 3]), 'holds'],
      ['two ranges more', held(5, [9, 6], [9, 9], [0, 3]), [['iova-kept', evidence(2)]]],
      ['two ranges more, which wait for the flush', held(5, [9, 6], [9, 9], [0, 5]), 'holds'],
      ['one of them does', held(5, [9, 6], [9, 9], [0, 4]), [['iova-kept', evidence(1)]]],
    ])('%s', (_, after, expected) => {
      expect(judged(before, after)).toEqual(expected);
    });

    test('after a flush nobody can tell ranges that were freed', () => {
      expect(judged(before, held(5, [9, 6], [9, 9], [0, 3]), true)).toBe('holds');
    });

    test('in the first step, nothing was taken before', () => {
      const yaml = two().replace('  - cpu_read: a\n', '');
      const steps = [{ ...outcome('failed', 0, 0), held: held(1, [1], [1], [0]) }];
      expect(said('failed-map-harmless', yaml, nothing, { steps })).toEqual([
        ['slots-kept', { step: 0, mapping: 0, count: 1 }],
        ['pages-kept', { step: 0, mapping: 0, count: 1 }],
        ['iova-kept', { step: 0, mapping: 0, count: 1 }],
      ]);
    });
  });
});
