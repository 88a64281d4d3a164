// SPDX-License-Identifier: GPL-2.0-only
/** Which step is named for what is left: the one whose call took it. */
import { describe, expect, test } from '@jest/globals';
import type { Device, Direction, DmaAddr, DmaOpsClass, PhysAddr, Size } from '../../variants/dma-ops.ts';
import type { IommuKind } from '../machine/config.ts';
import { EV, type EventLog } from '../machine/event-log.ts';
import type { EventIx } from '../machine/vocabulary.ts';
import type { StepOutcome } from '../run/recording.ts';
import type { Run } from '../run/run.ts';
import { plain } from '../text/document.ts';
import { sentence, stepNamed } from './sentence.ts';
import { HonestOps } from './testing/honest-ops.ts';
import { logged, outcome } from './testing/recordings.ts';
import { caseOf, recordingOf } from './testing/judging.ts';
import { judge } from './contract.ts';
import { rangesLeft, tookGranules } from './what-is-left.ts';

const isSmall = (size: Size): boolean => size <= 4096;

class KeepsSmallSlots extends HonestOps {
  protected override releaseSlots(dev: Device, tlb: PhysAddr, length: Size, dir: Direction): void {
    if (!isSmall(length)) super.releaseSlots(dev, tlb, length, dir);
  }
}

class KeepsSmallIovas extends HonestOps {
  protected override freeIova(dev: Device, pfn: number, pages: number): void {
    if (pages > 1) super.freeIova(dev, pfn, pages);
  }
}

class KeepsSmallPages extends HonestOps {
  protected override revoke(dev: Device, iova: DmaAddr, length: Size): void {
    if (!isSmall(length)) super.revoke(dev, iova, length);
    else this.kernel.freeIovaFast(dev, iova / 4096, 1);
  }
}

// The first mapping is unmapped whole; the second leaves something; the third is unmapped whole, last of all.
const THREE = `
device: { untrusted: true }
buffers: { a: { size: 20000 }, b: { size: 64 }, c: { size: 9000 } }
steps:
  - map_page: { id: m, buffer: a, dir: TO_DEVICE }
  - map_page: { id: n, buffer: b, dir: TO_DEVICE }
  - unmap_page: n
  - unmap_page: m
  - map_page: { id: o, buffer: c, dir: TO_DEVICE }
  - unmap_page: o
`;

function saidOf(run: Run): string[] {
  const found = judge(run, ['no-leftovers']).flatMap(({ breaks }) => breaks);
  return found.map(({ cause, evidence }) => plain(sentence(run, 'no-leftovers', cause, evidence)));
}

test.each<[DmaOpsClass, string]>([
  [KeepsSmallSlots, 'swiotlb slots were never released.'],
  [KeepsSmallPages, 'IOMMU pages were never unmapped.'],
  [KeepsSmallIovas, 'an IOVA was never freed (1 page at pfn '],
])('%p', (Ops, words) => {
  const [said = '', ...others] = saidOf(recordingOf(Ops, THREE));
  expect(said).toContain('Step 2 (`map_page n = b[0x0, +64] TO_DEVICE on dev`): ' + words);
  expect(others).toEqual([]);
});

test('where the calls do not say: the last step that ran', () => {
  const steps = [outcome('failed', 0, 2), outcome('skipped', 2, 2), outcome('skipped', 2, 2)];
  expect(stepNamed({ steps } as unknown as Run, { step: 2, count: 1 })).toBe(0);
  expect(stepNamed({ steps } as unknown as Run, { step: 0, count: 1 })).toBe(0);
});

describe('ranges that are left', () => {
  /** Ranges that the one device holds after the step. */
  const held = (iovas: number, from: number, to: number): StepOutcome => {
    const done = outcome('done', from, to);
    return { ...done, held: { ...done.held, iovas: [iovas] } };
  };
  const alloc = (log: EventLog, pages: number, pfn: number): void =>
    log.result(log.push(EV.alloc_iova_fast, 0, pages, 0xfffff), pfn);

  test('a call that failed took none', () => {
    const run = logged((log) => {
      alloc(log, 2, 0);
      alloc(log, 3, 5);
    });
    expect(rangesLeft(run, 0, 1)).toEqual([{ pfn: 5, pages: 3, took: 1 }]);
  });

  test('the range at pfn 0 is of the call whose step holds one more than its calls gave out', () => {
    const write = (log: EventLog): void => {
      log.step = 0;
      alloc(log, 1, 1);
      alloc(log, 2, 0);
      log.step = 1;
      alloc(log, 2, 0);
    };
    const run = logged(write, undefined, { steps: [held(1, 0, 2), held(2, 2, 3)] });
    expect(rangesLeft(run, 0, 2)).toEqual([
      { pfn: 1, pages: 1, took: 0 },
      { pfn: 0, pages: 2, took: 2 },
    ]);
  });
});

test.each<[IommuKind, EventIx]>([
  ['amd', 1],
  ['arm', 1],
  ['vtd', 0],
])('%s: of a page that was mapped twice, the granule is of call %i', (iommu, took) => {
  const scenario = caseOf(
    `machine: { iommu: ${iommu} }\nbuffers: { a: { size: 64 } }\nsteps: [{ cpu_read: a }]`,
  );
  const run = logged((log) => {
    for (const phys of [0x300000, 0x400000]) {
      log.result(log.push(EV.iommu_map, 0, 0xf000, phys, 0x1000, 3), 0);
    }
  }, scenario);
  expect(tookGranules(run, 0, 1)).toBe(took);
  expect(tookGranules(run, 0, 2)).toBeUndefined();
});
