// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import {
  DMA_FROM_DEVICE,
  DMA_TO_DEVICE,
  type Attrs,
  type Device,
  type Direction,
  type DmaAddr,
  type DmaOpsClass,
  type PhysAddr,
  type Size,
} from '../../../variants/dma-ops.ts';
import { POOL_START } from '../../machine/config.ts';
import { sentence } from '../sentence.ts';
import { HonestOps } from '../testing/honest-ops.ts';
import { brokenIn, caseOf, onlyBreak, outcomeOf, recordingOf, verdictOf } from '../testing/judging.ts';
import { plain } from '../../text/document.ts';

const CLAUSE = 'own-memory';

/** 512 bytes in the middle of a page, bounced; the buffer stands at 0x100800, its slots at 0x1000000. */
const BOUNCED = `
device: { untrusted: true, coherent: false }
buffers: { a: { size: 512, offset: 0x800 } }
steps: [{ map_page: { id: m, buffer: a, dir: BIDIRECTIONAL } }, { unmap_page: m }]
`;
const TRUSTED = BOUNCED.replace('untrusted: true, ', '');

/** Clears so many bytes in front of its slots. */
const clearsInFront = (size: number): DmaOpsClass =>
  class extends HonestOps {
    protected override fillSlots(dev: Device, tlb: PhysAddr, length: Size): void {
      super.fillSlots(dev, tlb, length);
      this.kernel.memset(tlb - size, 2 * size);
    }
  };

/** The sixteen bytes that end where the pool begins. */
class ClearsUpToThePool extends HonestOps {
  protected override fillSlots(dev: Device, tlb: PhysAddr, length: Size): void {
    super.fillSlots(dev, tlb, length);
    this.kernel.memset(POOL_START - 16, 16);
  }
}

/** The page at 0x100000 has two slots at 0x1000000; the next two are nobody's. */
class ClearsBehind extends HonestOps {
  protected override fillSlots(_: Device, tlb: PhysAddr, length: Size): void {
    this.kernel.memset(tlb + 4, length);
  }
}

/** Clears the pool's first line before it asks for slots. */
class ClearsTooEarly extends HonestOps {
  protected override takeSlots(dev: Device, phys: PhysAddr, length: Size, dir: Direction): PhysAddr {
    this.kernel.memset(POOL_START, 64);
    return super.takeSlots(dev, phys, length, dir);
  }
}

/** All slots that there are: 128 of 2 KiB, from 0x1000000 to 0x1040000. */
const WHOLE_POOL = `
machine: { swiotlbSlots: 128 }
device: { untrusted: true }
buffers: { a: { size: 0x3fe00, offset: 0x200 } }
steps: [{ map_page: { id: m, buffer: a, dir: TO_DEVICE } }]
`;

