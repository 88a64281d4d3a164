// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import {
  DMA_BIDIRECTIONAL,
  DMA_FROM_DEVICE,
  type Attrs,
  type Device,
  type Direction,
  type DmaAddr,
  type DmaOpsClass,
  type PhysAddr,
  type Size,
} from '../../../variants/dma-ops.ts';
import { FIRST_LABEL, LABEL_STALE, LABEL_ZERO } from '../../machine/labels.ts';
import { plain } from '../../text/document.ts';
import { sentence } from '../sentence.ts';
import type { Cause, Evidence } from '../verdict.ts';
import {
  ClearsTooEarly,
  InvalidatesInsteadOfCleaning,
  NeverCleans,
  NeverClears,
  NeverCopiesBack,
  NeverCopiesOut,
} from '../testing/fakes.ts';
import { HonestOps } from '../testing/honest-ops.ts';
import { evidenceOf, outcomeOf, recordingOf, verdictOf } from '../testing/judging.ts';

const CLAUSE = 'partial-write-preserved';

class ClearsTooLate extends HonestOps {
  protected override copyOut(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void {
    super.copyOut(dev, tlb, size, dir);
    this.kernel.memset(tlb, size);
  }
}

/** Neither clears nor copies: the device's own memory is what came back. */
class NeverFills extends NeverCopiesOut {
  protected override fillSlots(): void {
    // Stale slots.
  }
}

/** Keeps the caches of the buffer, not of the slots, as arm64 does for a from-device mapping; copies nothing back. */
class MaintainsTheOriginal extends NeverCopiesBack {
  protected override takeSlots(dev: Device, phys: PhysAddr, length: Size, dir: Direction): PhysAddr {
    this.kernel.archSyncDmaForDevice(phys, length, DMA_FROM_DEVICE);
    return super.takeSlots(dev, phys, length, dir);
  }
}

/** The slots hold what the buffer held at the map, whatever the direction. */
class FillsAtTheMap extends HonestOps {
  private maps = false;

  override mapPage(dev: Device, phys: PhysAddr, size: Size, dir: Direction, attrs: Attrs): DmaAddr {
    this.maps = true;
    const handle = super.mapPage(dev, phys, size, dir, attrs);
    this.maps = false;
    return handle;
  }

