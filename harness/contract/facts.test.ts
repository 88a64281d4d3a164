// SPDX-License-Identifier: GPL-2.0-only
/** What the clauses are told of a recording, from one that is written by hand. */
import { describe, expect, test } from '@jest/globals';
import { POOL_START } from '../machine/config.ts';
import { WARNINGS } from '../machine/crash.ts';
import { EV, type EventLog } from '../machine/event-log.ts';
import type { Recording } from '../run/recording.ts';
import { Facts, type MappingFacts, type Reach } from './facts.ts';
import { caseOf } from './testing/judging.ts';
import { logged, outcome } from './testing/recordings.ts';

/** Mapping 0, of `one`: 64 bytes of a, 32 of b, 48 of a again. Mapping 1, of `two`: 128 bytes of a. */
const YAML = `
machine: { swiotlbSlots: 128 }
devices: { one: { untrusted: true }, two: {} }
buffers: { a: { size: 0x300, at: 0x200000 }, b: { size: 0x100, at: 0x210080 } }
steps:
  - map_sg:
      id: l
      sgl: [{ buffer: a, offset: 0x10, size: 64 }, { buffer: b, size: 32 }, { buffer: a, offset: 0x100, size: 48 }]
      dir: BIDIRECTIONAL
      device: one
  - map_page: { id: p, buffer: a, offset: 0x200, size: 128, dir: TO_DEVICE, device: two }
  - cpu_read: b
  - unmap_sg: l
  - unmap_page: p
`;
const SCENARIO = caseOf(YAML);
const [A, B] = [0, 1];
const [ONE, TWO] = [0, 1];

/** Bytes 0 to 63 at bus address 0xf010; 64 to 95 at 0x8080, 96 to 143 behind these. */
const SEGMENTS = [
  { address: 0xf010, length: 64 },
  { address: 0x8080, length: 80 },
];
const OUTCOMES = [
  outcome('done', 0, 3, SEGMENTS),
  outcome('done', 3, 4, [{ address: 0xf000, length: 128 }]),
  outcome('done', 4, 4),
  outcome('done', 4, 5),
  outcome('done', 5, 6),
];

/** The first granule leads to 0x1000000, the second to 0x1005000, each 4096 bytes; 0x8080 + 32 begins another piece. */
function maps(log: EventLog): void {
  log.result(log.push(EV.iommu_map, ONE, 0xf000, 0x1000000, 4096, 3), 0);
  log.result(log.push(EV.iommu_map, ONE, 0x8000, 0x1005000, 0xa0, 1), 0);
  log.result(log.push(EV.iommu_map, ONE, 0x80a0, 0x1007000, 0x60, 2), 0);
  log.step = 1;
  log.result(log.push(EV.iommu_map, TWO, 0xf000, 0x200000, 4096, 1), 0);
  log.step = 3;
  log.push(EV.iommu_flush_iotlb_all, TWO);
  log.step = 4;
  log.push(EV.iommu_flush_iotlb_all, ONE);
}

function factsOf(write = maps, instead: Partial<Recording> = {}, scenario = SCENARIO): Facts {
  return new Facts(logged(write, scenario, { steps: OUTCOMES, ...instead }));
}

function mappingOf(facts: Facts, index: number): MappingFacts {
  const mapping = facts.mappings[index];
  if (mapping === undefined) throw new Error(`no mapping ${index}`);
  return mapping;
}

const FACTS = factsOf();
const [LIST, PAGE] = [mappingOf(FACTS, 0), mappingOf(FACTS, 1)];

describe('a mapping', () => {
  test('as it went', () => {
    expect(LIST).toMatchObject({ index: 0, device: ONE, sg: true, mapStep: 0, unmapStep: 3, mapped: true });
    expect(PAGE).toMatchObject({ index: 1, device: TWO, sg: false, mapStep: 1, unmapStep: 4, mapped: true });
    expect(LIST.segments).toEqual(SEGMENTS);
  });

  test('that nobody unmaps, and one that failed', () => {
    const kept = caseOf(YAML.replace('  - unmap_sg: l\n', ''));
    const facts = factsOf(maps, { steps: [outcome('failed', 0, 3)] }, kept);
    expect(facts.mappings.map(({ unmapStep, mapped }) => [unmapStep, mapped])).toEqual([
      [Infinity, false],
      [3, false],
    ]);
    // The second map was not come to.
    expect(facts.mappings[1]).toMatchObject({ segments: [], reach: [] });
    expect(facts.liveAt(mappingOf(facts, 0), 0)).toBe(false);
  });

  test.each([
    [0, true, false],
    [1, true, true],
    [3, true, true],
    [4, false, true],
  ])('is live from its map to its unmap: step %i', (step, list, page) => {
    expect([FACTS.liveAt(LIST, step), FACTS.liveAt(PAGE, step)]).toEqual([list, page]);
  });
});

