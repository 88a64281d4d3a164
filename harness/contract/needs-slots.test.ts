// SPDX-License-Identifier: GPL-2.0-only
/** How many slots a mapping needs and whether there was room for them, from recordings written by hand. */
import { describe, expect, test } from '@jest/globals';
import { POOL_START, SLOT_SIZE } from '../machine/config.ts';
import { EV } from '../machine/event-log.ts';
import { DMA_TO_DEVICE } from '../machine/vocabulary.ts';
import { slotsAt, type Room } from './needs.ts';
import { caseOf } from './testing/judging.ts';
import { logged } from './testing/recordings.ts';
import { machine, type Write } from './testing/rooms.ts';

describe('slots', () => {
  /** So many slots are taken from slot `first` on, and `released` is what releases them. */
  const take =
    (first: number, slots: number): Write =>
    (log) => {
      const index = log.push(EV.swiotlb_tbl_map_single, 1, 0x300000, 64, slots * SLOT_SIZE, 0, 0, 0);
      log.result(index, POOL_START + first * SLOT_SIZE);
    };
  const release =
    (first: number): Write =>
    (log) => {
      log.push(EV.swiotlb_tbl_unmap_single, 1, POOL_START + first * SLOT_SIZE, 64, DMA_TO_DEVICE, 0);
    };
  const ask =
    (phys: number, mappingSize: number, allocSize: number): Write =>
    (log) => {
      log.result(
        log.push(EV.swiotlb_tbl_map_single, 0, phys, mappingSize, allocSize, 0, DMA_TO_DEVICE, 0),
        -1,
      );
    };
  /** Of the call number `at`, the last one by default, for mapping 0. */
  function roomOf(yaml: string, writes: readonly Write[], mapping = 0, at?: number): Room {
    const run = logged((log) => {
      for (const write of writes) write(log);
    }, caseOf(yaml));
    const calls = run.events.of('swiotlb_tbl_map_single');
    const call = at === undefined ? calls.at(-1) : calls[at];
    if (call === undefined) throw new Error('nobody asks');
    return slotsAt(run, mapping, call);
  }
  /** 4096 bytes of a granule: two slots. */
  const PAGE = machine('', '', 'size: 4096, at: 0x200000');
  const page = ask(0x200000, 4096, 4096);

  test('of an empty pool', () => {
    expect(roomOf(PAGE, [page])).toEqual({
      asked: 2,
      used: 0,
      free: 128,
      needed: 2,
      fits: true,
      everFits: true,
    });
  });

  test.each([
    [0x200000, 2048, 1],
    [0x200001, 2048, 2],
    [0x200001, 2047, 1],
    [0x2007ff, 2, 2],
    [0x200800, 4096, 2],
  ])('asked for at %i of %i bytes where low bits are kept', (phys, size, asked) => {
    const yaml = machine('', ', minAlignMask: 0xfff', `size: ${size}, at: ${phys}`);
    expect(roomOf(yaml, [ask(phys, size, size)]).asked).toBe(asked);
  });

  test.each<[string, Write[], number, boolean]>([
    ['all but the last two', [take(0, 126)], 126, true],
    ['all but the last one', [take(0, 127)], 127, false],
    ['all but the first two', [take(2, 126)], 126, true],
    ['all but the first one', [take(1, 127)], 127, false],
    ['all but two that do not begin a granule', [take(0, 3), take(5, 123)], 126, false],
    ['all but two that do', [take(0, 4), take(6, 122)], 126, true],
    ['all but two apart', [take(1, 60), take(62, 66)], 126, false],
    ['all', [take(0, 128)], 128, false],
  ])('taken: %s', (_, taken, used, fits) => {
    expect(roomOf(PAGE, [...taken, page])).toEqual({
      asked: 2,
      used,
      free: 128 - used,
      needed: 2,
      fits,
      everFits: true,
    });
  });

  test('what was released before the call is free, what was taken or released after it counts as it was then', () => {
    expect(roomOf(PAGE, [take(0, 128), release(0), page])).toMatchObject({ used: 0, fits: true });
    expect(roomOf(PAGE, [take(0, 128), page, release(0)], 0, 1)).toMatchObject({ used: 128, fits: false });
    expect(roomOf(PAGE, [page, take(0, 128)], 0, 0)).toMatchObject({ used: 0, fits: true });
  });

  describe('what is needed', () => {
    test.each<[string, string, string, string, Write, number, number]>([
      // [what, machine, device, buffer, call, asked, needed]
      ['a byte', '', '', 'size: 1, at: 0x200000', ask(0x200000, 1, 1), 1, 2],
      ['a granule', '', '', 'size: 4096, at: 0x200000', ask(0x200000, 4096, 4096), 2, 2],
      ['a byte more than a granule', '', '', 'size: 4097, at: 0x200000', ask(0x200000, 4097, 4097), 3, 4],
      // The offset is not kept without a mask: 256 bytes at the end of a granule fit into one.
      ['over the end of a granule', '', '', 'size: 256, at: 0x200f80', ask(0x200f80, 256, 8192), 4, 2],
      [
        'kept at its offset',
        '',
        ', minAlignMask: 4095',
        'size: 256, at: 0x200f80',
        ask(0x200f80, 256, 8192),
        5,
        4,
      ],
      [
        'kept at its offset, and just fits',
        '',
        ', minAlignMask: 4095',
        'size: 128, at: 0x200f80',
        ask(0x200f80, 128, 2048),
        2,
        2,
      ],
      [
        'kept at its offset of one byte',
        '',
        ', minAlignMask: 4095',
        'size: 4096, at: 0x200001',
        ask(0x200001, 4096, 8192),
        5,
        4,
      ],
      [
        'bits that the mask has not',
        '',
        ', minAlignMask: 511',
        'size: 3713, at: 0x200f80',
        ask(0x200f80, 3713, 3713),
        3,
        4,
      ],
      [
        'of a large granule',
        ', pageSize: 65536, granule: 65536',
        '',
        'size: 1, at: 0x200000',
        ask(0x200000, 1, 1),
        1,
        32,
      ],
      [
        'of a trusted device, which reaches no more than slots',
        '',
        ', untrusted: false',
        'size: 2049, at: 0x200000',
        ask(0x200000, 2049, 2049),
        2,
        2,
      ],
      [
        'the same, of one slot',
        '',
        ', untrusted: false',
        'size: 2048, at: 0x200000',
        ask(0x200000, 2048, 2048),
        1,
        1,
      ],
    ])('%s', (_, settings, device, buffer, call, asked, needed) => {
      const yaml = machine(settings, device, buffer).replace('untrusted: true, untrusted', 'untrusted');
      expect(roomOf(yaml, [call])).toEqual({
        asked,
        used: 0,
        free: 128,
        needed,
        fits: true,
        everFits: true,
      });
    });

    test('by the buffer that the call is about, which may begin at its granule', () => {
      // The call is for the whole granule; the buffer is 64 bytes at 0x200f80.
      const yaml = machine('', ', minAlignMask: 4095', 'size: 64, at: 0x200f80');
      expect(roomOf(yaml, [ask(0x200000, 4096, 4096)]).needed).toBe(2);
      // The call is for the granule behind it: it says itself what it is about.
      expect(roomOf(yaml, [ask(0x201000, 4097, 4097)]).needed).toBe(4);
      // And so does one that ends where the buffer begins, or begins where it ends.
      expect(roomOf(yaml, [ask(0x200f00, 4097, 128)]).needed).toBe(4);
      expect(roomOf(yaml, [ask(0x200fc0, 4097, 128)]).needed).toBe(4);
      expect(roomOf(yaml, [ask(0x200f00, 4097, 129)]).needed).toBe(2);
      expect(roomOf(yaml, [ask(0x200fbf, 4097, 128)]).needed).toBe(2);
    });

    test('of a list, by the entry that the call is about', () => {
      const yaml = `
machine: { swiotlbSlots: 128 }
device: { untrusted: true }
buffers: { a: { size: 64, at: 0x200000 }, b: { size: 8192, at: 0x210000 } }
steps: [{ map_sg: { id: m, sgl: [a, { buffer: b, offset: 100, size: 8092 }], dir: TO_DEVICE } }]
`;
      expect(roomOf(yaml, [ask(0x210064, 8092, 8092)]).needed).toBe(4);
      expect(roomOf(yaml, [ask(0x200000, 64, 64)]).needed).toBe(2);
    });
  });

  test('a segment of 128 slots is all that is ever given in one piece', () => {
    const whole = (size: number): string => machine('', '', `size: ${size}, at: 0x200000`);
    const two = (size: number): string => whole(size).replace('128', '256');
    expect(roomOf(whole(0x40000), [ask(0x200000, 0x40000, 0x40000)])).toMatchObject({
      asked: 128,
      needed: 128,
      fits: true,
      everFits: true,
    });
    expect(roomOf(two(0x40001), [ask(0x200000, 0x40001, 0x40001)])).toMatchObject({
      asked: 129,
      needed: 130,
      free: 256,
      fits: false,
      everFits: false,
    });
    // Two slots that are free, but in two segments.
    const taken = [take(0, 127), take(129, 127)];
    const small = machine('', ', untrusted: false', 'size: 4096, at: 0x200000')
      .replace('128', '256')
      .replace('untrusted: true, untrusted', 'untrusted');
    expect(roomOf(small, [...taken, page])).toMatchObject({ used: 254, free: 2, needed: 2, fits: false });
    expect(roomOf(small, [take(0, 126), take(129, 127), page])).toMatchObject({ used: 253, fits: true });
  });

  test('bits above a slot that the device insists on', () => {
    // The pool begins at 16 MiB; the buffer has bit 13 set, and bit 12 clear, and so must its slots: 4 and 5, 12 and 13, …
    const yaml = machine('', ', minAlignMask: 0x3fff', 'size: 4096, at: 0x202000');
    const call = ask(0x202000, 4096, 4096);
    const free = (first: number): Write[] => [take(0, first), take(first + 2, 126 - first), call];
    expect([2, 4, 6, 8, 12].map((first) => roomOf(yaml, free(first)).fits)).toEqual([
      false,
      true,
      false,
      false,
      true,
    ]);
  });

  describe('a segment boundary', () => {
    /** 8 KiB windows; two granules at an even number of them. */
    const boundary = (a: string): string => machine('', ', segBoundary: 0x1fff', a);

    test('that nothing of that size keeps', () => {
      expect(roomOf(boundary('size: 8192, at: 0x200000'), [ask(0x200000, 8192, 8192)])).toMatchObject({
        needed: 4,
        fits: true,
        everFits: true,
      });
      expect(roomOf(boundary('size: 8193, at: 0x200000'), [ask(0x200000, 8193, 8193)])).toMatchObject({
        needed: 6,
        fits: false,
        everFits: false,
      });
    });

    test('that what is free crosses', () => {
      const yaml = boundary('size: 8192, at: 0x200000');
      const call = ask(0x200000, 8192, 8192);
      expect(roomOf(yaml, [take(0, 2), take(6, 122), call])).toMatchObject({ fits: false, everFits: true });
      expect(roomOf(yaml, [take(0, 4), take(8, 120), call])).toMatchObject({ fits: true });
    });

    test('counts from the byte that is kept', () => {
      // 4096 bytes at 0x800 in a granule end in the next one: they cross a window of 4 KiB.
      const yaml = machine('', ', minAlignMask: 4095, segBoundary: 0xfff', 'size: 2048, at: 0x200800');
      expect(roomOf(yaml, [ask(0x200800, 2048, 2048)])).toMatchObject({ needed: 2, everFits: true });
      const over = yaml.replace('size: 2048', 'size: 2049');
      expect(roomOf(over, [ask(0x200800, 2049, 2049)])).toMatchObject({ needed: 4, everFits: false });
    });

    test('of 64 bits is none', () => {
      const yaml = machine('', ', segBoundary: 0xffffffffffffffff', 'size: 0x40000, at: 0x200000');
      expect(roomOf(yaml, [ask(0x200000, 0x40000, 0x40000)])).toMatchObject({ needed: 128, fits: true });
    });
  });
});
