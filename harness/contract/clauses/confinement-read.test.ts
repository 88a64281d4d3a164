// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import type { Device, Direction, DmaAddr, DmaOpsClass, PhysAddr, Size } from '../../../variants/dma-ops.ts';
import { POOL_START } from '../../machine/config.ts';
import { FIRST_LABEL, LABEL_NEVER_WRITTEN, LABEL_STALE } from '../../machine/labels.ts';
import type { Cause, Evidence } from '../verdict.ts';
import {
  CopiesWholeGranules,
  InvalidatesInsteadOfCleaning,
  MapsOneGranuleMore,
  NeverBounces,
  NeverCleans,
  NeverClears,
} from '../testing/fakes.ts';
import { HonestOps } from '../testing/honest-ops.ts';
import { evidenceOf, outcomeOf, verdictOf } from '../testing/judging.ts';

const CLAUSE = 'confinement-read';
/** The last granule below 4 GiB is the first that a device gets. */
const IOVA = 0xfffff000;

/** Clears what is behind the data, but not what is in front of it. */
class ForgetsTheFront extends HonestOps {
  protected override fillSlots(dev: Device, tlb: PhysAddr, length: Size): void {
    super.fillSlots(dev, tlb + 128, length - 128);
  }
}

/** Clears what is in front of the data, but not what is behind it. */
class ForgetsTheEnd extends HonestOps {
  protected override fillSlots(dev: Device, tlb: PhysAddr): void {
    super.fillSlots(dev, tlb, 384);
  }
}

/** Takes the slots for the buffer itself, as dma-iommu does; clears only the data. */
class TakesSlotsForTheBuffer extends HonestOps {
  protected override takeSlots(dev: Device, phys: PhysAddr, length: Size, dir: Direction): PhysAddr {
    return super.takeSlots(dev, phys + 128, length - 128, dir) - 128;
  }
  protected override fillSlots(dev: Device, tlb: PhysAddr): void {
    super.fillSlots(dev, tlb + 128, 256);
  }
  protected override releaseSlots(dev: Device, tlb: PhysAddr, length: Size, dir: Direction): void {
    super.releaseSlots(dev, tlb + 128, length, dir);
  }
}

/** Clears the bounce buffer when the device can read it already. */
class ClearsTooLate extends NeverClears {
  protected override install(dev: Device, phys: PhysAddr, length: Size, prot: number): DmaAddr {
    const iova = super.install(dev, phys, length, prot);
    this.kernel.memset(phys, 128);
    return iova;
  }
}

class MapsOneGranuleInFront extends HonestOps {
  protected override install(dev: Device, phys: PhysAddr, length: Size, prot: number): DmaAddr {
    if (phys === POOL_START) return super.install(dev, phys, length, prot);
    return super.install(dev, phys - 4096, length + 4096, prot) + 4096;
  }
}

/** Every bounced mapping leads to the first slots that were given out. */
class MapsTheFirstSlots extends HonestOps {
  protected override install(dev: Device, phys: PhysAddr, length: Size, prot: number): DmaAddr {
    return super.install(dev, phys < POOL_START ? phys : POOL_START, length, prot);
  }
}

/** Bytes 128 to 383 of a granule. */
const unaligned = (device: string, dir = 'TO_DEVICE'): string => `
device: ${device}
buffers: { a: { size: 256, offset: 128 } }
steps: [{ cpu_write: a }, { map_page: { id: m, buffer: a, dir: ${dir} } }]
`;
const BOUNCED = unaligned('{ untrusted: true }');
const KEEPS_OFFSETS = unaligned('{ untrusted: true, minAlignMask: 4095 }');
const NON_COHERENT = unaligned('{ untrusted: true, coherent: false }');
const TRUSTED = unaligned('{}');
const NO_SWIOTLB = `machine: { swiotlb: false }\n${BOUNCED}`;
const LAZY = `machine: { strict: false }\n${TRUSTED}`;
const ALIGNED = `
device: { untrusted: true, coherent: false }
buffers: { a: { size: 4096 } }
steps: [{ cpu_write: a }, { map_page: { id: m, buffer: a, dir: TO_DEVICE } }]
`;
/** Two buffers in one granule. */
const NEIGHBOURS = `
device: { untrusted: true }
buffers: { a: { size: 256, at: 0x200080 }, b: { size: 64, at: 0x200800 } }
steps: [{ map_page: { id: m, buffer: a, dir: TO_DEVICE } }]
`;
const TWO_MAPPINGS = `
device: { untrusted: true }
buffers: { a: { size: 4000 }, b: { size: 100 } }
steps:
  - map_page: { id: n, buffer: b, dir: TO_DEVICE }
  - map_page: { id: m, buffer: a, dir: TO_DEVICE }
`;

