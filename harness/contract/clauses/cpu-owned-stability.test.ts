// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import type {
  Attrs,
  Device,
  Direction,
  DmaAddr,
  DmaOpsClass,
  PhysAddr,
  Size,
} from '../../../variants/dma-ops.ts';
import { FIRST_LABEL, LABEL_ZERO } from '../../machine/labels.ts';
import type { Cause, Evidence } from '../verdict.ts';
import { CopiesWholeGranules, NeverCopiesOut, NeverInvalidates } from '../testing/fakes.ts';
import { HonestOps } from '../testing/honest-ops.ts';
import { evidenceOf, outcomeOf, recordingOf, verdictOf } from '../testing/judging.ts';

const CLAUSE = 'cpu-owned-stability';

/** Clears 32 bytes of the buffer when it is synced for the CPU once more. */
class ClearsOnTheSecondSync extends HonestOps {
  private phys = 0;
  private syncs = 0;
  protected override bounces(dev: Device, phys: PhysAddr, size: Size): boolean {
    this.phys = phys;
    return super.bounces(dev, phys, size);
  }
  override syncSingleForCpu(dev: Device, handle: DmaAddr, size: Size, dir: Direction): void {
    super.syncSingleForCpu(dev, handle, size, dir);
    if (++this.syncs === 2) this.kernel.memset(this.phys + 16, 32);
  }
}

/** A partial sync copies back the whole granule. */
class SyncsTooMuch extends CopiesWholeGranules {
  protected override copyOut(dev: Device, tlb: PhysAddr, size: Size, dir: Direction): void {
    if (dir !== 2) this.kernel.swiotlbSyncSingleForDevice(dev, tlb, size, dir);
  }
}

/** An unmap copies back, whatever its attributes say. */
class IgnoresSkip extends HonestOps {
  override unmapPage(dev: Device, handle: DmaAddr, size: Size, dir: Direction, _: Attrs): void {
    super.unmapPage(dev, handle, size, dir, 0);
  }
}

/** Its first sync for the CPU copies nothing back. */
class CopiesBackLater extends HonestOps {
  private syncs = 0;
  override syncSingleForCpu(dev: Device, handle: DmaAddr, size: Size, dir: Direction): void {
    if (++this.syncs > 1) super.syncSingleForCpu(dev, handle, size, dir);
  }
}

const PING_PONG = `
device: { untrusted: true }
buffers: { a: { size: 256 } }
steps:
  - map_page: { id: m, buffer: a, dir: FROM_DEVICE }
  - device_write: m
  - sync_single_for_cpu: m
  - cpu_read: a
  - sync_single_for_cpu: m
  - cpu_read: a
`;

/** The CPU has bytes 0 to 127 and changes them; then bytes 128 to 255 come back. */
const HALVES = `
device: { untrusted: true }
buffers: { a: { size: 256 } }
steps:
  - map_page: { id: m, buffer: a, dir: BIDIRECTIONAL }
  - sync_single_for_cpu: { id: m, offset: 0, size: 128 }
  - cpu_write: { buffer: a, offset: 0, size: 128 }
  - sync_single_for_cpu: { id: m, offset: 128, size: 128 }
  - cpu_read: a
`;

const NON_COHERENT = `
device: { coherent: false }
buffers: { a: { size: 256 } }
steps:
  - cpu_read: a
  - map_page: { id: m, buffer: a, dir: FROM_DEVICE }
  - device_write: m
  - sync_single_for_cpu: m
  - cpu_read: a
`;

/** Nothing was handed over by the unmap: what the CPU wrote after the sync is still its own. */
const SKIPPED_UNMAP = `
device: { untrusted: true }
buffers: { a: { size: 256 } }
steps:
  - map_page: { id: m, buffer: a, dir: BIDIRECTIONAL }
  - sync_single_for_cpu: m
  - cpu_write: a
  - cpu_read: a
  - unmap_page: { id: m, attrs: SKIP_CPU_SYNC }
  - cpu_read: a
`;

describe('holds', () => {
  test.each(Object.entries({ PING_PONG, HALVES, NON_COHERENT, SKIPPED_UNMAP }))('%s', (_, yaml) => {
    expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('holds');
  });

  test('a buffer that is never mapped', () => {
    expect(outcomeOf(CLAUSE, HonestOps, 'buffers: { a: { size: 64 } }\nsteps: [{ cpu_read: a }]')).toBe(
      'holds',
    );
  });
});