describe('what a map installs', () => {
  const reachOf = (write: (log: EventLog) => void): readonly Reach[] =>
    mappingOf(factsOf(write, { steps: [outcome('done', 0, 99)] }), 0).reach;

  test('the calls that worked, in this step alone', () => {
    expect(LIST.reach).toEqual([
      { iova: 0xf000, phys: 0x1000000, size: 4096, prot: 3 },
      { iova: 0x8000, phys: 0x1005000, size: 0xa0, prot: 1 },
      { iova: 0x80a0, phys: 0x1007000, size: 0x60, prot: 2 },
    ]);
    expect(PAGE.reach).toEqual([{ iova: 0xf000, phys: 0x200000, size: 4096, prot: 1 }]);
    expect(
      reachOf((log) => {
        log.result(log.push(EV.iommu_map, ONE, 0xf000, 0x1000000, 4096, 3), -17);
      }),
    ).toEqual([]);
  });

  test('of a list, entry by entry, one bus address behind the other', () => {
    const list =
      (result: number) =>
      (log: EventLog): void => {
        log.result(log.push(EV.iommu_map_sg, ONE, 0x40000, 2, 3), result);
        log.push(EV.sg_entry, ONE, 0x200000, 0x1000);
        log.push(EV.sg_entry, ONE, 0x210000, 0x2000);
        log.push(EV.sg_entry, ONE, 0x220000, 0x1000);
      };
    expect(reachOf(list(0x3000))).toEqual([
      { iova: 0x40000, phys: 0x200000, size: 0x1000, prot: 3 },
      { iova: 0x41000, phys: 0x210000, size: 0x2000, prot: 3 },
    ]);
    expect(reachOf(list(0))).toEqual([]);
  });

  describe('what was there already and stays, in the place of what was asked for', () => {
    /** Four granules from 0x40000 on lead to 0x200000; those at `there` had something else. */
    const kept = (...there: number[]): readonly Reach[] =>
      reachOf((log) => {
        for (const iova of there) {
          log.push(EV.warn, ONE, WARNINGS.indexOf('already-mapped'), iova, iova + 0x900000, 0);
        }
        log.push(EV.warn, ONE, WARNINGS.indexOf('unmap-of-nothing'), 0x41000, 0, 0);
        log.result(log.push(EV.iommu_map, ONE, 0x40000, 0x200000, 0x4000, 2), 0);
        log.result(log.push(EV.iommu_map, ONE, 0x80000, 0x300000, 0x1000, 1), 0);
      });
    const piece = (iova: number, size: number): Reach => ({
      iova,
      phys: iova - 0x40000 + 0x200000,
      size,
      prot: 2,
    });
    const other = (iova: number): Reach => ({ iova, phys: iova + 0x900000, size: 0x1000, prot: 2 });
    const second = { iova: 0x80000, phys: 0x300000, size: 0x1000, prot: 1 };

    test.each<[string, number[], Reach[]]>([
      ['nothing', [], [piece(0x40000, 0x4000)]],
      ['the first granule', [0x40000], [other(0x40000), piece(0x41000, 0x3000)]],
      ['the last one', [0x43000], [other(0x43000), piece(0x40000, 0x3000)]],
      ['the second', [0x41000], [other(0x41000), piece(0x40000, 0x1000), piece(0x42000, 0x2000)]],
      [
        'the second and the third',
        [0x41000, 0x42000],
        [other(0x41000), other(0x42000), piece(0x40000, 0x1000), piece(0x43000, 0x1000)],
      ],
      [
        'the first and the third',
        [0x40000, 0x42000],
        [other(0x40000), other(0x42000), piece(0x41000, 0x1000), piece(0x43000, 0x1000)],
      ],
    ])('%s', (_, there, pieces) => {
      expect(kept(...there)).toEqual([...pieces, second]);
    });

    test('outside of what was asked for', () => {
      expect(kept(0x3f000, 0x44000)).toEqual([
        { ...other(0x3f000), prot: 0 },
        { ...other(0x44000), prot: 0 },
        piece(0x40000, 0x4000),
        second,
      ]);
    });

    test('with the rights that were asked for there', () => {
      expect(kept(0x80000)).toEqual([{ ...other(0x80000), prot: 1 }, piece(0x40000, 0x4000)]);
    });
  });
});

