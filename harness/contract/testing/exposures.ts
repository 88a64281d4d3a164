// SPDX-License-Identifier: GPL-2.0-only
/** Two maps written by hand, and what untrusted devices could read meanwhile. */
import { EV, type EventLog } from '../../machine/event-log.ts';
import { DMA_TO_DEVICE, IOMMU_READ, IOMMU_WRITE } from '../../machine/vocabulary.ts';
import type { Recording } from '../../run/recording.ts';
import { judge } from '../contract.ts';
import type { Verdict } from '../verdict.ts';
import { caseOf } from './judging.ts';
import { logged, outcome } from './recordings.ts';

export const RW = IOMMU_READ | IOMMU_WRITE;
export const [ONE, TWO, TRUSTED] = [0, 1, 2];
/** Mapping 0 is of `one`, 64 bytes of a; mapping 1 of `two`, 64 of b. */
export const SCENARIO = caseOf(`
devices: { one: { untrusted: true, coherent: false }, two: { untrusted: true }, disk: {} }
buffers: { a: { size: 100, at: 0x200010 }, b: { size: 64, at: 0x300020 } }
steps:
  - map_page: { id: m, buffer: a, size: 64, dir: BIDIRECTIONAL, device: one }
  - map_page: { id: n, buffer: b, dir: BIDIRECTIONAL, device: two }
  - cpu_read: b
`);
/** What the CPU wrote to a, and to b, before the first step. */
export const [A, B] = [16, 116];
/** What the disk wrote, whom nobody has asked, and from where on other writes count. */
export const PLANTED = 180;
export const LATER = 244;
export const [IOVA_M, IOVA_N] = [0xf000, 0xe000];
export const [TLB_M, TLB_N] = [0x1000000, 0x1001000];

/** `size` labels from `label` on into the log; returns where they start. */
export function written(log: EventLog, label: number, size: number): number {
  const at = log.reserve(size);
  for (let i = 0; i < size; i++) log.labels[at + i] = label + i;
  return at;
}

/** Events 0 to 11, of which 3 to 6 are of the first map, and 7 to 9 of the second. */
function happen(log: EventLog): void {
  log.step = -1;
  log.push(EV.cpu_write, -1, 0, 0, 100, written(log, A, 100), 0x200010);
  log.push(EV.cpu_write, -1, 1, 0, 64, written(log, B, 64), 0x300020);
  log.step = 0;
  log.push(EV.device_write, TRUSTED, 0x8000, 64, written(log, PLANTED, 64), -1, 0);
  log.result(log.push(EV.swiotlb_tbl_map_single, ONE, 0x200010, 64, 0x60, 0, 0, 0), TLB_M + 0x10);
  log.push(EV.swiotlb_bounce, ONE, 0x200010, TLB_M + 0x10, 64, DMA_TO_DEVICE);
  log.push(EV.arch_sync_dma_for_device, -1, TLB_M, 0x1000, DMA_TO_DEVICE, 0);
  log.result(log.push(EV.iommu_map, ONE, IOVA_M, TLB_M, 0x1000, RW), 0);
  log.step = 1;
  log.result(log.push(EV.swiotlb_tbl_map_single, TWO, 0x300020, 64, 64, 0, 0, 0), TLB_N + 0x20);
  log.push(EV.swiotlb_bounce, TWO, 0x300020, TLB_N + 0x20, 64, DMA_TO_DEVICE);
  log.result(log.push(EV.iommu_map, TWO, IOVA_N, TLB_N, 0x1000, RW), 0);
  log.step = 2;
  log.push(EV.iommu_iotlb_sync, ONE);
  log.push(EV.iommu_iotlb_sync, TWO);
}
const STEPS = [
  outcome('done', 2, 7, [{ address: IOVA_M + 0x10, length: 64 }]),
  outcome('done', 7, 10, [{ address: IOVA_N + 0x20, length: 64 }]),
  outcome('done', 10, 12),
];
export const viewLabels = Uint32Array.from({ length: 164 }, (_, i) => A + i);
export const views = [
  { step: -1, of: 'buffer', index: 0, start: 0, size: 100 },
  { step: -1, of: 'buffer', index: 1, start: 100, size: 64 },
] as const;

export interface Exposed {
  readonly event?: number;
  readonly step?: number;
  readonly device?: number;
  readonly iova: number;
  readonly phys: number;
  readonly size: number;
  readonly label: number;
  readonly mapping?: number;
  readonly prot?: number;
}
/** At the end of step 0, to `one` through mapping 0, unless something else is said. */
export function exposureVerdict(
  exposed: readonly Exposed[],
  write: (log: EventLog) => void = () => {},
  instead: Partial<Recording> = {},
): Verdict {
  const numbers = exposed.flatMap((each) => [
    each.event ?? 7,
    each.step ?? 0,
    each.device ?? ONE,
    each.iova,
    each.phys,
    each.size,
    each.label,
    each.mapping ?? 0,
    each.prot ?? RW,
  ]);
  const run = logged(
    (log) => {
      happen(log);
      write(log);
    },
    SCENARIO,
    { steps: STEPS, views, viewLabels, exposures: new Float64Array(numbers), ...instead },
  );
  const [verdict] = judge(run, ['confinement-read']);
  if (verdict === undefined) throw new Error('no verdict');
  return verdict;
}
export const breaksOf = (...args: Parameters<typeof exposureVerdict>): unknown[] =>
  exposureVerdict(...args).breaks.map(({ cause, evidence }) => [cause, evidence]);
/** `size` bytes of the first granule of mapping 0, from byte `at` on. */
export const ofM = (at: number, size: number, label: number): Exposed => ({
  iova: IOVA_M + at,
  phys: TLB_M + at,
  size,
  label,
});
/** The same of mapping 1 at the end of step 1. */
export const ofN = (at: number, size: number, label: number): Exposed => ({
  event: 10,
  step: 1,
  device: TWO,
  mapping: 1,
  iova: IOVA_N + at,
  phys: TLB_N + at,
  size,
  label,
});
