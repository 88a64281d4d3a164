// SPDX-License-Identifier: GPL-2.0-only
/** Clauses about what a map returns and installs, from outcomes written by hand: all of the evidence. */
import { describe, expect, test } from '@jest/globals';
import { EV } from '../../machine/event-log.ts';
import { IOMMU_CACHE, IOMMU_PRIV, IOMMU_READ, IOMMU_WRITE } from '../../machine/vocabulary.ts';
import type { Recording } from '../../run/recording.ts';
import { outcome } from '../testing/recordings.ts';
import { BOTH, nothing, said, two, type Write } from '../testing/two-maps.ts';

describe('direction', () => {
  const judged = (dir: string, prot: number, iommu = 'amd'): unknown =>
    said(
      'direction',
      two('', '', `iommu: ${iommu}`, dir),
      (log) => {
        log.push(EV.iommu_iotlb_sync, 0);
        log.result(log.push(EV.iommu_map, 1, 0xe000, 0x300000, 0x1000, prot), 0);
      },
      { steps: BOTH },
    );
  const evidence = {
    step: 2,
    mapping: 1,
    device: 1,
    iova: 0xe000,
    phys: 0x300000,
    count: 1,
  };
  test.each<[string, number, string, unknown]>([
    ['TO_DEVICE', IOMMU_READ, 'amd', 'holds'],
    ['TO_DEVICE', IOMMU_READ | IOMMU_WRITE, 'amd', [['writable', evidence]]],
    ['FROM_DEVICE', IOMMU_WRITE, 'amd', 'holds'],
    ['FROM_DEVICE', IOMMU_WRITE, 'arm', [['no-write-only-entries', evidence]]],
    ['FROM_DEVICE', IOMMU_READ | IOMMU_WRITE, 'arm', [['readable', evidence]]],
    ['FROM_DEVICE', IOMMU_READ | IOMMU_WRITE, 'amd', [['readable', evidence]]],
    ['BIDIRECTIONAL', IOMMU_READ | IOMMU_WRITE, 'amd', 'not-exercised'],
  ])('%s, %i, %s', (dir, prot, iommu, expected) => {
    expect(judged(dir, prot, iommu)).toEqual(expected);
  });
});

describe('attributes', () => {
  const evidence = { step: 2, event: 2, mapping: 1, device: 1, iova: 0xe000, count: 1 };
  const judged = (other: string, attrs: string, prot: number, instead: Partial<Recording> = {}): unknown =>
    said(
      'attributes',
      two('coherent: false', other, '', 'TO_DEVICE', attrs),
      (log) => {
        log.step = 1;
        log.result(log.push(EV.iommu_map, 0, 0xf000, 0x200000, 0x1000, IOMMU_READ), 0);
        log.push(EV.iommu_iotlb_sync, 0);
        log.step = 2;
        log.result(log.push(EV.iommu_map, 1, 0xe000, 0x300000, 0x1000, prot), 0);
      },
      { steps: BOTH, ...instead },
    );
  test.each<[string, string, number, unknown]>([
    ['', 'NONE', IOMMU_READ | IOMMU_CACHE, 'holds'],
    ['', 'NONE', IOMMU_READ, [['not-cacheable', evidence]]],
    ['coherent: false', 'NONE', IOMMU_READ, 'holds'],
    ['coherent: false', 'NONE', IOMMU_READ | IOMMU_CACHE, [['cacheable', evidence]]],
    ['', 'PRIVILEGED', IOMMU_CACHE | IOMMU_PRIV, 'holds'],
    ['', 'PRIVILEGED', IOMMU_CACHE, [['not-privileged', evidence]]],
    ['', 'NONE', IOMMU_CACHE | IOMMU_PRIV, [['privileged', evidence]]],
    [
      '',
      'NONE',
      IOMMU_PRIV,
      [
        ['not-cacheable', evidence],
        ['privileged', evidence],
      ],
    ],
  ])('{ %s }, %s, %i', (other, attrs, prot, expected) => {
    expect(judged(other, attrs, prot)).toEqual(expected);
  });

  test('not of a map that crashed, nor of a call in another step', () => {
    const crash = { kind: 'kernel-bug', step: 2, event: 2 } as const;
    expect(judged('', 'NONE', IOMMU_READ, { crash })).toBe('holds');
    const elsewhere: Write = (log) => {
      log.step = 3;
      log.result(log.push(EV.iommu_map, 1, 0xe000, 0x300000, 0x1000, IOMMU_READ), 0);
    };
    expect(said('attributes', two(), elsewhere, { steps: BOTH })).toBe('not-exercised');
  });
});