class CopiesOneByteMore extends HonestOps {
  protected override copyOut(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void {
    super.copyOut(dev, tlb, size + 1, dir);
  }
}

class MaintainsAnotherBuffer extends HonestOps {
  protected override writeBack(phys: PhysAddr, size: Size): void {
    super.writeBack(phys, size);
    this.kernel.archSyncDmaForDevice(phys - 64, 64, DMA_TO_DEVICE);
  }
}

class MaintainsReleasedSlots extends HonestOps {
  override unmapPage(dev: Device, handle: DmaAddr, size: Size, dir: Direction, attrs: Attrs): void {
    const phys = this.kernel.iommuIovaToPhys(dev, handle);
    super.unmapPage(dev, handle, size, dir, attrs);
    this.kernel.archSyncDmaForCpu(phys, size, DMA_FROM_DEVICE);
  }
}

describe('holds', () => {
  test.each([
    ['bounced', BOUNCED],
    ['bounced, with large pages', `machine: { pageSize: 65536, granule: 65536 }\n${BOUNCED}`],
    ['trusted', TRUSTED],
    [
      'lists',
      `
device: { untrusted: true, coherent: false }
buffers: { a: { size: 100, offset: 30 }, b: { size: 4096 } }
steps:
  - map_sg: { id: m, sgl: [a, b], dir: BIDIRECTIONAL }
  - sync_sg_for_cpu: m
  - sync_sg_for_device: m
  - unmap_sg: m
`,
    ],
  ])('%s', (_, yaml) => {
    expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('holds');
  });
});

test('not exercised where nothing is cleared, copied or maintained', () => {
  expect(outcomeOf(CLAUSE, HonestOps, TRUSTED.replace('coherent: false', 'coherent: true'))).toBe(
    'not-exercised',
  );
});

describe('broken', () => {
  test.each<[string, DmaOpsClass, string, string, { phys: number; count: number; step: number }]>([
    [
      'in front of the pool',
      clearsInFront(16),
      BOUNCED,
      'outside-the-pool',
      { phys: 0xfffff0, count: 16, step: 0 },
    ],
    [
      'up to the pool, nothing of it',
      ClearsUpToThePool,
      BOUNCED,
      'foreign-memory',
      { phys: 0xfffff0, count: 16, step: 0 },
    ],
    ['a slot behind', ClearsBehind, BOUNCED, 'foreign-slot', { phys: 0x1001000, count: 4, step: 0 }],
    [
      'behind the pool, from the last slot on',
      ClearsBehind,
      WHOLE_POOL,
      'outside-the-pool',
      { phys: 0x1040000, count: 4, step: 0 },
    ],
    [
      'slots that it gets afterwards',
      ClearsTooEarly,
      BOUNCED,
      'foreign-slot',
      { phys: 0x1000000, count: 64, step: 0 },
    ],
    // From the driver's memory and into the slot: the slot has room for it.
    [
      "a byte of the buffer's neighbour",
      CopiesOneByteMore,
      BOUNCED,
      'foreign-memory',
      { phys: 0x100a00, count: 1, step: 0 },
    ],
    [
      'the line in front',
      MaintainsAnotherBuffer,
      TRUSTED,
      'foreign-memory',
      { phys: 0x1007c0, count: 64, step: 0 },
    ],
    [
      'slots that are released',
      MaintainsReleasedSlots,
      BOUNCED,
      'foreign-slot',
      { phys: 0x1000800, count: 512, step: 1 },
    ],
  ])('%s', (_, Ops, yaml, cause, evidence) => {
    expect(outcomeOf(CLAUSE, Ops, yaml)).toEqual([cause]);
    expect(onlyBreak(verdictOf(CLAUSE, Ops, yaml)).evidence).toMatchObject(evidence);
  });

  test('and said', () => {
    const run = recordingOf(ClearsBehind, BOUNCED);
    const said = plain(
      sentence(run, CLAUSE, 'foreign-slot', onlyBreak(verdictOf(CLAUSE, ClearsBehind, BOUNCED)).evidence),
    );
    expect(said).toContain(
      '4 bytes from phys 0x1001000 on, not of mapping m (cleared): they are in slots that swiotlb did not give to it',
    );
  });
});

test('a driver that syncs more than it mapped gets what it asks for', () => {
  class SyncsAsAsked extends HonestOps {
    override syncSingleForCpu(dev: Device, handle: DmaAddr, size: Size): void {
      this.kernel.archSyncDmaForCpu(this.kernel.iommuIovaToPhys(dev, handle), size, DMA_FROM_DEVICE);
    }
  }
  const whole = caseOf(TRUSTED.replace('unmap_page', 'sync_single_for_cpu'));
  const steps = whole.steps.map((step) =>
    step.op === 'sync_single_for_cpu' ? { ...step, size: 600 } : step,
  );
  expect(brokenIn(SyncsAsAsked, whole)).toEqual([]);
  expect(brokenIn(SyncsAsAsked, { ...whole, steps })).toEqual([]);
});

test('and so does one that unmaps another size than it mapped', () => {
  const yaml = TRUSTED.replace('{ unmap_page: m }', '{ unmap_page: { id: m, size: 1024, misuse: true } }');
  expect(recordingOf(HonestOps, yaml).events.of('arch_sync_dma_for_cpu')).toMatchObject([{ size: 1024 }]);
  expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('holds');
});