describe('not exercised', () => {
  test.each([
    ['nobody reads', 'steps: [{ map_page: { id: m, buffer: a, dir: TO_DEVICE } }]'],
    ['the device owns it', 'steps: [{ map_page: { id: m, buffer: a, dir: TO_DEVICE } }, { cpu_read: a }]'],
  ])('%s', (_, steps) => {
    expect(outcomeOf(CLAUSE, HonestOps, `buffers: { a: { size: 64 } }\n${steps}`)).toBe('not-exercised');
  });
});

describe('broken', () => {
  const device = FIRST_LABEL + 256;
  const at = { mapping: 0, buffer: 0 };

  test('by an operation', () => {
    expect(evidenceOf(verdictOf(CLAUSE, ClearsOnTheSecondSync, PING_PONG), 'changed-by-operation')).toEqual({
      ...at,
      step: 4,
      offset: 16,
      count: 32,
      expected: device + 16,
      observed: LABEL_ZERO,
    });
  });

  test.each<[string, DmaOpsClass, string, Partial<Evidence>, Cause?]>([
    // The bounce buffer still has what the CPU handed over at first.
    ['a sync of other bytes', SyncsTooMuch, HALVES, { step: 4, offset: 0, count: 128 }],
    ['a stale line', NeverInvalidates, NON_COHERENT, { step: 4, offset: 0, count: 256 }, 'not-invalidated'],
  ])('seen by a read: %s', (_, Ops, yaml, evidence, cause = 'changed-in-memory') => {
    const found = evidenceOf(verdictOf(CLAUSE, Ops, yaml), cause);
    expect(found).toMatchObject({ mapping: 0, buffer: 0, ...evidence });
    const { from, to } = recordingOf(Ops, yaml).steps[found.step] ?? { from: 0, to: 0 };
    expect(found.event).toBeGreaterThanOrEqual(from);
    expect(found.event).toBeLessThan(to);
  });

  test('by an unmap that was told to skip the hand-over', () => {
    const verdict = verdictOf(CLAUSE, IgnoresSkip, SKIPPED_UNMAP);
    expect(verdict.status).toBe('broken');
    expect(verdict.breaks[0]?.evidence).toMatchObject({ buffer: 0, offset: 0, count: 256 });
  });

  test('a stale line that is seen after the unmap has the same cause', () => {
    const yaml = `
device: { coherent: false }
buffers: { a: { size: 256 } }
steps:
  - cpu_read: a
  - map_page: { id: m, buffer: a, dir: FROM_DEVICE }
  - device_write: m
  - unmap_page: m
  - cpu_read: a
`;
    expect(outcomeOf(CLAUSE, NeverInvalidates, yaml)).toEqual(['not-invalidated']);
  });
});

describe('an untrusted device writes what the CPU has', () => {
  /** It writes 64 bytes after the first `synced` bytes were looked at. */
  const late = (device: string, size: number, synced: number, ...steps: string[]): string => `
device: ${device}
buffers: { a: { size: ${size} } }
steps:
  - map_page: { id: m, buffer: a, dir: FROM_DEVICE }
  - device_write: m
  - sync_single_for_cpu: { id: m, size: ${synced} }
  - cpu_read: { buffer: a, size: 64 }
  - device_write: { id: m, size: 64 }
${steps.map((step) => `  - ${step}\n`).join('')}
`;
  const UNTRUSTED = '{ untrusted: true }';

  test.each([
    ['all was synced', 256],
    ['the header was', 64],
  ])('the unmap brings it: %s', (_, synced) => {
    const yaml = late(UNTRUSTED, 256, synced, 'unmap_page: m', 'cpu_read: a');
    expect(evidenceOf(verdictOf(CLAUSE, HonestOps, yaml), 'changed-by-operation')).toMatchObject({
      step: 5,
      mapping: 0,
      offset: 0,
      count: 64,
    });
    // What it wrote in turn is promised as ever, what it wrote late is not.
    expect(outcomeOf('from-device-data', HonestOps, yaml)).toBe('holds');
  });

  test('nothing brings it', () => {
    const steps = ['cpu_read: a', 'unmap_page: { id: m, attrs: SKIP_CPU_SYNC }', 'cpu_read: a'];
    expect(outcomeOf(CLAUSE, HonestOps, late(UNTRUSTED, 256, 256, ...steps))).toBe('holds');
  });

  test.each([true, false])('a whole page, which is not bounced (coherent: %s)', (coherent) => {
    const yaml = late(`{ untrusted: true, coherent: ${coherent} }`, 4096, 4096, 'cpu_read: a');
    expect(evidenceOf(verdictOf(CLAUSE, HonestOps, yaml), 'changed-in-memory')).toMatchObject({
      step: 5,
      count: 64,
    });
  });

  test.each([
    ['a trusted device', late('{}', 4096, 4096, 'cpu_read: a')],
    ['a kernel that cannot bounce', `machine: { swiotlb: false }${late(UNTRUSTED, 256, 256, 'cpu_read: a')}`],
  ])('%s is believed', (_, yaml) => {
    expect(outcomeOf(CLAUSE, HonestOps, yaml)).toBe('holds');
  });

  test('what the CPU writes over it is judged again', () => {
    const yaml = late(
      UNTRUSTED,
      256,
      256,
      'cpu_write: { buffer: a, size: 64 }',
      'cpu_read: a',
      'unmap_page: { id: m, attrs: SKIP_CPU_SYNC }',
      'map_page: { id: n, buffer: a, dir: TO_DEVICE }',
    );
    expect(verdictOf('to-device-data', NeverCopiesOut, yaml).breaks[0]?.evidence.count).toBe(256);
  });
});