describe('bounce-only-if-needed', () => {
  const judged = (one: string, buffer: string, phys: number): unknown =>
    said(
      'bounce-only-if-needed',
      `
devices: { zero: {}, one: { ${one} } }
buffers: { a: { ${buffer} }, b: { size: 64, at: 0x400000 } }
steps:
  - cpu_read: b
  - map_sg: { id: m, sgl: [b, a], dir: TO_DEVICE, device: one }
  - cpu_read: a
`,
      (log) => {
        const ask = (at: number): void =>
          log.result(log.push(EV.swiotlb_tbl_map_single, 1, at, 64, 64, 0, 0, 0), 0x1000000);
        ask(phys);
        ask(phys);
        ask(phys);
      },
      { steps: [outcome('done', 0, 1), outcome('done', 1, 2), outcome('done', 2, 3)] },
    );
  const evidence = { step: 1, event: 1, mapping: 0, device: 1, phys: 0x200000, count: 1 };
  test.each<[string, string, number, unknown]>([
    ['', 'size: 4096, at: 0x200000', 0x200000, [['trusted-device', evidence]]],
    ['untrusted: true', 'size: 4096, at: 0x200000', 0x200000, [['aligned-buffer', evidence]]],
    ['untrusted: true', 'size: 4096, at: 0x200000', 0x400000, 'holds'],
    ['untrusted: true', 'size: 4095, at: 0x200000', 0x200000, 'not-exercised'],
    ['untrusted: true', 'size: 4096, at: 0x200001', 0x200001, 'not-exercised'],
  ])('{ %s }, { %s }, %i', (one, buffer, phys, expected) => {
    expect(judged(one, buffer, phys)).toEqual(expected);
  });
});

describe('min-align', () => {
  /** A list of 64 bytes at 0x200010 and 32 at 0x300120. */
  const judged = (mask: number, first: number, second: number, granule = 4096): unknown =>
    said(
      'min-align',
      `
machine: { pageSize: 65536, granule: ${granule} }
devices: { zero: {}, one: { untrusted: true, minAlignMask: ${mask} } }
buffers: { a: { size: 64, at: 0x200010 }, b: { size: 64, at: 0x300100 } }
steps:
  - cpu_read: a
  - map_sg: { id: m, sgl: [a, { buffer: b, offset: 0x20, size: 32 }], dir: TO_DEVICE, device: one }
`,
      nothing,
      {
        steps: [
          outcome('done', 0, 0),
          outcome('done', 0, 0, [
            { address: first, length: 64 },
            { address: second, length: 32 },
          ]),
        ],
      },
    );
  const evidence = { step: 1, mapping: 0, device: 1, count: 1 };
  const lost = (iova: number, phys: number): unknown => ['offset-lost', { ...evidence, iova, phys }];
  test.each<[number, number, number, unknown]>([
    [511, 0xf010, 0xe120, 'holds'],
    [511, 0xf210, 0xe320, 'holds'],
    [511, 0xf011, 0xe120, [lost(0xf011, 0x200010)]],
    [511, 0xf010, 0xe020, [lost(0xe020, 0x300120)]],
    [255, 0xf010, 0xe020, 'holds'],
    [0, 0xf011, 0xe121, 'not-exercised'],
    [4095, 0xf011, 0xe120, [lost(0xf011, 0x200010)]],
  ])('mask %i, at %i and %i', (mask, first, second, expected) => {
    expect(judged(mask, first, second)).toEqual(expected);
  });

  test('a mask of more than a granule', () => {
    expect(judged(8191, 0xf011, 0xe120)).toBe('not-exercised');
    expect(judged(8191, 0xe011, 0xc120, 8192)).toMatchObject([['offset-lost', {}]]);
  });
});