describe('bus addresses', () => {
  test.each([
    [0xf00f, undefined],
    [0xf010, { byte: 0, left: 64 }],
    [0xf04f, { byte: 63, left: 1 }],
    [0xf050, undefined],
    [0x807f, undefined],
    [0x8080, { byte: 64, left: 80 }],
    [0x80cf, { byte: 143, left: 1 }],
    [0x80d0, undefined],
  ])('%i: which byte, and how far its dma segment goes on', (iova, hit) => {
    expect(FACTS.mappingAt(ONE, iova, 1)).toEqual(hit && { mapping: LIST, ...hit });
  });

  test('of the device’s own mappings, while they are live', () => {
    expect(FACTS.mappingAt(TWO, 0xf010, 1)).toEqual({ mapping: PAGE, byte: 16, left: 112 });
    expect(FACTS.mappingAt(TWO, 0xf010, 0)).toBeUndefined();
    expect(FACTS.mappingAt(TWO, 0x8080, 1)).toBeUndefined();
    expect(FACTS.mappingAt(ONE, 0xf010, 3)).toMatchObject({ byte: 0 });
    expect(FACTS.mappingAt(ONE, 0xf010, 4)).toBeUndefined();
  });

  test('how far it is to the next dma segment', () => {
    expect(FACTS.gapAt(ONE, 0x7000, 1)).toBe(0x1080);
    expect(FACTS.gapAt(ONE, 0x8080, 1)).toBe(0xf010 - 0x8080);
    expect(FACTS.gapAt(ONE, 0xf00f, 1)).toBe(1);
    expect(FACTS.gapAt(ONE, 0xf010, 1)).toBe(Infinity);
    expect(FACTS.gapAt(ONE, 0x7000, 4)).toBe(Infinity);
    expect(FACTS.gapAt(TWO, 0x7000, 1)).toBe(0x8000);
  });
});

describe('the memory behind a mapping', () => {
  test.each([
    // 0xf010 is 16 bytes into the first granule.
    [0, { phys: 0x1000010, size: 64 }],
    [63, { phys: 0x100004f, size: 1 }],
    // The second piece ends at 0x80a0, 32 bytes behind the beginning of the segment.
    [64, { phys: 0x1005080, size: 32 }],
    [95, { phys: 0x100509f, size: 1 }],
    [96, { phys: 0x1007000, size: 48 }],
    [143, { phys: 0x100702f, size: 1 }],
    [144, { phys: undefined, size: Infinity }],
  ])('byte %i', (byte, memory) => {
    expect(FACTS.memoryAt(LIST, byte)).toEqual(memory);
  });

  test('byte by byte where nothing is mapped', () => {
    const facts = factsOf((log) => {
      log.result(log.push(EV.iommu_map, ONE, 0xf000, 0x1000000, 0x20, 3), 0);
    });
    const list = mappingOf(facts, 0);
    expect(facts.memoryAt(list, 15)).toEqual({ phys: 0x100001f, size: 1 });
    expect(facts.memoryAt(list, 16)).toEqual({ phys: undefined, size: 1 });
    expect(facts.memoryOf(list)).toEqual([{ phys: 0x1000010, size: 16, byte: 0 }]);
  });

  test('all of it, in pieces', () => {
    expect(FACTS.memoryOf(LIST)).toEqual([
      { phys: 0x1000010, size: 64, byte: 0 },
      { phys: 0x1005080, size: 32, byte: 64 },
      { phys: 0x1007000, size: 48, byte: 96 },
    ]);
    expect(FACTS.memoryOf(PAGE)).toEqual([{ phys: 0x200000, size: 128, byte: 0 }]);
  });
});