describe('holds', () => {
  test.each(
    Object.entries({ BOUNCED, NON_COHERENT, TRUSTED, NO_SWIOTLB, LAZY, ALIGNED, NEIGHBOURS, TWO_MAPPINGS }),
  )('%s', (_, yaml) => {
    expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('holds');
  });

  test.each([
    ['trusted: all of its granules', NeverBounces, TRUSTED],
    ['no swiotlb: all of its granules', NeverBounces, `machine: { swiotlb: false }\n${NEIGHBOURS}`],
    // What memory holds of the buffer is the buffer, however old: to-device-data is broken, this is not.
    ['not cleaned, not bounced', NeverCleans, ALIGNED],
  ])('%s', (_, Ops, yaml) => {
    expect(outcomeOf(CLAUSE, Ops, yaml)).toBe('holds');
  });
});

/** The second entry of the list finds no slots: a granule is 8 of 128, and 15 mappings have theirs. */
const FAILING_LIST = `
machine: { granule: 16384, pageSize: 16384, swiotlbSlots: 128 }
device: { untrusted: true }
buffers: { a: { size: 512 }, rest: { size: 4096 } }
steps:
  - repeat:
      times: 15
      as: i
      steps: [{ map_page: { id: r$i, buffer: rest, offset: $i*64, size: 64, dir: FROM_DEVICE } }]
  - map_sg: { id: m, sgl: [{ buffer: a, size: 256 }, { buffer: a, offset: 256, size: 256 }], dir: TO_DEVICE }
`;

test('what a map has installed when it fails is judged, and is put to the test where it holds', () => {
  expect(outcomeOf(CLAUSE, HonestOps, FAILING_LIST)).toBe('holds');
  expect(outcomeOf(CLAUSE, NeverClears, FAILING_LIST)).toEqual(['never-cleared']);
});

describe('not exercised', () => {
  test.each([
    ['nothing is mapped', 'buffers: { a: { size: 64 } }\nsteps: [{ cpu_read: a }]'],
    ['the device may not read', unaligned('{ untrusted: true }', 'FROM_DEVICE')],
    [
      'the map fails',
      `device: { untrusted: true }
buffers: { a: { size: 64 } }
steps: [{ fail_next: iommu_map }, { map_page: { id: m, buffer: a, dir: TO_DEVICE } }]`,
    ],
  ])('%s', (_, yaml) => {
    expect(outcomeOf(CLAUSE, NeverClears, yaml)).toBe('not-exercised');
  });
});

describe('broken: untrusted device', () => {
  const at = { step: 1, mapping: 0, device: 0 };
  test.each<[string, DmaOpsClass, string, Cause, Partial<Evidence>]>([
    [
      'in front',
      ForgetsTheFront,
      BOUNCED,
      'never-cleared',
      { iova: IOVA, phys: POOL_START, count: 128, observed: LABEL_STALE, place: 'in front of the data' },
    ],
    [
      'behind',
      ForgetsTheEnd,
      BOUNCED,
      'never-cleared',
      {
        iova: IOVA + 384,
        phys: POOL_START + 384,
        count: 3712,
        observed: LABEL_STALE + 384,
        place: 'behind the data',
      },
    ],
    [
      'in front, slots for the buffer itself',
      TakesSlotsForTheBuffer,
      KEEPS_OFFSETS,
      'never-cleared',
      { iova: IOVA, phys: POOL_START, count: 3840, observed: LABEL_STALE, place: 'in front of the data' },
    ],
    [
      'cleared, not cleaned',
      NeverCleans,
      unaligned('{ untrusted: true, coherent: false }', 'BIDIRECTIONAL, attrs: SKIP_CPU_SYNC'),
      'cleared-not-cleaned',
      { count: 4096, observed: LABEL_STALE },
    ],
    [
      'cleared, thrown away',
      InvalidatesInsteadOfCleaning,
      NON_COHERENT,
      'dropped-by-arch-invalidate',
      { iova: IOVA, count: 4096, observed: LABEL_STALE },
    ],
    [
      'the whole granule is copied',
      CopiesWholeGranules,
      NEIGHBOURS,
      'left-by-a-copy',
      { step: 0, iova: IOVA, phys: POOL_START, count: 3840, observed: LABEL_NEVER_WRITTEN },
    ],
    [
      'not bounced',
      NeverBounces,
      NEIGHBOURS,
      'outside-the-buffers',
      { step: 0, iova: IOVA, phys: 0x200000, count: 3840, place: 'outside the pool' },
    ],
  ])('%s', (_, Ops, yaml, cause, evidence) => {
    expect(evidenceOf(verdictOf(CLAUSE, Ops, yaml), cause)).toMatchObject({ ...at, ...evidence });
  });

  test('cleared and copied in the cache: two causes', () => {
    const { breaks } = verdictOf(CLAUSE, NeverCleans, NON_COHERENT);
    expect(breaks.map(({ cause, evidence }) => [cause, evidence.place, evidence.count])).toEqual([
      ['cleared-not-cleaned', 'in front of the data', 3840],
      ['not-cleaned', 'the data', 256],
    ]);
  });

  test('another mapping', () => {
    expect(evidenceOf(verdictOf(CLAUSE, MapsOneGranuleInFront, TWO_MAPPINGS), 'other-mapping')).toMatchObject(
      {
        step: 1,
        mapping: 1,
        iova: IOVA - 3 * 4096,
        phys: POOL_START,
        count: 100,
        observed: FIRST_LABEL + 4000,
        place: 'the bounce buffer of another mapping',
      },
    );
  });

  // Bytes 128 … 383 of the granule, as those that it should have been.
  test("another mapping's data where its own should be, in the same place of the buffer", () => {
    const yaml = `
device: { untrusted: true }
buffers: { a: { size: 256, offset: 128 }, b: { size: 256, offset: 128 } }
steps:
  - map_page: { id: n, buffer: b, dir: TO_DEVICE }
  - map_page: { id: m, buffer: a, dir: TO_DEVICE }
`;
    expect(evidenceOf(verdictOf(CLAUSE, MapsTheFirstSlots, yaml), 'left-by-a-copy')).toMatchObject({
      step: 1,
      mapping: 1,
      place: 'the data',
      iova: IOVA - 4096 + 128,
      phys: POOL_START + 128,
      count: 256,
    });
  });

  test('first stale, then another mapping: two causes', () => {
    expect(outcomeOf(CLAUSE, MapsOneGranuleMore, TWO_MAPPINGS)).toEqual(['never-cleared', 'other-mapping']);
  });

  test('cleared when it is too late: what was seen before counts', () => {
    expect(outcomeOf(CLAUSE, ClearsTooLate, BOUNCED)).toEqual(['never-cleared']);
  });
});

