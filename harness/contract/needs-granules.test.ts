// SPDX-License-Identifier: GPL-2.0-only
/** How many granules a mapping needs and whether there was room for them, from recordings written by hand. */
import { describe, expect, test } from '@jest/globals';
import { EV } from '../machine/event-log.ts';
import type { Run } from '../run/run.ts';
import { granulesAt, type Room } from './needs.ts';
import { caseOf } from './testing/judging.ts';
import { logged, outcome } from './testing/recordings.ts';
import { machine, type Write } from './testing/rooms.ts';

describe('granules of bus addresses', () => {
  interface Asked {
    readonly pages: number;
    readonly pfn: number;
    readonly device?: number;
  }
  const alloc =
    ({ pages, pfn, device = 0 }: Asked): Write =>
    (log) => {
      log.result(log.push(EV.alloc_iova_fast, device, pages, 0xfffff), pfn);
    };
  const free =
    ({ pages, pfn, device = 0 }: Asked): Write =>
    (log) => {
      log.push(EV.free_iova_fast, device, pfn, pages);
    };
  const inStep =
    (step: number, write: Write): Write =>
    (log) => {
      log.step = step;
      write(log);
    };
  const failed = (pages: number): Write => alloc({ pages, pfn: 0 });

  function runOf(
    yaml: string,
    writes: readonly Write[],
    held: readonly number[][] = [],
    ends: number[] = [],
  ): Run {
    const steps = ends.map((to, step) => {
      const made = outcome('done', ends[step - 1] ?? 0, to);
      return { ...made, held: { ...made.held, iovas: held[step] ?? [] } };
    });
    return logged(
      (log) => {
        for (const write of writes) write(log);
      },
      caseOf(yaml),
      { steps },
    );
  }
  function roomOf(
    yaml: string,
    writes: readonly Write[],
    { mapping = 0, held = [] as number[][], ends = [] as number[], at = -1 } = {},
  ): Room {
    const run = runOf(yaml, writes, held, ends);
    const call = run.events.of('alloc_iova_fast').at(at);
    if (call === undefined) throw new Error('nobody asks');
    return granulesAt(run, mapping, call);
  }
  /** Granules 1 to 15 of 4 KiB. */
  const SPACE = machine('', ', dmaMask: 0xffff', 'size: 64, at: 0x200000');

  test('of an empty space: granule 0 is never given', () => {
    expect(roomOf(SPACE, [failed(1)])).toEqual({
      asked: 1,
      used: 0,
      free: 15,
      needed: 1,
      fits: true,
      everFits: true,
    });
  });

  test.each<[string, string, number]>([
    ['a mask that ends with a granule', ', dmaMask: 0xffff', 15],
    // iommu_dma_alloc_iova(): dma_limit >> shift is the last one.
    ['a mask that ends in the middle of a granule', ', dmaMask: 0x107ff', 16],
    ['a base in granule 0', ', dmaMask: 0xffff, iovaBase: 0xfff', 15],
    ['a base', ', dmaMask: 0xffff, iovaBase: 0x4000', 12],
    ['64 bits', ', dmaMask: 0xffffffffffffffff', 2 ** 36 - 1],
  ])('%s', (_, device, count) => {
    expect(roomOf(machine('', device, 'size: 64, at: 0x200000'), [failed(1)])).toMatchObject({
      used: 0,
      free: count,
    });
  });

  describe('what is needed', () => {
    test.each<[string, string, string, number]>([
      ['a byte', '', 'size: 1, at: 0x200fff', 1],
      ['a granule', '', 'size: 4096, at: 0x200000', 1],
      ['a byte more', '', 'size: 4097, at: 0x200000', 2],
      ['bounced, its offset is not kept', '', 'size: 4096, at: 0x200800', 1],
      ['its offset is kept', ', minAlignMask: 4095', 'size: 2049, at: 0x200800', 2],
      ['its offset is kept, and it just fits', ', minAlignMask: 4095', 'size: 2048, at: 0x200800', 1],
      ['of the offset, what the mask names', ', minAlignMask: 1023', 'size: 4096, at: 0x200801', 2],
      ['the same, which is nothing', ', minAlignMask: 1023', 'size: 4096, at: 0x200800', 1],
    ])('%s', (_, device, buffer, needed) => {
      expect(roomOf(machine('', `, dmaMask: 0xffff${device}`, buffer), [failed(9)])).toMatchObject({
        asked: 9,
        needed,
      });
    });

    test.each<[string, string, string]>([
      ['trusted', '', 'untrusted: false'],
      ['without CONFIG_SWIOTLB', ', swiotlb: false', 'untrusted: true'],
    ])('not bounced, its offset is kept: %s', (_, settings, device) => {
      const yaml = machine(settings, ', dmaMask: 0xffff', 'size: 2049, at: 0x200800');
      expect(roomOf(yaml.replace('untrusted: true', device), [failed(2)]).needed).toBe(2);
    });

    /** Entries of one, two and three granules. */
    const LIST = `
device: { dmaMask: 0xffff }
buffers: { a: { size: 64 }, b: { size: 0x2000 }, c: { size: 0x3000 } }
steps: [{ map_sg: { id: m, sgl: [a, b, c], dir: TO_DEVICE } }]
`;
    test.each<[string, Write[], number]>([
      ['the list at once', [failed(6)], 6],
      ['more than the list', [failed(8)], 6],
      ['less: the first entry', [failed(5)], 1],
      ['the second', [alloc({ pages: 1, pfn: 15 }), failed(2)], 2],
      ['the second, though it asks for much', [alloc({ pages: 1, pfn: 15 }), failed(8)], 2],
      ['the third', [alloc({ pages: 1, pfn: 15 }), alloc({ pages: 2, pfn: 13 }), failed(4)], 3],
      ['the second, tried again', [alloc({ pages: 1, pfn: 15 }), failed(2), failed(2)], 2],
      [
        'one that there is not: the list',
        [1, 2, 3].map((pfn) => alloc({ pages: 1, pfn })).concat(failed(1)),
        6,
      ],
    ])('of a list: %s', (_, writes, needed) => {
      expect(roomOf(LIST, writes, { ends: [writes.length] }).needed).toBe(needed);
    });

    test('what earlier operations were given does not count', () => {
      const writes = [alloc({ pages: 1, pfn: 15 }), inStep(1, failed(1))];
      const yaml = LIST.replace('steps: [', 'steps: [{ cpu_read: a }, ');
      expect(roomOf(yaml, writes, { ends: [1, 2] }).needed).toBe(1);
    });
  });

  describe('what is used', () => {
    const four = machine('', ', dmaMask: 0xffff', 'size: 0x4000, at: 0x200000');
    test.each<[string, Write[], number, boolean]>([
      ['nothing', [], 0, true],
      ['1 to 11: four are left', [alloc({ pages: 11, pfn: 1 })], 11, true],
      ['1 to 12: three are left', [alloc({ pages: 12, pfn: 1 })], 12, false],
      ['5 to 15', [alloc({ pages: 11, pfn: 5 })], 11, true],
      ['4 to 15', [alloc({ pages: 12, pfn: 4 })], 12, false],
      ['in the middle, four behind', [alloc({ pages: 8, pfn: 4 })], 8, true],
      ['in the middle, three and three', [alloc({ pages: 9, pfn: 4 })], 9, false],
      ['four in between', [alloc({ pages: 8, pfn: 8 }), alloc({ pages: 3, pfn: 1 })], 11, true],
      ['three in between', [alloc({ pages: 8, pfn: 8 }), alloc({ pages: 4, pfn: 1 })], 12, false],
      ['given back', [alloc({ pages: 15, pfn: 1 }), free({ pages: 15, pfn: 1 })], 0, true],
      ['something else given back', [alloc({ pages: 15, pfn: 1 }), free({ pages: 1, pfn: 2 })], 15, false],
      [
        'given back by another device',
        [alloc({ pages: 15, pfn: 1 }), free({ pages: 15, pfn: 1, device: 1 })],
        15,
        false,
      ],
      ["another device's", [alloc({ pages: 15, pfn: 1, device: 1 })], 0, true],
      [
        'given back and given again',
        [alloc({ pages: 12, pfn: 1 }), free({ pages: 12, pfn: 1 }), alloc({ pages: 12, pfn: 1 })],
        12,
        false,
      ],
      ['nothing was given', [failed(15)], 0, true],
    ])('%s', (_, writes, used, fits) => {
      expect(roomOf(four, [...writes, failed(4)])).toEqual({
        asked: 4,
        used,
        free: 15 - used,
        needed: 4,
        fits,
        everFits: true,
      });
    });

    test('what is given back after the call was used at it', () => {
      const writes = [alloc({ pages: 15, pfn: 1 }), failed(4), free({ pages: 15, pfn: 1 })];
      expect(roomOf(four, writes)).toMatchObject({ used: 15, fits: false });
    });

    test('as much as there is, and a granule more', () => {
      const of = (size: number): string => machine('', ', dmaMask: 0xffff', `size: ${size}, at: 0x200000`);
      expect(roomOf(of(0xf000), [failed(15)])).toMatchObject({ needed: 15, fits: true, everFits: true });
      expect(roomOf(of(0x10000), [failed(16)])).toMatchObject({ needed: 16, fits: false, everFits: false });
    });
  });

  describe('what was given from granule 0 on is taken for a failure, and is lost', () => {
    /** Step 0 asks for eight granules in vain, and has one range afterwards; step 1 asks again. */
    const lost = (
      held: number[][],
      writes: readonly Write[] = [failed(8)],
      device = ', dmaMask: 0xffff',
    ): Room =>
      roomOf(machine('', device, 'size: 0x8000, at: 0x200000'), [...writes, inStep(1, failed(8))], {
        held,
        ends: [writes.length, writes.length + 1],
      });

    test('granules 1 to 7', () => {
      expect(lost([[1]])).toEqual({ asked: 8, used: 7, free: 8, needed: 8, fits: true, everFits: true });
    });

    test('nothing is held: nothing was lost', () => {
      expect(lost([[0]])).toMatchObject({ used: 0, free: 15 });
      expect(lost([[]])).toMatchObject({ used: 0, free: 15 });
      expect(lost([[0, 1]])).toMatchObject({ used: 0, free: 15 });
    });

    test('what is held is known', () => {
      expect(lost([[1]], [alloc({ pages: 2, pfn: 14 }), failed(8)])).toMatchObject({ used: 2, free: 13 });
      expect(lost([[2]], [alloc({ pages: 2, pfn: 14 }), failed(8)])).toMatchObject({
        used: 9,
        free: 6,
        fits: false,
      });
    });

    test('the last of the step that failed', () => {
      expect(lost([[1]], [failed(8), failed(3)])).toMatchObject({ used: 2 });
      expect(lost([[1]], [failed(8), alloc({ pages: 3, pfn: 1, device: 1 })])).toMatchObject({ used: 7 });
    });

    test('of the step after which more is held, not of a later one', () => {
      const room = roomOf(
        machine('', ', dmaMask: 0xffff', 'size: 0x8000, at: 0x200000'),
        [failed(8), inStep(1, failed(3)), inStep(2, failed(8))],
        { held: [[1], [1]], ends: [1, 2, 3] },
      );
      expect(room).toMatchObject({ used: 7, free: 8 });
    });

    test('one that the scenario made fail was given nothing', () => {
      const injected: Write = (log) => log.result(log.push(EV.alloc_iova_fast, 0, 4, 0xfffff), 0, true);
      expect(lost([[1]], [failed(8), injected])).toMatchObject({ used: 7 });
      expect(lost([[1]], [injected])).toMatchObject({ used: 0 });
    });

    test('below the base: none of it would be given anyway', () => {
      expect(lost([[1]], [failed(2)], ', dmaMask: 0xffff, iovaBase: 0x2000')).toMatchObject({
        used: 0,
        free: 14,
      });
      expect(lost([[1]], [failed(3)], ', dmaMask: 0xffff, iovaBase: 0x2000')).toMatchObject({
        used: 1,
        free: 13,
      });
    });
  });
});
