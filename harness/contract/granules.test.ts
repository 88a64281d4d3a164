// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { boundaryPadding, granulesOf } from './granules.ts';
import { caseOf } from './testing/judging.ts';

const hex = (granules: Set<number>): string[] => [...granules].map((at) => `0x${at.toString(16)}`);

describe('granulesOf', () => {
  const page = (granule: number, at: string, size: number): string => `
machine: { granule: ${granule}, pageSize: ${Math.max(4096, granule)} }
buffers: { a: { size: ${size}, at: ${at} } }
steps: [{ map_page: { id: m, buffer: a, dir: TO_DEVICE } }]
`;
  test.each([
    [4096, '0x200000', 4096, ['0x200000']],
    [4096, '0x200000', 4097, ['0x200000', '0x201000']],
    [4096, '0x200fff', 1, ['0x200000']],
    [4096, '0x200fff', 2, ['0x200000', '0x201000']],
    [4096, '0x200800', 8192, ['0x200000', '0x201000', '0x202000']],
    [512, '0x200800', 513, ['0x200800', '0x200a00']],
    [65536, '0x20ffff', 2, ['0x200000', '0x210000']],
  ])('granule %i, at %s, %i bytes', (granule, at, size, granules) => {
    expect(hex(granulesOf(caseOf(page(granule, at, size)), 0))).toEqual(granules);
  });

  test('every entry of a list, each granule once', () => {
    const yaml = `
buffers: { a: { size: 8192, at: 0x200000 }, b: { size: 64, at: 0x300fe0 } }
steps:
  - map_sg: { id: m, sgl: [{ buffer: a, offset: 64, size: 64 }, { buffer: a, offset: 512, size: 64 }, b], dir: TO_DEVICE }
`;
    expect(hex(granulesOf(caseOf(yaml), 0))).toEqual(['0x200000', '0x300000', '0x301000']);
  });

  test('a mapping that is not there has none', () => {
    expect(hex(granulesOf(caseOf(page(4096, '0x200000', 64)), 7))).toEqual([]);
  });
});

// iommu_dma_map_sg(): before an entry, pad = bytes from the total so far to the next boundary; if
// pad is not 0 and below the entry's whole granules minus one byte, the entry before grows by pad.
describe('boundaryPadding', () => {
  const list = (boundary: string, entries: [string, string][], device = ''): string => `
device: { segBoundary: ${boundary}${device} }
buffers:
${entries.map(([at, size], i) => `  b${i}: { at: ${at}, size: ${size} }\n`).join('')}
steps: [{ map_sg: { id: m, sgl: [${entries.map((_, i) => `b${i}`).join(', ')}], dir: TO_DEVICE } }]
`;
  const run = (from: number, count: number): string[] =>
    Array.from({ length: count }, (_, i) => `0x${(from + i * 4096).toString(16)}`);

  test.each<[string, [string, string][], string[]]>([
    // 0x9000 so far, 0x7000 to 64 KiB; 0x8000 do not fit in there.
    [
      'the second does not fit',
      [
        ['0x200000', '0x9000'],
        ['0x300000', '0x8000'],
      ],
      run(0x209000, 7),
    ],
    // 0x7000 fit exactly: 0x7000 is not below 0x6fff.
    [
      'the second fits exactly',
      [
        ['0x200000', '0x9000'],
        ['0x300000', '0x7000'],
      ],
      [],
    ],
    // One byte more makes it 0x8000.
    [
      'one byte too many',
      [
        ['0x200000', '0x9000'],
        ['0x300000', '0x7001'],
      ],
      run(0x209000, 7),
    ],
    // An offset counts: 0x800 + 0x6801 are 0x8000 in whole granules.
    [
      'with an offset',
      [
        ['0x200000', '0x9000'],
        ['0x300800', '0x6801'],
      ],
      run(0x209000, 7),
    ],
    // The first one's own offset: 0x800 + 0x8801 are 0xa000, which ends at 0x20a000; 0x6000 are left.
    [
      'behind an offset',
      [
        ['0x200800', '0x8801'],
        ['0x300000', '0x8000'],
      ],
      run(0x20a000, 6),
    ],
    // 0x10000 so far: nothing is left to pad.
    [
      'at the boundary',
      [
        ['0x200000', '0x10000'],
        ['0x300000', '0x8000'],
      ],
      [],
    ],
    // 0x9000, padded to 0x10000, + 0x8000 = 0x18000; 0x8000 are left; 0x9000 do not fit: the second is padded, too.
    [
      'twice',
      [
        ['0x200000', '0x9000'],
        ['0x300000', '0x8000'],
        ['0x400000', '0x9000'],
      ],
      [...run(0x209000, 7), ...run(0x308000, 8)],
    ],
    // 0x1000 is in the way: 0x9000 + 0x1000 = 0xa000, 0x6000 are left behind the second.
    [
      'behind the entry before, not the first',
      [
        ['0x200000', '0x9000'],
        ['0x300000', '0x1000'],
        ['0x400000', '0x8000'],
      ],
      run(0x301000, 6),
    ],
    ['a single entry', [['0x200000', '0x9000']], []],
  ])('%s', (_, entries, granules) => {
    expect(hex(boundaryPadding(caseOf(list('0xffff', entries)), 0))).toEqual(granules);
  });

  const TWO: [string, string][] = [
    ['0x200000', '0x9000'],
    ['0x300000', '0x8000'],
  ];

  test.each([
    ['a boundary that is far away', '0xffffffff'],
    ['no boundary', "'0xffffffffffffffff'"],
    // Whole granules never stand off a boundary of half a granule.
    ['a boundary below the granule', '0x7ff'],
  ])('none: %s', (_, boundary) => {
    expect(hex(boundaryPadding(caseOf(list(boundary, TWO)), 0))).toEqual([]);
  });

  test('none: map_page', () => {
    const yaml = `
device: { segBoundary: 0xfff }
buffers: { a: { size: 0x9000 } }
steps: [{ map_page: { id: m, buffer: a, dir: TO_DEVICE } }]
`;
    expect(hex(boundaryPadding(caseOf(yaml), 0))).toEqual([]);
  });
});
