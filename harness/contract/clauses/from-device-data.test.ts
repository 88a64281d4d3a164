// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import {
  DMA_FROM_DEVICE,
  type Device,
  type Direction,
  type DmaAddr,
  type DmaOpsClass,
  type PhysAddr,
  type Size,
} from '../../../variants/dma-ops.ts';
import { FIRST_LABEL, LABEL_ZERO } from '../../machine/labels.ts';
import type { Cause, Evidence } from '../verdict.ts';
import {
  ForgetsTheIotlb,
  NeverCleans,
  NeverCopiesBack,
  NeverInvalidates,
  ReturnsALongSegment,
} from '../testing/fakes.ts';
import { HonestOps } from '../testing/honest-ops.ts';
import { evidenceOf, outcomeOf, verdictOf } from '../testing/judging.ts';

const CLAUSE = 'from-device-data';

/** Clears the buffer once the device's data is in it. */
class ClearsTheBuffer extends HonestOps {
  private phys = 0;
  protected override takeSlots(dev: Device, phys: PhysAddr, length: Size, dir: Direction): PhysAddr {
    this.phys = phys;
    return super.takeSlots(dev, phys, length, dir);
  }
  protected override copyBack(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void {
    super.copyBack(dev, tlb, size, dir);
    this.kernel.memset(this.phys, 16);
  }
}

/** What the device wrote stays in the bounce buffer, where lines of the CPU's cache go over it. */
class LeavesItToTheCache extends NeverCopiesBack {
  protected override invalidate(): void {
    // Lines that were there before stay.
  }
  protected override writeBack(): void {
    // And so do dirty ones.
  }
}

/** Throws what has been copied back out of the cache. */
class InvalidatesTheOriginal extends HonestOps {
  private phys = 0;
  protected override takeSlots(dev: Device, phys: PhysAddr, length: Size, dir: Direction): PhysAddr {
    this.phys = phys;
    return super.takeSlots(dev, phys, length, dir);
  }
  protected override copyBack(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void {
    super.copyBack(dev, tlb, size, dir);
    this.kernel.archSyncDmaForCpu(this.phys, size, DMA_FROM_DEVICE);
  }
}

class SyncsTheFirstHalf extends HonestOps {
  override syncSingleForCpu(dev: Device, handle: DmaAddr, size: Size, dir: Direction): void {
    super.syncSingleForCpu(dev, handle, size / 2, dir);
  }
}

/** Cleans what it clears before the data, but not what it clears behind it. */
class ClearsThePaddingAgain extends HonestOps {
  protected override install(dev: Device, phys: PhysAddr, length: Size, prot: number): DmaAddr {
    this.kernel.memset(phys + 100, length - 100);
    return super.install(dev, phys, length, prot);
  }
}

const receive = (device: string, size = 256, end = 'unmap_page: m'): string => `
device: ${device}
buffers: { a: { size: ${size} } }
steps:
  - cpu_write: a
  - map_page: { id: m, buffer: a, dir: FROM_DEVICE }
  - device_write: m
  - ${end}
`;
const BOUNCED = receive('{ untrusted: true }');
const BOUNCED_NON_COHERENT = receive('{ untrusted: true, coherent: false }');
const DIRECT = receive('{}');
const DIRECT_NON_COHERENT = receive('{ coherent: false }');
const HALF_A_SYNC = receive(
  '{ untrusted: true }',
  256,
  'sync_single_for_cpu: { id: m, offset: 128, size: 128 }',
);
const BIDIRECTIONAL = `
device: { untrusted: true, coherent: false }
buffers: { a: { size: 256 } }
steps:
  - map_page: { id: m, buffer: a, dir: BIDIRECTIONAL }
  - device_write: { id: m, offset: 64, size: 128 }
  - sync_single_for_cpu: m
  - cpu_read: a
`;

test.each(
  Object.entries({ BOUNCED, BOUNCED_NON_COHERENT, DIRECT, DIRECT_NON_COHERENT, HALF_A_SYNC, BIDIRECTIONAL }),
)('holds: %s', (_, yaml) => {
  expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('holds');
});

describe('not exercised', () => {
  const run = (steps: string): string => `
device: { untrusted: true }
buffers: { a: { size: 256 } }
steps: [${steps}]
`;
  const map = 'map_page: { id: m, buffer: a, dir: FROM_DEVICE }';
  test.each([
    ['the device writes nothing', run(`{ ${map} }, { unmap_page: m }`)],
    ['it is never handed back', run(`{ ${map} }, { device_write: m }`)],
    [
      'SKIP',
      run(
        `{ ${map} }, { device_write: m }, { unmap_page: { id: m, attrs: SKIP_CPU_SYNC } }, { cpu_read: a }`,
      ),
    ],
    [
      'to-device',
      run('{ map_page: { id: m, buffer: a, dir: TO_DEVICE } }, { device_write: m }, { unmap_page: m }'),
    ],
  ])('%s', (_, yaml) => {
    expect(outcomeOf(CLAUSE, NeverCopiesBack, yaml)).toBe('not-exercised');
  });
});

describe('the cause is what was so when the bytes were copied', () => {
  /** Clears 8 bytes just before they are copied back; the device goes on writing behind the unmap. */
  class LosesTheFirstBytes extends ForgetsTheIotlb {
    protected override copyBack(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void {
      this.kernel.memset(tlb, 8);
      super.copyBack(dev, tlb, size, dir);
    }
  }
  test.each([true, false])('whatever a device that scribbles (%s) does to the memory behind', (scribble) => {
    const yaml = `
device: { untrusted: true, coherent: false, scribble: ${scribble} }
buffers: { a: { size: 256 } }
steps:
  - map_page: { id: m, buffer: a, dir: FROM_DEVICE }
  - device_write: m
  - unmap_page: m
`;
    expect(evidenceOf(verdictOf(CLAUSE, LosesTheFirstBytes, yaml), 'wrong-data')).toMatchObject({
      step: 2,
      offset: 0,
      count: 8,
    });
  });
});

describe('broken', () => {
  /** The buffer of 256 bytes, the CPU's write, then the device's. */
  const cpu = FIRST_LABEL + 256;
  const device = FIRST_LABEL + 512;
  const at = { step: 3, mapping: 0, buffer: 0, offset: 0, count: 256 };
  test.each<[string, DmaOpsClass, string, Cause, Evidence]>([
    ['not copied', NeverCopiesBack, BOUNCED, 'not-copied', { ...at, expected: device, observed: cpu }],
    [
      'not copied, whatever the cache does to the bounce buffer',
      LeavesItToTheCache,
      BOUNCED_NON_COHERENT,
      'not-copied',
      { ...at, expected: device, observed: cpu },
    ],
    [
      'copied, and thrown away with the lines of the buffer',
      InvalidatesTheOriginal,
      BOUNCED_NON_COHERENT,
      'dropped-by-arch-invalidate',
      { ...at, expected: device, observed: FIRST_LABEL },
    ],
    [
      'not invalidated',
      NeverInvalidates,
      DIRECT_NON_COHERENT,
      'not-invalidated',
      { ...at, expected: device, observed: cpu },
    ],
    [
      'bounce buffer not invalidated',
      NeverInvalidates,
      BOUNCED_NON_COHERENT,
      'not-invalidated',
      { ...at, expected: device, observed: LABEL_ZERO },
    ],
    [
      'dirty lines left at the map',
      NeverCleans,
      DIRECT_NON_COHERENT,
      'overwritten-by-write-back',
      { ...at, expected: device, observed: cpu },
    ],
    [
      'cleared after the copy',
      ClearsTheBuffer,
      BOUNCED,
      'wrong-data',
      { ...at, count: 16, expected: device, observed: LABEL_ZERO },
    ],
    [
      'a sync does half of it',
      SyncsTheFirstHalf,
      HALF_A_SYNC,
      'not-copied',
      { ...at, offset: 192, count: 64, expected: device + 192, observed: cpu + 192 },
    ],
  ])('%s', (_, Ops, yaml, cause, evidence) => {
    expect(evidenceOf(verdictOf(CLAUSE, Ops, yaml), cause)).toEqual(evidence);
  });

  // The line of bytes 64 to 99 is dirty with zeros from byte 100 on: what is written back over the
  // device's bytes need not have been written by the CPU itself.
  test('a dirty neighbour in the same line', () => {
    const verdict = verdictOf(
      CLAUSE,
      ClearsThePaddingAgain,
      receive('{ untrusted: true, coherent: false }', 100),
    );
    expect(evidenceOf(verdict, 'overwritten-by-write-back')).toMatchObject({ offset: 64, count: 36 });
  });
});

// Bytes 256 to 319 of the list are b's; the first segment, of 320 bytes, has them behind a, or behind its slot's data.
test.each(['{ untrusted: true }', '{}', '{ coherent: false }'])(
  'a dma segment that is longer than what it is for: %s',
  (device) => {
    const yaml = `
device: ${device}
buffers: { a: { size: 256 }, b: { size: 64 } }
steps:
  - map_sg: { id: m, sgl: [a, b], dir: FROM_DEVICE }
  - device_write: { id: m, offset: 256, size: 64 }
  - unmap_sg: m
`;
    expect(evidenceOf(verdictOf(CLAUSE, ReturnsALongSegment, yaml), 'wrong-address')).toMatchObject({
      step: 2,
      buffer: 1,
      offset: 0,
      count: 64,
    });
  },
);

// What the hand-over showed is no further cause when the CPU reads it.
describe('one cause, also when the CPU reads it later', () => {
  test.each<[string, DmaOpsClass, string, Cause]>([
    ['not copied', NeverCopiesBack, BOUNCED, 'not-copied'],
    ['not invalidated', NeverInvalidates, DIRECT_NON_COHERENT, 'not-invalidated'],
    ['bounce buffer not invalidated', NeverInvalidates, BOUNCED_NON_COHERENT, 'not-invalidated'],
    ['dirty lines', NeverCleans, DIRECT_NON_COHERENT, 'overwritten-by-write-back'],
  ])('%s', (_, Ops, yaml, cause) => {
    expect(outcomeOf(CLAUSE, Ops, `${yaml}  - cpu_read: a\n`)).toEqual([cause]);
  });
});
