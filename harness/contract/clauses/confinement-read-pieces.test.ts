// SPDX-License-Identifier: GPL-2.0-only
/** However an exposure is cut into pieces: what is said of it is what is said of its bytes, one by one. */
import { expect, test } from '@jest/globals';
import type { EventLog } from '../../machine/event-log.ts';
import { EV } from '../../machine/event-log.ts';
import { LABEL_STALE, LABEL_ZERO, labelAfter } from '../../machine/labels.ts';
import { DMA_TO_DEVICE } from '../../machine/vocabulary.ts';
import {
  A,
  B,
  exposureVerdict,
  LATER,
  ofM,
  ofN,
  ONE,
  IOVA_M,
  PLANTED,
  RW,
  SCENARIO,
  TLB_M,
  viewLabels,
  written,
  type Exposed,
} from '../testing/exposures.ts';
import { logged, outcome } from '../testing/recordings.ts';
import { judge } from '../contract.ts';

const SIZE = 96;

function bytesOf(exposed: Exposed): Exposed[] {
  return Array.from({ length: exposed.size }, (_, i) => ({
    ...exposed,
    iova: exposed.iova + i,
    phys: exposed.phys + i,
    label: labelAfter(exposed.label, i),
    size: 1,
  }));
}

/** Part of what lies around the data is cleared, and part of that cleaned; then `one` writes through its mapping. */
function happens(log: EventLog): void {
  log.push(EV.memset, -1, TLB_M + 0x60, 0x30);
  log.push(EV.arch_sync_dma_for_device, -1, TLB_M + 0x80, 0x40, DMA_TO_DEVICE, 0);
  log.push(EV.device_write, ONE, IOVA_M + 0x10, 64, written(log, LATER, 64), 0, 0);
}

/** What buffer a has carried: other bytes of its own, what the disk had written, and a kind of memory. */
const carried = viewLabels.map((label, i) =>
  i < 20 ? label : i < 40 ? PLANTED + i : i < 64 ? LABEL_ZERO : label,
);

test.each([
  ['a kind of memory', LABEL_STALE],
  ['another kind', LABEL_ZERO],
  ['of the first write', A],
  ['of its middle', A + 30],
  ['of its end, and of the next one', A + 70],
  ['of the other buffer, and of the disk', B + 30],
  ['of the disk, and of itself', PLANTED + 4],
  ['of itself, and of nobody', LATER + 30],
])('%s', (_, label) => {
  for (const place of [ofM, ofN]) {
    for (const at of [0, 0x10, 0x4f, 0x50, 0x7d0]) {
      const whole = { ...place(at, SIZE, label), event: 15, step: 2 };
      expect(exposureVerdict(bytesOf(whole), happens)).toEqual(exposureVerdict([whole], happens));
      const seen = { viewLabels: carried };
      expect(exposureVerdict(bytesOf(whole), happens, seen)).toEqual(exposureVerdict([whole], happens, seen));
    }
  }
});

test('where no copy tells them apart: in front of the data, the data, behind it', () => {
  const log = (into: EventLog): void => {
    into.step = 0;
    into.result(into.push(EV.swiotlb_tbl_map_single, ONE, 0x200080, 64, 0xc0, 0, 0, 0), TLB_M + 0x80);
    into.result(into.push(EV.iommu_map, ONE, IOVA_M, TLB_M, 0x1000, RW), 0);
  };
  const run = logged(log, SCENARIO, {
    steps: [outcome('done', 0, 2, [{ address: IOVA_M + 0x80, length: 64 }]), outcome('failed', 2, 2)],
    views: [],
    exposures: new Float64Array([2, 0, ONE, IOVA_M, TLB_M, 0x100, LABEL_STALE, 0, RW]),
  });
  const [verdict] = judge(run, ['confinement-read']);
  const found = verdict?.breaks.flatMap(({ victims }) =>
    victims.map(({ from, to, evidence: { place, iova, count } }) => [place, from, to, iova, count]),
  );
  expect(found).toEqual([
    ['in front of the data', 0, 0x80, IOVA_M, 0x80],
    ['the data', 0x80, 0xc0, IOVA_M + 0x80, 64],
    ['behind the data', 0xc0, 0x100, IOVA_M + 0xc0, 64],
  ]);
});

test('behind one entry of a list and in front of the next: where a piece of the map begins', () => {
  const log = (into: EventLog): void => {
    into.step = 0;
    into.result(into.push(EV.swiotlb_tbl_map_single, ONE, 0x200010, 64, 0x400, 0, 0, 0), TLB_M + 0x10);
    for (const at of [0, 0x200]) {
      into.result(into.push(EV.iommu_map, ONE, IOVA_M + at, TLB_M + at, 0x200, RW), 0);
    }
  };
  const run = logged(log, SCENARIO, {
    steps: [
      outcome('done', 0, 3, [
        { address: IOVA_M + 0x10, length: 64 },
        { address: IOVA_M + 0x240, length: 64 },
      ]),
      outcome('failed', 3, 3),
    ],
    views: [],
    exposures: new Float64Array([3, 0, ONE, IOVA_M + 0x50, TLB_M + 0x50, 0x1f0, LABEL_STALE, 0, RW]),
  });
  const [verdict] = judge(run, ['confinement-read']);
  const found = verdict?.breaks.flatMap(({ victims }) =>
    victims.map(({ evidence: { place, iova, count } }) => [place, iova, count]),
  );
  expect(found).toEqual([
    ['behind the data', IOVA_M + 0x50, 0x1b0],
    ['in front of the data', IOVA_M + 0x200, 0x40],
  ]);
});

test('what the CPU has written to the buffer since is its own where it belongs, and nowhere else', () => {
  const writes = (log: EventLog): void => {
    log.push(EV.cpu_write, -1, 0, 0, 100, written(log, LATER, 100), 0x200010);
  };
  const found = (label: number): unknown[] => {
    const exposed = { ...ofM(0x10, 32, label), event: 13, step: 2 };
    return exposureVerdict([exposed], writes).breaks.map(({ evidence: { count, observed } }) => [
      count,
      observed,
    ]);
  };
  expect(found(LATER)).toEqual([]);
  expect(found(LATER + 10)).toEqual([[32, LATER + 10]]);
});

test('where no map has taken the slots: in front of what was asked for, and behind it', () => {
  const takes = (log: EventLog): void => {
    log.step = 2;
    log.result(log.push(EV.swiotlb_tbl_map_single, ONE, 0x200080, 64, 0x70, 0, 0, 0), TLB_M + 0x810);
  };
  const { breaks } = exposureVerdict([{ ...ofM(0x808, 16, LABEL_STALE), event: 13, step: 2 }], takes);
  const parts = breaks.flatMap(({ victims }) =>
    victims.map(({ evidence: { place, count, iova } }) => [place, count, iova]),
  );
  expect(parts).toEqual([
    ['in front of the data', 8, IOVA_M + 0x808],
    ['behind the data', 8, IOVA_M + 0x810],
  ]);
});
