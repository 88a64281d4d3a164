// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import type { Device, DmaOpsClass, PhysAddr } from '../../../variants/dma-ops.ts';
import { judge } from '../contract.ts';
import type { Cause } from '../verdict.ts';
import { HonestOps } from '../testing/honest-ops.ts';
import { evidenceOf, outcomeOf, recordingOf, verdictOf } from '../testing/judging.ts';

const CLAUSE = 'no-crash';

/** The length of what is left of the granule, gone wrong: size_t below zero. */
class ClearsAHugeLength extends HonestOps {
  protected override fillSlots(_: Device, tlb: PhysAddr): void {
    this.kernel.memset(tlb, -64);
  }
}

class CopiesAHugeLength extends HonestOps {
  protected override copyOut(dev: Device, tlb: PhysAddr): void {
    this.kernel.swiotlbSyncSingleForDevice(dev, tlb + 100, -1, 1);
  }
}

class CopiesInFrontOfTheMapping extends HonestOps {
  protected override copyOut(dev: Device, tlb: PhysAddr): void {
    this.kernel.swiotlbSyncSingleForDevice(dev, tlb - 0x180, 64, 1);
  }
  protected override takeSlots(...[dev, phys, length, dir]: Parameters<HonestOps['takeSlots']>): PhysAddr {
    return super.takeSlots(dev, phys + 0x180, length, dir) - 0x180;
  }
}

class TakesTheOriginalForSlots extends HonestOps {
  protected override copyBack(dev: Device): void {
    this.kernel.swiotlbSyncSingleForCpu(dev, 0x100000, 64, 2);
  }
}

class AlwaysSyncs extends HonestOps {
  protected override giveToCpu(dev: Device, phys: PhysAddr): void {
    this.kernel.swiotlbSyncSingleForCpu(dev, phys, 64, 2);
  }
}

const life = (machine = '{}', device = '{ untrusted: true }'): string => `
machine: ${machine}
device: ${device}
buffers: { a: { size: 256, offset: 0x180 } }
steps:
  - cpu_write: a
  - map_page: { id: m, buffer: a, dir: BIDIRECTIONAL }
  - device_write: m
  - unmap_page: m
  - cpu_read: a
`;
const BOUNCED = life();
/** The search starts in the second half of the pool, wraps, and steps over where it started. */
const NO_ROOM = `
machine: { swiotlbSlots: 128 }
device: { untrusted: true, minAlignMask: 0xffff }
buffers: { a: { size: 100, offset: 0x8000 }, b: { size: 220000, offset: 0x8000 } }
steps: [{ map_page: { id: m, buffer: a, dir: TO_DEVICE } }, { map_page: { id: n, buffer: b, dir: TO_DEVICE } }]
`;

describe('holds', () => {
  test.each([
    ['bounced', BOUNCED],
    ['no swiotlb', life('{ swiotlb: false }')],
    ['nothing is mapped', 'buffers: { a: { size: 64 } }\nsteps: [{ cpu_read: a }]'],
  ])('%s', (_, yaml) => {
    expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('holds');
  });
});

describe('broken', () => {
  test.each<[string, DmaOpsClass, string, Cause, number]>([
    ['memset with a huge size', ClearsAHugeLength, BOUNCED, 'memset-out-of-memory', 1],
    [
      'copy with a huge size',
      CopiesInFrontOfTheMapping,
      life('{}', '{ untrusted: true, minAlignMask: 4095 }'),
      'copy-out-of-memory',
      1,
    ],
    ['a sync of what is no bounce buffer', TakesTheOriginalForSlots, BOUNCED, 'slot-index-out-of-pool', 3],
    ['a sync without swiotlb', AlwaysSyncs, life('{ swiotlb: false }'), 'sync-without-swiotlb', 3],
    ['a search that never ends', HonestOps, NO_ROOM, 'search-never-ends', 1],
  ])('%s', (_, Ops, yaml, cause, step) => {
    const run = recordingOf(Ops, yaml);
    const evidence = evidenceOf(verdictOf(CLAUSE, Ops, yaml), cause);
    expect(evidence).toMatchObject({ step, count: 1 });
    expect(evidence.event).toBe(run.crash?.event);
    expect(evidence.event).toBeGreaterThan(0);
  });

  test('a copy that is clipped is no crash', () => {
    expect(outcomeOf(CLAUSE, CopiesAHugeLength, BOUNCED)).toBe('holds');
  });
});

describe('what lies behind a crash', () => {
  test('is not exercised', () => {
    const verdicts = judge(recordingOf(TakesTheOriginalForSlots, BOUNCED));
    const status = Object.fromEntries(verdicts.map((v) => [v.clause, v.status]));
    expect(status).toMatchObject({
      'to-device-data': 'holds',
      'from-device-data': 'not-exercised',
      revocation: 'not-exercised',
      'no-leftovers': 'not-exercised',
      'no-crash': 'broken',
    });
  });

  test('in the map that crashes, too', () => {
    const verdicts = judge(recordingOf(ClearsAHugeLength, BOUNCED));
    const broken = verdicts.filter((v) => v.status === 'broken').map((v) => v.clause);
    expect(broken).toEqual(['no-crash']);
    const exercised = verdicts.filter((v) => v.status === 'holds').map((v) => v.clause);
    expect(exercised).not.toContain('map-succeeds');
    expect(exercised).not.toContain('failed-map-harmless');
  });
});