describe('bytes of buffers and of mappings', () => {
  test('what it maps, one behind the other', () => {
    expect(FACTS.pieces(0)).toEqual([
      { buffer: A, offset: 0x10, size: 64, byte: 0 },
      { buffer: B, offset: 0, size: 32, byte: 64 },
      { buffer: A, offset: 0x100, size: 48, byte: 96 },
    ]);
    expect(FACTS.pieces(-1)).toEqual([]);
  });

  test.each<[number, number, object[]]>([
    [0, 0, []],
    [0, 1, [{ buffer: A, offset: 0x10, size: 1, byte: 0 }]],
    [63, 1, [{ buffer: A, offset: 0x4f, size: 1, byte: 63 }]],
    [64, 32, [{ buffer: B, offset: 0, size: 32, byte: 64 }]],
    [
      62,
      4,
      [
        { buffer: A, offset: 0x4e, size: 2, byte: 62 },
        { buffer: B, offset: 0, size: 2, byte: 64 },
      ],
    ],
    [100, 999, [{ buffer: A, offset: 0x104, size: 44, byte: 100 }]],
    [144, 1, []],
  ])('from byte %i on, %i bytes', (from, size, pieces) => {
    expect(FACTS.pieces(0, from, size)).toEqual(pieces);
  });

  test.each([
    [A, 0xf, undefined, 1],
    [A, 0x10, 0, 64],
    [A, 0x4f, 63, 1],
    // On to the next range of the same buffer.
    [A, 0x50, undefined, 0xb0],
    [A, 0x100, 96, 48],
    [A, 0x12f, 143, 1],
    [A, 0x130, undefined, Infinity],
    [B, 0, 64, 32],
    [B, 31, 95, 1],
    [B, 32, undefined, Infinity],
  ])('buffer %i, byte %i', (buffer, offset, byte, size) => {
    expect(FACTS.bytesOf(0, buffer, offset)).toEqual({ byte, size });
    if (byte !== undefined) expect(FACTS.bufferByte(0, byte)).toEqual({ buffer, offset });
  });

  test('up to the next range of the buffer, where one in front of it ends later', () => {
    const twice = caseOf(`
buffers: { a: { size: 0x300, at: 0x200000 } }
steps: [{ map_sg: { id: l, sgl: [{ buffer: a, offset: 0x80, size: 16 }, { buffer: a, size: 256 }], dir: TO_DEVICE } }]
`);
    const facts = factsOf(maps, { steps: [outcome('done', 0, 0)] }, twice);
    expect(facts.bytesOf(0, A, 0)).toEqual({ byte: 16, size: 0x80 });
    expect(facts.bytesOf(0, A, 0x80)).toEqual({ byte: 0, size: 16 });
    expect(facts.bytesOf(0, A, 0x90)).toEqual({ byte: 16 + 0x90, size: 0x70 });
  });

  test('behind the last byte', () => {
    expect(FACTS.bufferByte(0, 144)).toBeUndefined();
  });

  test('where it stands', () => {
    expect(FACTS.bufferPhys(B, 0x21)).toBe(0x2100a1);
  });
});

describe('the pool', () => {
  test.each([
    [POOL_START - 1, false],
    [POOL_START, true],
    [POOL_START + 128 * 2048 - 1, true],
    [POOL_START + 128 * 2048, false],
  ])('%i', (phys, is) => {
    expect(FACTS.inPool(phys)).toBe(is);
  });

  test('there is none without CONFIG_SWIOTLB, and nobody is confined', () => {
    const none = factsOf(maps, {}, caseOf(YAML.replace('machine: {', 'machine: { swiotlb: false,')));
    expect(none.inPool(POOL_START)).toBe(false);
    expect(none.confined(ONE)).toBe(false);
    expect([FACTS.confined(ONE), FACTS.confined(TWO), FACTS.confined(2)]).toEqual([true, false, false]);
  });
});

describe('the flush', () => {
  const lazy = caseOf(YAML.replace('machine: {', 'machine: { strict: false,'));

  test('revokes lazily: trusted, with a flush queue, on a lazy machine', () => {
    const facts = factsOf(maps, { flushQueue: [true, true] }, lazy);
    expect([facts.revokesLazily(ONE), facts.revokesLazily(TWO)]).toEqual([false, true]);
    expect(factsOf(maps, { flushQueue: [true, false] }, lazy).revokesLazily(TWO)).toBe(false);
    expect(factsOf(maps, { flushQueue: [true, true] }).revokesLazily(TWO)).toBe(false);
  });

  test('the first one of the device behind its unmap', () => {
    // Device two's is event 4, in the step before its unmap; device one's is event 5, behind the end of its unmap.
    expect(FACTS.flushAfter(LIST)).toBe(4);
    expect(FACTS.flushAfter(PAGE)).toBe(Infinity);
    expect(FACTS.flushAfter({ ...LIST, unmapStep: Infinity })).toBe(Infinity);
  });
});

test('steps before a crash are complete', () => {
  expect(FACTS.completeSteps).toBe(5);
  const crash = { kind: 'kernel-bug', step: 3, event: 5 } as const;
  expect(factsOf(maps, { crash }).completeSteps).toBe(3);
});