describe('the lazy window', () => {
  /** Changes the buffer that was unmapped last, when the next one is mapped. */
  class ClearsWhatIsGone extends HonestOps {
    private phys = 0;
    override mapPage(dev: Device, phys: PhysAddr, size: Size, dir: Direction, attrs: Attrs): DmaAddr {
      if (this.phys !== 0) this.kernel.memset(this.phys, 8);
      this.phys = phys;
      return super.mapPage(dev, phys, size, dir, attrs);
    }
  }
  const gone = (machine: string, between = ''): string => `
machine: ${machine}
buffers: { a: { size: 64 }, b: { size: 64 } }
steps:
  - map_page: { id: m, buffer: a, dir: TO_DEVICE }
  - unmap_page: m
  ${between}
  - map_page: { id: n, buffer: b, dir: TO_DEVICE }
  - cpu_read: a
`;
  test.each([
    ['lazy, before the flush', gone('{ strict: false }'), 'not-exercised'],
    ['lazy, after the flush', gone('{ strict: false }', '- flush_queue'), ['changed-in-memory']],
    ['strict', gone('{ strict: true }'), ['changed-in-memory']],
    // The CPU reads its own memory: no copy has anything to do with it.
    ['bounced', `device: { untrusted: true }${gone('{}')}`, ['changed-in-memory']],
  ])('%s', (_, yaml, outcome) => {
    expect(outcomeOf(CLAUSE, ClearsWhatIsGone, yaml)).toEqual(outcome);
  });
});

describe('bytes that came back wrong', () => {
  // The device writes 64 bytes, which the first sync for the CPU leaves in the bounce buffer.
  const late = (between: string): string => `
device: { untrusted: true }
buffers: { a: { size: 64 } }
steps:
  - cpu_write: a
  - map_page: { id: m, buffer: a, dir: BIDIRECTIONAL }
  - device_write: m
  - sync_single_for_cpu: m
${between}
  - cpu_read: a
`;

  test('put it to no test', () => {
    const verdict = verdictOf(CLAUSE, CopiesBackLater, late('  - cpu_read: a'));
    expect(verdict.status).toBe('not-exercised');
    expect(verdict.unknown?.map(({ of, from, to, evidence: { step } }) => [of, from, to, step])).toEqual([
      ['mapping 0, buffer 0', 0, 64, 4],
      ['mapping 0, buffer 0', 0, 64, 5],
    ]);
  });

  test('and yet may not change', () => {
    const verdict = verdictOf(CLAUSE, CopiesBackLater, late('  - sync_single_for_cpu: m'));
    expect(evidenceOf(verdict, 'changed-by-operation').count).toBe(64);
  });

  test('do again when they have come back right, not when they come back once more', () => {
    const [out, back] = ['  - sync_single_for_device: m\n', '  - sync_single_for_cpu: m\n  - cpu_read: a'];
    const right = verdictOf(CLAUSE, CopiesBackLater, late(`${out}  - device_write: m\n${back}`));
    expect([right.status, right.unknown]).toEqual(['holds', undefined]);
    const again = verdictOf(CLAUSE, CopiesBackLater, late(out + back));
    expect([again.status, again.unknown?.length]).toEqual(['not-exercised', 2]);
  });
});