describe('the bytes of the buffer are its own, whoever put them there', () => {
  test("another device's data, passed on", () => {
    const yaml = `
devices: { disk: {}, dock: { untrusted: true } }
buffers: { a: { size: 256, offset: 128 } }
steps:
  - map_page: { id: m, device: disk, buffer: a, dir: FROM_DEVICE }
  - device_write: m
  - unmap_page: m
  - map_page: { id: n, device: dock, buffer: a, dir: TO_DEVICE }
  - device_read: n
`;
    expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('holds');
  });

  // The CPU wrote out of turn; the unmap brought back what the bounce buffer had, as it should.
  test('bytes that a copy back restored', () => {
    const yaml = `
device: { untrusted: true }
buffers: { a: { size: 256, offset: 128 } }
steps:
  - map_page: { id: m, buffer: a, dir: BIDIRECTIONAL }
  - cpu_write: a
  - unmap_page: m
  - map_page: { id: n, buffer: a, dir: TO_DEVICE }
`;
    expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('holds');
  });
});

describe('what another device put there without a right', () => {
  /** The disk reaches the granule behind its own, which is the nic's, and writes there before or after its map. */
  const planted = (...order: readonly string[]): string => `
devices: { disk: { untrusted: true }, nic: { untrusted: true } }
buffers: { a: { size: 4000 }, b: { size: 100 } }
steps:
  - map_page: { id: d, device: disk, buffer: a, dir: BIDIRECTIONAL }
${order.map((step) => `  - ${step}\n`).join('')}
`;
  const MAP = 'map_page: { id: n, device: nic, buffer: b, dir: TO_DEVICE }';
  const WRITE = 'device_write: { id: d, offset: 4096, size: 200 }';
  const byDevice = (yaml: string): (string | undefined)[][] => {
    const { breaks, unknown = [] } = verdictOf(CLAUSE, MapsOneGranuleMore, yaml);
    const at = (victims: readonly { of: string }[]): string[] =>
      victims.map(({ of }) => of).filter((of) => of.startsWith('device 1'));
    return [...breaks.map(({ cause, victims }) => [cause, ...at(victims)]), ['unknown', ...at(unknown)]];
  };

  test('is nobody’s secret, neither over the data nor over what was cleared', () => {
    expect(byDevice(planted(MAP, WRITE, 'device_read: n'))).toEqual(byDevice(planted(MAP)));
  });

  test('was there before the map: over it lies what the map puts there', () => {
    expect(byDevice(planted(WRITE, MAP))).toEqual(byDevice(planted(MAP)));
  });
});

describe('a map that crashes when the device can read already', () => {
  const crashing = (Base: typeof HonestOps): DmaOpsClass =>
    class extends Base {
      protected override install(dev: Device, phys: PhysAddr, length: Size, prot: number): DmaAddr {
        const iova = super.install(dev, phys, length, prot);
        if (phys >= POOL_START) this.kernel.memset(phys, -1);
        return iova;
      }
    };
  /** What the buffer holds, another device wrote. */
  const yaml = `
devices: { writer: { untrusted: false }, reader: { untrusted: true } }
buffers: { a: { size: 256, offset: 128 } }
steps:
  - map_page: { id: first, device: writer, buffer: a, dir: FROM_DEVICE }
  - device_write: first
  - unmap_page: first
  - map_page: { id: m, device: reader, buffer: a, dir: TO_DEVICE }
`;

  test('shows it the bytes of its own buffer, whoever wrote them', () => {
    expect(verdictOf('no-crash', crashing(HonestOps), yaml).status).toBe('broken');
    const { breaks } = verdictOf(CLAUSE, crashing(HonestOps), yaml);
    expect(breaks).toEqual([]);
  });

  test('and not what stands beside them', () => {
    const { count } = evidenceOf(verdictOf(CLAUSE, crashing(NeverClears), yaml), 'never-cleared');
    expect(count).toBe(4096 - 256);
  });
});
