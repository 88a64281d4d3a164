// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import {
  DMA_MAPPING_ERROR,
  type Attrs,
  type Device,
  type Direction,
  type DmaAddr,
  type DmaOpsClass,
  type PhysAddr,
  type Scatterlist,
  type Size,
} from '../../../variants/dma-ops.ts';
import { FIRST_LABEL, LABEL_FAULT, LABEL_STALE, LABEL_ZERO } from '../../machine/labels.ts';
import { plain } from '../../text/document.ts';
import { sentence } from '../sentence.ts';
import type { Cause, Evidence } from '../verdict.ts';
import {
  ClearsTooEarly,
  InvalidatesInsteadOfCleaning,
  NeverCleans,
  NeverCopiesOut,
  ReturnsALongSegment,
} from '../testing/fakes.ts';
import { HonestOps } from '../testing/honest-ops.ts';
import { evidenceOf, outcomeOf, recordingOf, verdictOf } from '../testing/judging.ts';

const CLAUSE = 'to-device-data';

/** Clears the bounce buffer once the data is in it. */
class ClearsTooLate extends HonestOps {
  protected override copyOut(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void {
    super.copyOut(dev, tlb, size, dir);
    this.kernel.memset(tlb, 100);
  }
}

class MapsTheFirstGranuleOnly extends HonestOps {
  protected override install(dev: Device, phys: PhysAddr, _: Size, prot: number): DmaAddr {
    return super.install(dev, phys, 4096, prot);
  }
}

class TakesSlotsForOtherBytes extends HonestOps {
  protected override takeSlots(dev: Device, phys: PhysAddr, length: Size, dir: Direction): PhysAddr {
    return super.takeSlots(dev, phys + 64, length, dir);
  }
}

class IgnoresSyncs extends HonestOps {
  override syncSingleForDevice(): void {
    // The device goes on with what it has.
  }
}

class SyncsTheFirstHalf extends HonestOps {
  override syncSingleForDevice(dev: Device, handle: DmaAddr, size: Size, dir: Direction): void {
    super.syncSingleForDevice(dev, handle, size / 2, dir);
  }
}

class CopiesTheFirstEntryOnly extends HonestOps {
  private entry = 0;
  protected override copyOut(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void {
    if (this.entry++ === 0) super.copyOut(dev, tlb, size, dir);
  }
}

class ReturnsShortSegments extends HonestOps {
  override mapSg(dev: Device, sgl: Scatterlist, nents: number, dir: Direction, attrs: Attrs): number {
    const count = super.mapSg(dev, sgl, nents, dir, attrs);
    for (const sg of sgl) sg.dmaLength -= 64;
    return count;
  }
}

/** 256 bytes at the start of a granule: labels 16 to 271 before the first write, from 272 on after it. */
const send = (device: string): string => `
device: ${device}
buffers: { a: { size: 256 } }
steps:
  - cpu_write: a
  - map_page: { id: m, buffer: a, dir: TO_DEVICE }
  - device_read: m
  - unmap_page: m
`;
const BOUNCED = send('{ untrusted: true }');
const BOUNCED_NON_COHERENT = send('{ untrusted: true, coherent: false }');
const DIRECT = send('{}');
const DIRECT_NON_COHERENT = send('{ coherent: false }');

const TWO_GRANULES = `
buffers: { a: { size: 256, offset: 0xf80 } }
steps: [{ map_page: { id: m, buffer: a, dir: TO_DEVICE } }, { device_read: m }]
`;

const PING_PONG = `
device: { untrusted: true }
buffers: { a: { size: 256 } }
steps:
  - map_page: { id: m, buffer: a, dir: BIDIRECTIONAL }
  - sync_single_for_cpu: m
  - cpu_write: { buffer: a, offset: 64, size: 128 }
  - sync_single_for_device: { id: m, offset: 64, size: 128 }
  - device_read: m
`;

const LIST = `
device: { untrusted: true }
buffers: { a: { size: 256 }, b: { size: 512 } }
steps: [{ map_sg: { id: m, sgl: [a, { buffer: b, offset: 128, size: 64 }], dir: TO_DEVICE } }]
`;

describe('holds', () => {
  test.each(
    Object.entries({
      BOUNCED,
      BOUNCED_NON_COHERENT,
      DIRECT,
      DIRECT_NON_COHERENT,
      TWO_GRANULES,
      PING_PONG,
      LIST,
    }),
  )('%s', (_, yaml) => {
    expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('holds');
  });
});

describe('not exercised', () => {
  const map = (dir: string): string => `
device: { untrusted: true }
buffers: { a: { size: 256 } }
steps: [{ map_page: { id: m, buffer: a, dir: ${dir} } }, { unmap_page: m }]
`;
  test.each([
    ['from-device', map('FROM_DEVICE')],
    ['SKIP and no sync', map('TO_DEVICE, attrs: SKIP_CPU_SYNC')],
    ['nothing is mapped', 'buffers: { a: { size: 64 } }\nsteps: [{ cpu_write: a }]'],
  ])('%s', (_, yaml) => {
    expect(outcomeOf(CLAUSE, NeverCopiesOut, yaml)).toBe('not-exercised');
  });
});

describe('broken', () => {
  const first = FIRST_LABEL;
  const written = FIRST_LABEL + 256;
  const at = { step: 1, mapping: 0, buffer: 0, offset: 0, count: 256 };
  test.each<[string, DmaOpsClass, string, Cause, Evidence]>([
    ['not copied', NeverCopiesOut, BOUNCED, 'not-copied', { ...at, expected: written, observed: LABEL_ZERO }],
    [
      'not cleaned',
      NeverCleans,
      DIRECT_NON_COHERENT,
      'not-cleaned',
      { ...at, expected: written, observed: first },
    ],
    [
      'bounce buffer not cleaned',
      NeverCleans,
      BOUNCED_NON_COHERENT,
      'not-cleaned',
      { ...at, expected: written, observed: LABEL_STALE },
    ],
    [
      'invalidated instead of cleaned',
      InvalidatesInsteadOfCleaning,
      DIRECT_NON_COHERENT,
      'dropped-by-arch-invalidate',
      { ...at, expected: written, observed: first },
    ],
    [
      'cleared after the copy',
      ClearsTooLate,
      BOUNCED,
      'overwritten',
      { ...at, count: 100, expected: written, observed: LABEL_ZERO },
    ],
    [
      'not all of it is mapped',
      MapsTheFirstGranuleOnly,
      TWO_GRANULES,
      'device-fault',
      { ...at, step: 0, offset: 128, count: 128, expected: first + 128, observed: LABEL_FAULT },
    ],
    [
      'the slots are for other bytes',
      TakesSlotsForOtherBytes,
      BOUNCED,
      'wrong-address',
      { ...at, expected: written, observed: written + 64 },
    ],
    [
      'other bytes are copied',
      ClearsTooEarly,
      BOUNCED,
      'wrong-data',
      { ...at, count: 100, expected: written, observed: LABEL_ZERO },
    ],
    [
      'a sync does nothing',
      IgnoresSyncs,
      PING_PONG,
      'not-copied',
      { ...at, step: 3, offset: 64, count: 128, expected: written, observed: first + 64 },
    ],
    [
      'a sync does half of it',
      SyncsTheFirstHalf,
      PING_PONG,
      'not-copied',
      { ...at, step: 3, offset: 128, count: 64, expected: written + 64, observed: first + 128 },
    ],
    [
      'an entry of a list is left out',
      CopiesTheFirstEntryOnly,
      LIST,
      'not-copied',
      {
        ...at,
        step: 0,
        buffer: 1,
        offset: 128,
        count: 64,
        expected: first + 256 + 128,
        observed: LABEL_ZERO,
      },
    ],
  ])('%s', (_, Ops, yaml, cause, evidence) => {
    expect(evidenceOf(verdictOf(CLAUSE, Ops, yaml), cause)).toEqual(evidence);
  });

  test('another byte of the same write is said to be another one', () => {
    const evidence = evidenceOf(verdictOf(CLAUSE, TakesSlotsForOtherBytes, BOUNCED), 'wrong-address');
    const run = recordingOf(TakesSlotsForOtherBytes, BOUNCED);
    expect(plain(sentence(run, CLAUSE, 'wrong-address', evidence))).toContain(
      'is a byte that the CPU wrote to a in step 1 instead of another one that the CPU wrote to a in step 1: ',
    );
  });

  test('a dma segment is shorter than what it is for', () => {
    expect(outcomeOf(CLAUSE, ReturnsShortSegments, LIST)).toEqual(['device-fault']);
  });
});

describe('a dma segment that is longer than what it is for', () => {
  const list = (device: string): string => `
device: ${device}
buffers: { a: { size: 256 }, b: { size: 512 } }
steps: [{ map_sg: { id: m, sgl: [a, { buffer: b, offset: 128, size: 64 }], dir: TO_DEVICE } }]
`;
  // The device finds the second entry's 64 bytes where the first segment goes on: behind a, or behind its slot's data.
  test.each([
    ['bounced', '{ untrusted: true }'],
    ['not bounced', '{}'],
    ['not bounced, not coherent', '{ coherent: false }'],
  ])('moves what follows to other memory: %s', (_, device) => {
    expect(evidenceOf(verdictOf(CLAUSE, ReturnsALongSegment, list(device)), 'wrong-address')).toMatchObject({
      step: 0,
      buffer: 1,
      offset: 128,
      count: 64,
    });
  });
});

describe('a read shows what the hand-over did not', () => {
  class FillsAgainLater extends HonestOps {
    private tlb = DMA_MAPPING_ERROR;
    protected override takeSlots(dev: Device, phys: PhysAddr, length: Size, dir: Direction): PhysAddr {
      if (this.tlb !== DMA_MAPPING_ERROR) this.kernel.memset(this.tlb, 8);
      this.tlb = super.takeSlots(dev, phys, length, dir);
      return this.tlb;
    }
  }

  test('the event of the read is the evidence', () => {
    const verdict = verdictOf(
      CLAUSE,
      FillsAgainLater,
      `
device: { untrusted: true }
buffers: { a: { size: 64 }, b: { size: 64 } }
steps:
  - map_page: { id: m, buffer: a, dir: TO_DEVICE }
  - map_page: { id: n, buffer: b, dir: TO_DEVICE }
  - device_read: m
`,
    );
    const evidence = evidenceOf(verdict, 'overwritten');
    expect(evidence).toMatchObject({ step: 2, mapping: 0, buffer: 0, offset: 0, count: 8 });
    expect(evidence.event).toBeGreaterThan(0);
  });
});

describe('a buffer that two devices read at once', () => {
  const MIRROR = `
devices: { one: { untrusted: true }, two: { untrusted: true } }
buffers: { a: { size: 256 } }
steps:
  - map_page: { id: m, device: one, buffer: a, dir: TO_DEVICE }
  - map_page: { id: n, device: two, buffer: a, dir: TO_DEVICE }
  - device_read: m
  - device_read: n
`;
  test('is judged by nobody while two mappings cover it', () => {
    expect(outcomeOf(CLAUSE, HonestOps, MIRROR)).toEqual('holds');
  });
});