describe('segments', () => {
  /** Entries of 0x800 and 0x1000 bytes. */
  const judged = (device: string, segments: readonly [number, number][], op = 'map_sg'): unknown =>
    said(
      'segments',
      `
devices: { zero: {}, one: { ${device} } }
buffers: { a: { size: 0x800, at: 0x200800 }, b: { size: 0x1000, at: 0x300000 } }
steps:
  - cpu_read: a
  - ${op === 'map_sg' ? 'map_sg: { id: m, sgl: [a, b]' : 'map_page: { id: m, buffer: b'}, dir: TO_DEVICE, device: one }
`,
      nothing,
      {
        steps: [
          outcome('done', 0, 0),
          outcome(
            'done',
            0,
            0,
            segments.map(([address, length]) => ({ address, length })),
          ),
        ],
      },
    );
  const at = (iova: number): object => ({ step: 1, mapping: 0, device: 1, iova, count: 1 });
  test.each<[string, string, [number, number][], unknown]>([
    ['joined', 'maxSegSize: 0x1800', [[0xf800, 0x1800]], 'holds'],
    ['joined to too much', 'maxSegSize: 0x17ff', [[0xf800, 0x1800]], [['too-long', at(0xf800)]]],
    [
      'not joined',
      'maxSegSize: 0x1000',
      [
        [0xf800, 0x800],
        [0xe000, 0x1000],
      ],
      'holds',
    ],
    // The entry itself is longer.
    [
      'the driver’s own',
      'maxSegSize: 0xfff, segBoundary: 0x7ff',
      [
        [0xf800, 0x800],
        [0xe000, 0x1000],
      ],
      'holds',
    ],
    [
      'up to a boundary',
      'segBoundary: 0xfff',
      [
        [0xf800, 0x800],
        [0xe000, 0x1000],
      ],
      'holds',
    ],
    [
      'over a boundary',
      'segBoundary: 0xfff',
      [
        [0xf801, 0x800],
        [0xe000, 0x1000],
      ],
      [['crosses-boundary', at(0xf801)]],
    ],
    [
      'the second',
      'segBoundary: 0xfff',
      [
        [0xf800, 0x800],
        [0xe001, 0x1000],
      ],
      [['crosses-boundary', at(0xe001)]],
    ],
    ['joined over it', 'segBoundary: 0xfff', [[0xf800, 0x1800]], [['crosses-boundary', at(0xf800)]]],
    [
      'both',
      'segBoundary: 0xfff, maxSegSize: 0x1000',
      [[0xf800, 0x1800]],
      [
        ['too-long', at(0xf800)],
        ['crosses-boundary', at(0xf800)],
      ],
    ],
  ])('%s', (_, device, segments, expected) => {
    expect(judged(device, segments)).toEqual(expected);
  });

  test('entries that are too long by themselves, for both', () => {
    const device = 'maxSegSize: 0x7ff, segBoundary: 0x7ff';
    expect(
      judged(device, [
        [0xf801, 0x800],
        [0xe001, 0x1000],
      ]),
    ).toBe('not-exercised');
    expect(judged('maxSegSize: 0x7ff', [[0xf800, 0x1800]])).toBe('holds');
    expect(judged('segBoundary: 0x7ff', [[0xf800, 0x1800]])).toBe('holds');
  });

  test('no list: nobody joins', () => {
    expect(judged('segBoundary: 0xfff', [[0xe001, 0x1000]], 'map_page')).toBe('not-exercised');
  });
});
