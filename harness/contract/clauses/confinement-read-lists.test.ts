// SPDX-License-Identifier: GPL-2.0-only
/** Whose the bytes are that an untrusted device could read through a list, from exposures written by hand. */
import { describe, expect, test } from '@jest/globals';
import { EV, type EventLog } from '../../machine/event-log.ts';
import { LABEL_ZERO } from '../../machine/labels.ts';
import { judge } from '../contract.ts';
import { RW, written } from '../testing/exposures.ts';
import { caseOf } from '../testing/judging.ts';
import { logged, outcome } from '../testing/recordings.ts';

/** 64 bytes of a and 64 of b are one dma segment. */
const SCENARIO = caseOf(`
devices: { nic: { untrusted: true }, disk: {} }
buffers: { a: { size: 64, at: 0x200000 }, b: { size: 64, at: 0x300000 }, c: { size: 128, at: 0x400000 } }
steps:
  - map_page: { id: d, buffer: c, dir: FROM_DEVICE, device: disk }
  - map_sg: { id: l, sgl: [a, b], dir: BIDIRECTIONAL, device: nic }
  - cpu_read: a
  - cpu_read: a
`);
const [NIC, DISK] = [0, 1];
const [IOVA, TLB] = [0xf000, 0x1000000];
/** What the CPU wrote to a and b at first, and what the disk wrote to c, from where somebody passed it on. */
const [A, B, FROM_DISK] = [16, 80, 200];
const count = (first: number, size = 64): number[] => Array.from({ length: size }, (_, i) => first + i);

function happen(log: EventLog): void {
  log.step = -1;
  log.push(EV.cpu_write, -1, 0, 0, 64, written(log, A, 64), 0x200000);
  log.push(EV.cpu_write, -1, 1, 0, 64, written(log, B, 64), 0x300000);
  log.step = 0;
  log.push(EV.device_write, DISK, 0x8000, 128, written(log, FROM_DISK, 128), 0, 0);
  log.step = 1;
  log.result(log.push(EV.swiotlb_tbl_map_single, NIC, 0x200000, 128, 128, 0, 0, 0), TLB);
  log.result(log.push(EV.iommu_map, NIC, IOVA, TLB, 0x1000, RW), 0);
}

interface Shown {
  readonly at: number;
  readonly size: number;
  readonly label: number;
  readonly step?: number;
}
/** Views of a and b, each [step, buffer, labels]; what is broken, [bus address, bytes]. */
function broken(shown: Shown, ...seen: readonly (readonly [number, number, readonly number[]])[]): unknown {
  const views = seen.map(
    ([step, index], i) => ({ step, of: 'buffer', index, start: i * 64, size: 64 }) as const,
  );
  const { at, size, label, step = 3 } = shown;
  const run = logged(happen, SCENARIO, {
    steps: [
      outcome('done', 2, 3, [{ address: 0x8000, length: 128 }]),
      outcome('done', 3, 5, [{ address: IOVA, length: 128 }]),
      outcome('done', 5, 5),
      outcome('done', 5, 5),
    ],
    views,
    viewLabels: new Uint32Array(seen.flatMap(([, , labels]) => labels)),
    exposures: new Float64Array([5, step, NIC, IOVA + at, TLB + at, size, label, 1, RW]),
  });
  const [verdict] = judge(run, ['confinement-read']);
  return verdict?.breaks.flatMap(({ victims }) =>
    victims.map(({ evidence: { iova, count: n } }) => [iova, n]),
  );
}

describe('what the buffers have carried since the map', () => {
  const passed = [
    [-1, 0, count(FROM_DISK)],
    [-1, 1, count(FROM_DISK + 64)],
  ] as const;
  const other = [-1, 1, count(FROM_DISK + 60)] as const;

  test('each byte in its own place, over both of them', () => {
    expect(broken({ at: 0, size: 128, label: FROM_DISK }, ...passed)).toEqual([]);
    expect(broken({ at: 0, size: 128, label: FROM_DISK }, passed[0], other)).toEqual([[0xf040, 64]]);
    expect(broken({ at: 8, size: 100, label: FROM_DISK + 8 }, ...passed)).toEqual([]);
    expect(broken({ at: 72, size: 56, label: FROM_DISK + 72 }, ...passed)).toEqual([]);
    expect(broken({ at: 8, size: 100, label: FROM_DISK }, ...passed)).toEqual([[0xf008, 100]]);
  });

  test('a kind of memory, in the second of them', () => {
    const zeros = [-1, 1, [...count(B, 32), ...Array.from({ length: 32 }, () => LABEL_ZERO)]] as const;
    expect(broken({ at: 96, size: 32, label: LABEL_ZERO }, passed[0], zeros)).toEqual([]);
    expect(broken({ at: 95, size: 32, label: LABEL_ZERO }, passed[0], zeros)).toEqual([[0xf05f, 1]]);
  });

  test('at any moment from the map to the look, and not after it', () => {
    const kept = [-1, 1, count(B)] as const;
    const between = (step: number): unknown =>
      broken(
        { at: 0, size: 64, label: FROM_DISK },
        [-1, 0, count(A)],
        kept,
        [step, 0, count(FROM_DISK)],
        [3, 0, count(A)],
      );
    expect([between(1), between(2)]).toEqual([[], []]);
    const late = broken({ at: 0, size: 64, label: FROM_DISK, step: 2 }, [-1, 0, count(A)], kept, [
      3,
      0,
      count(FROM_DISK),
    ]);
    expect(late).toEqual([[0xf000, 64]]);
  });

  test('what the CPU wrote to either, over the edge between them', () => {
    const own = [
      [-1, 0, count(A)],
      [-1, 1, count(B)],
    ] as const;
    expect(broken({ at: 0, size: 128, label: A }, ...own)).toEqual([]);
    expect(broken({ at: 1, size: 127, label: A }, ...own)).toEqual([
      [0xf001, 64],
      [0xf041, 63],
    ]);
  });
});