  protected override copyOut(dev: Device, tlb: PhysAddr, size: Size): void {
    if (this.maps) super.copyOut(dev, tlb, size, DMA_BIDIRECTIONAL);
  }
}

/** The CPU writes all of a buffer that is mapped, and was not all written. */
const writtenWhileMapped = (dir: string): string => `
device: { untrusted: true }
buffers: { a: { size: 256 } }
steps:
  - cpu_write: a
  - map_page: { id: m, buffer: a, dir: ${dir} }
  - device_write: { id: m, offset: 0, size: 64 }
  - sync_single_for_cpu: m
  - cpu_write: a
  - sync_single_for_device: m
  - unmap_page: m
`;

/** The device writes bytes 64 to 127 of 256. */
const shortWrite = (device: string, dir: string, end = 'unmap_page: m'): string => `
device: ${device}
buffers: { a: { size: 256 } }
steps:
  - cpu_write: a
  - map_page: { id: m, buffer: a, dir: ${dir} }
  - device_write: { id: m, offset: 64, size: 64 }
  - ${end}
`;
const FROM = shortWrite('{ untrusted: true }', 'FROM_DEVICE');
const FROM_NON_COHERENT = shortWrite('{ untrusted: true, coherent: false }', 'FROM_DEVICE');
const FROM_DIRECT = shortWrite('{ coherent: false }', 'FROM_DEVICE');
const BOTH = shortWrite('{ untrusted: true }', 'BIDIRECTIONAL');
const BOTH_DIRECT = shortWrite('{ coherent: false }', 'BIDIRECTIONAL');
const SYNCED = shortWrite(
  '{ untrusted: true }',
  'FROM_DEVICE',
  'sync_single_for_cpu: { id: m, offset: 96, size: 64 }',
);

describe('holds', () => {
  test.each(Object.entries({ FROM, FROM_NON_COHERENT, FROM_DIRECT, BOTH, BOTH_DIRECT, SYNCED }))(
    '%s',
    (_, yaml) => {
      expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('holds');
    },
  );

  test('a receive buffer that is used again may show what came first', () => {
    const yaml = `
device: { untrusted: true }
buffers: { a: { size: 256 } }
steps:
  - map_page: { id: m, buffer: a, dir: FROM_DEVICE }
  - device_write: m
  - sync_single_for_cpu: m
  - cpu_write: a
  - sync_single_for_device: m
  - device_write: { id: m, offset: 0, size: 16 }
  - sync_single_for_cpu: m
`;
    expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('holds');
  });
});

describe('a from-device mapping is read-only for the driver', () => {
  test('what it writes there may give way to what was there before', () => {
    expect(outcomeOf(CLAUSE, FillsAtTheMap, writtenWhileMapped('FROM_DEVICE'))).toBe('holds');
  });

  test("never to another owner's bytes", () => {
    expect(outcomeOf(CLAUSE, NeverClears, writtenWhileMapped('FROM_DEVICE'))).toEqual(['never-cleared']);
  });

  test('a bidirectional one is not', () => {
    expect(outcomeOf(CLAUSE, FillsAtTheMap, writtenWhileMapped('BIDIRECTIONAL'))).toEqual(['not-copied']);
  });
});

describe('not exercised', () => {
  test.each([
    [
      'the device writes it all',
      shortWrite('{ untrusted: true }', 'FROM_DEVICE').replace('offset: 64, size: 64', 'offset: 0'),
    ],
    ['never handed back', shortWrite('{ untrusted: true }', 'FROM_DEVICE', 'cpu_read: a')],
    ['SKIP', shortWrite('{ untrusted: true }', 'FROM_DEVICE', 'unmap_page: { id: m, attrs: SKIP_CPU_SYNC }')],
  ])('%s', (_, yaml) => {
    expect(outcomeOf(CLAUSE, NeverClears, yaml)).toBe('not-exercised');
  });
});

describe('broken', () => {
  const first = FIRST_LABEL;
  const cpu = FIRST_LABEL + 256;
  const at = { step: 3, mapping: 0, buffer: 0, offset: 0, count: 192, expected: cpu };
  test.each<[string, DmaOpsClass, string, Cause, Evidence]>([
    ['stale slots', NeverClears, FROM, 'never-cleared', { ...at, observed: LABEL_STALE }],
    [
      'only the bytes that a sync covers',
      NeverClears,
      SYNCED,
      'never-cleared',
      { ...at, offset: 128, count: 32, expected: cpu + 128, observed: LABEL_STALE + 128 },
    ],
    [
      'cleared in the cache, thrown away before the copy back',
      NeverCleans,
      FROM_NON_COHERENT,
      'dropped-by-arch-invalidate',
      // Only the lines that the device left alone: it wrote one line, which was written back whole.
      { ...at, observed: LABEL_STALE },
    ],
    [
      'cleared in the cache, thrown away at the map',
      InvalidatesInsteadOfCleaning,
      FROM_NON_COHERENT,
      'dropped-by-arch-invalidate',
      { ...at, observed: LABEL_STALE },
    ],
    [
      "the CPU's bytes thrown away at the map",
      InvalidatesInsteadOfCleaning,
      FROM_DIRECT,
      'dropped-by-arch-invalidate',
      { ...at, observed: first },
    ],
    ['bidirectional, not copied', NeverCopiesOut, BOTH, 'not-copied', { ...at, observed: LABEL_ZERO }],
    ['bidirectional, stale', NeverFills, BOTH, 'not-copied', { ...at, observed: LABEL_STALE }],
    [
      'bidirectional, cleared after the copy',
      ClearsTooLate,
      BOTH,
      'overwritten',
      { ...at, observed: LABEL_ZERO },
    ],
  ])('%s', (_, Ops, yaml, cause, evidence) => {
    expect(evidenceOf(verdictOf(CLAUSE, Ops, yaml), cause)).toEqual(evidence);
  });

  // The slots were cleared and cleaned; the CPU finds nothing of that.
  test('not copied back: what became of the buffer itself', () => {
    const verdict = verdictOf(CLAUSE, MaintainsTheOriginal, FROM_NON_COHERENT);
    expect(evidenceOf(verdict, 'dropped-by-arch-invalidate')).toEqual({ ...at, observed: first });
  });

  test('what a coherent device has written through the cache is thrown away', () => {
    const yaml = `
devices: { snoops: {}, other: { coherent: false } }
buffers: { a: { size: 64 } }
steps:
  - cpu_read: a
  - map_page: { id: m, buffer: a, dir: FROM_DEVICE, device: snoops }
  - device_write: m
  - unmap_page: m
  - map_page: { id: n, buffer: a, dir: FROM_DEVICE, device: other }
  - unmap_page: n
`;
    const cause = 'dropped-by-arch-invalidate';
    const evidence = evidenceOf(verdictOf(CLAUSE, InvalidatesInsteadOfCleaning, yaml), cause);
    expect(evidence).toMatchObject({ step: 5, mapping: 1, count: 64, expected: FIRST_LABEL + 64 });
    expect(
      plain(sentence(recordingOf(InvalidatesInsteadOfCleaning, yaml), CLAUSE, cause, evidence)),
    ).toContain(
      'is a byte that the CPU wrote to a at first instead of one that snoops wrote through m in step 3: ' +
        'what had been put there was still in the cache and the invalidate threw it away',
    );
  });

  // The slots have what was copied out, and a copy back is nobody's business.
  test('to-device: what became of the buffer itself', () => {
    const verdict = verdictOf(CLAUSE, ClearsTooEarly, shortWrite('{ untrusted: true }', 'TO_DEVICE'));
    expect(evidenceOf(verdict, 'wrong-data')).toMatchObject({ step: 3, offset: 0, observed: LABEL_ZERO });
  });

  test("another mapping's bytes", () => {
    const yaml = `
machine: { swiotlbSlots: 128, granule: 65536, pageSize: 65536 }
device: { untrusted: true }
buffers: { a: { size: 4096 }, b: { size: 4096 } }
steps:
${[1, 2, 3, 4].map((i) => `  - map_page: { id: m${i}, buffer: a, dir: TO_DEVICE }\n  - unmap_page: m${i}\n`).join('')}
  - map_page: { id: n, buffer: b, dir: FROM_DEVICE }
  - device_write: { id: n, offset: 0, size: 1 }
  - unmap_page: n
`;
    // The pool has four times 64 KiB: the fifth mapping gets the slots of the first.
    expect(evidenceOf(verdictOf(CLAUSE, NeverClears, yaml), 'never-cleared')).toEqual({
      step: 10,
      mapping: 4,
      buffer: 1,
      offset: 1,
      count: 4095,
      expected: first + 4096 + 1,
      observed: first + 1,
    });
  });
});
